package sandbox

import (
	"net/http"
)

var confirmParams = []string{
	"capture_method", "error_on_requires_action", "mandate_data", "off_session", "payment_method", "payment_method_data",
	"payment_method_options", "payment_method_types", "receipt_email", "return_url", "setup_future_usage", "shipping", "use_stripe_sdk",
	"client_secret",
}

// confirmIntent charges an intent that was created before.
func (a *stripeAPI) confirmIntent(c *stripeCall) ([]byte, *stripeError) {
	p, err := a.findIntent(c.id)
	if err != nil {
		return nil, err
	}
	if err := c.form.onlyKnown(confirmParams...); err != nil {
		return nil, err
	}
	switch p.Status {
	case intentNeedsMethod, intentNeedsConfirm, intentNeedsAction:
	default:
		return nil, wrongState(p, "confirmed")
	}
	next := *p
	if err := fillIntent(&next, c.form, false); err != nil {
		return nil, err
	}
	if next.Method == "" {
		missing := stateConflict(codeUnexpectedState, "This PaymentIntent cannot be confirmed: it has no payment method.")
		missing.intent = p
		return nil, missing
	}
	return a.confirm(c, &next)
}

// confirm asks for authentication where the card wants it, and charges else.
func (a *stripeAPI) confirm(c *stripeCall, p *intent) ([]byte, *stripeError) {
	_, m, _ := methodOf(p.Method)
	offSession := c.form.get("off_session") != "" && c.form.get("off_session") != "false"
	next := *p
	next.ReturnURL = orElse(c.form.get("return_url"), p.ReturnURL)
	next.LastError = nil
	var failure *stripeError
	switch {
	case m.auth == authNever, m.auth == authOnSession && offSession:
		failure = a.charge(c, &next, m)
	case offSession:
		failure = a.decline(c, &next, codeAuthRequired, codeAuthRequired, "This payment must be authenticated by the card holder.")
	default:
		a.askForAction(c, &next)
	}
	if failure != nil {
		return nil, failure
	}
	return a.render(func(w *jsonw) { next.render(w, c.expander(a)) }), nil
}

// askForAction leaves an intent waiting for its payer.
func (a *stripeAPI) askForAction(c *stripeCall, p *intent) {
	p.Status = intentNeedsAction
	p.Action = actionSDK
	if p.ReturnURL != "" {
		p.Action = actionRedirect
	}
	p.ActionURL = c.base + "/sandbox/authenticate/" + p.ID
	a.saveIntent(p)
	a.emit(c, "payment_intent.requires_action", p)
}

// charge takes the money, or reserves it for a capture by hand.
func (a *stripeAPI) charge(c *stripeCall, p *intent, m testMethod) *stripeError {
	p.Action, p.ActionURL = "", ""
	if m.code != "" {
		return a.decline(c, p, m.code, m.decline, "Your card was declined.")
	}
	ch := a.newCharge(c, p)
	booking := p.booking()
	authorized := entry{
		Provider: providerStripe, Type: entryAuthorization, ObjectID: p.ID, AuthorizationID: p.ID, ParentID: ch.ID,
		BookingID: booking, Amount: p.Amount, Currency: p.Currency, Status: ledgerOpen,
	}
	a.add(authorized, c.now)
	if p.CaptureMethod == captureManual {
		p.Status, p.Capturable = intentCapturable, p.Amount
		put(a.core, a.charges, ch)
		a.saveIntent(p)
		a.emit(c, "charge.succeeded", ch)
		a.emit(c, "payment_intent.amount_capturable_updated", p)
		return nil
	}
	a.take(c, p, ch, p.Amount)
	a.emit(c, "charge.succeeded", ch)
	a.emit(c, "payment_intent.succeeded", p)
	a.disputeAtOnce(c, ch, m)
	return nil
}

func (a *stripeAPI) newCharge(c *stripeCall, p *intent) *charge {
	ch := &charge{
		ID: stripeID("ch_3"), Intent: p.ID, Amount: p.Amount, Currency: p.Currency, Method: p.Method,
		Description: p.Description, Suffix: p.Suffix, Metadata: p.Metadata, Created: c.now.Unix(),
	}
	p.Charge = ch.ID
	return ch
}

// decline records a failed charge and puts the intent back to where it needs another card.
func (a *stripeAPI) decline(c *stripeCall, p *intent, code, declineCode, message string) *stripeError {
	ch := a.newCharge(c, p)
	ch.FailureCode, ch.DeclineCode, ch.FailureMessage = code, declineCode, message
	put(a.core, a.charges, ch)
	failure := &stripeError{
		Status: http.StatusPaymentRequired, Type: stripeCard, Code: code, Decline: declineCode,
		Message: message, Charge: ch.ID, Method: p.Method, executed: true,
	}
	a.backToMethod(p, failure)
	a.emit(c, "charge.failed", ch)
	a.emit(c, "payment_intent.payment_failed", p)
	answered := *failure
	answered.intent = p
	return &answered
}

func (a *stripeAPI) backToMethod(p *intent, failure *stripeError) {
	p.Status, p.LastError = intentNeedsMethod, failure
	p.Action, p.ActionURL, p.Method = "", "", ""
	a.saveIntent(p)
}

// authenticate is the card holder's answer to 3-D Secure.
func (a *stripeAPI) authenticate(c *stripeCall, passed bool) (*intent, *stripeError) {
	p, err := a.findIntent(c.id)
	if err != nil {
		return nil, err
	}
	if p.Status != intentNeedsAction {
		return nil, wrongState(p, "authenticated")
	}
	next := *p
	if !passed {
		failure := &stripeError{
			Type: stripeInvalid, Code: codeAuthFailure, Method: p.Method,
			Message: "The payment method failed authentication. Try again or use another one.",
		}
		a.backToMethod(&next, failure)
		a.emit(c, "payment_intent.payment_failed", &next)
		return &next, nil
	}
	_, m, _ := methodOf(p.Method)
	if declined := a.charge(c, &next, m); declined != nil {
		return declined.intent, nil
	}
	return &next, nil
}
