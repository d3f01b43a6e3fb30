package api

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"yourticket.example/ticket"
)

// changeTries bounds how often a change is made anew because somebody else
// changed the event at the same time.
const changeTries = 25

// eventChange is a change to an event of the caller.
type eventChange struct {
	event   string // id or slug
	ifMatch string
	what    string // for the audit log
	reason  string
	// over says that it may be made to an event that is past or canceled.
	over bool
	// apply writes the change into the newest version, or says what is wrong with it.
	apply func(ctx context.Context, e *ticket.Event) error
}

// changeEvent makes a change once, and tells everybody who has to know.
func (s *Server) changeEvent(ctx context.Context, r repeatable, c eventChange) (*organizerEventOutput, error) {
	if err := checkIfMatch(c.ifMatch); err != nil {
		return nil, err
	}
	out, err := once(ctx, s, r, func(ctx context.Context) (*organizerEventOutput, error) {
		e, err := s.tryChange(ctx, c)
		if err != nil {
			return nil, err
		}
		return s.organizersAnswer(ctx, e), nil
	})
	if err == nil {
		s.spread(ctx, out.Body.ID)
	}
	return out, err
}

// tryChange makes a change to the newest version, again and again while others
// are quicker; or to the version that is meant.
func (s *Server) tryChange(ctx context.Context, c eventChange) (e *ticket.Event, err error) {
	for range changeTries {
		outrun := false
		err = s.recorded(ctx, func(ctx context.Context) (ticket.Change, error) {
			if e, err = s.eventToChange(ctx, c); err != nil {
				return ticket.Change{}, err
			}
			if c.ifMatch != "" && !names(c.ifMatch, etagOf(e)) {
				return ticket.Change{}, otherVersion(e)
			}
			was, before := *e, auditFields(e)
			if err := c.apply(ctx, e); err != nil {
				return ticket.Change{}, err
			}
			change := ticket.Change{SubjectID: e.ID, What: c.what, Reason: c.reason}
			if change.Before, change.After = differing(before, auditFields(e)); change.After == nil {
				return ticket.Change{}, nil
			}
			err := s.deps.Catalogue.UpdateEvent(ctx, e)
			outrun = ticket.CodeOf(err) == ticket.CodePreconditionFailed
			if err == nil {
				err = s.noteMove(ctx, &was, e)
			}
			return change, err
		})
		if !outrun {
			return e, err
		}
	}
	return e, err
}

// otherVersion says that an event is not in the version that the caller meant.
func otherVersion(e *ticket.Event) error {
	err := ticket.Errorf(ticket.CodePreconditionFailed, "The event has another version now: %s.", etagOf(e))
	err.Extra = map[string]any{"etag": etagOf(e)}
	return err
}

// spread tells this process and the event's sale that the event is another than
// before, after that was stored. Other processes see it within a second; a sale
// that cannot be reached is told when the request is sent again.
func (s *Server) spread(ctx context.Context, eventID string) {
	e, err := s.deps.Catalogue.Event(ctx, eventID)
	if err == nil {
		s.deps.Events.Forget(e)
		s.tellMove(ctx, e)
		if s.deps.Sales != nil {
			err = s.deps.Sales.Changed(ctx, e)
		}
	}
	if err != nil { // it is announced again within minutes
		s.log.WarnContext(ctx, "a sale has not heard of its event's change", "event", eventID, "error", err)
	}
}

// eventToChange reads the newest version of the event of a change.
func (s *Server) eventToChange(ctx context.Context, c eventChange) (*ticket.Event, error) {
	if c.over {
		return s.eventOfCaller(ctx, c.event)
	}
	return s.ownEvent(ctx, c.event)
}

// ownEvent reads the newest version of an event that the caller may change, and
// that has neither passed nor been canceled.
func (s *Server) ownEvent(ctx context.Context, idOrSlug string) (*ticket.Event, error) {
	e, err := s.eventOfCaller(ctx, idOrSlug)
	if err != nil {
		return nil, err
	}
	if status := e.PublicStatus(s.now(), 1); status == ticket.EventCanceled || status == ticket.EventPast {
		return nil, ticket.Errorf(ticket.CodeConflict, "The event cannot be changed: it is %s.", status)
	}
	return e, nil
}

// eventOfCaller reads the newest version of an event that is the caller's, or
// that one of the roles may look into. Another's draft is not there.
func (s *Server) eventOfCaller(ctx context.Context, idOrSlug string, roles ...ticket.Role) (*ticket.Event, error) {
	e, err := s.deps.Catalogue.Event(ctx, idOrSlug)
	if err != nil {
		return nil, err
	}
	u := caller(ctx)
	switch {
	case u.ID == e.OrganizerID || u.Is(ticket.RoleAdmin) || len(roles) > 0 && u.Has(roles...):
		return e, nil
	case e.Status == ticket.EventDraft:
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no event %q.", idOrSlug)
	default:
		return nil, ticket.Errorf(ticket.CodeForbidden, "The event belongs to another organizer.")
	}
}

// recorded does a change and writes it into the audit log, both or neither, as
// done by the caller.
func (s *Server) recorded(ctx context.Context, work func(ctx context.Context) (ticket.Change, error)) error {
	return s.deps.Catalogue.Recorded(ctx, func(ctx context.Context) (ticket.Change, error) {
		change, err := work(ctx)
		change.By, change.RequestID = caller(ctx).ID, requestID(ctx)
		return change, err
	})
}

// auditFields are the fields of an event whose changes are written down.
func auditFields(e *ticket.Event) map[string]any {
	return map[string]any{
		"slug": e.Slug, "name": e.Name, "artist": e.Artist, "genre": e.Genre, "description": e.Description,
		"venue_id": e.Venue.ID, "plan_id": e.PlanID,
		"starts_at": e.StartsAt.UTC().Format(time.RFC3339Nano), "doors_at": e.DoorsAt.UTC().Format(time.RFC3339Nano),
		"on_sale_at": e.OnSaleAt.UTC().Format(time.RFC3339Nano), "status": e.Status, "status_reason": e.StatusReason,
		"max_tickets_per_buyer": e.MaxTicketsPerBuyer, "waiting_room": e.WaitingRoom, "prices": e.Prices,
		"refunds": e.Refunds, "refunds_until": timeOrNil(e.RefundsUntil),
	}
}

// differing gives the fields that differ as JSON; nil when none does.
func differing(before, after map[string]any) (was, is json.RawMessage) {
	old, changed := map[string]any{}, map[string]any{}
	for field, value := range after {
		if !reflect.DeepEqual(before[field], value) {
			old[field], changed[field] = before[field], value
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return asJSON(old), asJSON(changed)
}

// asJSON writes plain values, which always encode.
func asJSON(v any) json.RawMessage {
	text, _ := json.Marshal(v) //nolint:errchkjson // see above
	return text
}
