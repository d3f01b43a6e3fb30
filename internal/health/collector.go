package health

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	valueDesc = prometheus.NewDesc("yourticket_health_value", "An indicator's value, in its unit.", []string{"indicator", "unit"}, nil)
	stateDesc = prometheus.NewDesc("yourticket_health_state",
		"State of an indicator, or of all together: 0 normal, 1 warning, 2 alarm.", []string{"indicator"}, nil)
	boundDesc = prometheus.NewDesc("yourticket_health_bound", "Where an indicator begins to be a warning or an alarm.",
		[]string{"indicator", "state"}, nil)
	partDesc = prometheus.NewDesc("yourticket_part_up", "1 for a part that answered when it was last asked, else 0.", []string{"part"}, nil)
)

// Describe implements prometheus.Collector.
func (m *Monitor) Describe(ch chan<- *prometheus.Desc) {
	ch <- valueDesc
	ch <- stateDesc
	ch <- boundDesc
	ch <- partDesc
}

// Collect implements prometheus.Collector: the numbers of the report.
func (m *Monitor) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), partPatience+time.Second) //nolint:forbidigo // a scrape has no context to give
	defer cancel()
	r := m.Report(ctx)
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	for _, i := range r.Indicators {
		gauge(valueDesc, i.Value, i.Name, i.Unit)
		gauge(stateDesc, float64(i.State.rank()), i.Name)
	}
	gauge(stateDesc, float64(r.State.rank()), "all")
	for part, up := range m.reached() {
		gauge(partDesc, up, part)
	}
	for _, t := range thresholds {
		gauge(boundDesc, t.warning, t.name, string(Warning))
		gauge(boundDesc, t.alarm, t.name, string(Alarm))
	}
}

// reached tells which parts answered when they were last asked.
func (m *Monitor) reached() map[string]float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	up := map[string]float64{}
	for _, p := range m.parts {
		up[p.Name] = 1
		if m.away[p.Name] {
			up[p.Name] = 0
		}
	}
	return up
}
