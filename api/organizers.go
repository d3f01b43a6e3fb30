package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

func (s *Server) registerOrganizers(api huma.API) {
	tags := []string{"Organizers"}
	register(s, api, huma.Operation{
		OperationID: "create-event", Method: http.MethodPost, Path: "/v1/events", Tags: tags,
		Summary: "Make an event", DefaultStatus: http.StatusCreated, Description: "It is a draft until it is published.",
	}, only(ticket.RoleOrganizer), s.createEvent)
	register(s, api, huma.Operation{
		OperationID: "update-event", Method: http.MethodPatch, Path: "/v1/events/{event_id}", Tags: tags,
		Summary:     "Change an event",
		Description: "Fields that are left out stay. With If-Match the change is made only to that version. A new price holds for bookings made from then on.",
	}, only(ticket.RoleOrganizer), s.updateEvent)
	register(s, api, huma.Operation{
		OperationID: "publish-event", Method: http.MethodPost, Path: "/v1/events/{event_id}/publish", Tags: tags,
		Summary: "Announce an event", Description: "From on_sale_at on it is sold. Publishing it again changes nothing.",
	}, only(ticket.RoleOrganizer), s.publishEvent)
}

// moneyBody is an amount as callers send it.
type moneyBody struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"99999999" doc:"Minor units, such as cents."`
	Currency string `json:"currency" minLength:"3" maxLength:"3" example:"EUR"`
}

type priceBody struct {
	Category string     `json:"category" minLength:"1" maxLength:"190"`
	Price    moneyBody  `json:"price"`
	Fee      *moneyBody `json:"fee,omitempty" doc:"Ours, on top of the price; none when left out."`
}

type waitingRoomBody struct {
	Enabled        bool `json:"enabled"`
	MaxSessions    int  `json:"max_sessions,omitempty" minimum:"1" maximum:"1000000" doc:"Buyers admitted at the same time."`
	SessionMinutes int  `json:"session_minutes,omitempty" minimum:"1" maximum:"240" doc:"How long an admission lasts."`
	GraceSeconds   int  `json:"grace_seconds,omitempty" minimum:"10" maximum:"86400" doc:"How long a turn waits to be claimed."`
}

type createEventBody struct {
	Slug               string           `json:"slug,omitempty" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"80" doc:"Names the event in addresses; made from its name when left out."`
	Name               string           `json:"name" minLength:"1" maxLength:"200"`
	Artist             string           `json:"artist" minLength:"1" maxLength:"200"`
	Genre              string           `json:"genre" minLength:"1" maxLength:"60"`
	Description        string           `json:"description,omitempty" maxLength:"10000"`
	VenueID            string           `json:"venue_id" minLength:"1" maxLength:"100"`
	PlanID             string           `json:"plan_id" minLength:"1" maxLength:"100"`
	StartsAt           time.Time        `json:"starts_at"`
	DoorsAt            *time.Time       `json:"doors_at,omitempty" doc:"An hour before the start when left out."`
	OnSaleAt           *time.Time       `json:"on_sale_at,omitempty" doc:"At once when left out."`
	MaxTicketsPerBuyer int              `json:"max_tickets_per_buyer,omitempty" minimum:"1" maximum:"100" default:"6"`
	WaitingRoom        *waitingRoomBody `json:"waiting_room,omitempty"`
	Prices             []priceBody      `json:"prices" minItems:"1" maxItems:"200"`
}

type createEventInput struct {
	IdempotencyKey
	Body createEventBody
}

func (s *Server) createEvent(ctx context.Context, in *createEventInput) (*eventOutput, error) {
	return once(ctx, s, in.request("create-event", in.Body), func(ctx context.Context) (*eventOutput, error) {
		e, err := s.newEvent(ctx, in.Body)
		if err != nil {
			return nil, err
		}
		if err := s.storeEvent(ctx, e, in.Body.Slug != ""); err != nil {
			return nil, err
		}
		return s.organizersAnswer(ctx, e), nil
	})
}

// organizersAnswer describes an event after a change to it.
func (s *Server) organizersAnswer(ctx context.Context, e *ticket.Event) *eventOutput {
	out := s.eventAnswer(ctx, e)
	out.CacheControl, out.Location = "private, no-store", "/v1/events/"+e.ID
	return out
}

// newEvent checks a body and makes the event of it, without an id.
func (s *Server) newEvent(ctx context.Context, b createEventBody) (*ticket.Event, error) {
	var f faults
	plan, err := s.deps.Catalogue.PlanInfo(ctx, b.PlanID)
	switch {
	case ticket.CodeOf(err) == ticket.CodeNotFound:
		return nil, ticket.Invalid("plan_id", "there is no such plan")
	case err != nil:
		return nil, err
	case plan.VenueID != b.VenueID:
		f.add("plan_id", "is not a plan of the venue")
	}
	e := &ticket.Event{
		Slug: b.Slug, Name: b.Name, Artist: b.Artist, Genre: b.Genre, Description: b.Description,
		Venue: ticket.Venue{ID: b.VenueID}, PlanID: plan.ID, OrganizerID: caller(ctx).ID,
		StartsAt: b.StartsAt, DoorsAt: b.StartsAt.Add(-time.Hour), OnSaleAt: s.now(), Status: ticket.EventDraft,
		MaxTicketsPerBuyer: b.MaxTicketsPerBuyer, WaitingRoom: newWaitingRoom(b.WaitingRoom), Capacity: plan.Capacity,
	}
	if b.DoorsAt != nil {
		e.DoorsAt = *b.DoorsAt
	}
	if b.OnSaleAt != nil {
		e.OnSaleAt = *b.OnSaleAt
	}
	e.Prices, e.Currency = f.prices(b.Prices, plan.Categories)
	f.texts(e)
	f.dates(e, s.now())
	return e, f.err()
}

func (f *faults) texts(e *ticket.Event) {
	f.line("name", &e.Name, 200)
	f.line("artist", &e.Artist, 200)
	f.line("genre", &e.Genre, 60)
	f.prose("description", &e.Description, 10_000)
}

// Defaults of a waiting room.
const (
	defaultSessions       = 500
	defaultSessionMinutes = 10
	defaultGraceSeconds   = 120
)

func newWaitingRoom(b *waitingRoomBody) ticket.WaitingRoom {
	if b == nil {
		return ticket.WaitingRoom{}
	}
	w := ticket.WaitingRoom{
		Enabled: b.Enabled, MaxSessions: defaultSessions, SessionMinutes: defaultSessionMinutes, GraceSeconds: defaultGraceSeconds,
	}
	if b.MaxSessions > 0 {
		w.MaxSessions = b.MaxSessions
	}
	if b.SessionMinutes > 0 {
		w.SessionMinutes = b.SessionMinutes
	}
	if b.GraceSeconds > 0 {
		w.GraceSeconds = b.GraceSeconds
	}
	return w
}

// storeEvent stores an event. A slug that was made from the name gets a suffix
// when it is taken; one that the organizer chose is refused then.
func (s *Server) storeEvent(ctx context.Context, e *ticket.Event, chosen bool) error {
	if !chosen {
		e.Slug = slugOf(e.Name)
	}
	err := s.deps.Catalogue.CreateEvent(ctx, e)
	if ticket.CodeOf(err) == ticket.CodeConflict {
		if chosen {
			return ticket.Errorf(ticket.CodeConflict, "There is an event with the slug %q.", e.Slug)
		}
		e.Slug += "-" + strings.ToLower(rand.Text()[:8])
		err = s.deps.Catalogue.CreateEvent(ctx, e)
	}
	if err != nil {
		return err
	}
	stored, err := s.deps.Catalogue.Event(ctx, e.ID)
	if err == nil {
		*e = *stored
	}
	return err
}

// slugOf makes a word for addresses of a name: letters and digits of ASCII, the
// rest hyphens.
func slugOf(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		if plain, ok := unaccented[r]; ok {
			b.WriteString(plain)
			continue
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
		if b.Len() >= 60 {
			break
		}
	}
	if slug := strings.Trim(b.String(), "-"); slug != "" {
		return slug
	}
	return "event"
}

// unaccented spells the letters that European names have beyond ASCII.
var unaccented = func() map[rune]string {
	m := map[rune]string{'ä': "ae", 'ö': "oe", 'ü': "ue", 'ß': "ss", 'æ': "ae", 'ø': "o", 'å': "a", 'œ': "oe", 'ł': "l", 'đ': "d"}
	for plain, letters := range map[string]string{
		"a": "áàâãą", "c": "çćč", "e": "éèêëęě", "i": "íìîï", "n": "ñńň", "o": "óòôõő", "r": "ř", "s": "śšș", "t": "ťț", "u": "úùûůű", "y": "ýÿ", "z": "źżž",
	} {
		for _, r := range letters {
			m[r] = plain
		}
	}
	return m
}()
