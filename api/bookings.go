package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// BookingDeps is what the bookings service works with.
type BookingDeps struct {
	Purchases Purchases
	Books     BookingReader
	Refunds   Refunds
	Reviews   Reviews
	Live      LiveSeats
	Claims    KeyClaims
	// Admissions checks those of events with a waiting room; nil admits nobody there.
	Admissions AdmissionVerifier
	// Vitals hears how bookings go; it may be nil.
	Vitals   BookingVitals
	Plans    EventPlans
	Codes    TicketCodes
	Tickets  TicketBooks
	People   People
	Webhooks map[ticket.Provider]WebhookVerifier
	// HoldFor is how long a buyer has to pay; default 10 minutes.
	HoldFor time.Duration
}

// BookingReader reads bookings and remembers webhooks.
type BookingReader interface {
	Booking(ctx context.Context, id string) (*ticket.Booking, error)
	BookingsOf(ctx context.Context, buyerID string, after postgres.BookingsCursor, limit int) ([]*ticket.Booking, error)
	BookingOfCharge(ctx context.Context, p ticket.Provider, ref, captureRef string) (string, error)
	SeenWebhook(ctx context.Context, bookingID string, p ticket.Provider, eventID string) (bool, error)
	RememberWebhook(ctx context.Context, bookingID string, p ticket.Provider, eventID string) error
	Refund(ctx context.Context, id string) (r *ticket.Refund, fingerprint string, err error)
}

// LiveSeats tells what is plainly not to be had.
type LiveSeats interface {
	Taken(ctx context.Context, e *ticket.Event, seats []int) ([]int, error)
	Counts(ctx context.Context, events []*ticket.Event) ([]ticket.Availability, error)
}

// KeyClaims remember which booking an idempotency key made first.
type KeyClaims interface {
	Claim(ctx context.Context, name, owner string) (string, error)
}

// AdmissionVerifier makes sure that an admission lets its buyer make a booking.
type AdmissionVerifier interface {
	Verify(ctx context.Context, e *ticket.Event, buyerID, token, bookingID string) error
}

// BookingVitals hears how long requests to book take and how they end.
type BookingVitals interface {
	Observe(took time.Duration, err error)
}

// EventPlans reads events with their plans.
type EventPlans interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Places(ctx context.Context, planID string) (*ticket.Plan, *bestseats.Finder, error)
}

// TicketCodes signs tickets, so that a door can check them offline.
type TicketCodes interface {
	TicketCode(ctx context.Context, t ticket.Ticket) (string, error)
}

const defaultHoldFor = 10 * time.Minute

// registerBookings adds the operations of the bookings service.
func (s *Server) registerBookings(api huma.API) {
	if s.deps.HoldFor == 0 {
		s.deps.HoldFor = defaultHoldFor
	}
	tags := []string{"Bookings"}
	register(s, api, huma.Operation{
		OperationID: "create-booking", Method: http.MethodPost, Path: "/v1/bookings", DefaultStatus: http.StatusCreated, Tags: tags,
		Summary: "Hold places, and pay for them when payment is given",
	}, only(ticket.RoleBuyer), s.createBooking)
	register(s, api, huma.Operation{
		OperationID: "pay-booking", Method: http.MethodPost, Path: "/v1/bookings/{booking_id}/payment", Tags: tags,
		Summary: "Pay for a held booking",
	}, loggedIn, s.payBooking)
	register(s, api, huma.Operation{
		OperationID: "cancel-booking", Method: http.MethodPost, Path: "/v1/bookings/{booking_id}/cancel", Tags: tags,
		Summary: "Give up a booking that is not confirmed", SkipValidateBody: true,
	}, loggedIn, s.cancelBooking)
	register(s, api, huma.Operation{
		OperationID: "get-booking", Method: http.MethodGet, Path: "/v1/bookings/{booking_id}", Tags: tags,
		Summary: "One booking",
	}, loggedIn, s.getBooking)
	register(s, api, huma.Operation{
		OperationID: "my-bookings", Method: http.MethodGet, Path: "/v1/me/bookings", Tags: tags,
		Summary: "The caller's bookings, newest first",
	}, loggedIn, s.myBookings)
	s.registerRefunds(api, tags)
	s.registerBookingStream(api, tags)
	s.registerTicketPDF(api, tags)
	s.registerTransfers(api, tags)
	s.registerSupport(api)
	s.registerWebhooks(api)
}

// BookingPath names a booking in the path. It is exported because huma reads
// embedded fields of exported types only.
type BookingPath struct {
	BookingID string `path:"booking_id" maxLength:"64" doc:"The booking's id"`
}

type bookingOutput struct {
	Body bookingBody
}

func (s *Server) getBooking(ctx context.Context, in *BookingPath) (*bookingOutput, error) {
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	return s.bookingAnswer(ctx, b)
}

// ownBooking reads a booking that the caller may see: one's own, or any for
// support. Others' bookings do not exist for a buyer.
func (s *Server) ownBooking(ctx context.Context, id string) (*ticket.Booking, error) {
	if !ticket.IsID(ticket.KindBooking, id) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no booking %q.", id)
	}
	b, err := s.deps.Books.Booking(ctx, id)
	if err != nil {
		return nil, err
	}
	if u := caller(ctx); b.BuyerID != u.ID && !u.Has(ticket.RoleSupport) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no booking %q.", id)
	}
	return b, nil
}

type bookingsInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor string `query:"cursor" maxLength:"512"`
}

type bookingsOutput struct {
	Body struct {
		Items      []bookingBody `json:"items"`
		NextCursor string        `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) myBookings(ctx context.Context, in *bookingsInput) (*bookingsOutput, error) {
	var after postgres.BookingsCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	list, err := s.deps.Books.BookingsOf(ctx, caller(ctx).ID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &bookingsOutput{}
	out.Body.Items = []bookingBody{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.NextCursor = writeCursor(postgres.BookingsCursor{CreatedAt: last.CreatedAt, ID: last.ID})
	}
	for _, b := range list {
		body, err := s.showBooking(ctx, b)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, body)
	}
	return out, nil
}
