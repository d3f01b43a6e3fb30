package ticket

import "time"

// EventStatus is where an event stands, as buyers see it.
type EventStatus string

// The statuses of an event. Sold out, on sale and past are derived when read:
// only draft, scheduled, postponed and canceled are stored.
const (
	EventDraft     EventStatus = "draft"
	EventScheduled EventStatus = "scheduled"
	EventOnSale    EventStatus = "on_sale"
	EventSoldOut   EventStatus = "sold_out"
	EventPostponed EventStatus = "postponed"
	EventCanceled  EventStatus = "canceled"
	EventPast      EventStatus = "past"
)

// Venue is a place where concerts happen.
type Venue struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	City    string  `json:"city"`
	Country string  `json:"country"` // ISO 3166-1 alpha-2
	Lat     float64 `json:"lat"`     // degrees north
	Lon     float64 `json:"lon"`     // degrees east
}

// Price is what one place of a category costs: the organizer's price and our fee.
type Price struct {
	Category string `json:"category"`
	Price    Money  `json:"price"`
	Fee      Money  `json:"fee"`
}

// WaitingRoom is how an event's waiting room is set up.
type WaitingRoom struct {
	Enabled bool `json:"enabled"`
	// MaxSessions bounds how many buyers are admitted at the same time.
	MaxSessions int `json:"max_sessions,omitempty"`
	// SessionMinutes is how long an admission lasts.
	SessionMinutes int `json:"session_minutes,omitempty"`
	// GraceSeconds is how long a turn waits to be claimed.
	GraceSeconds int `json:"grace_seconds,omitempty"`
}

// Availability counts an event's places.
type Availability struct {
	Capacity  int `json:"capacity"`
	Available int `json:"available"`
}

// Event is a concert that is or will be sold.
type Event struct {
	ID          string
	Slug        string
	Name        string
	Artist      string
	Genre       string
	Description string
	Venue       Venue
	PlanID      string
	OrganizerID string
	StartsAt    time.Time
	DoorsAt     time.Time
	OnSaleAt    time.Time
	// Status is the stored status: draft, scheduled, postponed or canceled.
	Status EventStatus
	// StatusReason is what buyers are told of a postponed or canceled event.
	StatusReason string
	// MaxTicketsPerBuyer bounds what one account may hold and own together.
	MaxTicketsPerBuyer int
	WaitingRoom        WaitingRoom
	// Currency is that of every price of the event.
	Currency string
	Prices   []Price
	// Refunds is what buyers may give back by themselves.
	Refunds RefundPolicy
	// RefundsUntil is until when they may because the event was postponed; zero: as
	// long as it is postponed.
	RefundsUntil time.Time
	// Capacity is the number of places of the plan.
	Capacity int
	// Version rises with every change; it is the event's ETag.
	Version   int64
	UpdatedAt time.Time
}

// RefundPolicy says until when buyers may give tickets back without support.
type RefundPolicy struct {
	// UntilHours is how many hours before the start that ends; nil: they may not.
	UntilHours *int `json:"until_hours_before_start" nullable:"true" minimum:"0" maximum:"8760" doc:"Null: only support refunds."`
}

// RefundsBuyers tells whether buyers may give tickets back by themselves at this
// time; the error says why not. Of a postponed event they may until the time that
// was said then (CodeRefundsClosed after it), or for as long as it is postponed;
// its date may be past meanwhile, which then says nothing.
func (e *Event) RefundsBuyers(now time.Time) error {
	byPolicy := e.policyRefunds(now)
	switch {
	case e.Status == EventCanceled, e.Status == EventPostponed && e.RefundsUntil.IsZero():
		return nil
	case e.RefundsUntil.IsZero(), byPolicy == nil && e.Status != EventPostponed:
		return byPolicy
	case e.Status != EventPostponed && !now.Before(e.StartsAt):
		return byPolicy
	case now.Before(e.RefundsUntil):
		return nil
	}
	return Errorf(CodeRefundsClosed, "Because it was postponed, tickets of this event were taken back until %s.", e.RefundsUntil.UTC().Format(time.RFC3339))
}

// policyRefunds tells what the event allows its buyers when all goes as planned.
func (e *Event) policyRefunds(now time.Time) error {
	switch until := e.Refunds.UntilHours; {
	case !now.Before(e.StartsAt):
		return Errorf(CodeForbidden, "The event has begun. Ask support.")
	case until == nil:
		return Errorf(CodeForbidden, "Tickets of this event are not taken back. Ask support.")
	case now.After(e.StartsAt.Add(-time.Duration(*until) * time.Hour)):
		return Errorf(CodeForbidden, "Tickets of this event are taken back until %d hours before its start.", *until)
	}
	return nil
}

// PublicStatus derives what buyers see from the stored status, the clock and
// whether any place is left.
func (e *Event) PublicStatus(now time.Time, available int) EventStatus {
	switch {
	case e.Status == EventCanceled || e.Status == EventDraft || e.Status == EventPostponed:
		return e.Status
	case now.After(e.StartsAt):
		return EventPast
	case now.Before(e.OnSaleAt):
		return EventScheduled
	case available <= 0:
		return EventSoldOut
	default:
		return EventOnSale
	}
}

// Selling tells whether bookings are taken at this time; the error says why not.
func (e *Event) Selling(now time.Time) error {
	switch s := e.PublicStatus(now, 1); s {
	case EventOnSale:
		return nil
	case EventScheduled:
		return Errorf(CodeNotOnSale, "The sale starts at %s.", e.OnSaleAt.UTC().Format(time.RFC3339))
	default:
		return Errorf(CodeNotOnSale, "The event is not on sale: it is %s.", s)
	}
}

// PriceOf gives the price of a category, and false when the event has none.
func (e *Event) PriceOf(category string) (Price, bool) {
	for _, p := range e.Prices {
		if p.Category == category {
			return p, true
		}
	}
	return Price{}, false
}

// StoredPlan is a seating plan as it was handed in, with what can be known of
// it without reading its document.
type StoredPlan struct {
	ID      string
	VenueID string
	Name    string
	// Capacity is the number of places, standing ones included.
	Capacity int
	// Categories lists the price categories in order of first appearance.
	Categories []string
	// Document is the plan's file, JSON; nil where only the rest was asked for.
	Document []byte
	// CreatedBy is the account that handed it in, CreatedAt when.
	CreatedBy string
	CreatedAt time.Time
}

// EventCursor is a place in the list of upcoming events: the last one read.
// The zero value is the beginning.
type EventCursor struct {
	StartsAt time.Time `json:"t"`
	ID       string    `json:"id"`
}
