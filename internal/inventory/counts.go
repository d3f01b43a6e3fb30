package inventory

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

// Whoever looks at an event sees it as it is, unless a crowd does: from the
// crowd-th look within countsFor on, that time's count is good enough, and
// Redis is spared.
const (
	countsFor = 500 * time.Millisecond
	crowd     = 20
)

// counted is how many places of an event were free at a time, and how often
// that was asked for since.
type counted struct {
	free  int
	at    time.Time
	since time.Time
	asked int
}

// goodEnough counts a look, and tells whether the crowd's count will do.
func (c *counted) goodEnough(now time.Time) bool {
	if now.Sub(c.since) > countsFor {
		c.since, c.asked = now, 0
	}
	c.asked++
	return c.asked > crowd && now.Sub(c.at) <= countsFor
}

// Counts tells how many places each event has and how many are free; for a
// crowd, as of at most half a second ago. For events whose live state nobody
// has loaded yet it counts in the books.
func (v *Inventory) Counts(ctx context.Context, events []*ticket.Event) ([]ticket.Availability, error) {
	out := make([]ticket.Availability, len(events))
	var (
		old []*ticket.Event
		now = time.Now()
	)
	v.mu.Lock()
	for i, e := range events {
		c, ok := v.counts[e.ID]
		if !ok {
			c = &counted{}
			v.counts[e.ID] = c
		}
		if !c.goodEnough(now) {
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
		v.counts[id].free, v.counts[id].at = n, now
	}
	for i, e := range events {
		if n, fresh := free[e.ID]; fresh {
			out[i] = ticket.Availability{Capacity: e.Capacity, Available: n}
		}
	}
	return out, nil
}

// Live tells how many places each event has free by its live state, -1 where
// nobody has loaded one. CodeUnavailable while it cannot be reached.
func (v *Inventory) Live(ctx context.Context, events []*ticket.Event) ([]int, error) {
	return v.live.Available(ctx, idsOf(events))
}

// Booked tells how many places each event has free by the books.
func (v *Inventory) Booked(ctx context.Context, events []*ticket.Event) ([]int, error) {
	taken, err := v.books.Unsellable(ctx, idsOf(events))
	if err != nil {
		return nil, err
	}
	free := make([]int, len(events))
	for i, e := range events {
		free[i] = e.Capacity - taken[e.ID]
	}
	return free, nil
}

func idsOf(events []*ticket.Event) []string {
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.ID
	}
	return ids
}

// count asks Redis, and the books for what Redis does not know.
func (v *Inventory) count(ctx context.Context, events []*ticket.Event) (map[string]int, error) {
	live, err := v.Live(ctx, events)
	reached := err == nil // while Redis is away browsing goes on
	var unknown []*ticket.Event
	out := make(map[string]int, len(events))
	for i, e := range events {
		if reached && live[i] >= 0 {
			out[e.ID] = live[i]
		} else {
			unknown = append(unknown, e)
		}
	}
	if len(unknown) == 0 {
		return out, nil
	}
	booked, err := v.Booked(ctx, unknown)
	if err != nil {
		return nil, err
	}
	for i, e := range unknown {
		out[e.ID] = booked[i]
	}
	return out, nil
}
