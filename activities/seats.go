package activities

import (
	"context"
	"time"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Inventory locks, sells and frees places.
type Inventory interface {
	Hold(ctx context.Context, e *ticket.Event, r redis.HoldRequest) (redis.Hold, error)
	HoldBest(ctx context.Context, e *ticket.Event, q bestseats.Query, r redis.HoldRequest) (redis.Hold, error)
	Keep(ctx context.Context, e *ticket.Event, r redis.HoldRequest, until time.Time) (redis.Hold, error)
	Release(ctx context.Context, e *ticket.Event, holdID string) error
	Sell(ctx context.Context, e *ticket.Event, holdID, buyerID string, seats []int) error
}

// Catalogue is where events and plans are read.
type Catalogue interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Places(ctx context.Context, planID string) (*ticket.Plan, *bestseats.Finder, error)
}

// HoldBooks writes what becomes of a hold.
type HoldBooks interface {
	SaveHold(ctx context.Context, h postgres.HoldRow) (again bool, err error)
	ChangeStatus(ctx context.Context, c postgres.StatusChange) (postgres.Changed, error)
	Close(ctx context.Context, c postgres.Closing) (postgres.Closed, error)
	Booking(ctx context.Context, id string) (*ticket.Booking, error)
}

// Seats are the steps that hold places and let them go.
type Seats struct {
	Inventory Inventory
	Catalogue Catalogue
	Books     HoldBooks
	// Now is the clock, for whether the sale is open.
	Now func() time.Time
}

// Wish is what a buyer asks for: places by index, or the best of a category.
type Wish struct {
	Seats    []int  `json:"seats,omitempty"`
	Category string `json:"category,omitempty"`
	Quantity int    `json:"quantity,omitempty"`
	Adjacent bool   `json:"adjacent,omitempty"`
}

// HoldSeatsInput asks for places.
type HoldSeatsInput struct {
	BookingID   string `json:"booking_id"`
	EventID     string `json:"event_id"`
	BuyerID     string `json:"buyer_id"`
	Fingerprint string `json:"fingerprint"`
	Wish        Wish   `json:"wish"`
	// Payment follows at once, when there is one: the hold then ends with its
	// purchase and not by its deadline.
	Payment *ticket.BegunPayment `json:"payment,omitempty"`
	// HoldSeconds is how long the buyer has to pay.
	HoldSeconds int `json:"hold_seconds"`
	// At is when the booking was asked for.
	At time.Time `json:"at"`
}

func (in *HoldSeatsInput) life() time.Duration { return time.Duration(in.HoldSeconds) * time.Second }

// HeldSeats is the answer: the places at the price that is shown to the
// buyer, or the reason why there are none.
type HeldSeats struct {
	Items     []ticket.Item `json:"items,omitempty"`
	Total     ticket.Money  `json:"total,omitzero"`
	Fence     int64         `json:"fence,omitempty"`
	ExpiresAt time.Time     `json:"expires_at,omitzero"`
	// Limit is the event's limit of tickets a buyer, as of the hold.
	Limit   int      `json:"limit,omitempty"`
	Refusal *Refusal `json:"refusal,omitempty"`
	// Again is true when an earlier run of this very step has held them: what
	// follows may have happened before too.
	Again bool `json:"again,omitempty"`
}

// Refusal is a "no" that is an answer and not a fault.
type Refusal struct {
	Code    ticket.Code `json:"code"`
	Message string      `json:"message"`
	// Unavailable lists the places that somebody else has.
	Unavailable []int `json:"unavailable,omitempty"`
}

// HoldSeats locks places, prices them and writes the booking's row. Run again
// it finds the hold it made. A refusal comes back in the result.
func (s *Seats) HoldSeats(ctx context.Context, in HoldSeatsInput) (HeldSeats, error) {
	event, err := s.Catalogue.Event(ctx, in.EventID)
	if err != nil {
		return refuse(err)
	}
	if err := event.Selling(s.Now()); err != nil {
		return s.unlessHeld(ctx, event, in, err)
	}
	hold, err := s.lock(ctx, event, in)
	if err != nil {
		return s.unlessHeld(ctx, event, in, err)
	}
	out := HeldSeats{Fence: hold.Fence, ExpiresAt: hold.ExpiresAt, Limit: event.MaxTicketsPerBuyer}
	if hold.ExpiresAt.IsZero() {
		out.ExpiresAt = s.Now().Add(in.life()).UTC().Truncate(time.Millisecond)
	}
	if out.Items, err = s.price(ctx, event, hold.Seats); err != nil {
		return HeldSeats{}, err
	}
	out.Total = ticket.Money{Amount: ticket.SumItems(out.Items), Currency: event.Currency}
	status := ticket.BookingHeld
	if in.Payment != nil {
		status = ticket.BookingPaying
	}
	out.Again, err = s.Books.SaveHold(ctx, postgres.HoldRow{
		ID: in.BookingID, EventID: event.ID, BuyerID: in.BuyerID, Status: status, Fingerprint: in.Fingerprint,
		Items: out.Items, Total: out.Total, Fence: out.Fence, ExpiresAt: out.ExpiresAt, CreatedAt: in.At,
		Payment: in.Payment,
	})
	return out, err
}

