package ticket

import "time"

// MovementKind says what moved money at a provider.
type MovementKind string

// The kinds of movements. The first ones stand in our books, too.
const (
	MovementCapture MovementKind = "capture"
	MovementRefund  MovementKind = "refund"
	// MovementRefundFailed is a refund that came back.
	MovementRefundFailed MovementKind = "refund_failed"
	MovementDispute      MovementKind = "dispute"
	// MovementDisputeWon is a disputed amount that came back.
	MovementDisputeWon MovementKind = "dispute_won"
	// MovementPayout went to our bank, MovementOther is whatever else the
	// provider booked, such as a monthly fee.
	MovementPayout MovementKind = "payout"
	MovementOther  MovementKind = "other"
)

// Movement is one entry of money in a provider's own books.
type Movement struct {
	// ID names the entry: a Stripe balance transaction, a PayPal transaction.
	ID   string       `json:"id"`
	Kind MovementKind `json:"kind"`
	// Ref is the object that moved the money, by which our books know it: a
	// Stripe charge or refund, a PayPal capture or refund.
	Ref string `json:"ref"`
	// Parent is what it was made from: the intent or authorization of a capture,
	// the charge or capture of a refund or dispute.
	Parent string `json:"parent,omitempty"`
	// BookingID and Attempt are ours, as the provider remembers them.
	BookingID string `json:"booking_id,omitempty"`
	Attempt   int    `json:"attempt,omitempty"`
	// Amount is gross and signed, Fee what the provider kept of it, in minor units.
	Amount   int64     `json:"amount"`
	Fee      int64     `json:"fee"`
	Currency string    `json:"currency"`
	At       time.Time `json:"at"`
}

// MovementPage is a page of movements. Next is "" on the last one.
type MovementPage struct {
	Movements []Movement
	Next      string
	// Until is up to when the provider's books are complete.
	Until time.Time
}
