package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// answerWithin is how long a buyer waits for an outcome at the most; a purchase
// that takes longer goes on, and is then answered as it stands.
const answerWithin = 40 * time.Second

type bestAvailable struct {
	Category string `json:"category" minLength:"1" maxLength:"120"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"100"`
	// Adjacent asks for places side by side; true when it is left out.
	Adjacent *bool `json:"adjacent,omitempty"`
}

type paymentBody struct {
	StripePaymentMethod string `json:"stripe_payment_method,omitempty" maxLength:"255"`
	PayPalPaymentToken  string `json:"paypal_payment_token,omitempty" maxLength:"255"`
	PayPal              bool   `json:"paypal,omitempty"`
	ReturnURL           string `json:"return_url,omitempty" maxLength:"2048"`
}

type createBookingBody struct {
	EventID       string         `json:"event_id" minLength:"1" maxLength:"120" doc:"The event's id or slug"`
	Admission     string         `json:"admission,omitempty" maxLength:"4096"`
	Seats         []string       `json:"seats,omitempty" maxItems:"100" nullable:"false"`
	BestAvailable *bestAvailable `json:"best_available,omitempty"`
	Payment       *paymentBody   `json:"payment,omitempty"`
}

type createBookingInput struct {
	IdempotencyKey
	Body createBookingBody
}

type createBookingOutput struct {
	Location string `header:"Location"`
	Body     bookingBody
}

func (s *Server) createBooking(ctx context.Context, in *createBookingInput) (*createBookingOutput, error) {
	began := time.Now()
	out, err := s.book(ctx, in)
	if s.deps.Vitals != nil {
		s.deps.Vitals.Observe(time.Since(began), err)
	}
	return out, err
}

func (s *Server) book(ctx context.Context, in *createBookingInput) (*createBookingOutput, error) {
	if in.Key == "" {
		return nil, &ticket.Error{
			Code: ticket.CodeKeyRequired, Message: "Send an Idempotency-Key, so that no booking is made twice.",
			Fields: []ticket.FieldError{{Field: "Idempotency-Key", Message: "is missing"}},
		}
	}
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	buyer := caller(ctx).ID
	event, plan, err := s.eventToBook(ctx, in.Body.EventID)
	if err != nil {
		return nil, err
	}
	wish, err := readWish(&in.Body, event, plan)
	if err != nil {
		return nil, err
	}
	payment, err := readPayment(in.Body.Payment, "payment.")
	if err != nil {
		return nil, err
	}
	start := workflows.PurchaseInput{
		BookingID: ticket.DeriveBookingID(event.ID, buyer, in.Key), EventID: event.ID, BuyerID: buyer,
		Fingerprint: bookingFingerprint(&in.Body, event.ID), Wish: wish, HoldSeconds: int(s.deps.HoldFor.Seconds()), Payment: payment,
		Description: fmt.Sprintf("%d × %s", max(len(wish.Seats), wish.Quantity), event.Name),
	}
	start.WaitingRoom = event.WaitingRoom.Enabled
	if err := s.mayBook(ctx, event, plan, start, in.Body.Admission); err != nil {
		return nil, err
	}
	// A booking's id tells its shard, so the same key at an event on another
	// shard would make another booking.
	first, err := s.deps.Claims.Claim(ctx, buyer+"/"+in.Key, start.BookingID)
	if err != nil {
		return nil, err
	}
	if first != start.BookingID {
		return nil, errKeyReused()
	}
	b, err := s.begin(ctx, start, plan)
	if err != nil {
		return nil, err
	}
	body, err := s.showBooking(ctx, b)
	return &createBookingOutput{Location: "/v1/bookings/" + b.ID, Body: body}, err
}

