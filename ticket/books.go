package ticket

import "time"

// ChargeBalance is what a provider's own books say of one charge, in minor units.
type ChargeBalance struct {
	Provider Provider `json:"provider"`
	// Ref names the charge at the provider: a PaymentIntent, an authorization.
	Ref string `json:"ref"`
	// OrderRef is the PayPal order, where it is known.
	OrderRef string `json:"order_ref,omitempty"`
	// BookingID and Attempt are ours, as the provider remembers them.
	BookingID string `json:"booking_id"`
	Attempt   int    `json:"attempt"`
	Currency  string `json:"currency"`
	// Open is reserved and neither taken nor given up.
	Open     int64 `json:"open"`
	Captured int64 `json:"captured"`
	Refunded int64 `json:"refunded"`
	// Disputed is withheld by disputes that are open, and gone by those that were lost.
	Disputed int64 `json:"disputed,omitempty"`
	// CreatedAt is when the charge, or the first that is known of it, was made.
	CreatedAt time.Time `json:"created_at"`
}

// Net is what the provider keeps of the charge.
func (b ChargeBalance) Net() int64 { return b.Captured - b.Refunded - b.Disputed }
