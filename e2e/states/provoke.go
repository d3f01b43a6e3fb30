package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/parts"
)

// status is what /v1/status says.
type status struct {
	State      string `json:"state"`
	Indicators []struct {
		Name  string  `json:"name"`
		Value float64 `json:"value"`
		Unit  string  `json:"unit"`
		State string  `json:"state"`
	} `json:"indicators"`
	Degraded []string `json:"degraded"`
}

func (s status) of(indicator string) (state, text string) {
	for _, i := range s.Indicators {
		if i.Name == indicator {
			return i.State, fmt.Sprintf("%s is %.2f %s: %s", i.Name, i.Value, i.Unit, i.State)
		}
	}
	return "", "there is no " + indicator
}

// room is what everybody sees of a waiting room.
type room struct {
	Phase string  `json:"phase"`
	Rate  float64 `json:"rate_per_minute"`
}

// read asks for a page until it answers.
func read[T any](ctx context.Context, w *world, path string) (into T, err error) {
	for range 20 {
		var a *system.Answer
		if a, err = w.Anonymous().Do(ctx, http.MethodGet, path, nil); err == nil {
			if a.Status == http.StatusOK {
				return into, json.Unmarshal(a.Body, &into)
			}
			err = fmt.Errorf("%s: %s", path, a)
		}
		wait(ctx, 500*time.Millisecond)
	}
	return into, err
}

// provoke brings each state about, and what belongs to it.
func (w *world) provoke(ctx context.Context) error {
	for _, step := range []func(context.Context) error{w.well, w.slowDatabase, w.noCPU, w.guessing, w.noProviders, w.noRedis, w.noDatabase} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// await waits until the system says of an indicator that it is in one of the
// states, and that the rules can be asked for it then.
func (w *world) await(ctx context.Context, what, indicator string, alert string, states ...string) error {
	ctx, cancel := context.WithTimeout(ctx, w.within)
	defer cancel()
	for {
		s, err := read[status](ctx, w, "/v1/status")
		state, text := s.of(indicator)
		if err == nil && slices.Contains(states, state) {
			fmt.Printf("status %s: %s; all in all %s, degraded %v\n", what, text, s.State, s.Degraded)
			break
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %s (%w)", what, text, err)
		}
		wait(ctx, time.Second)
	}
	if alert == "" {
		return nil
	}
	wait(ctx, 4*scrapeEvery) // it lasts until the rules have seen it, too
	w.moments = append(w.moments, moment{w.seen.now(), fmt.Sprintf(`count(ALERTS{alertname="%s",alertstate="firing"})`, alert)})
	return nil
}

// roomBecomes waits until the waiting room is as it should be.
func (w *world) roomBecomes(ctx context.Context, what string, should func(room) bool) (room, error) {
	ctx, cancel := context.WithTimeout(ctx, w.within)
	defer cancel()
	var last room
	for ctx.Err() == nil {
		r, err := read[room](ctx, w, "/v1/events/"+w.show.ID+"/queue")
		if err == nil {
			last = r
			if should(r) {
				fmt.Printf("queue  %s: %s, %.0f a minute\n", what, r.Phase, r.Rate)
				return r, nil
			}
		}
		wait(ctx, time.Second)
	}
	return last, fmt.Errorf("%s: the waiting room is %s with %.0f a minute", what, last.Phase, last.Rate)
}

func (w *world) well(ctx context.Context) error {
	wait(ctx, 15*time.Second) // what starting took is no measure
	if err := w.await(ctx, "all is well", "database_latency_p99", "", "normal"); err != nil {
		return err
	}
	_, err := w.roomBecomes(ctx, "all is well", func(r room) bool { return r.Phase == "open" && r.Rate > 0 })
	return err
}

func (w *world) slowDatabase(ctx context.Context) error {
	before, err := w.roomBecomes(ctx, "before the database is slow", func(r room) bool { return r.Rate > 0 })
	if err != nil {
		return err
	}
	w.database.slow(150 * time.Millisecond)
	defer w.database.slow(0)
	if err := w.await(ctx, "queries take 150 ms longer", "database_latency_p99", "", "warning"); err != nil {
		return err
	}
	wait(ctx, 4*scrapeEvery)
	w.moments = append(w.moments, moment{w.seen.now(), `count(yourticket:indicator:state{indicator="database_latency_p99"} >= 1)`})
	w.database.slow(600 * time.Millisecond)
	if err := w.await(ctx, "queries take 600 ms longer", "database_latency_p99", "QueriesVerySlow", "alarm"); err != nil {
		return err
	}
	_, err = w.roomBecomes(ctx, "while the database is slow", func(r room) bool { return r.Rate > 0 && r.Rate < 0.75*before.Rate })
	return err
}

func (w *world) noCPU(ctx context.Context) error {
	burning, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); burn(burning, w.System, 6) }()
	defer func() { stop(); <-done }()
	if err := w.await(ctx, "the api hashes passwords on its one CPU", "cpu", "", "alarm"); err != nil {
		return err
	}
	// The rules take the mean of a minute, which on a machine that others use, too,
	// may stay below the alarm's bound.
	wait(ctx, time.Minute)
	w.moments = append(w.moments, moment{w.seen.now(), `count(yourticket:indicator:state{indicator="cpu"} >= 1)`})
	return nil
}

func (w *world) guessing(ctx context.Context) error {
	guessing, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { defer close(done); guess(guessing, w.System, 4) }()
	defer func() { stop(); <-done }()
	return w.await(ctx, "somebody guesses passwords", "security_events", "SecurityEvent", "alarm")
}

func (w *world) noProviders(ctx context.Context) error {
	w.load.paying.Store(true)
	defer w.load.paying.Store(false)
	if err := w.Break(ctx, "stripe", "error", ""); err != nil {
		return err
	}
	if err := w.await(ctx, "Stripe fails", "providers_away", "", "warning"); err != nil {
		return err
	}
	if err := w.Break(ctx, "paypal", "error", ""); err != nil {
		return err
	}
	if err := w.await(ctx, "both providers fail", "providers_away", "ProvidersDown", "alarm"); err != nil {
		return err
	}
	for indicator, alert := range map[string]string{"error_rate": "ErrorsMany", "booking_success_rate": "BookingsFailOften"} {
		if err := w.await(ctx, "both providers fail", indicator, alert, "alarm"); err != nil {
			return err
		}
	}
	if _, err := w.roomBecomes(ctx, "while no provider answers", func(r room) bool { return r.Phase == "paused" }); err != nil {
		return err
	}
	return w.Mend(ctx)
}

func (w *world) noRedis(ctx context.Context) error { return w.killed(ctx, "Redis is killed", w.Redis) }

func (w *world) noDatabase(ctx context.Context) error {
	return w.killed(ctx, "PostgreSQL is killed", w.Postgres)
}

// killed takes a part away, and makes sure that the system is well again once it
// is back.
func (w *world) killed(ctx context.Context, what string, part *parts.Part) error {
	part.Kill()
	if err := errors.Join(w.await(ctx, what, "parts_unreached", "PartDown", "alarm"), part.Restart(ctx)); err != nil {
		return err
	}
	return w.await(ctx, what+" and started again", "parts_unreached", "", "normal")
}
