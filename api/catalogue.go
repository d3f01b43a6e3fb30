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
	// TokenIssuer is where others find the discovery document; without one there is none.
	TokenIssuer string
	Secrets     SecretKeys
	Requests    Requests
	Persons     Persons
	// Events answers reads from memory; Catalogue is the store behind it.
	Events       Events
	Catalogue    Catalogue
	Availability Availability
	Blocks       Blocks
	SalesBooks   SalesBooks
	// Cancellations refund canceled events; nil where another process starts them.
	Cancellations Cancellations
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// Events reads events and plans from memory; see catalogue.Cache.
type Events interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Plan(ctx context.Context, planID string) (*catalogue.Plan, error)
	Drawing(ctx context.Context, planID string) (*catalogue.Drawing, error)
	PlanFile(ctx context.Context, planID string) (ticket.StoredPlan, error)
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
	Directory
	AuditLog
	Upheavals
}

// Directory lists what organizers have made, the newest first.
type Directory interface {
	Venue(ctx context.Context, id string) (ticket.Venue, error)
	// Venues are those of everybody when createdBy is "".
	Venues(ctx context.Context, createdBy, after string, limit int) ([]ticket.Venue, error)
	PlansOf(ctx context.Context, venueID, after string, limit int) ([]ticket.StoredPlan, error)
	EventsOf(ctx context.Context, organizerID string, after ticket.EventCursor, limit int) ([]*ticket.Event, error)
}

// AuditLog keeps who changed what, and never forgets.
type AuditLog interface {
	// Recorded does a change and writes down what its work says of it, both or
	// neither; a change without a What was none.
	Recorded(ctx context.Context, work func(ctx context.Context) (ticket.Change, error)) error
	Changes(ctx context.Context, eventID string, after ticket.ChangeCursor, limit int) ([]ticket.Change, error)
	// Names gives the names of accounts that are still there.
	Names(ctx context.Context, accounts []string) (map[string]string, error)
}

// Availability knows which places of an event are free.
type Availability interface {
	// Snapshot gives the state of every place, one character each in the order
	// of their indexes, and its version.
	Snapshot(ctx context.Context, e *ticket.Event) (version, seats string, err error)
	// Counts gives capacity and free places of each event, in their order.
	Counts(ctx context.Context, events []*ticket.Event) ([]ticket.Availability, error)
	// Live gives the free places of each event that has a live state, -1 for
	// those of which nobody has held or bought a place lately.
	Live(ctx context.Context, events []*ticket.Event) ([]int, error)
	// Booked gives the free places of each event by the books.
	Booked(ctx context.Context, events []*ticket.Event) ([]int, error)
}

// Blocks keeps places from the sale.
type Blocks interface {
	// Block is CodeSeatsUnavailable when a place is held or sold, with those
	// places in Extra "unavailable_indexes".
	Block(ctx context.Context, e *ticket.Event, o ticket.SeatsOrder) error
	Unblock(ctx context.Context, e *ticket.Event, o ticket.SeatsOrder) error
}

// SalesBooks are what the sales database of an event knows of it.
type SalesBooks interface {
	// Blocks are in the order of their places, after one of them; -1 for the first.
	Blocks(ctx context.Context, eventID string, after, limit int) ([]ticket.Block, error)
	BlockChanges(ctx context.Context, eventID string, after ticket.ChangeCursor, limit int) ([]ticket.Change, error)
	SalesOf(ctx context.Context, eventID string) (ticket.SalesFigures, error)
	CancelFigures(ctx context.Context, eventID string) (ticket.CancelFigures, error)
	Teller
}

// registerCatalogue adds the operations of the events service.
func (s *Server) registerCatalogue(api huma.API) {
	s.registerEvents(api)
	s.registerSeats(api)
	s.registerLive(api)
	s.registerVenues(api)
	s.registerOrganizers(api)
	s.registerBlocks(api)
	s.registerSales(api)
}

// now gives the time by the server's clock.
func (s *Server) now() time.Time {
	if s.deps.Now != nil {
		return s.deps.Now()
	}
	return time.Now()
}
