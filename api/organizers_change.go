package api

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

// changeTries bounds how often a change is made anew because somebody else
// changed the event at the same time.
const changeTries = 5

type updateEventBody struct {
	Name               *string          `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Artist             *string          `json:"artist,omitempty" minLength:"1" maxLength:"200"`
	Genre              *string          `json:"genre,omitempty" minLength:"1" maxLength:"60"`
	Description        *string          `json:"description,omitempty" maxLength:"10000"`
	StartsAt           *time.Time       `json:"starts_at,omitempty"`
	DoorsAt            *time.Time       `json:"doors_at,omitempty"`
	OnSaleAt           *time.Time       `json:"on_sale_at,omitempty" doc:"Cannot change once the sale has begun."`
	MaxTicketsPerBuyer *int             `json:"max_tickets_per_buyer,omitempty" minimum:"1" maximum:"100"`
	WaitingRoom        *waitingRoomBody `json:"waiting_room,omitempty"`
	Prices             []priceBody      `json:"prices,omitempty" minItems:"1" maxItems:"200" doc:"All prices anew. The currency can change in a draft only."`
}

type updateEventInput struct {
	EventPath
	IfMatch string `header:"If-Match" doc:"The ETag of the version to change."`
	Body    updateEventBody
}

func (s *Server) updateEvent(ctx context.Context, in *updateEventInput) (*eventOutput, error) {
	return s.changeEvent(ctx, in.EventID, in.IfMatch, func(e *ticket.Event) (bool, error) {
		return true, s.applyUpdate(ctx, e, in.Body)
	})
}

type publishEventInput struct{ EventPath }

func (s *Server) publishEvent(ctx context.Context, in *publishEventInput) (*eventOutput, error) {
	return s.changeEvent(ctx, in.EventID, "", func(e *ticket.Event) (bool, error) {
		if e.Status != ticket.EventDraft {
			return false, nil
		}
		var f faults
		f.dates(e, s.now())
		e.Status = ticket.EventScheduled
		return true, f.err()
	})
}

// changeEvent applies a change to the newest version of an event of the caller,
// or to the version that ifMatch names. A change that is false leaves it as it is.
func (s *Server) changeEvent(ctx context.Context, idOrSlug, ifMatch string, change func(*ticket.Event) (bool, error)) (*eventOutput, error) {
	for try := 1; ; try++ {
		e, err := s.ownEvent(ctx, idOrSlug)
		if err != nil {
			return nil, err
		}
		if ifMatch != "" && !matches(ifMatch, etagOf(e)) {
			return nil, ticket.Errorf(ticket.CodePreconditionFailed, "The event has another version now: %s.", etagOf(e))
		}
		changed, err := change(e)
		if err != nil {
			return nil, err
		}
		if changed {
			err = s.deps.Catalogue.UpdateEvent(ctx, e)
		}
		if ticket.CodeOf(err) == ticket.CodePreconditionFailed && ifMatch == "" && try < changeTries {
			continue
		}
		if err != nil {
			return nil, err
		}
		s.deps.Events.Forget(e)
		if s.deps.Sales != nil {
			if err := s.deps.Sales.Changed(ctx, e); err != nil { // it is announced again within minutes
				s.log.WarnContext(ctx, "a sale has not heard of its event's change", "event", e.ID, "error", err)
			}
		}
		return s.organizersAnswer(ctx, e), nil
	}
}

// ownEvent reads the newest version of an event that the caller may change, and
// that has neither passed nor been canceled.
func (s *Server) ownEvent(ctx context.Context, idOrSlug string) (*ticket.Event, error) {
	e, err := s.deps.Catalogue.Event(ctx, idOrSlug)
	if err != nil {
		return nil, err
	}
	u := caller(ctx)
	switch {
	case u.ID == e.OrganizerID || u.Is(ticket.RoleAdmin):
	case e.Status == ticket.EventDraft:
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no event %q.", idOrSlug)
	default:
		return nil, ticket.Errorf(ticket.CodeForbidden, "The event belongs to another organizer.")
	}
	if status := e.PublicStatus(s.now(), 1); status == ticket.EventCanceled || status == ticket.EventPast {
		return nil, ticket.Errorf(ticket.CodeConflict, "The event cannot be changed: it is %s.", status)
	}
	return e, nil
}

// applyUpdate writes the fields that are given into the event and checks the whole.
func (s *Server) applyUpdate(ctx context.Context, e *ticket.Event, b updateEventBody) error {
	var f faults
	now := s.now()
	if b.OnSaleAt != nil && !b.OnSaleAt.Equal(e.OnSaleAt) && e.Status != ticket.EventDraft && !now.Before(e.OnSaleAt) {
		f.add("on_sale_at", "cannot change: the sale has begun")
	}
	set(&e.Name, b.Name)
	set(&e.Artist, b.Artist)
	set(&e.Genre, b.Genre)
	set(&e.Description, b.Description)
	set(&e.StartsAt, b.StartsAt)
	set(&e.DoorsAt, b.DoorsAt)
	set(&e.OnSaleAt, b.OnSaleAt)
	set(&e.MaxTicketsPerBuyer, b.MaxTicketsPerBuyer)
	if b.WaitingRoom != nil {
		e.WaitingRoom = newWaitingRoom(b.WaitingRoom)
	}
	if b.Prices != nil {
		plan, err := s.deps.Catalogue.PlanInfo(ctx, e.PlanID)
		if err != nil {
			return err
		}
		prices, currency := f.prices(b.Prices, plan.Categories)
		if currency != e.Currency && e.Status != ticket.EventDraft {
			f.add("prices", "the currency %s cannot change once the event is published", e.Currency)
		}
		e.Prices, e.Currency = prices, currency
	}
	f.texts(e)
	f.dates(e, now)
	return f.err()
}

// set writes a value where one is given.
func set[T any](field *T, given *T) {
	if given != nil {
		*field = *given
	}
}
