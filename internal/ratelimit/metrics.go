package ratelimit

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	refused *prometheus.CounterVec
	alone   prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_rate_limited_total",
			Help: "Requests that a rate limit refused, by limit.",
		}, []string{"limit"}),
		alone: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yourticket_rate_limit_alone_total",
			Help: "Requests that were counted in the process because Redis was away.",
		}),
	}
	for _, name := range Names() {
		m.refused.WithLabelValues(name) // so that a first refusal is a change
	}
	if r != nil {
		r.MustRegister(m.refused, m.alone)
	}
	return m
}
