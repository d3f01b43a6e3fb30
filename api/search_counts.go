package api

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"yourticket.example/ticket"
)

const (
	// countedFor is how long a count of free places is good for lists of found
	// events, and keptCounts how many are kept.
	countedFor = 2 * time.Second
	keptCounts = 20_000
	// bookedFor is how long a count of the books is good while nobody holds or
	// buys: whoever does gives the event a live state, which is seen at once. Only
	// a live state that came and went in between is seen late.
	bookedFor = 10 * time.Second
	// countPatience bounds the counting: a list is better without than late.
	countPatience = 300 * time.Millisecond
)

// freeCounts remembers counts of free places: found events repeat themselves
// from search to search.
type freeCounts struct {
	source Availability
	now    func() time.Time
	kept   *lru.Cache[string, freeCount]
}

type freeCount struct {
	free int
	at   time.Time
	// booked is when it was counted in the books, zero for a live count.
	booked time.Time
}

func newFreeCounts(source Availability, now func() time.Time) *freeCounts {
	kept, err := lru.New[string, freeCount](keptCounts)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &freeCounts{source: source, now: now, kept: kept}
}

// of gives how many places each event has free, -1 where it cannot be known.
func (c *freeCounts) of(ctx context.Context, events []*ticket.Event) []int {
	free := make([]int, len(events))
	now := c.now()
	var (
		asked []*ticket.Event
		where []int
	)
	for i, e := range events {
		if known, ok := c.kept.Get(e.ID); ok && now.Sub(known.at) < countedFor {
			free[i] = known.free
			continue
		}
		asked, where = append(asked, e), append(where, i)
	}
	if len(asked) == 0 {
		return free
	}
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	for j, n := range c.count(ctx, asked, now) {
		free[where[j]] = n
	}
	return free
}

// count asks the live state, and for events without one the books, unless those
// were asked a moment ago. While the live state is away the books know best.
func (c *freeCounts) count(ctx context.Context, events []*ticket.Event, now time.Time) []int {
	free := make([]int, len(events))
	live, err := c.source.Live(ctx, events)
	reached := err == nil
	var (
		quiet []*ticket.Event
		where []int
	)
	for i, e := range events {
		n := freeCount{at: now}
		known, _ := c.kept.Get(e.ID)
		switch {
		case reached && live[i] >= 0:
			n.free = live[i]
		case reached && now.Sub(known.booked) < bookedFor:
			n.free, n.booked = known.free, known.booked
		default:
			free[i] = -1
			quiet, where = append(quiet, e), append(where, i)
			continue
		}
		free[i] = n.free
		c.kept.Add(e.ID, n)
	}
	if len(quiet) == 0 {
		return free
	}
	booked, err := c.source.Booked(ctx, quiet)
	if err != nil {
		return free
	}
	for j, i := range where {
		free[i] = booked[j]
		c.kept.Add(quiet[j].ID, freeCount{free: booked[j], at: now, booked: now})
	}
	return free
}
