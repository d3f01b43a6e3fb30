package paypal

import (
	"context"
	"net/http"
	"net/url"

	"yourticket.example/ticket"
)

const (
	messageDeclined = "PayPal declined the payment. Choose another way to pay at PayPal, or another method."
	messageConsent  = "Your consent at PayPal is no longer valid. Please approve the payment at PayPal."
	messageCanceled = "This payment was canceled."
)

// Authorize reserves the money of a booking. With a vaulted token it does so
// without the buyer; without one it makes an order for the buyer to approve
// and asks for that, and Resume then reserves the money. It never fails: see
// ticket.AuthorizeOutcome for what may come back.
func (p *Provider) Authorize(ctx context.Context, r ticket.ChargeRequest) ticket.Charge {
	ctx, cancel := context.WithTimeout(ctx, p.budget)
	defer cancel()
	o, f := replayed(ctx, p, keyOf(r, "order"), false, false, p.createOrder(r))
	if f.failed() {
		return refusal(r, "", "", f)
	}
	if r.Choice.PayPalPaymentToken == "" {
		return actionRequired(r, o.ID, o.approval())
	}
	return p.authorizeOrder(ctx, r, o.ID, o.approval(), false)
}

// Resume goes on after the buyer has been at PayPal. It reads the order first,
// so that an order which is not approved yet does not use up the request id of
// the authorization. Nothing that goes wrong here can mean that nothing
// happened before, so what is not answered is unanswered.
func (p *Provider) Resume(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) ticket.Charge {
	if c.OrderRef == "" {
		return p.Authorize(ctx, r)
	}
	ctx, cancel := context.WithTimeout(ctx, p.budget)
	defer cancel()
	o, f := replayed(ctx, p, "", false, true, p.showOrder(c.OrderRef))
	switch {
	case f.missing():
		return closed(r, c.OrderRef)
	case f.failed():
		return refusal(r, c.OrderRef, c.RedirectURL, f)
	case o.authorization().ID != "" || o.Status == statusCompleted || o.Status == statusVoided:
		return chargeOf(r, o)
	case o.Status != statusApproved && r.Choice.PayPalPaymentToken == "":
		return actionRequired(r, o.ID, orElse(o.approval(), c.RedirectURL))
	}
	return p.authorizeOrder(ctx, r, o.ID, orElse(o.approval(), c.RedirectURL), true)
}

// authorizeOrder reserves the money of an order that its payer approved, or
// whose payer gave a vaulted consent.
func (p *Provider) authorizeOrder(ctx context.Context, r ticket.ChargeRequest, id, approval string, touched bool) ticket.Charge {
	body := consent(r)
	o, f := replayed(ctx, p, keyOf(r, "authorize"), true, touched, func(ctx context.Context) (*order, error) {
		return send[order](ctx, p, http.MethodPost, "/v2/checkout/orders/"+url.PathEscape(id)+"/authorize", body)
	})
	if f.class == answered && f.code == issueAuthorized {
		o, f = replayed(ctx, p, "", false, true, p.showOrder(id))
	}
	if f.failed() {
		return refusal(r, id, approval, f)
	}
	return chargeOf(r, o)
}

// chargeOf says what an order means for the purchase.
func chargeOf(r ticket.ChargeRequest, o *order) ticket.Charge {
	x := o.authorization()
	c := ticket.Charge{Provider: ticket.PayPal, Attempt: r.Attempt, OrderRef: o.ID, Ref: x.ID}
	switch x.Status {
	case statusCreated, statusCaptured, statusPartly:
		c.Outcome = ticket.OutcomeAuthorized
	case statusDenied, statusFailed:
		c.Outcome, c.Code, c.Message = ticket.OutcomeDeclined, "denied", messageDeclined
	case statusVoided, statusExpired:
		c.Outcome, c.Code, c.Message = ticket.OutcomeDeclined, "canceled", messageCanceled
	default:
		// Pending at PayPal, or a status that is new to us: the money's fate is open.
		if x.ID == "" && o.Status == statusVoided {
			return closed(r, o.ID)
		}
		c.Outcome, c.Code, c.Message = ticket.OutcomeUnanswered, "pending", "PayPal is not done with this payment yet."
	}
	return c
}

// refusal says what a fault means for the purchase.
func refusal(r ticket.ChargeRequest, id, approval string, f fault) ticket.Charge {
	c := ticket.Charge{Provider: ticket.PayPal, Attempt: r.Attempt, OrderRef: id, Code: f.code}
	switch {
	case f.class == untouched:
		c.Outcome, c.Message = ticket.OutcomeNotExecuted, "PayPal cannot be used now."
	case f.class != answered:
		c.Outcome, c.Message = ticket.OutcomeUnanswered, "PayPal did not answer."
	case f.code == issueNotApproved || f.code == issueActionRequired:
		return actionRequired(r, id, approval)
	case f.code == "TOKEN_EXPIRED" || f.code == "BILLING_AGREEMENT_NOT_ACTIVE" || f.code == "AGREEMENT_ALREADY_CANCELLED":
		c.Outcome, c.Message = ticket.OutcomeDeclined, messageConsent
	case declines[f.code]:
		c.Outcome, c.Message = ticket.OutcomeDeclined, messageDeclined
	case f.code == issueDuplicateInvoice:
		// This attempt has a payment already, under an order that is not known here.
		c.Outcome, c.Message = ticket.OutcomeUnanswered, "PayPal has a payment of this attempt already."
	case f.code == issueTokenUnknown:
		c.Outcome, c.Message = ticket.OutcomeRejected, "This payment token is not known to PayPal."
	default:
		c.Outcome, c.Message = ticket.OutcomeRejected, "PayPal does not accept this payment."
	}
	return c
}

// actionRequired sends the buyer to PayPal.
func actionRequired(r ticket.ChargeRequest, id, approval string) ticket.Charge {
	c := ticket.Charge{Provider: ticket.PayPal, Attempt: r.Attempt, OrderRef: id, RedirectURL: approval, Outcome: ticket.OutcomeActionRequired}
	if approval == "" {
		c.Outcome, c.Code, c.Message = ticket.OutcomeDeclined, "no_approval", messageConsent
	}
	return c
}

// closed is a charge of an order that lapsed or was undone.
func closed(r ticket.ChargeRequest, id string) ticket.Charge {
	return ticket.Charge{
		Provider: ticket.PayPal, Attempt: r.Attempt, OrderRef: id,
		Outcome: ticket.OutcomeDeclined, Code: "canceled", Message: messageCanceled,
	}
}

func orElse(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}
