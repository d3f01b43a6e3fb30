package api

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

type publishEventInput struct {
	EventPath
	IfMatch
	IdempotencyKey
}

func (s *Server) publishEvent(ctx context.Context, in *publishEventInput) (*organizerEventOutput, error) {
	return s.changeEvent(ctx, in.request("publish-event/"+in.EventID, in.Tags), eventChange{
		event: in.EventID, ifMatch: in.Tags, what: ticket.ChangeEventPublished,
		apply: func(_ context.Context, e *ticket.Event) error {
			if e.Status != ticket.EventDraft && e.Status != ticket.EventPostponed {
				return nil
			}
			e.Status, e.StatusReason = ticket.EventScheduled, ""
			var f faults
			f.dates(e, s.now())
			return f.err()
		},
	})
}

type postponeEventBody struct {
	StartsAt *time.Time `json:"starts_at,omitempty" doc:"The new date, if there is one yet."`
	DoorsAt  *time.Time `json:"doors_at,omitempty" doc:"As long before starts_at as before when left out."`
	Reason   string     `json:"reason,omitempty" maxLength:"500" doc:"What buyers are told."`
	// RefundsUntil leaves buyers the choice.
	RefundsUntil *time.Time `json:"refunds_until,omitempty" doc:"Until when buyers may give their tickets back; as long as the event is postponed when left out."`
}

type postponeEventInput struct {
	EventPath
	IfMatch
	IdempotencyKey
	Body *postponeEventBody
}

func (s *Server) postponeEvent(ctx context.Context, in *postponeEventInput) (*organizerEventOutput, error) {
	var b postponeEventBody
	if in.Body != nil {
		b = *in.Body
	}
	var f faults
	f.prose("reason", &b.Reason, 500)
	if b.DoorsAt != nil && b.StartsAt == nil {
		f.add("doors_at", "needs a starts_at")
	}
	if b.StartsAt != nil && !b.StartsAt.After(s.now()) {
		f.add("starts_at", "must be in the future")
	}
	switch {
	case b.RefundsUntil == nil:
	case !b.RefundsUntil.After(s.now()):
		f.add("refunds_until", "must be in the future")
	case b.StartsAt != nil && b.RefundsUntil.After(*b.StartsAt):
		f.add("refunds_until", "must not be after starts_at")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return s.changeEvent(ctx, in.request("postpone-event/"+in.EventID, in.Body), eventChange{
		event: in.EventID, ifMatch: in.Tags, what: ticket.ChangeEventPostponed, reason: b.Reason,
		apply: func(_ context.Context, e *ticket.Event) error {
			if e.Status == ticket.EventDraft {
				return ticket.Errorf(ticket.CodeConflict, "The event is a draft: give it another date by PATCH.")
			}
			e.Status, e.StatusReason = ticket.EventPostponed, b.Reason
			reschedule(e, b.StartsAt, b.DoorsAt)
			if e.RefundsUntil.Before(s.now()) { // that of an earlier postponement
				e.RefundsUntil = time.Time{}
			}
			set(&e.RefundsUntil, b.RefundsUntil)
			var f faults
			f.dates(e, s.now())
			return f.err()
		},
	})
}
