package api

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/internal/health"
)

// metrics are rate, errors and duration of the requests, by route.
type metrics struct {
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "yourticket_http_request_duration_seconds",
			Help:    "Time to answer a request, by method, route pattern, status and what it is judged as.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .2, .5, 1, 2, 5, 10, 30},
		}, []string{"method", "route", "status", "kind"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_http_requests_in_flight",
			Help: "Requests that are being answered.",
		}),
	}
	r.MustRegister(m.duration, m.inFlight)
	return m
}

// record counts one answered request. The method comes from outside, so that
// only known ones become a label.
func (m *metrics) record(method, route string, status int, kind health.Kind, took time.Duration) {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		method = "other"
	}
	m.duration.WithLabelValues(method, route, strconv.Itoa(status), kind.String()).Observe(took.Seconds())
}
