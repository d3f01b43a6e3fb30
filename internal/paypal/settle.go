package paypal

import (
	"context"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// soon is when PayPal may be done with what it is at.
const soon = 5 * time.Second

// Capture takes the whole reserved amount and returns the id of the capture.
// One that PayPal still reviews is CodeProviderUnavailable until it is done.
func (p *Provider) Capture(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) (string, error) {
	if c.Ref == "" {
		return "", ticket.Errorf(ticket.CodeProviderRefused, "There is no PayPal payment to capture.")
	}
	body := &pp.PaymentCaptureRequest{
		Amount: &pp.Money{Currency: r.Amount.Currency, Value: r.Amount.Decimal()}, FinalCapture: true,
	}
	made, f := once(ctx, p, keyOf(r, "capture"), false, func(ctx context.Context) (*pp.PaymentCaptureResponse, error) {
		return p.client.CaptureAuthorization(ctx, c.Ref, body)
	})
	switch {
	case f.class == answered && f.code == issueCaptured:
		found, err := p.captureOf(ctx, c)
		if err != nil {
			return "", err
		}
		return captureRef(found)
	case f.failed():
		return "", f.asError("capture the payment")
	case made.Status == statusPending:
		// The reply to this request id stays the same, so the capture is read.
		now, f := p.getPayment(ctx, "captures", made.ID)
		if f.failed() {
			return "", f.asError("show the capture")
		}
		return captureRef(*now)
	}
	return captureRef(object{ID: made.ID, Status: made.Status})
}

// captureRef gives the id of a capture that took the money.
func captureRef(x object) (string, error) {
	switch x.Status {
	case statusCompleted, statusRefunded, "PARTIALLY_REFUNDED":
		return x.ID, nil
	case statusDeclined, statusFailed:
		return "", ticket.Errorf(ticket.CodeProviderRefused, "PayPal declined to capture the payment.")
	}
	return "", notYet(soon, "PayPal is not done capturing the payment.")
}

// Void releases what is reserved. An order that was never authorized has
// nothing reserved and lapses by itself.
func (p *Provider) Void(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) error {
	switch {
	case c.Ref != "":
		return p.void(ctx, r, c.Ref)
	case c.Outcome == ticket.OutcomeUnanswered:
		return ticket.Errorf(ticket.CodeProviderRefused, "The PayPal payment must be looked up before it can be voided.")
	case c.OrderRef == "":
		return nil
	}
	o, f := p.getOrder(ctx, c.OrderRef)
	switch {
	case f.missing():
		return nil
	case f.failed():
		return f.asError("show the order")
	case o.authorization().ID == "" || o.authorization().Status == statusVoided:
		return nil
	}
	return p.void(ctx, r, o.authorization().ID)
}

// void releases one authorization. PayPal answers without a body, which the
// library takes for a broken reply; the status tells.
func (p *Provider) void(ctx context.Context, r ticket.ChargeRequest, id string) error {
	_, f := once(ctx, p, keyOf(r, "void"), false, func(ctx context.Context) (*pp.Authorization, error) {
		return p.client.VoidAuthorization(ctx, id)
	})
	switch {
	case f.class == answered && (f.code == issueVoidedBefore || f.code == issueVoided || f.code == issueExpired):
		return nil
	case f.failed():
		return f.asError("void the payment")
	}
	return nil
}

// Refund gives a captured charge back whole and returns the refund's id. It is
// "" when an earlier refund is found whose id PayPal does not show.
func (p *Provider) Refund(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) (string, error) {
	if c.Ref == "" && c.OrderRef == "" {
		return "", ticket.Errorf(ticket.CodeProviderRefused, "There is no PayPal payment to refund.")
	}
	capture, err := p.captureOf(ctx, c)
	if err != nil {
		return "", err
	}
	refund, f := once(ctx, p, keyOf(r, "undo"), false, func(ctx context.Context) (*pp.RefundResponse, error) {
		return p.client.RefundCapture(ctx, capture.ID, pp.RefundCaptureRequest{})
	})
	switch {
	case f.class == answered && f.code == issueRefunded:
		return p.refundOf(ctx, c)
	case f.failed():
		return "", f.asError("refund the payment")
	case refund.Status == statusFailed || refund.Status == statusCanceled:
		return "", ticket.Errorf(ticket.CodeProviderRefused, "The PayPal refund %s is %s.", refund.ID, refund.Status)
	}
	return refund.ID, nil
}

// captureOf finds the capture of a charge through its order.
func (p *Provider) captureOf(ctx context.Context, c ticket.Charge) (object, error) {
	o, err := p.orderOf(ctx, c)
	if err != nil {
		return object{}, err
	}
	x := o.captured()
	if x.ID == "" {
		return object{}, ticket.Errorf(ticket.CodeProviderRefused, "PayPal has no capture of this payment.")
	}
	return x, nil
}

// refundOf finds the refund of a charge that was given back before.
func (p *Provider) refundOf(ctx context.Context, c ticket.Charge) (string, error) {
	o, err := p.orderOf(ctx, c)
	if err != nil {
		return "", err
	}
	return o.refund(), nil
}

// orderOf reads the order of a charge, which its authorization names too.
func (p *Provider) orderOf(ctx context.Context, c ticket.Charge) (*order, error) {
	id := c.OrderRef
	if id == "" {
		x, f := p.getPayment(ctx, "authorizations", c.Ref)
		if f.failed() {
			return nil, f.asError("show the authorization")
		}
		id = x.Supplementary.Related.OrderID
	}
	o, f := p.getOrder(ctx, id)
	if f.failed() {
		return nil, f.asError("show the order")
	}
	return o, nil
}
