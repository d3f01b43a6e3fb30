package api

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"yourticket.example/ticket"
)

const (
	// figuresFor is how long an event's figures are good: whoever watches a sale
	// reloads, and adding up a stadium takes the shard a moment.
	figuresFor = time.Second
	// figuresTime bounds one adding up.
	figuresTime = 10 * time.Second
)

// datedFigures are what was sold of an event at a time.
type datedFigures struct {
	ticket.SalesFigures
	at time.Time
}

// figures remembers what was added up within the last moments.
type figures struct {
	flights singleflight.Group
	mu      sync.Mutex
	known   map[string]datedFigures
}

// of gives the figures of an event as they are, or as they were at most
// figuresFor ago. Those who ask at once share one reading.
func (f *figures) of(ctx context.Context, books SalesBooks, eventID string, now func() time.Time) (datedFigures, error) {
	f.mu.Lock()
	known, ok := f.known[eventID]
	f.mu.Unlock()
	if ok && now().Sub(known.at) < figuresFor {
		return known, nil
	}
	found, err, _ := f.flights.Do(eventID, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), figuresTime)
		defer cancel()
		at := now()
		read, err := books.SalesOf(ctx, eventID)
		if err != nil {
			return datedFigures{}, err
		}
		f.keep(eventID, datedFigures{SalesFigures: read, at: at})
		return datedFigures{SalesFigures: read, at: at}, nil
	})
	fresh, _ := found.(datedFigures)
	return fresh, err
}

// keep remembers figures, and forgets those that are good no more.
func (f *figures) keep(eventID string, d datedFigures) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		f.known = map[string]datedFigures{}
	}
	for id, old := range f.known {
		if d.at.Sub(old.at) >= figuresFor {
			delete(f.known, id)
		}
	}
	f.known[eventID] = d
}

// salesFigures reads an event of the caller, and what was sold of it.
func (s *Server) salesFigures(ctx context.Context, idOrSlug string) (*ticket.Event, datedFigures, error) {
	e, err := s.eventOfCaller(ctx, idOrSlug, ticket.RoleFinance)
	if err != nil {
		return nil, datedFigures{}, err
	}
	found, err := s.figures.of(ctx, s.deps.SalesBooks, e.ID, s.now)
	return e, found, err
}
