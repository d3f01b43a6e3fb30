package catalogue

import (
	"context"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"yourticket.example/internal/bestseats"
	"yourticket.example/ticket"
)

const (
	// freshFor is how long an event is served without asking again.
	freshFor = time.Second
	// staleFor is how long it is served while the store does not answer.
	staleFor = time.Minute
	// readTimeout bounds one reading of an event, planTimeout one of a plan.
	readTimeout = 3 * time.Second
	planTimeout = 15 * time.Second

	keptEvents = 10_000
	keptPlans  = 64 // a plan of 50,000 places takes about 15 MB
	keptDrawn  = 64 // its drawing about 400 kB
)

// Store is where events and plans are kept. What is missing is CodeNotFound,
// and CodeUnavailable means that asking again may help.
type Store interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Plan(ctx context.Context, id string) (ticket.StoredPlan, error)
}

// Cache is safe for concurrent use. What it returns is shared and must not be
// changed.
type Cache struct {
	store    Store
	now      func() time.Time
	events   *lru.Cache[string, eventEntry]
	plans    *lru.Cache[string, *Plan]
	drawings *lru.Cache[string, *Drawing]
	flights  singleflight.Group
}

// eventEntry is an event, or its absence, as it was at a time.
type eventEntry struct {
	event *ticket.Event // nil when there is none
	err   error
	at    time.Time
}

// New makes a Cache in front of the store. Now is the clock; nil for the real one.
func New(store Store, now func() time.Time) (*Cache, error) {
	if now == nil {
		now = time.Now
	}
	events, err := lru.New[string, eventEntry](keptEvents)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	plans, err := lru.New[string, *Plan](keptPlans)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	drawings, err := lru.New[string, *Drawing](keptDrawn)
	if err != nil {
		return nil, fmt.Errorf("catalogue: %w", err)
	}
	return &Cache{store: store, now: now, events: events, plans: plans, drawings: drawings}, nil
}

// Event gives an event by id or slug as it was at most a second ago, or up to a
// minute ago while the store does not answer. CodeNotFound when there is none.
func (c *Cache) Event(ctx context.Context, idOrSlug string) (*ticket.Event, error) {
	known, ok := c.events.Get(idOrSlug)
	if ok && c.now().Sub(known.at) < freshFor {
		return known.event, known.err
	}
	e, err := inFlight(ctx, &c.flights, "event/"+idOrSlug, readTimeout, func(ctx context.Context) (*ticket.Event, error) {
		return c.readEvent(ctx, idOrSlug)
	})
	answered := err == nil || ticket.CodeOf(err) == ticket.CodeNotFound
	if !answered && ok && known.event != nil && c.now().Sub(known.at) < staleFor {
		return known.event, nil
	}
	return e, err
}

func (c *Cache) readEvent(ctx context.Context, idOrSlug string) (*ticket.Event, error) {
	at := c.now()
	e, err := c.store.Event(ctx, idOrSlug)
	if err == nil || ticket.CodeOf(err) == ticket.CodeNotFound {
		c.events.Add(idOrSlug, eventEntry{event: e, err: err, at: at})
	}
	return e, err
}

// Forget drops an event that this process has changed. Other processes see the
// change within a second.
func (c *Cache) Forget(e *ticket.Event) {
	c.events.Remove(e.ID)
	c.events.Remove(e.Slug)
}

// Plan gives a seating plan, which never changes. CodeNotFound when there is none.
func (c *Cache) Plan(ctx context.Context, planID string) (*Plan, error) {
	if p, ok := c.plans.Get(planID); ok {
		return p, nil
	}
	return inFlight(ctx, &c.flights, "plan/"+planID, planTimeout, func(ctx context.Context) (*Plan, error) {
		stored, err := c.store.Plan(ctx, planID)
		if err != nil {
			return nil, err
		}
		p, err := build(stored)
		if err != nil {
			return nil, err
		}
		c.plans.Add(planID, p)
		return p, nil
	})
}

// Places gives a plan's places and what finds the best of them.
func (c *Cache) Places(ctx context.Context, planID string) (*ticket.Plan, *bestseats.Finder, error) {
	p, err := c.Plan(ctx, planID)
	if err != nil {
		return nil, nil, err
	}
	return p.Places, p.Finder, nil
}

// inFlight lets callers who want the same share one call of read. The call is
// not bound to the caller who happened to come first: it has its own timeout,
// and each caller leaves when its context ends.
func inFlight[T any](ctx context.Context, g *singleflight.Group, key string, timeout time.Duration,
	read func(context.Context) (T, error),
) (T, error) {
	detached := context.WithoutCancel(ctx)
	done := g.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(detached, timeout)
		defer cancel()
		return read(ctx)
	})
	select {
	case r := <-done:
		v, _ := r.Val.(T)
		return v, r.Err
	case <-ctx.Done():
		var none T
		return none, fmt.Errorf("catalogue: %w", ctx.Err())
	}
}
