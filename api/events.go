package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

func (s *Server) registerEvents(api huma.API) {
	tags := []string{"Catalogue"}
	register(s, api, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/events", Tags: tags, Summary: "Upcoming events, by start",
	}, public, s.listEvents)
	register(s, api, huma.Operation{
		OperationID: "get-event", Method: http.MethodGet, Path: "/v1/events/{event_id}", Tags: tags, Summary: "An event",
		Description: "Its ETag is its version, for If-Match. Drafts are shown to their organizer.",
	}, anyone, s.getEvent)
}

// EventBody is an event as everybody sees it.
type EventBody struct {
	ID                 string              `json:"id"`
	Slug               string              `json:"slug"`
	Name               string              `json:"name"`
	Artist             string              `json:"artist"`
	Genre              string              `json:"genre"`
	Description        string              `json:"description"`
	Venue              ticket.Venue        `json:"venue"`
	PlanID             string              `json:"plan_id" doc:"Its picture: /v1/venues/{venue.id}/plans/{plan_id}.svg"`
	StartsAt           time.Time           `json:"starts_at"`
	DoorsAt            time.Time           `json:"doors_at"`
	OnSaleAt           time.Time           `json:"on_sale_at"`
	Status             ticket.EventStatus  `json:"status" enum:"draft,scheduled,on_sale,sold_out,postponed,canceled,past"`
	StatusReason       string              `json:"status_reason,omitempty" doc:"Why it is postponed or canceled, in the organizer's words."`
	MaxTicketsPerBuyer int                 `json:"max_tickets_per_buyer"`
	WaitingRoom        bool                `json:"waiting_room" doc:"Whether bookings need an admission."`
	Refunds            ticket.RefundPolicy `json:"refunds" doc:"Whether buyers may give tickets back by themselves."`
	RefundsUntil       *time.Time          `json:"refunds_until,omitempty" doc:"Until when buyers may give tickets back because the event was postponed."`
	Prices             []ticket.Price      `json:"prices"`
	Availability       availabilityCounts  `json:"availability"`
}

// availabilityCounts counts an event's places.
type availabilityCounts struct {
	Capacity  int  `json:"capacity"`
	Available *int `json:"available" nullable:"true" doc:"Free places; null while it is not known."`
}

type eventOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Location     string `header:"Location"`
	Body         EventBody
}

// EventPath is the path parameter of operations on an event.
type EventPath struct {
	EventID string `path:"event_id" maxLength:"100" pattern:"^[a-z0-9_-]+$" doc:"Id or slug."`
}

type getEventInput struct{ EventPath }

func (s *Server) getEvent(ctx context.Context, in *getEventInput) (*eventOutput, error) {
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	return s.eventAnswer(ctx, e), nil
}

// visibleEvent reads an event that the caller may see: drafts are there for
// their organizer, for support and for admins only.
func (s *Server) visibleEvent(ctx context.Context, idOrSlug string) (*ticket.Event, error) {
	e, err := s.deps.Events.Event(ctx, idOrSlug)
	if err != nil {
		return nil, err
	}
	if e.Status == ticket.EventDraft && !s.seesDrafts(ctx, e) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no event %q.", idOrSlug)
	}
	return e, nil
}

func (s *Server) seesDrafts(ctx context.Context, e *ticket.Event) bool {
	u, ok := auth.UserFrom(ctx)
	return ok && (u.ID == e.OrganizerID || u.Has(ticket.RoleSupport))
}

// eventAnswer describes an event with what is free of it. Counts that cannot
// be had leave the number out: browsing goes on while the live state is away.
func (s *Server) eventAnswer(ctx context.Context, e *ticket.Event) *eventOutput {
	out := &eventOutput{ETag: etagOf(e), CacheControl: "public, max-age=1", Body: s.eventBodies(ctx, []*ticket.Event{e})[0]}
	if e.Status == ticket.EventDraft {
		out.CacheControl = "private, no-store"
	}
	return out
}

func etagOf(e *ticket.Event) string { return `"` + strconv.FormatInt(e.Version, 10) + `"` }

func (s *Server) eventBodies(ctx context.Context, events []*ticket.Event) []EventBody {
	counts, err := s.deps.Availability.Counts(ctx, events)
	if err != nil {
		s.log.WarnContext(ctx, "availability not known", "request_id", requestID(ctx), "error", err.Error())
	}
	now := s.now()
	bodies := make([]EventBody, len(events))
	for i, e := range events {
		bodies[i] = newEventBody(e)
		available := 1 // an event of which nothing is known counts as not sold out
		if err == nil {
			available = counts[i].Available
			bodies[i].Availability.Available = &available
		}
		bodies[i].Status = e.PublicStatus(now, available)
	}
	return bodies
}

func newEventBody(e *ticket.Event) EventBody {
	return EventBody{
		ID: e.ID, Slug: e.Slug, Name: e.Name, Artist: e.Artist, Genre: e.Genre, Description: e.Description,
		Venue: e.Venue, PlanID: e.PlanID, StatusReason: e.StatusReason, StartsAt: e.StartsAt.UTC(), DoorsAt: e.DoorsAt.UTC(), OnSaleAt: e.OnSaleAt.UTC(),
		MaxTicketsPerBuyer: e.MaxTicketsPerBuyer, WaitingRoom: e.WaitingRoom.Enabled, Refunds: e.Refunds,
		RefundsUntil: timeOrNil(e.RefundsUntil), Prices: e.Prices,
		Availability: availabilityCounts{Capacity: e.Capacity},
	}
}

// Page is the query of operations that list.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items to give."`
	Cursor string `query:"cursor" maxLength:"300" doc:"The next_cursor of the page before."`
}

type listEventsInput struct{ Page }

type listEventsOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Items      []EventBody `json:"items"`
		NextCursor string      `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) listEvents(ctx context.Context, in *listEventsInput) (*listEventsOutput, error) {
	var after ticket.EventCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	list, err := s.deps.Catalogue.UpcomingEvents(ctx, s.now(), after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listEventsOutput{CacheControl: "public, max-age=1"}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.NextCursor = writeCursor(ticket.EventCursor{StartsAt: last.StartsAt, ID: last.ID})
	}
	out.Body.Items = s.eventBodies(ctx, list)
	return out, nil
}

// writeCursor makes a place in a list into a word for the next request.
func writeCursor(at any) string {
	text, err := json.Marshal(at)
	if err != nil {
		return "" // a cursor is a struct of plain fields, which always encodes
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// readCursor reads what writeCursor made; an empty cursor leaves the place
// at its zero value.
func readCursor(cursor string, at any) error {
	if cursor == "" {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, at)
	}
	if err != nil {
		return malformedParam("cursor", "is not a cursor of this list")
	}
	return nil
}