func (s *Server) eventToBook(ctx context.Context, idOrSlug string) (*ticket.Event, *ticket.Plan, error) {
	event, err := s.deps.Plans.Event(ctx, idOrSlug)
	if ticket.CodeOf(err) == ticket.CodeNotFound || err == nil && event.Status == ticket.EventDraft {
		return nil, nil, ticket.Invalid("event_id", "there is no event %q", idOrSlug)
	}
	if err != nil {
		return nil, nil, err
	}
	plan, _, err := s.deps.Plans.Places(ctx, event.PlanID)
	return event, plan, err
}

// mayBook refuses what plainly cannot be had, so that those who lose cost no
// workflow. A repeated request is let through to the booking it made.
func (s *Server) mayBook(
	ctx context.Context, event *ticket.Event, plan *ticket.Plan, in workflows.PurchaseInput, admission string,
) error {
	refusal := s.plainRefusal(ctx, event, plan, in.Wish)
	if refusal == nil {
		refusal = s.admitted(ctx, event, in, admission)
	}
	if refusal == nil {
		return nil
	}
	switch _, err := s.deps.Books.Booking(ctx, in.BookingID); ticket.CodeOf(err) {
	case "":
		return nil
	case ticket.CodeNotFound:
		return refusal
	default:
		return err
	}
}

// admitted checks the admission to an event with a waiting room.
func (s *Server) admitted(ctx context.Context, event *ticket.Event, in workflows.PurchaseInput, admission string) error {
	if !event.WaitingRoom.Enabled {
		return nil
	}
	if s.deps.Admissions == nil {
		return ticket.Errorf(ticket.CodeAdmissionRequired, "Nobody is admitted to this event here.")
	}
	return s.deps.Admissions.Verify(ctx, event, in.BuyerID, admission, in.BookingID)
}

func (s *Server) plainRefusal(ctx context.Context, event *ticket.Event, plan *ticket.Plan, wish activities.Wish) error {
	if err := event.Selling(time.Now()); err != nil {
		return err
	}
	if len(wish.Seats) == 0 {
		counts, err := s.deps.Live.Counts(ctx, []*ticket.Event{event})
		if err == nil && counts[0].Available <= 0 {
			return ticket.Errorf(ticket.CodeSoldOut, "There is no place left.")
		}
		return err
	}
	taken, err := s.deps.Live.Taken(ctx, event, wish.Seats)
	if err != nil || len(taken) == 0 {
		return err
	}
	return asError(&workflows.Problem{
		Code: ticket.CodeSeatsUnavailable, Message: fmt.Sprintf("%d of the seats are not available any more.", len(taken)),
		Unavailable: taken,
	}, "", plan)
}

// begin runs the purchase to its first outcome.
func (s *Server) begin(ctx context.Context, in workflows.PurchaseInput, plan *ticket.Plan) (*ticket.Booking, error) {
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	o, err := s.deps.Purchases.Begin(waiting, in, in.Description)
	if err != nil && ctx.Err() == nil {
		b, readErr := s.deps.Books.Booking(ctx, in.BookingID)
		if readErr != nil {
			if errors.Is(err, ErrForgotten) {
				return nil, unanswered(err)
			}
			return nil, err
		}
		o, err = &workflows.Outcome{Booking: *b}, nil
	}
	if err != nil {
		return nil, err
	}
	if o.Problem != nil && o.Problem.Code == ticket.CodeUnavailable {
		// A step was not answered; what came of it in the end, the books know.
		if b, err := s.deps.Books.Booking(ctx, in.BookingID); err == nil && b.Status == ticket.BookingConfirmed {
			o = &workflows.Outcome{Booking: *b}
		}
	}
	if o.Booking.Fingerprint != in.Fingerprint {
		return nil, errKeyReused()
	}
	return settled(o, plan, "payment.")
}

func errKeyReused() error {
	return ticket.Errorf(ticket.CodeKeyReused, "This Idempotency-Key was used for another request.")
}

