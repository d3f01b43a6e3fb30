package api

import (
	"math"
	"math/rand/v2"
	runtimemetrics "runtime/metrics"
	"sync/atomic"
	"time"
)

const (
	// pressureTicks is over how many ticks the pressure must last: a short burst
	// is worked off, a lasting one is not.
	pressureTicks = 4
	mostRefused   = 0.95
)

// pressure finds out when the process cannot keep up with its CPU: what is
// ready to run then waits for its turn before any of our code could see it.
// The runtime measures that wait. Each class has a wait from which on a part of
// its requests is refused, more while it lasts and fewer once it is over.
type pressure struct {
	sample []runtimemetrics.Sample
	before []uint64
	recent [pressureTicks]time.Duration
	next   int
	// refuse holds the share of each class that is refused, as float64 bits.
	refuse [classes]atomic.Uint64
}

func newPressure() *pressure {
	return &pressure{sample: []runtimemetrics.Sample{{Name: "/sched/latencies:seconds"}}}
}

// tick reads the wait since the last tick, and adjusts what is refused. One
// goroutine calls it.
func (p *pressure) tick() { p.adjust(p.waited()) }

// adjust takes the wait of this tick.
func (p *pressure) adjust(waited time.Duration) {
	p.recent[p.next%pressureTicks] = waited
	p.next++
	lasting := p.recent[0]
	for _, d := range p.recent {
		lasting = min(lasting, d)
	}
	for c := range classes {
		bound := shedBounds[c].pressure
		share := math.Float64frombits(p.refuse[c].Load())
		switch {
		case bound > 0 && lasting > bound:
			share = min(mostRefused, share+0.1)
		case share < 0.02:
			share = 0
		default:
			share *= 0.8
		}
		p.refuse[c].Store(math.Float64bits(share))
	}
}

// refuses says whether this request of a class is one of those that are refused.
func (p *pressure) refuses(c class) bool {
	bits := p.refuse[c].Load()
	return bits != 0 && rand.Float64() < math.Float64frombits(bits) //nolint:gosec // which one it is need not be secret
}

// waited is the wait that one in ten was above since the last call.
func (p *pressure) waited() time.Duration {
	runtimemetrics.Read(p.sample)
	if p.sample[0].Value.Kind() != runtimemetrics.KindFloat64Histogram {
		return 0
	}
	h := p.sample[0].Value.Float64Histogram()
	if p.before == nil {
		p.before = make([]uint64, len(h.Counts))
	}
	total := uint64(0)
	for i, n := range h.Counts {
		total += n - p.before[i]
	}
	rest, wait := total/10, 0.0
	for i := len(h.Counts) - 1; i >= 0 && total > 0; i-- {
		n := h.Counts[i] - p.before[i]
		if n > rest {
			wait = h.Buckets[i] // the bucket's lower end
			break
		}
		rest -= n
	}
	copy(p.before, h.Counts)
	return time.Duration(max(0, min(wait, 3600)) * float64(time.Second))
}
