package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// Upheavals keep which events were canceled, and what is to be told of those that
// were moved. What is begun or added is stored with the change that it is about.
type Upheavals interface {
	BeginCancellation(ctx context.Context, n ticket.Cancellation) error
	Cancellation(ctx context.Context, eventID string) (ticket.Cancellation, error)
	AddNotice(ctx context.Context, n ticket.Notice) error
	OpenNotices
}

// Cancellations start the workflows that refund canceled events.
type Cancellations interface {
	// Refund starts it, unless it is going on; started anew it finds what is left.
	Refund(ctx context.Context, eventID string) error
}

func (s *Server) registerCancel(api huma.API, tags []string) {
	register(s, api, huma.Operation{
		OperationID: "cancel-event", Method: http.MethodPost, Path: "/v1/events/{event_id}/cancel", Tags: tags,
		Summary: "Cancel an event for good", DefaultStatus: http.StatusAccepted,
		Description: "The sale stops at once, purchases under way are ended, and every booking is refunded whole, durably; all buyers are told by mail. " +
			"There is no way back. Sent again it answers how it stands, and goes on where something is left. " +
			"Until 30 days after the start of the event.",
	}, only(ticket.RoleOrganizer), s.cancelEvent)
	register(s, api, huma.Operation{
		OperationID: "get-cancellation", Method: http.MethodGet, Path: "/v1/events/{event_id}/cancellation", Tags: tags,
		Summary: "How the refunds of a canceled event stand", Description: "404 for an event that is not canceled.",
	}, only(ticket.RoleOrganizer, ticket.RoleSupport, ticket.RoleFinance), s.getCancellation)
}

type cancelEventInput struct {
	EventPath
	IfMatch
	IdempotencyKey
	Body *struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"What buyers are told."`
	}
}

// cancellationBody is how a cancellation stands.
type cancellationBody struct {
	EventID    string             `json:"event_id"`
	State      ticket.CancelPhase `json:"state" enum:"starting,running,paused,waiting,done" doc:"waiting: what is left waits for a provider, for support or for the end of a dispute."`
	Reason     string             `json:"reason,omitempty"`
	Note       string             `json:"note,omitempty" doc:"What stands in the way, if anything does."`
	CanceledAt time.Time          `json:"canceled_at"`
	FinishedAt *time.Time         `json:"finished_at,omitempty"`
	Bookings   cancelCounts       `json:"bookings"`
	Refunded   ticket.Money       `json:"refunded" doc:"What providers have given back."`
	Owed       ticket.Money       `json:"owed" doc:"What they still have to."`
	Kept       ticket.Money       `json:"kept" doc:"What the tickets cost whose turn has not come."`
}

// cancelCounts count bookings by where they stand; all but holding add up to sold.
type cancelCounts struct {
	Sold      int `json:"sold"`
	Refunded  int `json:"refunded"`
	Refunding int `json:"refunding" doc:"At the provider."`
	Waiting   int `json:"waiting" doc:"Their turn has not come."`
	Disputed  int `json:"disputed" doc:"Wait for the end of a dispute."`
	Attention int `json:"needs_attention" doc:"Wait for support."`
	Holding   int `json:"holding" doc:"Purchases that were under way and are being ended."`
}

type cancellationOutput struct {
	CacheControl string `header:"Cache-Control"`
	Location     string `header:"Location"`
	Body         cancellationBody
}

// cancelWithin is how long after its start an event can be canceled: a show that
// was broken off, or never began.
const cancelWithin = 30 * 24 * time.Hour

// cancelEvent stores that the event is canceled; from then on its bookings are
// refunded, whatever becomes of this request.
func (s *Server) cancelEvent(ctx context.Context, in *cancelEventInput) (*cancellationOutput, error) {
	reason := ""
	if in.Body != nil {
		reason = in.Body.Reason
	}
	var f faults
	f.prose("reason", &reason, 500)
	if err := f.err(); err != nil {
		return nil, err
	}
	out, err := s.changeEvent(ctx, in.request("cancel-event/"+in.EventID, in.Body), eventChange{
		event: in.EventID, ifMatch: in.Tags, what: ticket.ChangeEventCanceled, reason: reason, over: true,
		apply: func(ctx context.Context, e *ticket.Event) error { return s.applyCancel(ctx, e, reason) },
	})
	if err != nil {
		return nil, err
	}
	if s.deps.Cancellations != nil {
		if err := s.deps.Cancellations.Refund(ctx, out.Body.ID); err != nil { // it is started again within minutes
			s.log.WarnContext(ctx, "a canceled event waits for its refunds", "event", out.Body.ID, "error", err)
		}
	}
	return s.cancellationAnswer(ctx, out.Body.ID)
}

func (s *Server) applyCancel(ctx context.Context, e *ticket.Event, reason string) error {
	switch {
	case e.Status == ticket.EventCanceled:
		return nil
	case e.Status == ticket.EventDraft:
		return ticket.Errorf(ticket.CodeConflict, "The event is a draft: nobody has been told of it, so there is nothing to cancel.")
	case e.Status != ticket.EventPostponed && s.now().After(e.StartsAt.Add(cancelWithin)):
		return ticket.Errorf(ticket.CodeConflict, "The event cannot be canceled any more: it is past.")
	}
	e.Status, e.StatusReason = ticket.EventCanceled, reason
	return s.deps.Catalogue.BeginCancellation(ctx, ticket.Cancellation{EventID: e.ID, Reason: reason, By: caller(ctx).ID})
}

func (s *Server) getCancellation(ctx context.Context, in *struct{ EventPath }) (*cancellationOutput, error) {
	e, err := s.eventOfCaller(ctx, in.EventID, ticket.RoleSupport, ticket.RoleFinance)
	if err != nil {
		return nil, err
	}
	return s.cancellationAnswer(ctx, e.ID)
}

func (s *Server) cancellationAnswer(ctx context.Context, eventID string) (*cancellationOutput, error) {
	n, err := s.deps.Catalogue.Cancellation(ctx, eventID)
	if err != nil {
		return nil, err
	}
	f, err := s.deps.SalesBooks.CancelFigures(ctx, eventID)
	if err != nil {
		return nil, err
	}
	out := &cancellationOutput{CacheControl: "private, no-store", Location: "/v1/events/" + eventID + "/cancellation"}
	out.Body = cancellationBody{
		EventID: eventID, State: n.Phase, Reason: n.Reason, Note: n.Note, CanceledAt: n.AskedAt,
		Bookings: cancelCounts{
			Sold: f.Sold, Refunded: f.Refunded, Refunding: f.Refunding, Waiting: f.Waiting, Disputed: f.Disputed, Attention: f.Attention, Holding: f.Holding,
		},
		Refunded: f.Paid, Owed: f.Owed, Kept: f.Kept,
	}
	if !n.EndedAt.IsZero() {
		out.Body.FinishedAt = &n.EndedAt
	}
	return out, nil
}
