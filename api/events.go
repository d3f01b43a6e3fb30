package api

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	lru "github.com/hashicorp/golang-lru/v2"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

func (s *Server) registerEvents(api huma.API) {
	tags := []string{"Catalogue"}
	register(s, api, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: "/v1/events", Tags: tags, Summary: "Upcoming events, by start",
	}, public, s.listEvents)
	event := api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[EventBody](), true, "EventBody")
	s.direct(api, huma.Operation{
		OperationID: "get-event", Path: "/v1/events/{event_id}", Tags: tags, Summary: "An event",
		Description: "Its ETag is its version, for If-Match. Drafts are shown to their organizer.",
		Parameters:  []*huma.Param{eventAddress}, Responses: map[string]*huma.Response{"200": taggedResponse("The event.", event)},
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

// EventPath is the path parameter of operations on an event.
type EventPath struct {
	EventID string `path:"event_id" maxLength:"100" pattern:"^[a-z0-9_-]+$" doc:"Id or slug."`
}

func (s *Server) getEvent(w http.ResponseWriter, r *http.Request) error {
	e, err := s.addressedEvent(r)
	if err != nil {
		return err
	}
	page, err := s.eventPage(r.Context(), e)
	if err != nil {
		return err
	}
	h := w.Header()
	h["Content-Type"], h["Cache-Control"], h["Etag"], h["Content-Length"] = jsonContent, cachedAs(e), page.etag, page.length
	_, _ = w.Write(page.body) // the caller may be gone
	return nil
}

// eventPage is an event as it was encoded for what was known of it then.
type eventPage struct {
	event        *ticket.Event
	known        eventFacts
	body         []byte
	etag, length []string
}

// keptPages bounds the encoded events that are kept; an on-sale has few.
const keptPages = 1000

func newEventPages() *lru.Cache[string, *eventPage] {
	pages, err := lru.New[string, *eventPage](keptPages)
	if err != nil {
		panic(err) // the size is a positive constant
	}
	return pages
}

// eventPage encodes an event unless it was, and nothing has changed since.
func (s *Server) eventPage(ctx context.Context, e *ticket.Event) (*eventPage, error) {
	facts := s.eventFacts(ctx, []*ticket.Event{e})[0]
	if p, ok := s.pages.Get(e.ID); ok && p.event == e && p.known == facts {
		return p, nil
	}
	var body bytes.Buffer
	if err := huma.DefaultJSONFormat.Marshal(&body, newEventBody(e, facts)); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	p := &eventPage{event: e, known: facts, body: body.Bytes(), etag: []string{etagOf(e)}, length: []string{strconv.Itoa(body.Len())}}
	s.pages.Add(e.ID, p)
	return p, nil
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

func etagOf(e *ticket.Event) string { return `"` + strconv.FormatInt(e.Version, 10) + `"` }

// eventFacts are what changes about an event by itself: its status by the clock,
// and how many places are free.
type eventFacts struct {
	status ticket.EventStatus
	// available is -1 while nobody knows it.
	available int
}

// eventFacts tells them of each event. Counts that cannot be had are left out:
// browsing goes on while the live state is away.
func (s *Server) eventFacts(ctx context.Context, events []*ticket.Event) []eventFacts {
	counts, err := s.deps.Availability.Counts(ctx, events)
	if err != nil {
		s.log.WarnContext(ctx, "availability not known", "request_id", requestID(ctx), "error", err.Error())
	}
	now := s.now()
	facts := make([]eventFacts, len(events))
	for i, e := range events {
		free := -1
		if err == nil {
			free = counts[i].Available
		}
		facts[i] = factsOf(e, now, free, false)
	}
	return facts
}

// factsOf are an event's with so many free places, -1 when nobody knows. Then it
// counts as sold out only if it was.
func factsOf(e *ticket.Event, now time.Time, free int, wasSoldOut bool) eventFacts {
	available := free
	if free < 0 && !wasSoldOut {
		available = 1
	}
	return eventFacts{status: e.PublicStatus(now, available), available: free}
}

func (s *Server) eventBodies(ctx context.Context, events []*ticket.Event) []EventBody {
	facts, bodies := s.eventFacts(ctx, events), make([]EventBody, len(events))
	for i, e := range events {
		bodies[i] = newEventBody(e, facts[i])
	}
	return bodies
}

func newEventBody(e *ticket.Event, facts eventFacts) EventBody {
	body := EventBody{
		ID: e.ID, Slug: e.Slug, Name: e.Name, Artist: e.Artist, Genre: e.Genre, Description: e.Description,
		Venue: e.Venue, PlanID: e.PlanID, StatusReason: e.StatusReason, StartsAt: e.StartsAt.UTC(), DoorsAt: e.DoorsAt.UTC(), OnSaleAt: e.OnSaleAt.UTC(),
		MaxTicketsPerBuyer: e.MaxTicketsPerBuyer, WaitingRoom: e.WaitingRoom.Enabled, Refunds: e.Refunds,
		RefundsUntil: timeOrNil(e.RefundsUntil), Prices: e.Prices, Status: facts.status,
		Availability: availabilityCounts{Capacity: e.Capacity},
	}
	if facts.available >= 0 {
		body.Availability.Available = &facts.available
	}
	return body
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
