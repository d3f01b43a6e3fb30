package search

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are what /metrics says of searches.
type metrics struct {
	hits, misses             prometheus.Counter
	seconds                  *prometheus.HistogramVec
	filterHits, filterMisses atomic.Int64
}

func newMetrics(s *Service, r prometheus.Registerer) (*metrics, error) {
	if r == nil {
		r = prometheus.NewRegistry()
	}
	cached := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yourticket_search_cache_total",
		Help: "First pages by whether the process had them in memory: hit or miss.",
	}, []string{"result"})
	m := &metrics{
		hits: cached.WithLabelValues("hit"), misses: cached.WithLabelValues("miss"),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yourticket_search_seconds", Help: "How long an engine took to answer, by engine and outcome.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"engine", "outcome"}),
	}
	filter := func(name string, n *atomic.Int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "yourticket_search_index_filter_cache_total", ConstLabels: prometheus.Labels{"result": name},
			Help: "Filters by whether the index had their result in memory, as its nodes count since they started.",
		}, func() float64 { return float64(n.Load()) })
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
	}
	collectors := []prometheus.Collector{
		cached, m.seconds, filter("hit", &m.filterHits), filter("miss", &m.filterMisses),
		gauge("yourticket_search_cache_entries", "Searches whose first page is in memory.", func() float64 { return float64(s.cache.entries.Len()) }),
		gauge("yourticket_search_limited", "1 while PostgreSQL answers searches.", func() float64 {
			if s.Limited() {
				return 1
			}
			return 0
		}),
	}
	for _, c := range collectors {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("search: %w", err)
		}
	}
	return m, nil
}

// asked notes a search in an engine.
func (m *metrics) asked(engine string, took time.Duration, err error) {
	outcome := "ok"
	if err != nil {
		outcome = "failed"
	}
	m.seconds.WithLabelValues(engine, outcome).Observe(took.Seconds())
}
