package livemap

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// counts is what a hub counts.
type counts struct {
	streams atomic.Int64 // open
	tick    atomic.Int64 // ns
	frames  atomic.Uint64
	lagged  atomic.Uint64
	dead    atomic.Uint64
	reloads atomic.Uint64
	resumed atomic.Uint64
}

// Stats is a hub at a moment.
type Stats struct {
	// Feeds is how many events are followed, Streams how many clients watch.
	Feeds, Streams int
	// Tick is how long the last tick lasts.
	Tick time.Duration
	// Frames counts the frames that were begun to be sent, once for each client;
	// Lagged those that were whole maps because their client had missed too much.
	Frames, Lagged uint64
	// Resumed counts the streams that went on where an earlier one had ended,
	// Dead those that ended because their client took nothing.
	Resumed, Dead uint64
	// Reloads counts the maps that had to be read anew after a loss.
	Reloads uint64
}

// Stats tells what the hub has done so far.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	feeds := len(h.feeds)
	h.mu.Unlock()
	c := &h.counts
	return Stats{
		Feeds: feeds, Streams: int(c.streams.Load()), Tick: time.Duration(c.tick.Load()), Frames: c.frames.Load(),
		Lagged: c.lagged.Load(), Resumed: c.resumed.Load(), Dead: c.dead.Load(), Reloads: c.reloads.Load(),
	}
}

// register shows the counts as metrics.
func (h *Hub) register(r prometheus.Registerer) {
	gauge := func(name, help string, value func(Stats) float64) {
		opts := prometheus.GaugeOpts{Name: "yourticket_livemap_" + name, Help: help}
		r.MustRegister(prometheus.NewGaugeFunc(opts, func() float64 { return value(h.Stats()) }))
	}
	counter := func(name, help string, value *atomic.Uint64) {
		opts := prometheus.CounterOpts{Name: "yourticket_livemap_" + name, Help: help}
		r.MustRegister(prometheus.NewCounterFunc(opts, func() float64 { return float64(value.Load()) }))
	}
	gauge("feeds", "Events whose seat map is followed.", func(s Stats) float64 { return float64(s.Feeds) })
	gauge("streams", "Clients that watch a seat map.", func(s Stats) float64 { return float64(s.Streams) })
	gauge("tick_seconds", "Time between two frames of a seat map.", func(s Stats) float64 { return s.Tick.Seconds() })
	counter("frames_total", "Frames sent to clients.", &h.counts.frames)
	counter("lagged_total", "Whole maps sent to clients that had missed too much.", &h.counts.lagged)
	counter("resumed_total", "Streams that went on where an earlier one had ended.", &h.counts.resumed)
	counter("dead_total", "Clients dropped because they took nothing.", &h.counts.dead)
	counter("reloads_total", "Seat maps read anew after a loss.", &h.counts.reloads)
}
