package main

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"yourticket.example/e2e/wire"
)

// loadConnections is how many searches may be on their way at the same time.
const loadConnections = 128

// outcome is what became of a load.
type outcome struct {
	took     []time.Duration // sorted
	failed   int
	degraded int
	firstBad string
	length   time.Duration
}

func (o *outcome) at(q float64) time.Duration {
	if len(o.took) == 0 {
		return 0
	}
	return o.took[int(q*float64(len(o.took)-1))].Round(10 * time.Microsecond)
}

func (o *outcome) rate() float64 { return float64(len(o.took)) / o.length.Seconds() }

// seenSearch is told of every answer.
type seenSearch func(at time.Time, status int, degraded bool)

// drive sends searches: at a rate, whatever becomes of those before (a latency
// counts from the time at which the search was due), or, at rate 0, from so many
// clients as fast as they are answered.
func (b *searchBench) drive(ctx context.Context, next func(i int) string, rate, clients int, length time.Duration, tell seenSearch) *outcome {
	var (
		turn atomic.Int64
		wg   sync.WaitGroup
		mu   sync.Mutex
		all  = &outcome{length: length}
	)
	start := time.Now()
	for range clients {
		wg.Go(func() {
			mine := outcome{}
			line := &wire.Conn{Address: b.address}
			defer line.Close()
			for ctx.Err() == nil {
				i := int(turn.Add(1)) - 1
				due := time.Now()
				if rate > 0 {
					due = start.Add(time.Duration(float64(i) / float64(rate) * float64(time.Second)))
					time.Sleep(time.Until(due))
				}
				if due.Sub(start) >= length {
					break
				}
				b.one(ctx, line, next(i), due, &mine, tell)
			}
			mu.Lock()
			defer mu.Unlock()
			all.took = append(all.took, mine.took...)
			all.failed, all.degraded = all.failed+mine.failed, all.degraded+mine.degraded
			if all.firstBad == "" {
				all.firstBad = mine.firstBad
			}
		})
	}
	wg.Wait()
	slices.Sort(all.took)
	return all
}

func (b *searchBench) one(ctx context.Context, line *wire.Conn, query string, due time.Time, o *outcome, tell seenSearch) {
	status, degraded, body := b.ask(line, query)
	if ctx.Err() != nil {
		return
	}
	o.took = append(o.took, time.Since(due))
	if status != http.StatusOK {
		o.failed++
		o.firstBad = query + ": " + body
	}
	if degraded {
		o.degraded++
	}
	if tell != nil {
		tell(time.Now(), status, degraded)
	}
}

// ask sends one search. Only the end of an answer is looked at, where degraded is.
func (b *searchBench) ask(line *wire.Conn, query string) (status int, degraded bool, failure string) {
	status, body, err := line.Ask([]byte("GET /v1/search?" + query + " HTTP/1.1\r\nHost: " + b.address + "\r\n\r\n"))
	switch {
	case err != nil:
		return 0, false, err.Error()
	case status != http.StatusOK:
		return status, false, string(body)
	case bytes.HasSuffix(body, []byte(`"degraded":true}`)):
		return status, true, ""
	case bytes.HasSuffix(body, []byte(`"degraded":false}`)):
		return status, false, ""
	default:
		return 0, false, "not what a search answers"
	}
}

// zipf draws from a list, the first ones most often.
func zipf(list []string, seed uint64, n int) []string {
	z := rand.NewZipf(rand.New(rand.NewPCG(seed, 9)), 1.01, 1, uint64(len(list)-1))
	drawn := make([]string, n)
	for i := range drawn {
		drawn[i] = list[z.Uint64()]
	}
	return drawn
}
