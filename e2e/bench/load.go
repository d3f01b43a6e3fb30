package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"yourticket.example/e2e/system"
)

// accounts is how many buyers share the load; each may have a hundred tickets
// of an event.
const accounts = 500

// bench is a system with an event to sell and buyers for it.
type bench struct {
	*system.System
	options

	clients []*system.Client
	event   *system.Event
	next    atomic.Int64
	last    map[string]string // the last booking of a kind, for its history
	floorBy *exec.Cmd
}

// places are two for every purchase that the machine could possibly make.
const places = 60_000

func (b *bench) prepare(ctx context.Context) (err error) {
	b.last = map[string]string{}
	if b.clients, err = b.Buyers(ctx, accounts); err != nil {
		return err
	}
	if b.event, err = b.NewEvent(ctx, system.Hall{Rows: places / 100, Width: 100, Limit: 100}); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.floorBy = exec.CommandContext(ctx, self, "-floor-worker", b.Temporal.URL) //nolint:gosec // this very program
	b.floorBy.Stderr = os.Stderr
	return b.floorBy.Start()
}

func (b *bench) floorStop() {
	_ = b.floorBy.Process.Signal(os.Interrupt)
	_ = b.floorBy.Wait() // it was told to stop
}

// measure is one run of a closed loop.
type measure struct {
	Name    string        `json:"name"`
	Buyers  int           `json:"buyers"`
	Done    int           `json:"done"`
	Rate    float64       `json:"per_second"`
	P50     float64       `json:"p50_ms"`
	P99     float64       `json:"p99_ms"`
	Refused int           `json:"refused"`
	CPU     cpuByProcess  `json:"cpu_ms_each"`
	Length  time.Duration `json:"-"`
}

// purchases lets buyers book two seats each, one after the other, for a time;
// with or without paying for them.
func (b *bench) purchases(ctx context.Context, buyers int, length time.Duration, pay bool) (measure, error) {
	kind, want := "hold", "held"
	order := system.Order{EventID: b.event.ID}
	if pay {
		kind, want, order.Payment = "purchase", "confirmed", system.Visa
	}
	return b.loop(ctx, kind, buyers, length, func(ctx context.Context) error {
		n := int(b.next.Add(1)) - 1
		if 2*n+1 >= len(b.event.Seats) {
			return fmt.Errorf("the hall of %d places is sold out: run for a shorter time", len(b.event.Seats))
		}
		o := order
		o.Seats = b.event.Seats[2*n : 2*n+2]
		a, err := b.clients[n%len(b.clients)].Book(ctx, fmt.Sprint("bench-", n), o)
		if err != nil {
			return err
		}
		booking, err := a.Booking()
		if err != nil || booking.Status != want {
			return fmt.Errorf("booking %d: %s %w", n, a, err)
		}
		if n%50 == 0 {
			b.last[kind] = booking.ID
		}
		return nil
	})
}

// loop runs an operation in a closed loop of several buyers and measures it.
func (b *bench) loop(ctx context.Context, name string, buyers int, length time.Duration, operation func(context.Context) error) (measure, error) {
	var (
		mu    sync.Mutex
		wg    sync.WaitGroup
		times []time.Duration
		fault error
	)
	before, began := b.cpu(), time.Now()
	for range buyers {
		wg.Go(func() {
			for time.Since(began) < length && ctx.Err() == nil {
				at := time.Now()
				err := operation(ctx)
				mu.Lock()
				if err != nil && fault == nil {
					fault = err
				}
				times = append(times, time.Since(at))
				stop := fault != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	if fault != nil {
		return measure{}, fault
	}
	slices.Sort(times)
	return measure{
		Name: name, Buyers: buyers, Done: len(times), Rate: float64(len(times)) / took.Seconds(), Length: took,
		P50: ms(times[len(times)/2]), P99: ms(times[len(times)*99/100]), CPU: b.cpu().since(before, len(times)),
	}, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
