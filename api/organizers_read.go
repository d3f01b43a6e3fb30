package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

func (s *Server) registerOrganizerReads(api huma.API) {
	tags := []string{"Organizers"}
	register(s, api, huma.Operation{
		OperationID: "list-own-events", Method: http.MethodGet, Path: "/v1/organizer/events", Tags: tags,
		Summary: "The caller's events, drafts and past ones too, the latest start first",
	}, only(ticket.RoleOrganizer), s.listOwnEvents)
	register(s, api, huma.Operation{
		OperationID: "get-own-event", Method: http.MethodGet, Path: "/v1/organizer/events/{event_id}", Tags: tags,
		Summary: "An event of the caller with its settings", Description: "In its newest version, which its ETag names, for If-Match.",
	}, only(ticket.RoleOrganizer, ticket.RoleSupport, ticket.RoleFinance), s.getOwnEvent)
	register(s, api, huma.Operation{
		OperationID: "list-changes", Method: http.MethodGet, Path: "/v1/events/{event_id}/changes", Tags: tags,
		Summary: "Who changed what of an event, newest first",
		Description: "Everything that was done to the event, to its places (seats-blocked, seats-released), and what its sale was told to do " +
			"(sale-pause, sale-resume, sale-setrate). Nothing of it can be changed.",
	}, only(ticket.RoleOrganizer, ticket.RoleSupport), s.listChanges)
}

// organizerEventBody is an event as its organizer sees it.
type organizerEventBody struct {
	EventBody
	WaitingRoomSettings ticket.WaitingRoom `json:"waiting_room_settings"`
	Version             int64              `json:"version" doc:"What the ETag holds."`
	UpdatedAt           time.Time          `json:"updated_at"`
}

type organizerEventOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Location     string `header:"Location"`
	Body         organizerEventBody
}

// organizersAnswer describes an event to its organizer.
func (s *Server) organizersAnswer(ctx context.Context, e *ticket.Event) *organizerEventOutput {
	return &organizerEventOutput{
		ETag: etagOf(e), CacheControl: "private, no-store", Location: "/v1/events/" + e.ID,
		Body: organizerEventBody{
			EventBody: s.eventBodies(ctx, []*ticket.Event{e})[0], WaitingRoomSettings: e.WaitingRoom, Version: e.Version, UpdatedAt: e.UpdatedAt.UTC(),
		},
	}
}

func (s *Server) organizerBodies(ctx context.Context, events []*ticket.Event) []organizerEventBody {
	public := s.eventBodies(ctx, events)
	bodies := make([]organizerEventBody, len(events))
	for i, e := range events {
		bodies[i] = organizerEventBody{
			EventBody: public[i], WaitingRoomSettings: e.WaitingRoom, Version: e.Version, UpdatedAt: e.UpdatedAt.UTC(),
		}
	}
	return bodies
}

type listOwnEventsInput struct{ Page }

type listOwnEventsOutput struct {
	Body struct {
		Items      []organizerEventBody `json:"items"`
		NextCursor string               `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) listOwnEvents(ctx context.Context, in *listOwnEventsInput) (*listOwnEventsOutput, error) {
	var after ticket.EventCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	list, err := s.deps.Catalogue.EventsOf(ctx, caller(ctx).ID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listOwnEventsOutput{}
	list, out.Body.NextCursor = page(list, in.Limit, func(e *ticket.Event) any { return ticket.EventCursor{StartsAt: e.StartsAt, ID: e.ID} })
	out.Body.Items = s.organizerBodies(ctx, list)
	return out, nil
}

func (s *Server) getOwnEvent(ctx context.Context, in *struct{ EventPath }) (*organizerEventOutput, error) {
	e, err := s.eventOfCaller(ctx, in.EventID, ticket.RoleSupport, ticket.RoleFinance)
	if err != nil {
		return nil, err
	}
	return s.organizersAnswer(ctx, e), nil
}

// changeBody is an entry of the audit log.
type changeBody struct {
	ID        string          `json:"id"`
	What      string          `json:"what" doc:"event-created, event-changed, event-published, event-postponed, event-canceled, seats-blocked, seats-released, sale-pause, …"`
	By        string          `json:"by" doc:"The account, or for a sale's orders the name that was given."`
	ByName    string          `json:"by_name,omitempty"`
	At        time.Time       `json:"at"`
	RequestID string          `json:"request_id,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Before    json.RawMessage `json:"before,omitempty" doc:"The fields that changed, as they were."`
	After     json.RawMessage `json:"after,omitempty" doc:"The same fields as they were then."`
	Seats     []string        `json:"seats,omitempty" doc:"Ids of the places that were blocked or released."`
}

type listChangesInput struct {
	EventPath
	Page
}

type listChangesOutput struct {
	Body struct {
		Items      []changeBody `json:"items"`
		NextCursor string       `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) listChanges(ctx context.Context, in *listChangesInput) (*listChangesOutput, error) {
	var after ticket.ChangeCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	e, err := s.eventOfCaller(ctx, in.EventID, ticket.RoleSupport)
	if err != nil {
		return nil, err
	}
	list, err := s.changesOf(ctx, e, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listChangesOutput{}
	list, out.Body.NextCursor = page(list, in.Limit, func(c ticket.Change) any { return ticket.ChangeCursor{At: c.At, ID: c.ID} })
	out.Body.Items, err = s.changeBodies(ctx, e, list)
	return out, err
}
