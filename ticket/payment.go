package ticket

import (
	"context"
	"time"
)

// Provider is a payment provider.
type Provider string

// The providers, in the order in which they are tried.
const (
	Stripe Provider = "stripe"
	PayPal Provider = "paypal"
)

// PaymentStatus is where a payment stands.
type PaymentStatus string

// The statuses of a payment.
const (
	PaymentAuthorized PaymentStatus = "authorized"
	PaymentCaptured   PaymentStatus = "captured"
	PaymentVoided     PaymentStatus = "voided"
	PaymentRefunded   PaymentStatus = "refunded"
)

// Payment is the payment of a booking, as its buyer sees it.
type Payment struct {
	Provider Provider      `json:"provider"`
	Status   PaymentStatus `json:"status"`
	// Fallback is true when the first provider could not and the second did.
	Fallback bool `json:"fallback"`
}

// NextAction is what the buyer must do before a payment can go on.
type NextAction struct {
	Type         string `json:"type"` // "stripe_sdk" or "redirect"
	ClientSecret string `json:"client_secret,omitempty"`
	URL          string `json:"url,omitempty"`
}

// PaymentChoice is how a buyer wants to pay. Stripe is tried first when a
// payment method is given; PayPal follows, or leads when it is all there is.
type PaymentChoice struct {
	StripePaymentMethod string `json:"stripe_payment_method,omitempty"`
	PayPalPaymentToken  string `json:"paypal_payment_token,omitempty"`
	// PayPal without a token asks for the payer's approval by a redirect.
	PayPal    bool   `json:"paypal,omitempty"`
	ReturnURL string `json:"return_url,omitempty"`
}

// Offers tells whether the choice allows payment by this provider.
func (c PaymentChoice) Offers(p Provider) bool {
	if p == Stripe {
		return c.StripePaymentMethod != ""
	}
	return c.PayPal || c.PayPalPaymentToken != ""
}

// BegunPayment is a payment that was begun: a provider may have been asked.
type BegunPayment struct {
	// Attempt is the number of its first charge; its second, at the other
	// provider, has the next one.
	Attempt int           `json:"attempt"`
	Choice  PaymentChoice `json:"choice"`
	// At is when it began, for providers that forget.
	At time.Time `json:"at"`
}

// Same tells whether both are the same payment, begun perhaps twice because a
// crash made its purchase run again.
func (b *BegunPayment) Same(other *BegunPayment) bool {
	return b != nil && other != nil && b.Attempt == other.Attempt && b.Choice == other.Choice
}

// Offered lists the providers that the choice allows, in the order in which
// they are tried.
func (c PaymentChoice) Offered() []Provider {
	var out []Provider
	for _, p := range []Provider{Stripe, PayPal} {
		if c.Offers(p) {
			out = append(out, p)
		}
	}
	return out
}

// AuthorizeOutcome sorts what came of asking a provider for money. The
// difference between not executed and unanswered is whether a second provider
// can be asked with nothing left to undo.
type AuthorizeOutcome string

// The outcomes of an authorization.
const (
	// OutcomeAuthorized: the money is reserved, nothing is taken yet.
	OutcomeAuthorized AuthorizeOutcome = "authorized"
	// OutcomeDeclined: the buyer's matter; the hold stays, another method may be tried.
	OutcomeDeclined AuthorizeOutcome = "declined"
	// OutcomeActionRequired: the buyer must act (3-D Secure, approval at PayPal).
	OutcomeActionRequired AuthorizeOutcome = "action_required"
	// OutcomeNotExecuted: the provider certainly did nothing (refused
	// connection, 429, open circuit).
	OutcomeNotExecuted AuthorizeOutcome = "not_executed"
	// OutcomeUnanswered: it may have happened (timeout, 5xx, lost reply).
	OutcomeUnanswered AuthorizeOutcome = "unanswered"
	// OutcomeRejected: the provider calls the request itself wrong (a payment
	// method that does not exist). Asking again cannot help.
	OutcomeRejected AuthorizeOutcome = "rejected"
)

