package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"yourticket.example/e2e/system"
)

// load is what goes on all the time: people who read, and people who book.
type load struct {
	s     *system.System
	event *system.Event
	seq   atomic.Int64
	// paying lets those who book pay at once.
	paying atomic.Bool
}

const (
	readers = 2
	bookers = 6
	// holdsEach is how many places a buyer takes; the limit is ten.
	holdsEach = 8
)

func (l *load) run(ctx context.Context) error {
	var wg sync.WaitGroup
	for range readers {
		c, err := l.s.Account(ctx)
		if err != nil {
			return err
		}
		wg.Go(func() { l.read(ctx, c) })
	}
	for range bookers {
		wg.Go(func() { l.book(ctx) })
	}
	wg.Wait()
	return nil
}

// read asks for what comes from PostgreSQL.
func (*load) read(ctx context.Context, c *system.Client) {
	for ctx.Err() == nil {
		_, _ = c.Do(ctx, http.MethodGet, "/v1/me/bookings", nil) // what it answers, the metrics tell
		wait(ctx, 150*time.Millisecond)
	}
}

func (l *load) book(ctx context.Context) {
	for ctx.Err() == nil {
		c, err := l.s.Account(ctx)
		if err != nil {
			wait(ctx, time.Second)
			continue
		}
		for range holdsEach {
			o := system.Order{EventID: l.event.ID, BestAvailable: &system.Best{Category: system.Standing, Quantity: 1}}
			if l.paying.Load() {
				o.Payment = system.Both
			}
			_, _ = c.Book(ctx, fmt.Sprint("load-", l.seq.Add(1)), o)
			wait(ctx, 500*time.Millisecond)
		}
	}
}

// burn makes an api work: each registration costs the hashing of a password.
func burn(ctx context.Context, s *system.System, n int) {
	var wg sync.WaitGroup
	var seq atomic.Int64
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				body := map[string]string{"email": fmt.Sprintf("burn-%d-%d@shop.example", time.Now().UnixNano(), seq.Add(1)), "password": "a-long-password-of-mine", "name": "B"}
				_, _ = s.Anonymous().Do(ctx, http.MethodPost, "/v1/users", body, system.Key(body["email"]))
			}
		})
	}
	wg.Wait()
}

// guess tries passwords, as somebody does who has none.
func guess(ctx context.Context, s *system.System, n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, _ = s.Anonymous().Do(ctx, http.MethodPost, "/v1/sessions", map[string]string{"email": "victim@shop.example", "password": "a-wrong-guess-of-it"})
			}
		})
	}
	wg.Wait()
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
