package cdc

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/internal/elastic"
)

// The states of a source.
const (
	stateStandby   = "standby"   // another process has the slot
	stateWaiting   = "waiting"   // something failed; it is tried again soon
	stateStarting  = "starting"  // it has the slot and waits for what it needs
	stateStreaming = "streaming" // it works
)

// metrics are what /metrics shows of change capture.
type metrics struct {
	states    *prometheus.GaugeVec
	behind    *prometheus.GaugeVec
	delay     *prometheus.HistogramVec
	failures  *prometheus.CounterVec
	documents *prometheus.CounterVec
	refused   prometheus.Counter
	rejects   prometheus.Gauge
	building  prometheus.Gauge
	counts    *prometheus.CounterVec

	mu   sync.Mutex
	last map[string]time.Time // by database, when what is done with was committed
}

func newMetrics(registry prometheus.Registerer, databases []string) *metrics {
	m := &metrics{
		states: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_cdc_state", Help: "1 for the state in which the capture of a database is.",
		}, []string{"database", "state"}),
		behind: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_cdc_lag_bytes", Help: "Log that the database keeps because it was not captured yet.",
		}, []string{"database"}),
		delay: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yourticket_cdc_delay_seconds", Help: "From the commit of a change until it was written.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 60, 600},
		}, []string{"database"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_cdc_failures_total", Help: "How often the capture of a database had to begin again.",
		}, []string{"database"}),
		documents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_cdc_documents_total", Help: "What Elasticsearch did with documents: written, deleted, stale (it had a newer one), again (to be sent again).",
		}, []string{"result"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yourticket_cdc_refused_total", Help: "Documents that Elasticsearch refused for what is in them.",
		}),
		rejects: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_cdc_rejects", Help: "Documents that are refused at present, see the table search_rejects.",
		}),
		building: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_cdc_building", Help: "1 while a new index is built.",
		}),
		counts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_cdc_stock_counts_total", Help: "How often the stock of an event was counted.",
		}, []string{"shard"}),
		last: map[string]time.Time{},
	}
	registry.MustRegister(m.states, m.behind, m.delay, m.failures, m.documents, m.refused, m.rejects, m.building, m.counts)
	for _, name := range databases {
		registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "yourticket_cdc_lag_seconds", ConstLabels: prometheus.Labels{"database": name},
			Help: "How long ago the newest commit was that is captured; a database in step has one every 2 s.",
		}, func() float64 { return m.lag(name) }))
	}
	return m
}

func (m *metrics) state(database, state string) {
	for _, s := range []string{stateStandby, stateWaiting, stateStarting, stateStreaming} {
		value := 0.0
		if s == state {
			value = 1
		}
		m.states.WithLabelValues(database, s).Set(value)
	}
}

func (m *metrics) done(database string, committed time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !committed.IsZero() {
		m.last[database] = committed
	}
}

// lag is 0 for a process that has captured nothing yet, such as one that stands by.
func (m *metrics) lag(database string) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	last, ok := m.last[database]
	if !ok {
		return 0
	}
	return max(time.Since(last).Seconds(), 0)
}

func (m *metrics) count(o elastic.Outcome) {
	for result, n := range map[string]int{"written": o.Written, "deleted": o.Deleted, "stale": o.Stale, "again": len(o.Again)} {
		m.documents.WithLabelValues(result).Add(float64(n))
	}
}