func (s *Seats) lock(ctx context.Context, event *ticket.Event, in HoldSeatsInput) (redis.Hold, error) {
	r := redis.HoldRequest{
		HoldID: in.BookingID, BuyerID: in.BuyerID, Limit: event.MaxTicketsPerBuyer, Life: in.life(), Seats: in.Wish.Seats,
	}
	if in.Payment != nil {
		r.Life = 0
	}
	if len(in.Wish.Seats) > 0 {
		return s.Inventory.Hold(ctx, event, r)
	}
	q := bestseats.Query{Category: in.Wish.Category, Quantity: in.Wish.Quantity, Adjacent: in.Wish.Adjacent}
	return s.Inventory.HoldBest(ctx, event, q, r)
}

// unlessHeld refuses, unless an earlier run of this very step has held the
// places already: what a crash made run again must not answer otherwise.
func (s *Seats) unlessHeld(ctx context.Context, event *ticket.Event, in HoldSeatsInput, refusal error) (HeldSeats, error) {
	b, err := s.Books.Booking(ctx, in.BookingID)
	switch {
	case ticket.CodeOf(err) == ticket.CodeNotFound:
		return refuse(refusal)
	case err != nil:
		return HeldSeats{}, err
	}
	return HeldSeats{
		Items: b.Items, Total: b.Total, Fence: b.Fence, ExpiresAt: b.HoldExpiresAt.UTC(), Limit: event.MaxTicketsPerBuyer,
		Again: true,
	}, nil
}

// price gives each place the price that its category has now.
func (s *Seats) price(ctx context.Context, event *ticket.Event, seats []int) ([]ticket.Item, error) {
	plan, _, err := s.Catalogue.Places(ctx, event.PlanID)
	if err != nil {
		return nil, err
	}
	items := make([]ticket.Item, len(seats))
	for i, seat := range seats {
		category := plan.Seats[seat].Category
		p, ok := event.PriceOf(category)
		if !ok {
			return nil, ticket.Errorf(ticket.CodeInvalid, "Category %q of the plan has no price.", category)
		}
		items[i] = ticket.Item{SeatIndex: seat, Category: category, Price: p.Price.Amount, Fee: p.Fee.Amount}
	}
	return items, nil
}

// KeepSeatsInput moves a hold to another status and deadline.
type KeepSeatsInput struct {
	BookingID string               `json:"booking_id"`
	EventID   string               `json:"event_id"`
	BuyerID   string               `json:"buyer_id"`
	Seats     []int                `json:"seats"`
	Limit     int                  `json:"limit"`
	Status    ticket.BookingStatus `json:"status"`
	// ExpiresAt is the buyer's deadline; the live hold keeps to it only while
	// the status is held.
	ExpiresAt  time.Time          `json:"expires_at"`
	NextAction *ticket.NextAction `json:"next_action,omitempty"`
	// Payment is about to begin, when the status is paying.
	Payment *ticket.BegunPayment `json:"payment,omitempty"`
}

// KeptSeats says under which fence the places are held now.
type KeptSeats struct {
	Fence   int64    `json:"fence,omitempty"`
	Refusal *Refusal `json:"refusal,omitempty"`
	// Unknown is another payment that had begun under the same attempt, before
	// a crash: it must be settled, and this one begin under a later attempt.
	Unknown *ticket.BegunPayment `json:"unknown,omitempty"`
	// Again is true when the payment had begun before, in a run that was lost.
	Again bool `json:"again,omitempty"`
}

