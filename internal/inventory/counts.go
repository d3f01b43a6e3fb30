package inventory

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

// countsFor is how old a count may be: a crowd that looks at an event page
// costs Redis two calls a second and process.
const countsFor = 500 * time.Millisecond

// counted is how many places of an event were free at a time.
type counted struct {
	free int
	at   time.Time
}

// Counts tells how many places each event has and how many are free, as of at
// most half a second ago. For events nobody has looked at yet it counts in the
// books instead of loading their maps.
func (v *Inventory) Counts(ctx context.Context, events []*ticket.Event) ([]ticket.Availability, error) {
	out := make([]ticket.Availability, len(events))
	var (
		old []*ticket.Event
		now = time.Now()
	)
	v.mu.Lock()
	for i, e := range events {
		c, ok := v.counts[e.ID]
		if !ok || now.Sub(c.at) > countsFor {
			old = append(old, e)
			continue
		}
		out[i] = ticket.Availability{Capacity: e.Capacity, Available: c.free}
	}
	v.mu.Unlock()
	if len(old) == 0 {
		return out, nil
	}
	free, err := v.count(ctx, old)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	for id, n := range free {
		v.counts[id] = counted{free: n, at: now}
	}
	for i, e := range events {
		if n, fresh := free[e.ID]; fresh {
			out[i] = ticket.Availability{Capacity: e.Capacity, Available: n}
		}
	}
	return out, nil
}

// count asks Redis, and the books for what Redis does not know.
func (v *Inventory) count(ctx context.Context, events []*ticket.Event) (map[string]int, error) {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	free, err := v.live.Available(ctx, ids)
	if err != nil { // Redis is away: browsing goes on
		free = make([]int, len(events))
		for i := range free {
			free[i] = -1
		}
	}
	var unknown []string
	for i, n := range free {
		if n < 0 {
			unknown = append(unknown, ids[i])
		}
	}
	var taken map[string]int
	if len(unknown) > 0 {
		if taken, err = v.books.Unsellable(ctx, unknown); err != nil {
			return nil, err
		}
	}
	out := make(map[string]int, len(events))
	for i, e := range events {
		out[e.ID] = free[i]
		if free[i] < 0 {
			out[e.ID] = e.Capacity - taken[e.ID]
		}
	}
	return out, nil
}
