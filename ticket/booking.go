package ticket

import (
	"slices"
	"time"
)

// BookingStatus is where a booking stands.
type BookingStatus string

// The statuses of a booking.
const (
	BookingPending        BookingStatus = "pending"
	BookingHeld           BookingStatus = "held"
	BookingPaying         BookingStatus = "paying"
	BookingActionRequired BookingStatus = "action_required"
	BookingConfirmed      BookingStatus = "confirmed"
	BookingExpired        BookingStatus = "expired"
	BookingCanceled       BookingStatus = "canceled"
	BookingFailed         BookingStatus = "failed"
	BookingRefunding      BookingStatus = "refunding"
	BookingRefunded       BookingStatus = "refunded"
	BookingNeedsAttention BookingStatus = "needs_attention"
)

// nextStatuses is the one table of legal changes. Expired, canceled, failed
// and refunded are terminal.
var nextStatuses = map[BookingStatus][]BookingStatus{
	BookingPending:        {BookingHeld, BookingPaying, BookingFailed, BookingCanceled, BookingExpired},
	BookingHeld:           {BookingPaying, BookingExpired, BookingCanceled, BookingFailed, BookingNeedsAttention},
	BookingPaying:         {BookingHeld, BookingActionRequired, BookingConfirmed, BookingExpired, BookingCanceled, BookingFailed, BookingNeedsAttention},
	BookingActionRequired: {BookingPaying, BookingHeld, BookingConfirmed, BookingExpired, BookingCanceled, BookingFailed, BookingNeedsAttention},
	BookingNeedsAttention: {
		BookingHeld, BookingPaying, BookingActionRequired, BookingConfirmed, BookingExpired, BookingCanceled, BookingFailed,
		BookingRefunding, BookingRefunded,
	},
	BookingConfirmed: {BookingRefunding, BookingNeedsAttention},
	BookingRefunding: {BookingRefunded, BookingConfirmed, BookingNeedsAttention},
}

// CanBecome tells whether the change is legal. A status may always stay.
func (s BookingStatus) CanBecome(next BookingStatus) bool {
	return s == next || slices.Contains(nextStatuses[s], next)
}

// Predecessors lists the statuses from which this one may be reached.
func (s BookingStatus) Predecessors() []BookingStatus {
	var out []BookingStatus
	for from, to := range nextStatuses {
		if slices.Contains(to, s) {
			out = append(out, from)
		}
	}
	slices.Sort(out)
	return out
}

// Terminal tells whether the status is final.
func (s BookingStatus) Terminal() bool { return len(nextStatuses[s]) == 0 }

// HoldsSeats tells whether a booking of this status keeps others off its
// places; one that needs attention does so unless it is confirmed.
func (s BookingStatus) HoldsSeats() bool {
	return s == BookingHeld || s == BookingPaying || s == BookingActionRequired || s == BookingNeedsAttention
}

// Item is one place of a booking at the price that was shown at the hold.
// Price and Fee are minor units of the booking's currency.
type Item struct {
	SeatIndex int    `json:"seat_index"`
	Category  string `json:"category"`
	Price     int64  `json:"price"`
	Fee       int64  `json:"fee"`
}

// Booking is one buyer's purchase of places at one event.
type Booking struct {
	ID      string        `json:"id"`
	EventID string        `json:"event_id"`
	BuyerID string        `json:"buyer_id"`
	Status  BookingStatus `json:"status"`
	// Fingerprint is the SHA-256 of the request that made it, hex, to tell a
	// repeated request from another one under the same idempotency key.
	Fingerprint string `json:"fingerprint,omitempty"`
	Items       []Item `json:"items,omitempty"`
	Total       Money  `json:"total,omitzero"`
	// Fence is the hold's number; of two holds of a seat the higher one wrote last.
	Fence         int64       `json:"fence,omitempty"`
	HoldExpiresAt time.Time   `json:"hold_expires_at,omitzero"`
	Payment       *Payment    `json:"payment,omitempty"`
	NextAction    *NextAction `json:"next_action,omitempty"`
	// FailureCode and FailureMessage say why a booking failed or needs attention.
	FailureCode    Code      `json:"failure_code,omitempty"`
	FailureMessage string    `json:"failure_message,omitempty"`
	Tickets        []Ticket  `json:"tickets,omitempty"`
	CreatedAt      time.Time `json:"created_at,omitzero"`
	ConfirmedAt    time.Time `json:"confirmed_at,omitzero"`
}

// SeatIndexes lists the places of the booking.
func (b *Booking) SeatIndexes() []int {
	out := make([]int, len(b.Items))
	for i, it := range b.Items {
		out[i] = it.SeatIndex
	}
	return out
}

// SumItems adds prices and fees, in minor units.
func SumItems(items []Item) int64 {
	var sum int64
	for _, it := range items {
		sum += it.Price + it.Fee
	}
	return sum
}

// TicketStatus is where a ticket stands.
type TicketStatus string

// The statuses of a ticket. Live and used tickets own their seat.
const (
	TicketLive     TicketStatus = "live"
	TicketUsed     TicketStatus = "used"
	TicketRefunded TicketStatus = "refunded"
)

// Ticket is the right to one place.
type Ticket struct {
	ID        string       `json:"id"`
	BookingID string       `json:"booking_id"`
	EventID   string       `json:"event_id"`
	SeatIndex int          `json:"seat_index"`
	Status    TicketStatus `json:"status"`
	// Generation counts the hands that the ticket went through, from 1 (0 is 1,
	// too). A code is of one generation; those of earlier ones are dead.
	Generation int `json:"generation,omitempty"`
	// HolderID is who has it now; empty for who bought it.
	HolderID string `json:"holder_id,omitempty"`
	// Frozen says that its payment is disputed: nobody is let in with it and
	// nothing is refunded until that is decided.
	Frozen bool `json:"frozen,omitempty"`
}

// HeldBy tells who has the ticket, given who bought it.
func (t *Ticket) HeldBy(buyerID string) string {
	if t.HolderID != "" {
		return t.HolderID
	}
	return buyerID
}

// LiveTickets makes the tickets that a confirmed booking has from the start.
func (b *Booking) LiveTickets() []Ticket {
	out := make([]Ticket, len(b.Items))
	for i, it := range b.Items {
		out[i] = Ticket{
			ID: DeriveTicketID(b.ID, i), BookingID: b.ID, EventID: b.EventID, SeatIndex: it.SeatIndex, Status: TicketLive, Generation: 1,
		}
	}
	return out
}