// KeepSeats moves a hold between held, paying and action_required. A hold that
// Redis forgot is taken anew if its places are free; else it is refused.
func (s *Seats) KeepSeats(ctx context.Context, in KeepSeatsInput) (KeptSeats, error) {
	event, err := s.Catalogue.Event(ctx, in.EventID)
	if err != nil {
		return KeptSeats{}, err
	}
	var until time.Time
	if in.Status == ticket.BookingHeld {
		until = in.ExpiresAt
	}
	hold, err := s.Inventory.Keep(ctx, event, redis.HoldRequest{
		HoldID: in.BookingID, BuyerID: in.BuyerID, Limit: in.Limit, Seats: in.Seats,
	}, until)
	if err != nil {
		held, err := refuse(err)
		return KeptSeats{Refusal: held.Refusal}, err
	}
	changed, err := s.Books.ChangeStatus(ctx, postgres.StatusChange{
		BookingID: in.BookingID, Status: in.Status, Fence: hold.Fence, HoldExpiresAt: in.ExpiresAt, NextAction: in.NextAction,
		Payment: in.Payment,
	})
	out := KeptSeats{Fence: hold.Fence}
	if before := changed.Before; before != nil && in.Payment != nil && before.Attempt >= in.Payment.Attempt {
		if out.Again = before.Same(in.Payment); !out.Again {
			out.Unknown = before
		}
	}
	return out, err
}

// CloseBookingInput ends a booking that was never confirmed.
type CloseBookingInput struct {
	BookingID string               `json:"booking_id"`
	EventID   string               `json:"event_id"`
	Status    ticket.BookingStatus `json:"status"` // expired, canceled or failed
	Code      ticket.Code          `json:"code,omitempty"`
	Reason    string               `json:"reason,omitempty"`
	// Known is the last attempt to pay whose outcome the purchase knows.
	Known int `json:"known,omitempty"`
	// Release gives the places back in the same step, when nothing else has to
	// be undone before.
	Release bool `json:"release,omitempty"`
}

// ClosedBooking says whether the booking is closed: it is not when a payment
// is unknown, or has confirmed it.
type ClosedBooking struct {
	Unknown   *ticket.BegunPayment `json:"unknown,omitempty"`
	Confirmed *ConfirmedBy         `json:"confirmed,omitempty"`
}

// ConfirmedBy is how a booking was confirmed.
type ConfirmedBy struct {
	Charge   ticket.Charge `json:"charge"`
	Fallback bool          `json:"fallback,omitempty"`
	At       time.Time     `json:"at"`
}

// CloseBooking decides in the books that a booking ends unconfirmed. The books
// come first: after them no commit can succeed, and a rebuild of the live state
// does not find the hold again.
func (s *Seats) CloseBooking(ctx context.Context, in CloseBookingInput) (ClosedBooking, error) {
	closed, err := s.Books.Close(ctx, postgres.Closing{
		BookingID: in.BookingID, Status: in.Status, Known: in.Known, Code: in.Code, Reason: in.Reason,
	})
	out := ClosedBooking{Unknown: closed.Unknown}
	if c := closed.Confirmed; c != nil {
		out.Confirmed = &ConfirmedBy{Charge: c.Charge, Fallback: c.Fallback, At: c.At.UTC()}
	}
	if err != nil || out.Unknown != nil || out.Confirmed != nil || !in.Release {
		return out, err
	}
	return out, s.ReleaseSeats(ctx, ReleaseSeatsInput{BookingID: in.BookingID, EventID: in.EventID})
}

// ReleaseSeatsInput names a hold.
type ReleaseSeatsInput struct {
	BookingID string `json:"booking_id"`
	EventID   string `json:"event_id"`
}

// ReleaseSeats gives the places of a hold back. Places that were never held,
// or are free again, stay as they are.
func (s *Seats) ReleaseSeats(ctx context.Context, in ReleaseSeatsInput) error {
	event, err := s.Catalogue.Event(ctx, in.EventID)
	if err != nil {
		return err
	}
	return s.Inventory.Release(ctx, event, in.BookingID)
}

// refuse turns an answer of the domain into a refusal, and lets faults pass.
func refuse(err error) (HeldSeats, error) {
	code := ticket.CodeOf(err)
	if retryable[code] {
		return HeldSeats{}, err
	}
	r := &Refusal{Code: code, Message: err.Error()}
	if e, ok := asDomain(err); ok {
		r.Message = e.Message
		r.Unavailable, _ = e.Extra["unavailable_indexes"].([]int)
	}
	return HeldSeats{Refusal: r}, nil
}
