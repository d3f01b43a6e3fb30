package outbox

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// Metrics show what becomes of mail.
type Metrics struct {
	mails           *prometheus.CounterVec
	waiting, failed prometheus.Gauge
	oldest          prometheus.Gauge
}

// NewMetrics registers the metrics.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		mails: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_mails_total", Help: "Mails by kind and what became of them: sent, retried, failed, dropped.",
		}, []string{"kind", "outcome"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Name: "yourticket_outbox_waiting", Help: "Mails that wait to be sent."}),
		failed:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "yourticket_outbox_failed", Help: "Mails that were refused for good."}),
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_outbox_oldest_seconds", Help: "Age of the oldest mail that waits.",
		}),
	}
	r.MustRegister(m.mails, m.waiting, m.failed, m.oldest)
	for _, kind := range kinds {
		m.mails.WithLabelValues(string(kind), "failed")
	}
	return m
}

func (m *Metrics) ended(kind ticket.MailKind, outcome string) {
	if m != nil {
		m.mails.WithLabelValues(string(kind), outcome).Inc()
	}
}

func (m *Metrics) outbox(o postgres.OutboxState) {
	if m == nil {
		return
	}
	m.waiting.Set(float64(o.Waiting))
	m.failed.Set(float64(o.Failed))
	age := 0.0
	if !o.Oldest.IsZero() {
		age = time.Since(o.Oldest).Seconds()
	}
	m.oldest.Set(age)
}
