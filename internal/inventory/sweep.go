package inventory

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"yourticket.example/internal/redis"
)

// Holds end by their purchase's timer; the sweeper is for the case that no
// worker is there to see it fire. Every seat script sweeps its own event too.
const (
	sweepEvery = time.Second
	// sweepFor is how long an event is swept after it was last asked for.
	sweepFor = 30 * time.Minute
)

func (v *Inventory) touch(eventID string) {
	v.mu.Lock()
	v.active[eventID] = time.Now()
	v.mu.Unlock()
}

// RunSweeper frees overdue holds of the events that this process has seen,
// until the context ends.
func (v *Inventory) RunSweeper(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			v.sweepAll(ctx)
		}
	}
}

func (v *Inventory) sweepAll(ctx context.Context) {
	v.mu.Lock()
	var events []string
	for id, seen := range v.active {
		if time.Since(seen) > sweepFor {
			delete(v.active, id)
			continue
		}
		events = append(events, id)
	}
	v.mu.Unlock()
	for _, id := range events {
		_, err := v.live.Sweep(ctx, id)
		if err != nil && !errors.Is(err, redis.ErrNoState) && ctx.Err() == nil {
			slog.Debug("sweep", "event", id, "error", err)
		}
	}
}