// ChargeRequest asks a provider to reserve the money of a booking.
type ChargeRequest struct {
	BookingID string        `json:"booking_id"`
	EventID   string        `json:"event_id"`
	Attempt   int           `json:"attempt"` // 1 for the first try of this booking; part of the idempotency key
	Amount    Money         `json:"amount"`
	Choice    PaymentChoice `json:"choice"`
	// Description is what the buyer reads on a statement or at PayPal.
	Description string `json:"description,omitempty"`
}

// Charge is a provider's side of a booking's payment, as far as it is known.
type Charge struct {
	Provider Provider         `json:"provider"`
	Outcome  AuthorizeOutcome `json:"outcome"`
	Attempt  int              `json:"attempt"`
	// Ref is what capture and void name: a Stripe PaymentIntent id, a PayPal
	// authorization id. Empty when it never came to one.
	Ref string `json:"ref,omitempty"`
	// OrderRef is the PayPal order id.
	OrderRef     string `json:"order_ref,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	RedirectURL  string `json:"redirect_url,omitempty"`
	// Code and Message say why, for declined, rejected and the uncertain
	// outcomes; the message may be shown to the buyer when it was declined.
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
}

// ChargeRateGate is the Code of a charge that was not executed because our own
// share of the provider's rate is used up: it waits its turn, and is no reason
// to fall back.
const ChargeRateGate = "rate_gate"

// ChargeQuery names a charge to be looked up. With a Ref or OrderRef the
// object itself is read; without, the provider is asked for whatever it has
// under the booking and attempt (an answer that was lost leaves no ref).
type ChargeQuery struct {
	Request  ChargeRequest `json:"request"`
	Provider Provider      `json:"provider"`
	Ref      string        `json:"ref,omitempty"`
	OrderRef string        `json:"order_ref,omitempty"`
	// AskedAt is when the lost call was first sent, for keys that providers forget.
	AskedAt time.Time `json:"asked_at,omitzero"`
}

// ChargeState is what a provider's own books say of a charge.
type ChargeState string

// The states a charge can be found in.
const (
	ChargeNone       ChargeState = "none"       // nothing was ever made under this key
	ChargePending    ChargeState = "pending"    // the buyer must act, or the provider is not done
	ChargeAuthorized ChargeState = "authorized" // money reserved
	ChargeCaptured   ChargeState = "captured"   // money taken
	ChargeVoided     ChargeState = "voided"     // undone or lapsed; nothing reserved
	ChargeFailed     ChargeState = "failed"     // declined
	ChargeRefunded   ChargeState = "refunded"   // taken and given back whole
)

// ChargeFound is the answer to a ChargeQuery.
type ChargeFound struct {
	State  ChargeState `json:"state"`
	Charge Charge      `json:"charge"`
}

// PaymentProvider is what a purchase asks of Stripe or PayPal.
//
// Authorize never fails: whatever happens is sorted into an outcome. The other
// methods return *Error with CodeProviderRefused when the provider says no for
// good, and CodeProviderUnavailable when asking again may help. Every method
// is idempotent by its booking and attempt.
type PaymentProvider interface {
	Authorize(ctx context.Context, r ChargeRequest) Charge
	// Resume goes on with a charge for which the buyer has acted (3-D Secure
	// done, order approved). It may again end in any outcome.
	Resume(ctx context.Context, r ChargeRequest, c Charge) Charge
	LookUp(ctx context.Context, q ChargeQuery) (ChargeFound, error)
	// Capture takes the whole authorized amount and returns the reference of
	// the capture. Capturing what was captured before succeeds.
	Capture(ctx context.Context, r ChargeRequest, c Charge) (captureRef string, err error)
	// Void releases an authorization. Voiding what is void, or never was,
	// succeeds; what was captured meanwhile is CodeProviderRefused.
	Void(ctx context.Context, r ChargeRequest, c Charge) error
	// Refund gives a captured charge back whole. It undoes an orphan and
	// nothing else; refunds that buyers ask for have a workflow of their own.
	Refund(ctx context.Context, r ChargeRequest, c Charge) (refundRef string, err error)
	RefundProvider
}
