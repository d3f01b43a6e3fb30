package api

import (
	"cmp"
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
		Summary: "Change an event",
		Description: "Fields that are left out stay. With If-Match the change is made only to that version, else 412 with the present one's ETag. " +
			"A new price holds for bookings made from then on. Venue, plan and slug never change, the currency in a draft only, on_sale_at until the sale has begun; " +
			"what is past or canceled does not change at all. A new starts_at for a postponed event puts it on sale again.",
	}, only(ticket.RoleOrganizer), s.updateEvent)
	register(s, api, huma.Operation{
		OperationID: "publish-event", Method: http.MethodPost, Path: "/v1/events/{event_id}/publish", Tags: tags,
		Summary: "Announce an event",
		Description: "From on_sale_at on it is sold; at once when that is past. A postponed event is put on sale again. " +
			"Publishing what is published changes nothing.",
	}, only(ticket.RoleOrganizer), s.publishEvent)
	register(s, api, huma.Operation{
		OperationID: "postpone-event", Method: http.MethodPost, Path: "/v1/events/{event_id}/postpone", Tags: tags,
		Summary: "Postpone an event",
		Description: "The sale stops and the event is `postponed`; bookings stay valid, and buyers may give theirs back until `refunds_until`. All are told by mail. " +
			"The new date may follow later: postponing again sets or moves it. " +
			"The event goes on sale again when it is published, or when its starts_at is changed.",
	}, only(ticket.RoleOrganizer), s.postponeEvent)
	s.registerCancel(api, tags)
	s.registerOrganizerReads(api)
}

// moneyBody is an amount as callers send it.
type moneyBody struct {
	Amount   int64  `json:"amount" minimum:"0" maximum:"99999999" doc:"Minor units, such as cents; JPY has none, so that its amounts are yen."`
	Currency string `json:"currency" minLength:"3" maxLength:"3" example:"EUR" doc:"AUD BRL CAD CHF CZK DKK EUR GBP HKD MXN NOK NZD PLN SEK SGD USD (two decimals), JPY (none)."`
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
	Slug               string               `json:"slug,omitempty" pattern:"^[a-z0-9]+(-[a-z0-9]+)*$" maxLength:"80" doc:"Names the event in addresses; made from its name."`
	Name               string               `json:"name" minLength:"1" maxLength:"200"`
	Artist             string               `json:"artist" minLength:"1" maxLength:"200"`
	Genre              string               `json:"genre" minLength:"1" maxLength:"60"`
	Description        string               `json:"description,omitempty" maxLength:"10000"`
	VenueID            string               `json:"venue_id" minLength:"1" maxLength:"100"`
	PlanID             string               `json:"plan_id" minLength:"1" maxLength:"100"`
	StartsAt           time.Time            `json:"starts_at"`
	DoorsAt            *time.Time           `json:"doors_at,omitempty" doc:"An hour before the start when left out."`
	OnSaleAt           *time.Time           `json:"on_sale_at,omitempty" doc:"At once when left out."`
	MaxTicketsPerBuyer int                  `json:"max_tickets_per_buyer,omitempty" minimum:"1" maximum:"100" default:"6"`
	WaitingRoom        *waitingRoomBody     `json:"waiting_room,omitempty"`
	Refunds            *ticket.RefundPolicy `json:"refunds,omitempty" doc:"Whether buyers may give tickets back by themselves."`
	Prices             []priceBody          `json:"prices" minItems:"1" maxItems:"200"`
}

type createEventInput struct {
	IdempotencyKey
	Body createEventBody
}

func (s *Server) createEvent(ctx context.Context, in *createEventInput) (*organizerEventOutput, error) {
	return once(ctx, s, in.request("create-event", in.Body), func(ctx context.Context) (*organizerEventOutput, error) {
		e, err := s.newEvent(ctx, in.Body)
		if err != nil {
			return nil, err
		}
		err = s.recorded(ctx, func(ctx context.Context) (ticket.Change, error) {
			err := s.storeEvent(ctx, e, in.Body.Slug != "")
			return ticket.Change{SubjectID: e.ID, What: ticket.ChangeEventCreated, After: asJSON(auditFields(e))}, err
		})
		if err != nil {
			return nil, err
		}
		return s.organizersAnswer(ctx, e), nil
	})
}

// newEvent checks a body and makes the event of it, without an id.
func (s *Server) newEvent(ctx context.Context, b createEventBody) (*ticket.Event, error) {
	var f faults
	plan, err := s.deps.Catalogue.PlanInfo(ctx, b.PlanID)
	switch {
	case ticket.CodeOf(err) == ticket.CodeNotFound:
		f.add("plan_id", "there is no such plan")
	case err != nil:
		return nil, err
	case plan.VenueID != b.VenueID:
		if err := s.foreignPlan(ctx, b.VenueID, &f); err != nil {
			return nil, err
		}
	}
	e := &ticket.Event{
		Slug: b.Slug, Name: b.Name, Artist: b.Artist, Genre: b.Genre, Description: b.Description,
		Venue: ticket.Venue{ID: b.VenueID}, PlanID: plan.ID, OrganizerID: caller(ctx).ID,
		StartsAt: b.StartsAt, DoorsAt: b.StartsAt.Add(-time.Hour), OnSaleAt: s.now(), Status: ticket.EventDraft,
		MaxTicketsPerBuyer: b.MaxTicketsPerBuyer, Capacity: plan.Capacity,
	}
	set(&e.DoorsAt, b.DoorsAt)
	set(&e.OnSaleAt, b.OnSaleAt)
	if b.WaitingRoom != nil {
		e.WaitingRoom = waitingRoomOf(*b.WaitingRoom, ticket.WaitingRoom{})
	}
	set(&e.Refunds, b.Refunds)
	e.Prices, e.Currency = f.prices(b.Prices, plan.Categories)
	f.texts(e)
	f.dates(e, s.now())
	return e, f.err()
}

// foreignPlan says which is wrong of a plan and a venue that do not belong together.
func (s *Server) foreignPlan(ctx context.Context, venueID string, f *faults) error {
	_, err := s.deps.Catalogue.Venue(ctx, venueID)
	switch {
	case err == nil:
		f.add("plan_id", "is not a plan of the venue")
	case ticket.CodeOf(err) == ticket.CodeNotFound:
		f.add("venue_id", "there is no such venue")
	default:
		return err
	}
	return nil
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

// waitingRoomOf gives a waiting room as it is asked for; what is left out stays
// as it is, or is what it usually is.
func waitingRoomOf(b waitingRoomBody, now ticket.WaitingRoom) ticket.WaitingRoom {
	return ticket.WaitingRoom{
		Enabled:        b.Enabled,
		MaxSessions:    cmp.Or(b.MaxSessions, now.MaxSessions, defaultSessions),
		SessionMinutes: cmp.Or(b.SessionMinutes, now.SessionMinutes, defaultSessionMinutes),
		GraceSeconds:   cmp.Or(b.GraceSeconds, now.GraceSeconds, defaultGraceSeconds),
	}
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
