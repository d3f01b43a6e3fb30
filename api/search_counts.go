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
}

func newFreeCounts(source Availability, now func() time.Time) *freeCounts {
	kept, err := lru.New[string, freeCount](keptCounts)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return &freeCounts{source: source, now: now, kept: kept}
}

// of gives how many places each event has free, nil where it cannot be known.
func (c *freeCounts) of(ctx context.Context, events []*ticket.Event) []*int {
	free := make([]*int, len(events))
	now := c.now()
	var (
		asked []*ticket.Event
		where []int
	)
	for i, e := range events {
		if known, ok := c.kept.Get(e.ID); ok && now.Sub(known.at) < countedFor {
			free[i] = &known.free
			continue
		}
		asked, where = append(asked, e), append(where, i)
	}
	if len(asked) == 0 {
		return free
	}
	ctx, cancel := context.WithTimeout(ctx, countPatience)
	defer cancel()
	counts, err := c.source.Counts(ctx, asked)
	if err != nil {
		return free
	}
	for j, i := range where {
		n := counts[j].Available
		free[i] = &n
		c.kept.Add(asked[j].ID, freeCount{free: n, at: now})
	}
	return free
}
