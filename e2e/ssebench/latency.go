package main

import (
	"sync/atomic"
	"time"
)

// histogram counts durations by the millisecond, up to 20 s.
type histogram struct{ counts [20_000]atomic.Int64 }

func (h *histogram) add(d time.Duration) {
	h.counts[min(max(d.Milliseconds(), 0), int64(len(h.counts)-1))].Add(1)
}

func (h *histogram) reset() {
	for i := range h.counts {
		h.counts[i].Store(0)
	}
}

// sparse gives the counts that are not zero, by millisecond.
func (h *histogram) sparse() map[int]int64 {
	out := map[int]int64{}
	for i := range h.counts {
		if n := h.counts[i].Load(); n > 0 {
			out[i] = n
		}
	}
	return out
}

// merge adds what another process has counted.
func (h *histogram) merge(counts map[int]int64) {
	for ms, n := range counts {
		h.counts[ms].Add(n)
	}
}

func (h *histogram) total() (n int64) {
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// quantile gives the milliseconds that a share of all stays below.
func (h *histogram) quantile(q float64) int {
	left := int64(q * float64(h.total()))
	for i := range h.counts {
		if left -= h.counts[i].Load(); left < 0 {
			return i
		}
	}
	return len(h.counts)
}
