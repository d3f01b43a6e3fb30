package telemetry

import (
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/client"
)

// tags are those of the SDK's tags that become labels, the same for each of its
// metrics, as Prometheus wants it. Others, whose values nobody bounds, are left out.
var tags = [...]string{
	"task_queue", "workflow_type", "activity_type", "worker_type", "poller_type", "operation", "status_code", "failure_reason", "cause",
	"booking_status", "provider", // of our own, in workflows
}

// tagValues are the values of tags, in their order.
type tagValues [len(tags)]string

// taskBuckets are the bounds of the SDK's timers: a local step takes a
// millisecond, a purchase seconds to minutes.
var taskBuckets = []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60, 600}

// TemporalMetrics shows what Temporal's SDK measures as Prometheus metrics, by
// the SDK's own names; counters end in _total and timers in _seconds.
func TemporalMetrics(r prometheus.Registerer) client.MetricsHandler {
	m := sdkMetrics{shared: &sdkVectors{
		registry: r, counters: map[string]*prometheus.CounterVec{}, gauges: map[string]*prometheus.GaugeVec{},
		timers: map[string]*prometheus.HistogramVec{},
	}}
	m.Counter("temporal_workflow_task_execution_failed") // rules look at it, and the SDK makes it when it is too late
	return m
}

type sdkMetrics struct {
	shared *sdkVectors
	values tagValues
}

// WithTags implements client.MetricsHandler.
func (m sdkMetrics) WithTags(given map[string]string) client.MetricsHandler {
	for name, value := range given {
		if i := slices.Index(tags[:], name); i >= 0 {
			if value == "none" {
				value = ""
			}
			m.values[i] = value
		}
	}
	return m
}

// Counter implements client.MetricsHandler.
func (m sdkMetrics) Counter(name string) client.MetricsCounter {
	return sdkCounter{vector(m.shared, m.shared.counters, name+"_total", func(name string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: sdkHelp}, tags[:])
	}).WithLabelValues(m.values[:]...)}
}

// Gauge implements client.MetricsHandler.
func (m sdkMetrics) Gauge(name string) client.MetricsGauge {
	return sdkGauge{vector(m.shared, m.shared.gauges, name, func(name string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: sdkHelp}, tags[:])
	}).WithLabelValues(m.values[:]...)}
}

// Timer implements client.MetricsHandler.
func (m sdkMetrics) Timer(name string) client.MetricsTimer {
	return sdkTimer{vector(m.shared, m.shared.timers, name+"_seconds", func(name string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: sdkHelp, Buckets: taskBuckets}, tags[:])
	}).WithLabelValues(m.values[:]...)}
}

const sdkHelp = "See the reference of Temporal's SDK metrics."

// sdkVectors are the metrics that the SDK has used so far.
type sdkVectors struct {
	registry prometheus.Registerer

	mu       sync.RWMutex
	counters map[string]*prometheus.CounterVec
	gauges   map[string]*prometheus.GaugeVec
	timers   map[string]*prometheus.HistogramVec
}

// vector finds a metric by its name, or makes and registers it.
func vector[V prometheus.Collector](s *sdkVectors, known map[string]V, name string, build func(string) V) V {
	s.mu.RLock()
	v, ok := known[name]
	s.mu.RUnlock()
	if ok {
		return v
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok = known[name]; ok {
		return v
	}
	v = build(name)
	s.registry.MustRegister(v) // the names are the SDK's, which uses each for one kind
	known[name] = v
	return v
}

type sdkCounter struct{ prometheus.Counter }

// Inc implements client.MetricsCounter.
func (c sdkCounter) Inc(n int64) { c.Add(float64(n)) }

type sdkGauge struct{ prometheus.Gauge }

// Update implements client.MetricsGauge.
func (g sdkGauge) Update(value float64) { g.Set(value) }

type sdkTimer struct{ prometheus.Observer }

// Record implements client.MetricsTimer.
func (t sdkTimer) Record(took time.Duration) { t.Observe(took.Seconds()) }
