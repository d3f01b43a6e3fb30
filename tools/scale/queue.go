package main

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
)

// erlangC is the chance that somebody who comes to c servers finds all of them
// busy, when each is asked for offered/c of its time (M/M/c).
func erlangC(c int, offered float64) float64 {
	if offered >= float64(c) {
		return 1
	}
	b := 1.0 // Erlang B, by its recursion, which does not overflow
	for n := 1; n <= c; n++ {
		b = offered * b / (float64(n) + offered*b)
	}
	rho := offered / float64(c)
	return b / (1 - rho*(1-b))
}

// waitP99 is how long 99 of 100 wait at most, in ms, by the formula of M/M/c.
func (p pool) waitP99() float64 {
	c := int(p.Servers)
	offered := p.Rate * p.MeanMs / 1000
	if offered >= float64(c) {
		return math.Inf(1)
	}
	wait := erlangC(c, offered)
	if wait <= 0.01 {
		return 0
	}
	return math.Log(wait/0.01) / (float64(c)/p.MeanMs - p.Rate/1000)
}

// seen is what a simulation saw.
type seen struct {
	Busy, WaitP99 float64
}

// simulate lets n customers come to the pool, one by one at random, and be served
// in their order. How long each takes varies more than the formula believes: nine
// of ten take half of the mean and one takes five and a half times that mean, as
// requests do that meet a pause. The seed makes runs equal.
func (p pool) simulate(n int, seed uint64) seen {
	random := rand.New(rand.NewPCG(seed, uint64(n)))
	free := make(times, int(p.Servers))
	waits := make([]float64, 0, n)
	var now, worked float64
	for range n {
		now += random.ExpFloat64() * 1000 / p.Rate
		takes := p.MeanMs * 0.5
		if random.Float64() < 0.1 {
			takes = p.MeanMs * 5.5
		}
		begins := max(now, free[0])
		waits = append(waits, begins-now)
		free[0] = begins + takes
		heap.Fix(&free, 0)
		worked += takes
	}
	waits = waits[n/10:] // the beginning, when everybody is idle, says nothing
	slices.Sort(waits)
	return seen{Busy: worked / now / p.Servers, WaitP99: waits[len(waits)*99/100]}
}

// times is a heap of when servers become free, the earliest first.
type times []float64

func (t times) Len() int           { return len(t) }
func (t times) Less(i, j int) bool { return t[i] < t[j] }
func (t times) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *times) Push(x any) {
	if at, ok := x.(float64); ok {
		*t = append(*t, at)
	}
}
func (t *times) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
