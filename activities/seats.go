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
	SaveHold(ctx context.Context, h postgres.HoldRow) error
	ChangeStatus(ctx context.Context, c postgres.StatusChange) (bool, error)
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
	// Paying says that the payment follows at once: the hold then ends with its
	// purchase and not by its deadline.
	Paying bool `json:"paying,omitempty"`
	// HoldFor is how long the buyer has to pay.
	HoldFor time.Duration `json:"hold_for"`
	// At is when the booking was asked for.
	At time.Time `json:"at"`
}

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
		return refuse(err)
	}
	hold, err := s.lock(ctx, event, in)
	if err != nil {
		return refuse(err)
	}
	out := HeldSeats{Fence: hold.Fence, ExpiresAt: hold.ExpiresAt, Limit: event.MaxTicketsPerBuyer}
	if hold.ExpiresAt.IsZero() {
		out.ExpiresAt = s.Now().Add(in.HoldFor).UTC().Truncate(time.Millisecond)
	}
	if out.Items, err = s.price(ctx, event, hold.Seats); err != nil {
		return HeldSeats{}, err
	}
	out.Total = ticket.Money{Amount: ticket.SumItems(out.Items), Currency: event.Currency}
	status := ticket.BookingHeld
	if in.Paying {
		status = ticket.BookingPaying
	}
	err = s.Books.SaveHold(ctx, postgres.HoldRow{
		ID: in.BookingID, EventID: event.ID, BuyerID: in.BuyerID, Status: status, Fingerprint: in.Fingerprint,
		Items: out.Items, Total: out.Total, Fence: out.Fence, ExpiresAt: out.ExpiresAt, CreatedAt: in.At,
	})
	return out, err
}

func (s *Seats) lock(ctx context.Context, event *ticket.Event, in HoldSeatsInput) (redis.Hold, error) {
	r := redis.HoldRequest{
		HoldID: in.BookingID, BuyerID: in.BuyerID, Limit: event.MaxTicketsPerBuyer, Life: in.HoldFor, Seats: in.Wish.Seats,
	}
	if in.Paying {
		r.Life = 0
	}
	if len(in.Wish.Seats) > 0 {
		return s.Inventory.Hold(ctx, event, r)
	}
	q := bestseats.Query{Category: in.Wish.Category, Quantity: in.Wish.Quantity, Adjacent: in.Wish.Adjacent}
	return s.Inventory.HoldBest(ctx, event, q, r)
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
}

// KeptSeats says under which fence the places are held now.
type KeptSeats struct {
	Fence   int64    `json:"fence,omitempty"`
	Refusal *Refusal `json:"refusal,omitempty"`
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
	_, err = s.Books.ChangeStatus(ctx, postgres.StatusChange{
		BookingID: in.BookingID, Status: in.Status, Fence: hold.Fence, HoldExpiresAt: in.ExpiresAt, NextAction: in.NextAction,
	})
	return KeptSeats{Fence: hold.Fence}, err
}

// EndHoldInput says how a booking ended that never was confirmed.
type EndHoldInput struct {
	BookingID string               `json:"booking_id"`
	EventID   string               `json:"event_id"`
	Status    ticket.BookingStatus `json:"status"` // expired, canceled or failed
	Code      ticket.Code          `json:"code,omitempty"`
	Reason    string               `json:"reason,omitempty"`
}

// EndHold ends a booking in the books and gives its places back. Places that
// were never held, or are free again, stay as they are.
func (s *Seats) EndHold(ctx context.Context, in EndHoldInput) error {
	event, err := s.Catalogue.Event(ctx, in.EventID)
	if err != nil {
		return err
	}
	// The books first: a rebuild of the live state must not find the hold again.
	_, err = s.Books.ChangeStatus(ctx, postgres.StatusChange{
		BookingID: in.BookingID, Status: in.Status, FailureCode: in.Code, FailureReason: in.Reason,
	})
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
