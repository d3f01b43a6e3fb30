package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"yourticket.example/e2e/wire"
)

// crowd is one run of the crowd.
type crowd struct {
	Rate     int     `json:"rate"`
	Seconds  float64 `json:"seconds"`
	Planned  int     `json:"planned"`
	Answered int     `json:"answered"`
	Errors   int     `json:"errors"`
	// Faults counts what went wrong, by status or kind.
	Faults map[string]int `json:"faults,omitempty"`
	P50    float64        `json:"p50_ms"`
	P99    float64        `json:"p99_ms"`
	Max    float64        `json:"max_ms"`
	Routes []route        `json:"routes"`
}

type route struct {
	Name     string  `json:"name"`
	Answered int     `json:"answered"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
}

// ask is one kind of request of the crowd.
type ask struct {
	name  string
	share int // of a hundred
	// requests are sent in turn, as they are.
	requests [][]byte
	// fine are the statuses that are an answer.
	fine []int
}

// connections is how many requests may be on their way at the same time.
const connections = 256

// arrivals is how finely the crowd's arrivals are spread: those of a moment are
// sent together, which saves the generator, and so the machine under test, most
// of its waking up. Latencies count from the time at which each was due.
const arrivals = time.Millisecond

// crowd sends requests at a fixed rate, whatever becomes of those before, in the
// mix of the kinds' shares. A request's latency counts from the time at which it
// was due.
func (f *fitness) crowd(ctx context.Context, asks []ask, rate int, length time.Duration) crowd {
	total := int(float64(rate) * length.Seconds())
	var (
		next  atomic.Int64
		wg    sync.WaitGroup
		mu    sync.Mutex
		times = make([][]time.Duration, len(asks))
		bad   = map[string]int{}
	)
	mix := mixOf(asks)
	start := time.Now().Add(50 * time.Millisecond)
	for range connections {
		wg.Go(func() {
			mine := make([][]time.Duration, len(asks))
			wrong := map[string]int{}
			line := &wire.Conn{Address: f.crowdAddress}
			defer line.Close()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= total {
					break
				}
				due := start.Add(time.Duration(float64(i) / float64(rate) * float64(time.Second)))
				time.Sleep(time.Until(start.Add((due.Sub(start) + arrivals - 1).Truncate(arrivals))))
				kind := mix[i%len(mix)]
				a := &asks[kind]
				if err := send(line, a.requests[i/len(mix)%len(a.requests)], a.fine); err != nil {
					wrong[kindOf(err)]++
					continue
				}
				mine[kind] = append(mine[kind], time.Since(due))
			}
			mu.Lock()
			defer mu.Unlock()
			for what, n := range wrong {
				bad[what] += n
			}
			for k := range mine {
				times[k] = append(times[k], mine[k]...)
			}
		})
	}
	wg.Wait()
	return summary(asks, rate, total, bad, time.Since(start), times)
}

func summary(asks []ask, rate, total int, bad map[string]int, took time.Duration, times [][]time.Duration) crowd {
	c := crowd{Rate: rate, Seconds: took.Seconds(), Planned: total, Faults: bad}
	for _, n := range bad {
		c.Errors += n
	}
	var all []time.Duration
	for k, ts := range times {
		if len(ts) == 0 {
			continue
		}
		slices.Sort(ts)
		c.Routes = append(c.Routes, route{Name: asks[k].name, Answered: len(ts), P50: at(ts, 50), P99: at(ts, 99)})
		all = append(all, ts...)
	}
	if len(all) == 0 {
		return c
	}
	slices.Sort(all)
	c.Answered, c.P50, c.P99, c.Max = len(all), at(all, 50), at(all, 99), at(all, 100)
	return c
}

// kindOf names what went wrong.
func kindOf(err error) string {
	if err, ok := errors.AsType[statusError](err); ok {
		return err.Error()
	}
	if err, ok := errors.AsType[net.Error](err); ok && err.Timeout() {
		return "timeout"
	}
	return "connection"
}

// statusError is an answer that is none of the fine ones.
type statusError int

func (e statusError) Error() string { return strconv.Itoa(int(e)) }

// at gives a percentile of sorted times in milliseconds.
func at(ts []time.Duration, percent int) float64 {
	return float64(ts[min(len(ts)*percent/100, len(ts)-1)].Microseconds()) / 1000
}

// mixOf spreads the kinds of requests over a hundred arrivals.
func mixOf(asks []ask) []int {
	out := make([]int, 0, 100)
	left := make([]int, len(asks))
	for k, a := range asks {
		left[k] = a.share
	}
	for taken := true; taken; {
		taken = false
		for k := range left {
			if left[k] > 0 {
				left[k]--
				out = append(out, k)
				taken = true
			}
		}
	}
	return out
}

// send sends a request and reads the answer, whose status must be a fine one.
func send(line *wire.Conn, request []byte, fine []int) error {
	status, _, err := line.Ask(request)
	if err == nil && !slices.Contains(fine, status) {
		err = statusError(status)
	}
	return err
}
