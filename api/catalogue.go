package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

// CatalogueDeps is what accounts, catalogue and organizers' operations work with.
type CatalogueDeps struct {
	Accounts Accounts
	Keys     PublicKeys
	Secrets  SecretKeys
	Requests Requests
	// Events answers reads from memory; Catalogue is the store behind it.
	Events       Events
	Catalogue    Catalogue
	Availability Availability
	Blocks       Blocks
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Events reads events and plans from memory; see catalogue.Cache.
type Events interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Plan(ctx context.Context, planID string) (*catalogue.Plan, error)
	Forget(e *ticket.Event)
}

// Catalogue stores venues, plans and events.
type Catalogue interface {
	CreateVenue(ctx context.Context, v ticket.Venue, createdBy string) error
	CreatePlan(ctx context.Context, p ticket.StoredPlan) error
	// PlanInfo reads a plan without its document.
	PlanInfo(ctx context.Context, id string) (ticket.StoredPlan, error)
	// CreateEvent fills in the event's id and version; CodeConflict when its
	// slug is taken.
	CreateEvent(ctx context.Context, e *ticket.Event) error
	// UpdateEvent writes over the version that the event was read as;
	// CodePreconditionFailed when there is a newer one.
	UpdateEvent(ctx context.Context, e *ticket.Event) error
	// Event reads the newest version.
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	UpcomingEvents(ctx context.Context, now time.Time, after ticket.EventCursor, limit int) ([]*ticket.Event, error)
}

// Availability knows which places of an event are free.
type Availability interface {
	// Snapshot gives the state of every place, one character each in the order
	// of their indexes, and its version.
	Snapshot(ctx context.Context, e *ticket.Event) (version, seats string, err error)
	// Counts gives capacity and free places of each event, in their order.
	Counts(ctx context.Context, events []*ticket.Event) ([]ticket.Availability, error)
}

// Blocks keeps places from the sale.
type Blocks interface {
	// Block is CodeSeatsUnavailable when a place is held or sold.
	Block(ctx context.Context, e *ticket.Event, seats []int, reason string) error
	Unblock(ctx context.Context, e *ticket.Event, seats []int) error
}

// registerCatalogue adds the operations of the events service.
func (s *Server) registerCatalogue(api huma.API) {
	s.registerEvents(api)
	s.registerSeats(api)
	s.registerLive(api)
	s.registerVenues(api)
	s.registerOrganizers(api)
	s.registerBlocks(api)
}

// now gives the time by the server's clock.
func (s *Server) now() time.Time {
	if s.deps.Now != nil {
		return s.deps.Now()
	}
	return time.Now()
}
