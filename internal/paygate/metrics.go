package paygate

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"

	"yourticket.example/ticket"
)

// metrics count and time the calls to every provider.
type metrics struct {
	calls  *prometheus.CounterVec
	errors *prometheus.CounterVec
	took   *prometheus.HistogramVec
	state  *prometheus.GaugeVec
}

// newMetrics registers the metrics, or finds them registered by the guard of
// another provider.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_payment_calls_total",
			Help: "Calls to a payment provider, by operation and outcome; rate_gate and circuit_open were not let through.",
		}, []string{"provider", "operation", "outcome"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_payment_errors_total",
			Help: "Calls to a payment provider that found it in trouble, or did not come through, by the kind of error.",
		}, []string{"provider", "operation", "error"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "yourticket_payment_call_duration_seconds",
			Help:    "Time of a call to a payment provider, its replays and the wait for its permit included.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 4, 8, 16},
		}, []string{"provider", "operation"}),
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_payment_circuit_open",
			Help: "1 while a payment provider is not asked because it was in trouble, 0.5 while a call probes it.",
		}, []string{"provider"}),
	}
	if r == nil {
		return m, nil
	}
	return m, errors.Join(register(r, &m.calls), register(r, &m.errors), register(r, &m.took), register(r, &m.state))
}

func register[C prometheus.Collector](r prometheus.Registerer, c *C) error {
	err := r.Register(*c)
	if known, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := known.ExistingCollector.(C); ok {
			*c = same
			return nil
		}
	}
	return err
}

// answered notes a call that was made; trouble is the kind of error, "" for none.
func (g *Guard) answered(operation, outcome, trouble string, start time.Time) {
	took := time.Since(start)
	g.metrics.calls.WithLabelValues(string(g.name), operation, outcome).Inc()
	g.metrics.took.WithLabelValues(string(g.name), operation).Observe(took.Seconds())
	if trouble != "" {
		g.metrics.errors.WithLabelValues(string(g.name), operation, trouble).Inc()
	}
	if g.observe != nil {
		g.observe(took, trouble != "")
	}
}

func (g *Guard) refused(operation, code string) {
	g.metrics.calls.WithLabelValues(string(g.name), operation, code).Inc()
	g.metrics.errors.WithLabelValues(string(g.name), operation, code).Inc()
}

// troubleOf is the kind of error of a charge. Its codes are the provider's own
// where the charge was declined, and those are no error.
func troubleOf(c ticket.Charge) string {
	switch {
	case c.Outcome != ticket.OutcomeNotExecuted && c.Outcome != ticket.OutcomeUnanswered:
		return ""
	case troubles[c.Code]:
		return c.Code
	}
	return string(c.Outcome)
}

func (m *metrics) circuit(name string, to gobreaker.State) {
	open := map[gobreaker.State]float64{gobreaker.StateOpen: 1, gobreaker.StateHalfOpen: 0.5}
	m.state.WithLabelValues(name).Set(open[to])
}
