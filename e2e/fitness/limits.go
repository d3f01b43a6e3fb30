package main

import (
	"context"
	"runtime"
	"time"

	"yourticket.example/e2e/cputime"
)

// crowdProcess is what the process that the crowd calls is named in usages.
const crowdProcess = "api 2"

// cost is what one kind of request costs.
type cost struct {
	Name string `json:"name"`
	// API and Behind are microseconds of CPU a request: of the api, and of all
	// that it asks.
	API    float64 `json:"api_us"`
	Behind float64 `json:"behind_us"`
}

// step is one rate on the way to the knee.
type step struct {
	crowd
	// Busy are the shares of the machine that processes took, and Idle the rest.
	Busy map[string]float64 `json:"busy"`
	Idle float64            `json:"idle"`
	// First is what was busiest.
	First string `json:"first"`
}

// measured runs a crowd and tells what it cost whom.
func (f *fitness) measured(ctx context.Context, asks []ask, rate int, length time.Duration) (crowd, cputime.Usage) {
	watched := f.Watched()
	before := cputime.Read(watched)
	c := f.crowd(ctx, asks, rate, length)
	return c, cputime.Read(watched).Since(before)
}

// each is microseconds of a process's CPU a request of a crowd.
func each(used cputime.Usage, process string, c crowd) float64 {
	return float64(used[process].Microseconds()) / float64(max(c.Answered, 1))
}

// busy is what processes used as parts of so many seconds of a processor.
func busy(used cputime.Usage, seconds float64) map[string]float64 {
	out := map[string]float64{}
	for name, t := range used {
		out[name] = t.Seconds() / seconds
	}
	return out
}

// costs sends each kind of request alone, at a rate that all can bear.
func (f *fitness) costs(ctx context.Context) (out []cost) {
	const rate, length = 2000, 3 * time.Second
	for _, a := range f.asks {
		a.share = 1
		c, used := f.measured(ctx, []ask{a}, rate, length)
		k := cost{Name: a.name, API: each(used, crowdProcess, c)}
		for name := range used {
			if name != crowdProcess && name != cputime.Load {
				k.Behind += each(used, name, c)
			}
		}
		out = append(out, k)
	}
	return out
}

// findKnee raises the rate until latency gives way, and tells what was busiest.
func (f *fitness) findKnee(ctx context.Context) (out []step) {
	for rate := f.rate; rate <= 4*f.rate && ctx.Err() == nil; rate += f.rate / 4 {
		c, used := f.measured(ctx, f.asks, rate, 5*time.Second)
		s := step{crowd: c, Busy: busy(used, c.Seconds*float64(runtime.NumCPU())), Idle: 1}
		for name, share := range s.Busy {
			s.Idle -= share
			if share > s.Busy[s.First] {
				s.First = name
			}
		}
		out = append(out, s)
		if c.P99 > goalP99 || float64(c.Answered) < goalRate*float64(c.Planned) {
			break
		}
	}
	return out
}
