package stripe

import (
	"net/http"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

const (
	messageDeclined = "Your card was declined."
	messageCanceled = "This payment was canceled."
)

// chargeOf says what an intent means for the purchase.
func chargeOf(r ticket.ChargeRequest, pi *stripego.PaymentIntent) ticket.Charge {
	c := ticket.Charge{Provider: ticket.Stripe, Attempt: r.Attempt, Ref: pi.ID}
	switch pi.Status {
	case stripego.PaymentIntentStatusRequiresCapture, stripego.PaymentIntentStatusSucceeded:
		c.Outcome = ticket.OutcomeAuthorized
	case stripego.PaymentIntentStatusRequiresAction:
		c.Outcome = ticket.OutcomeActionRequired
		c.ClientSecret = pi.ClientSecret
		if a := pi.NextAction; a != nil && a.RedirectToURL != nil {
			c.RedirectURL = a.RedirectToURL.URL
		}
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		c.Outcome, c.Code, c.Message = ticket.OutcomeDeclined, "card_declined", messageDeclined
		if e := pi.LastPaymentError; e != nil {
			c.Code, c.Message = reasonOf(e), orElse(e.Msg, messageDeclined)
		}
	case stripego.PaymentIntentStatusCanceled:
		c.Outcome, c.Code, c.Message = ticket.OutcomeDeclined, "canceled", messageCanceled
	default:
		// Processing, or a status that is new to us: the money's fate is open.
		c.Outcome, c.Code = ticket.OutcomeUnanswered, string(pi.Status)
		c.Message = "Stripe is not done with this payment yet."
	}
	return c
}

// refusal says what a definite error means for the purchase.
func refusal(r ticket.ChargeRequest, e *stripego.Error) ticket.Charge {
	c := ticket.Charge{
		Provider: ticket.Stripe, Attempt: r.Attempt, Outcome: ticket.OutcomeRejected,
		Code: reasonOf(e), Message: "Stripe does not accept this payment.",
	}
	if e.PaymentIntent != nil {
		c.Ref = e.PaymentIntent.ID
	}
	switch {
	case e.Type == stripego.ErrorTypeCard, e.HTTPStatusCode == http.StatusPaymentRequired, e.Code == stripego.ErrorCodePaymentIntentAuthenticationFailure:
		c.Outcome = ticket.OutcomeDeclined
		c.Message = orElse(e.Msg, messageDeclined)
	case e.Code == stripego.ErrorCodeResourceMissing && e.Param == "payment_method":
		c.Message = "This payment method is not known to Stripe."
	}
	return c
}

// open is a charge without a definite answer.
func open(r ticket.ChargeRequest, outcome ticket.AuthorizeOutcome, f fault) ticket.Charge {
	c := ticket.Charge{Provider: ticket.Stripe, Attempt: r.Attempt, Outcome: outcome, Code: f.code}
	switch f.code {
	case codeUnreachable:
		c.Message = "Stripe cannot be reached."
	case codeRateLimited:
		c.Message = "Stripe takes no more requests for now."
	case codeCredentials:
		c.Message = "Stripe refuses our credentials."
	default:
		c.Message = "Stripe did not answer."
	}
	return c
}

func orElse(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}
