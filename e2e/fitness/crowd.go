package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
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
			line := &wire{address: f.crowdAddress}
			defer line.close()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= total {
					break
				}
				due := start.Add(time.Duration(float64(i) / float64(rate) * float64(time.Second)))
				time.Sleep(time.Until(start.Add((due.Sub(start) + arrivals - 1).Truncate(arrivals))))
				kind := mix[i%len(mix)]
				a := &asks[kind]
				if err := line.ask(a.requests[i/len(mix)%len(a.requests)], a.fine); err != nil {
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

// wire is a connection that keeps alive. It knows just enough HTTP to cost the
// generator little beside the server that it measures.
type wire struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
}

const answerWithin = 5 * time.Second

// ask sends a request and reads the answer, whose status must be a fine one.
func (w *wire) ask(request []byte, fine []int) error {
	if w.conn == nil {
		conn, err := net.DialTimeout("tcp", w.address, answerWithin)
		if err != nil {
			return err
		}
		w.conn, w.in = conn, bufio.NewReaderSize(conn, 16<<10)
	}
	err := w.exchange(request, fine)
	if err != nil {
		w.close()
	}
	return err
}

func (w *wire) exchange(request []byte, fine []int) error {
	if err := w.conn.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return err
	}
	if _, err := w.conn.Write(request); err != nil {
		return err
	}
	status, length, chunked := 0, 0, false
	for first := true; ; first = false {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first && len(line) > 12:
			status, _ = strconv.Atoi(string(line[9:12]))
		case len(line) == 0:
			if err := w.body(length, chunked); err != nil {
				return err
			}
			if !slices.Contains(fine, status) {
				return statusError(status)
			}
			return nil
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			length, _ = strconv.Atoi(string(line[16:]))
		case bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked")):
			chunked = true
		}
	}
}

func (w *wire) body(length int, chunked bool) error {
	if !chunked {
		_, err := w.in.Discard(length)
		return err
	}
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, w.in, size+2); err != nil || size == 0 {
			return err
		}
	}
}

func (w *wire) close() {
	if w.conn != nil {
		_ = w.conn.Close() // nothing is left to be said
		w.conn = nil
	}
}
