package stripe

import (
	"context"
	"strconv"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

// soon is when Stripe may be done with what it is at.
const soon = 5 * time.Second

// Capture takes the whole reserved amount and returns the id of the charge.
func (p *Provider) Capture(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) (string, error) {
	if c.Ref == "" {
		return "", ticket.Errorf(ticket.CodeProviderRefused, "There is no Stripe payment to capture.")
	}
	pi, f := once(ctx, p, keyOf(r, "capture"), func(common stripego.Params) (*stripego.PaymentIntent, error) {
		return p.api.PaymentIntents.Capture(c.Ref, &stripego.PaymentIntentCaptureParams{Params: common})
	})
	if f.is(stripego.ErrorCodePaymentIntentUnexpectedState) {
		pi, f = p.current(ctx, c.Ref, f)
	}
	if f.failed() {
		return "", f.asError("capture the payment")
	}
	switch pi.Status {
	case stripego.PaymentIntentStatusSucceeded:
		return chargeID(pi), nil
	case stripego.PaymentIntentStatusProcessing, stripego.PaymentIntentStatusRequiresCapture:
		return "", notYet(soon, "Stripe is not done capturing the payment.")
	}
	return "", ticket.Errorf(ticket.CodeProviderRefused, "The Stripe payment cannot be captured, it is %s.", pi.Status)
}

// Void cancels an intent, whatever state short of captured it is in.
func (p *Provider) Void(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) error {
	if c.Ref == "" {
		if c.Outcome == ticket.OutcomeUnanswered {
			return ticket.Errorf(ticket.CodeProviderRefused, "The Stripe payment must be looked up before it can be voided.")
		}
		return nil
	}
	pi, f := once(ctx, p, keyOf(r, "void"), func(common stripego.Params) (*stripego.PaymentIntent, error) {
		return p.api.PaymentIntents.Cancel(c.Ref, &stripego.PaymentIntentCancelParams{Params: common})
	})
	if f.is(stripego.ErrorCodePaymentIntentUnexpectedState) {
		pi, f = p.current(ctx, c.Ref, f)
	}
	switch {
	case f.failed():
		return f.asError("void the payment")
	case pi.Status == stripego.PaymentIntentStatusCanceled:
		return nil
	case pi.Status == stripego.PaymentIntentStatusSucceeded:
		return ticket.Errorf(ticket.CodeProviderRefused, "The Stripe payment has been captured and cannot be voided.")
	}
	return notYet(soon, "The Stripe payment is %s and cannot be voided now.", pi.Status)
}

// Refund gives a captured charge back whole and returns the refund's id.
// Stripe may still be paying it out (pending); it has accepted it then.
func (p *Provider) Refund(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) (string, error) {
	if c.Ref == "" {
		return "", ticket.Errorf(ticket.CodeProviderRefused, "There is no Stripe payment to refund.")
	}
	refund, f := once(ctx, p, keyOf(r, "undo"), func(common stripego.Params) (*stripego.Refund, error) {
		return p.api.Refunds.New(&stripego.RefundParams{
			Params: common, PaymentIntent: stripego.String(c.Ref),
			Metadata: map[string]string{"booking_id": r.BookingID, "attempt": strconv.Itoa(r.Attempt)},
		})
	})
	if f.is(stripego.ErrorCodeChargeAlreadyRefunded) {
		return p.refundOf(ctx, c.Ref)
	}
	switch {
	case f.failed():
		return "", f.asError("refund the payment")
	case refund.Status == stripego.RefundStatusFailed || refund.Status == stripego.RefundStatusCanceled:
		return "", ticket.Errorf(ticket.CodeProviderRefused, "The Stripe refund %s is %s.", refund.ID, refund.Status)
	}
	return refund.ID, nil
}

// refundOf finds the refund of a charge that was given back before.
func (p *Provider) refundOf(ctx context.Context, intent string) (string, error) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	list := p.api.Refunds.List(&stripego.RefundListParams{
		ListParams: stripego.ListParams{Context: ctx, Limit: stripego.Int64(1), Single: true}, PaymentIntent: stripego.String(intent),
	})
	if list.Next() {
		return list.Refund().ID, nil
	}
	if f := p.sorted(rec, list.Err()); f.failed() {
		return "", f.asError("find the refund")
	}
	return "", notYet(soon, "Stripe does not list the refund yet.")
}

// current tells the state of an intent that could not be changed: from the
// refusal, which usually shows it, or by reading it.
func (p *Provider) current(ctx context.Context, id string, f fault) (*stripego.PaymentIntent, fault) {
	if f.err != nil && f.err.PaymentIntent != nil {
		return f.err.PaymentIntent, fault{}
	}
	return p.try(ctx, func(ctx context.Context) (*stripego.PaymentIntent, error) {
		return p.api.PaymentIntents.Get(id, &stripego.PaymentIntentParams{Params: stripego.Params{Context: ctx}})
	})
}

// once makes a call for a step that Stripe lets happen only once, under the
// step's key. A key that Stripe spent on a server error answers that error for
// a day; such a step then goes on under a key of this minute, because a second
// capture, cancel or whole refund is refused by the object itself.
func once[T any](ctx context.Context, p *Provider, key string, call func(stripego.Params) (*T, error)) (*T, fault) {
	out, f := keyed(ctx, p, key, call)
	if f.code == codeServerError && f.final {
		return keyed(ctx, p, key+"/"+strconv.FormatInt(time.Now().Unix()/60, 36), call)
	}
	return out, f
}

func keyed[T any](ctx context.Context, p *Provider, key string, call func(stripego.Params) (*T, error)) (*T, fault) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	out, err := call(stripego.Params{Context: ctx, IdempotencyKey: stripego.String(key)})
	return out, p.sorted(rec, err)
}

// chargeID names the charge that took the money.
func chargeID(pi *stripego.PaymentIntent) string {
	if pi.LatestCharge == nil {
		return pi.ID
	}
	return pi.LatestCharge.ID
}