// settled gives the booking of an outcome, or its problem.
func settled(o *workflows.Outcome, plan *ticket.Plan, prefix string) (*ticket.Booking, error) {
	b := &o.Booking
	if o.Problem != nil {
		if o.Problem.Field != "" {
			o.Problem.Field = prefix + o.Problem.Field
		}
		return nil, asError(o.Problem, b.ID, plan)
	}
	if b.Status == ticket.BookingConfirmed && len(b.Tickets) == 0 {
		b.Tickets = b.LiveTickets()
	}
	return b, nil
}

// asError tells a buyer about a problem of a purchase.
func asError(p *workflows.Problem, bookingID string, plan *ticket.Plan) error {
	e := &ticket.Error{Code: p.Code, Message: p.Message, Extra: map[string]any{}}
	if p.Field != "" {
		e.Fields = []ticket.FieldError{{Field: p.Field, Message: p.Message}}
	}
	if bookingID != "" {
		e.Extra["booking_id"] = bookingID
	}
	if p.Code == ticket.CodeSeatsUnavailable {
		ids := make([]string, len(p.Unavailable))
		for i, seat := range p.Unavailable {
			ids[i] = plan.Seats[seat].ID
		}
		e.Extra["unavailable"] = ids
	}
	if p.Code == ticket.CodePaymentsUnavailable || p.Code == ticket.CodeUnavailable {
		e.RetryAfterSeconds = 5
	}
	return e
}

// readWish checks which places are asked for and finds them in the plan.
func readWish(b *createBookingBody, event *ticket.Event, plan *ticket.Plan) (activities.Wish, error) {
	var wish activities.Wish
	switch {
	case len(b.Seats) > 0 && b.BestAvailable != nil:
		return wish, ticket.Invalid("best_available", "give seats or best_available, not both")
	case len(b.Seats) == 0 && b.BestAvailable == nil:
		return wish, ticket.Invalid("seats", "give the seats, or best_available")
	case max(len(b.Seats), quantity(b.BestAvailable)) > event.MaxTicketsPerBuyer:
		return wish, ticket.Errorf(ticket.CodeTicketLimit, "One account may have %d tickets of this event.", event.MaxTicketsPerBuyer)
	}
	if q := b.BestAvailable; q != nil {
		if _, ok := event.PriceOf(q.Category); !ok {
			return wish, ticket.Invalid("best_available.category", "the event has no category %q", q.Category)
		}
		return activities.Wish{Category: q.Category, Quantity: q.Quantity, Adjacent: q.Adjacent == nil || *q.Adjacent}, nil
	}
	seen := map[int]bool{}
	for i, id := range b.Seats {
		index, ok := plan.IndexOf(id)
		if !ok {
			return wish, ticket.Invalid(fmt.Sprintf("seats[%d]", i), "the plan has no seat %q", id)
		}
		if seen[index] {
			return wish, ticket.Invalid(fmt.Sprintf("seats[%d]", i), "seat %q is asked for twice", id)
		}
		seen[index] = true
		wish.Seats = append(wish.Seats, index)
	}
	return wish, nil
}

func quantity(b *bestAvailable) int {
	if b == nil {
		return 0
	}
	return b.Quantity
}

// readPayment checks how the buyer wants to pay; nil stays nil.
func readPayment(b *paymentBody, prefix string) (*ticket.PaymentChoice, error) {
	if b == nil {
		return nil, nil
	}
	c := ticket.PaymentChoice(*b)
	if c.StripePaymentMethod == "" && !c.Offers(ticket.PayPal) {
		return nil, ticket.Invalid(prefix+"stripe_payment_method", "give a stripe_payment_method, a paypal_payment_token, or paypal: true")
	}
	if c.ReturnURL != "" {
		u, err := url.Parse(c.ReturnURL)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return nil, ticket.Invalid(prefix+"return_url", "must be an http or https address")
		}
	}
	return &c, nil
}

// bookingFingerprint is the same for requests that ask for the same.
func bookingFingerprint(b *createBookingBody, eventID string) string {
	same := *b
	same.EventID, same.Admission = eventID, ""
	return fingerprintOf(same)
}

func fingerprintOf(body any) string {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
