package ticket

import (
	"context"
	"time"
)

// RefundStatus is where a refund stands.
type RefundStatus string

// The statuses of a refund. Succeeded and failed are final, but for a provider
// that takes a success back days later.
const (
	// RefundRequested: the tickets are dead and the money is owed; no provider was asked.
	RefundRequested RefundStatus = "requested"
	// RefundSent: the provider was asked, or is about to be; it may have happened.
	RefundSent RefundStatus = "sent"
	// RefundPending: the provider has taken it on and is not done.
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	// RefundFailed: the provider never gave the money back; support has settled it by hand.
	RefundFailed         RefundStatus = "failed"
	RefundNeedsAttention RefundStatus = "needs_attention"
)

// Open tells whether the refund is still to come to an end by itself.
func (s RefundStatus) Open() bool {
	return s == RefundRequested || s == RefundSent || s == RefundPending
}

// RefundSource is who wanted a refund.
type RefundSource string

// The sources of refunds.
const (
	RefundBySupport  RefundSource = "support"
	RefundByBuyer    RefundSource = "buyer"
	RefundByCancel   RefundSource = "event_canceled"
	RefundByProvider RefundSource = "provider" // done by hand in the provider's dashboard
	RefundByDispute  RefundSource = "dispute"  // a dispute that was lost
)

// Unasked tells whether the money went back without anybody here having asked
// for it.
func (s RefundSource) Unasked() bool { return s == RefundByProvider || s == RefundByDispute }

// Refund is money of a booking that goes back to its buyer, for all of its
// tickets or for some.
type Refund struct {
	ID        string `json:"id"`
	BookingID string `json:"booking_id"`
	EventID   string `json:"event_id"`
	BuyerID   string `json:"buyer_id"`
	// Seats are the places given up; none for money that nobody can attribute.
	Seats  []int        `json:"seats"`
	Amount Money        `json:"amount"`
	Reason string       `json:"reason,omitempty"`
	By     string       `json:"by,omitempty"`
	Source RefundSource `json:"source"`
	// Resell puts the places on sale again; else they are kept from it.
	Resell bool         `json:"resell,omitempty"`
	Status RefundStatus `json:"status"`
	// Attempt counts up when the provider is to be asked anew after it failed.
	Attempt int `json:"attempt"`
	// Ref is the provider's id of the refund, as soon as it is known.
	Ref string `json:"ref,omitempty"`
	// Note says why it needs attention, or how it was settled by hand.
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at,omitzero"`
	// SentAt is when the provider was first asked under this attempt.
	SentAt time.Time `json:"sent_at,omitzero"`
	// Charge is what the money is taken back from.
	Charge TakenCharge `json:"charge"`
}

// TakenCharge is a payment as a refund sees it.
type TakenCharge struct {
	Provider Provider `json:"provider"`
	Attempt  int      `json:"attempt"`
	Ref      string   `json:"ref"`
	OrderRef string   `json:"order_ref,omitempty"`
	// CaptureRef is empty until the money is taken: nothing can be refunded before.
	CaptureRef string `json:"capture_ref,omitempty"`
	Amount     Money  `json:"amount"`
}

// Unattributed tells whether money went back of which nobody has said yet what
// it was for: the amount fits no tickets of the booking.
func (r *Refund) Unattributed() bool { return r.Source.Unasked() && len(r.Seats) == 0 }

// RefundState is what a provider's books say of a refund.
type RefundState string

// The states of a refund at a provider.
const (
	RefundStatePending   RefundState = "pending"
	RefundStateSucceeded RefundState = "succeeded"
	RefundStateFailed    RefundState = "failed"
)

// ProviderRefund is a refund in a provider's books.
type ProviderRefund struct {
	Ref    string      `json:"ref"`
	State  RefundState `json:"state"`
	Amount int64       `json:"amount"`
	// RefundID and Attempt are ours; empty for one that was made by hand.
	RefundID string    `json:"refund_id,omitempty"`
	Attempt  int       `json:"attempt,omitempty"`
	Reason   string    `json:"reason,omitempty"` // why it failed
	At       time.Time `json:"at,omitzero"`
	// FailedAt is when its money came back; zero where the provider does not say.
	FailedAt time.Time `json:"failed_at,omitzero"`
}

// DisputeState is where a dispute stands.
type DisputeState string

// The states of a dispute.
const (
	DisputeOpen DisputeState = "open"
	DisputeWon  DisputeState = "won"
	DisputeLost DisputeState = "lost"
)

// ProviderDispute is a dispute in a provider's books. The provider keeps the
// amount while it is open, and the fee for ever.
type ProviderDispute struct {
	Ref    string       `json:"ref"`
	State  DisputeState `json:"state"`
	Amount int64        `json:"amount"`
	Fee    int64        `json:"fee,omitempty"` // 0 where it is not known yet
	Reason string       `json:"reason,omitempty"`
	At     time.Time    `json:"at,omitzero"`
	// ClosedAt is when it was decided; zero while it is open, and where the
	// provider does not say.
	ClosedAt time.Time `json:"closed_at,omitzero"`
}

// RefundProvider is what refunds ask of Stripe or PayPal.
//
// Errors are as those of PaymentProvider: CodeProviderRefused for good,
// CodeProviderUnavailable when asking again may help.
type RefundProvider interface {
	// SendRefund asks for the refund under its id and attempt. One that was made
	// before is found and never made again, whatever the provider has forgotten.
	SendRefund(ctx context.Context, r *Refund) (ProviderRefund, error)
	// Refunds lists what was ever given back of a charge, failed ones included.
	Refunds(ctx context.Context, c TakenCharge) ([]ProviderRefund, error)
	// Disputes lists the disputes of a charge.
	Disputes(ctx context.Context, c TakenCharge) ([]ProviderDispute, error)
}
