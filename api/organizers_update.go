package api

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

type updateEventBody struct {
	Slug               *string              `json:"slug,omitempty" maxLength:"80" doc:"Cannot change; taken as it is."`
	Name               *string              `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Artist             *string              `json:"artist,omitempty" minLength:"1" maxLength:"200"`
	Genre              *string              `json:"genre,omitempty" minLength:"1" maxLength:"60"`
	Description        *string              `json:"description,omitempty" maxLength:"10000"`
	VenueID            *string              `json:"venue_id,omitempty" maxLength:"100" doc:"Cannot change; taken as it is."`
	PlanID             *string              `json:"plan_id,omitempty" maxLength:"100" doc:"Cannot change; taken as it is."`
	StartsAt           *time.Time           `json:"starts_at,omitempty" doc:"Puts a postponed event on sale again."`
	DoorsAt            *time.Time           `json:"doors_at,omitempty" doc:"As long before starts_at as before, when that changes and this is left out."`
	OnSaleAt           *time.Time           `json:"on_sale_at,omitempty" doc:"Cannot change once the sale has begun."`
	MaxTicketsPerBuyer *int                 `json:"max_tickets_per_buyer,omitempty" minimum:"1" maximum:"100" doc:"For bookings made from then on."`
	WaitingRoom        *waitingRoomBody     `json:"waiting_room,omitempty"`
	Refunds            *ticket.RefundPolicy `json:"refunds,omitempty" doc:"Whether buyers may give tickets back by themselves."`
	Prices             []priceBody          `json:"prices,omitempty" minItems:"1" maxItems:"200" doc:"All anew, for bookings from then on. The currency can change in a draft only."`
}

type updateEventInput struct {
	EventPath
	IfMatch
	Body updateEventBody
}

func (s *Server) updateEvent(ctx context.Context, in *updateEventInput) (*organizerEventOutput, error) {
	return s.changeEvent(ctx, repeatable{}, eventChange{
		event: in.EventID, ifMatch: in.Tags, what: ticket.ChangeEventChanged,
		apply: func(ctx context.Context, e *ticket.Event) error { return s.applyUpdate(ctx, e, in.Body) },
	})
}

// applyUpdate writes the fields that are given into the event and checks the whole.
func (s *Server) applyUpdate(ctx context.Context, e *ticket.Event, b updateEventBody) error {
	var f faults
	now := s.now()
	f.fixed("slug", e.Slug, b.Slug)
	f.fixed("venue_id", e.Venue.ID, b.VenueID)
	f.fixed("plan_id", e.PlanID, b.PlanID)
	if b.OnSaleAt != nil && !b.OnSaleAt.Equal(e.OnSaleAt) && e.Status != ticket.EventDraft && !now.Before(e.OnSaleAt) {
		f.add("on_sale_at", "cannot change: the sale has begun")
	}
	set(&e.Name, b.Name)
	set(&e.Artist, b.Artist)
	set(&e.Genre, b.Genre)
	set(&e.Description, b.Description)
	if b.StartsAt != nil && e.Status == ticket.EventPostponed {
		e.Status, e.StatusReason = ticket.EventScheduled, ""
	}
	reschedule(e, b.StartsAt, b.DoorsAt)
	set(&e.OnSaleAt, b.OnSaleAt)
	set(&e.MaxTicketsPerBuyer, b.MaxTicketsPerBuyer)
	set(&e.Refunds, b.Refunds)
	if b.WaitingRoom != nil {
		e.WaitingRoom = waitingRoomOf(*b.WaitingRoom, e.WaitingRoom)
	}
	if err := s.applyPrices(ctx, &f, e, b.Prices); err != nil {
		return err
	}
	f.texts(e)
	f.dates(e, now)
	return f.err()
}

func (s *Server) applyPrices(ctx context.Context, f *faults, e *ticket.Event, given []priceBody) error {
	if given == nil {
		return nil
	}
	plan, err := s.deps.Catalogue.PlanInfo(ctx, e.PlanID)
	if err != nil {
		return err
	}
	prices, currency := f.prices(given, plan.Categories)
	if currency != e.Currency && e.Status != ticket.EventDraft {
		f.add("prices", "the currency %s cannot change once the event is published", e.Currency)
	}
	e.Prices, e.Currency = prices, currency
	return nil
}

// reschedule moves an event. Doors open as long before the start as they did,
// unless their time is given too.
func reschedule(e *ticket.Event, starts, doors *time.Time) {
	if starts != nil {
		e.DoorsAt = starts.Add(e.DoorsAt.Sub(e.StartsAt))
		e.StartsAt = *starts
	}
	set(&e.DoorsAt, doors)
}

// fixed refuses another value for a field that never changes.
func (f *faults) fixed(field, value string, given *string) {
	if given != nil && *given != value {
		f.add(field, "cannot change; make another event for it")
	}
}

// set writes a value where one is given.
func set[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}
