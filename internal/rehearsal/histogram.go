package rehearsal

import (
	"math"
	"time"
)

// histogram counts latencies in steps of a tenth, from 0.1 ms to about two minutes: as
// exact as a plot needs, and cheap to keep for every second.
type histogram struct {
	counts [histogramSteps]uint32
	n      int
	max    time.Duration
}

const (
	histogramSteps = 150
	histogramLeast = 100 * time.Microsecond
	histogramRatio = 1.1
)

func (h *histogram) add(d time.Duration) {
	h.counts[histogramStep(d)]++
	h.n++
	h.max = max(h.max, d)
}

func histogramStep(d time.Duration) int {
	if d <= histogramLeast {
		return 0
	}
	step := math.Log(float64(d)/float64(histogramLeast)) / math.Log(histogramRatio)
	return min(int(math.Ceil(step)), histogramSteps-1)
}

func (h *histogram) merge(o *histogram) {
	for i, c := range o.counts {
		h.counts[i] += c
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// at gives a percentile in milliseconds, 0 without any sample.
func (h *histogram) at(percent float64) float64 {
	if h.n == 0 {
		return 0
	}
	rest := int(math.Ceil(float64(h.n) * percent / 100))
	for i, c := range h.counts {
		if rest -= int(c); rest <= 0 {
			bound := float64(histogramLeast) * math.Pow(histogramRatio, float64(i))
			return milliseconds(min(time.Duration(bound), h.max))
		}
	}
	return milliseconds(h.max)
}

func milliseconds(d time.Duration) float64 {
	return math.Round(float64(d.Microseconds())/10) / 100
}
