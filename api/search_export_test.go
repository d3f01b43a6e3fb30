package api

import (
	"context"
	"encoding/json"
	"time"

	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// FreePlaces makes what lists of found events know free places from.
func FreePlaces(source Availability, now func() time.Time) func(context.Context, ...*ticket.Event) []int {
	counts := newFreeCounts(source, now)
	return func(ctx context.Context, events ...*ticket.Event) []int { return counts.of(ctx, events) }
}

// Fact is what changes of a found event.
type Fact struct {
	Status ticket.EventStatus
	// Available is -1 when it is not known.
	Available int
}

// RenderFound encodes a page twice: as it is answered, and all at once.
func RenderFound(r *search.Result, known []Fact, degraded bool) (answered, plain []byte, err error) {
	p, err := newFoundPage(r)
	if err != nil {
		return nil, nil, err
	}
	body := searchBody{Items: make([]searchItem, len(r.Items)), Facets: r.Facets, Total: r.Total, NextCursor: r.Cursor, Degraded: degraded}
	facts := make([]eventFacts, len(known))
	for i, k := range known {
		facts[i] = eventFacts{status: k.Status, available: k.Available}
		body.Items[i] = searchItem{EventBody: newEventBody(r.Items[i].Event, facts[i]), Highlight: r.Highlights[i]}
	}
	plain, err = json.Marshal(body)
	return p.render(facts, degraded), plain, err
}
