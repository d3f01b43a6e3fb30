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
	calls *prometheus.CounterVec
	took  *prometheus.HistogramVec
	state *prometheus.GaugeVec
}

// newMetrics registers the metrics, or finds them registered by the guard of
// another provider.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_payment_calls_total",
			Help: "Calls to a payment provider, by operation and outcome; rate_gate and circuit_open were not let through.",
		}, []string{"provider", "operation", "outcome"}),
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
	return m, errors.Join(register(r, &m.calls), register(r, &m.took), register(r, &m.state))
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

func (m *metrics) answered(name ticket.Provider, operation, outcome string, start time.Time) {
	m.calls.WithLabelValues(string(name), operation, outcome).Inc()
	m.took.WithLabelValues(string(name), operation).Observe(time.Since(start).Seconds())
}

func (m *metrics) refused(name ticket.Provider, operation, code string) {
	m.calls.WithLabelValues(string(name), operation, code).Inc()
}

func (m *metrics) circuit(name string, to gobreaker.State) {
	open := map[gobreaker.State]float64{gobreaker.StateOpen: 1, gobreaker.StateHalfOpen: 0.5}
	m.state.WithLabelValues(name).Set(open[to])
}
