package api

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

// FreePlaces makes what lists of found events know free places from.
func FreePlaces(source Availability, now func() time.Time) func(context.Context, ...*ticket.Event) []*int {
	counts := newFreeCounts(source, now)
	return func(ctx context.Context, events ...*ticket.Event) []*int { return counts.of(ctx, events) }
}
