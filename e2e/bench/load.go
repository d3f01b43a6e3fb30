package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"yourticket.example/e2e/cputime"
)

// failures bound how many calls may fail before a measurement is given up.
const failures = 20

// loaded is what came of a load.
type loaded struct {
	// Buyers is how many called at a time, each one after the other.
	Buyers  int           `json:"buyers"`
	Done    int           `json:"done"`
	Failed  int           `json:"failed"`
	Seconds float64       `json:"seconds"`
	Rate    float64       `json:"rate_per_second"`
	P50     time.Duration `json:"p50_ns"`
	P99     time.Duration `json:"p99_ns"`
	// CPU is the processor time of each process for one that was done.
	CPU map[string]time.Duration `json:"cpu_per_call_ns"`
}

// drive lets buyers call without a pause and measures the calls that end after
// the warm-up. It fails when too many calls do.
func drive(ctx context.Context, o settings, buyers int, watched []cputime.Process, call func(ctx context.Context) error) (loaded, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu        sync.Mutex
		measuring bool
		latencies []time.Duration
		failed    int
	)
	record := func(took time.Duration, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			if failed++; failed > failures {
				cancel(err)
			}
			return
		}
		if measuring {
			latencies = append(latencies, took)
		}
	}
	var wg sync.WaitGroup
	for range buyers {
		wg.Go(func() {
			for ctx.Err() == nil {
				began := time.Now()
				err := call(context.WithoutCancel(ctx))
				record(time.Since(began), err)
			}
		})
	}
	pause(ctx, o.warm())
	before, began := cputime.Read(watched), time.Now()
	mu.Lock()
	measuring = true
	mu.Unlock()
	pause(ctx, o.length())
	mu.Lock()
	measuring = false
	mu.Unlock()
	took, cpu := time.Since(began), cputime.Read(watched).Since(before)
	err := context.Cause(ctx)
	cancel(nil)
	wg.Wait()
	if err != nil {
		return loaded{}, err
	}
	return summarize(buyers, latencies, failed, took, cpu)
}

func summarize(buyers int, latencies []time.Duration, failed int, took time.Duration, cpu cputime.Usage) (loaded, error) {
	if len(latencies) == 0 {
		return loaded{}, errors.New("nothing was done in the time that was measured")
	}
	slices.Sort(latencies)
	n := len(latencies)
	l := loaded{
		Buyers: buyers, Done: n, Failed: failed, Seconds: took.Seconds(), Rate: float64(n) / took.Seconds(),
		P50: latencies[n/2], P99: latencies[n*99/100], CPU: map[string]time.Duration{},
	}
	for name, t := range cpu {
		l.CPU[name] = t / time.Duration(n)
	}
	return l, nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
