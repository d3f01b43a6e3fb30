package sandbox

import (
	"net/http"
	"slices"
	"strings"
)

const (
	minAmount = 50
	maxAmount = 99_999_999

	actionSDK      = "use_stripe_sdk"
	actionRedirect = "redirect_to_url"
)

var createParams = []string{
	"amount", "currency", "automatic_payment_methods", "capture_method", "confirm", "confirmation_method", "customer",
	"description", "error_on_requires_action", "mandate_data", "metadata", "off_session", "payment_method",
	"payment_method_data", "payment_method_options", "payment_method_types", "receipt_email", "return_url",
	"setup_future_usage", "shipping", "statement_descriptor", "statement_descriptor_suffix", "transfer_group", "use_stripe_sdk",
}

// createIntent makes an intent and, with confirm=true, charges it.
func (a *stripeAPI) createIntent(c *stripeCall) ([]byte, *stripeError) {
	if err := c.form.onlyKnown(createParams...); err != nil {
		return nil, err
	}
	p := &intent{ID: stripeID("pi_3"), Created: c.now.Unix(), Status: intentNeedsMethod}
	p.Secret = randomID(p.ID+"_secret_", base62, 25)
	if err := fillIntent(p, c.form, true); err != nil {
		return nil, err
	}
	confirm, err := c.form.boolean("confirm")
	if err != nil {
		return nil, err
	}
	if confirm && p.Method == "" {
		return nil, stateConflict(codeUnexpectedState, "This PaymentIntent cannot be confirmed: it has no payment method.")
	}
	a.saveIntent(p)
	a.emit(c, "payment_intent.created", p)
	if !confirm {
		return a.render(func(w *jsonw) { p.render(w, c.expander(a)) }), nil
	}
	return a.confirm(c, p)
}

// fillIntent sets what a create or update request gives.
func fillIntent(p *intent, f form, create bool) *stripeError {
	if err := fillAmount(p, f, create); err != nil {
		return err
	}
	var err *stripeError
	if p.CaptureMethod, err = f.oneOf("capture_method", orElse(p.CaptureMethod, captureAutomatic), captureManual, captureAutomatic, "automatic_async"); err != nil {
		return err
	}
	for name, field := range map[string]*string{
		"description": &p.Description, "statement_descriptor_suffix": &p.Suffix,
		"receipt_email": &p.ReceiptEmail, "customer": &p.Customer,
	} {
		if f.has(name) {
			*field = f.get(name)
		}
	}
	p.Metadata = f.metadata(p.Metadata)
	return fillMethod(p, f)
}

func fillAmount(p *intent, f form, create bool) *stripeError {
	amount, given, err := f.integer("amount")
	switch {
	case err != nil:
		return err
	case !given && create:
		return missingParam("amount")
	case given:
		if err := checkAmount(amount); err != nil {
			return err
		}
		p.Amount = amount
	}
	return fillCurrency(p, strings.ToLower(f.get("currency")), create)
}

func checkAmount(amount int64) *stripeError {
	switch {
	case amount < 1:
		return badParam(codeBadInteger, "amount", "This value must be greater than or equal to 1.")
	case amount < minAmount:
		return badParam(codeTooSmall, "amount", "Amount must be at least %d.", minAmount)
	case amount > maxAmount:
		return badParam(codeTooLarge, "amount", "Amount must be no more than %d.", maxAmount)
	}
	return nil
}

func fillCurrency(p *intent, currency string, create bool) *stripeError {
	switch {
	case currency == "" && create:
		return missingParam("currency")
	case currency != "" && !knownCurrency(strings.ToUpper(currency)):
		return badParam("", "currency", "Invalid currency: %s.", currency)
	case currency != "":
		p.Currency = currency
	}
	return nil
}

// fillMethod sets the payment method, given by id or as card data.
func fillMethod(p *intent, f form) *stripeError {
	id := f.get("payment_method")
	if data := f.children("payment_method_data"); id == "" && len(data) > 0 {
		i, ok := methodByCard(f.get("payment_method_data[card][number]"), f.get("payment_method_data[card][token]"))
		if !ok {
			return badParam("incorrect_number", "payment_method_data[card][number]", "This is no test card.")
		}
		id = newMethodID(i)
	}
	if id == "" {
		return nil
	}
	resolved, _, ok := methodOf(id)
	if !ok {
		return noSuch(http.StatusBadRequest, "PaymentMethod", "payment_method", id)
	}
	p.Method = resolved
	if p.Status == intentNeedsMethod {
		p.Status = intentNeedsConfirm
	}
	return nil
}

// saveIntent stores an intent and links it with its booking.
func (a *stripeAPI) saveIntent(p *intent) {
	if before, known := a.intents.get(p.ID); !known || before.booking() != p.booking() {
		a.link(p)
	}
	put(a.core, a.intents, p)
}

func (a *stripeAPI) link(p *intent) {
	if b := p.booking(); b != "" && !slices.Contains(a.bookings[b], p.ID) {
		a.bookings[b] = append(a.bookings[b], p.ID)
	}
}

func (a *stripeAPI) findIntent(id string) (*intent, *stripeError) {
	p, ok := a.intents.get(id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "payment_intent", "intent", id)
	}
	return p, nil
}

func (a *stripeAPI) getIntent(c *stripeCall) ([]byte, *stripeError) {
	p, err := a.findIntent(c.id)
	if err != nil {
		return nil, err
	}
	return a.render(func(w *jsonw) { p.render(w, c.expander(a)) }), nil
}

// updateIntent changes an intent. Once money is reserved only its texts may change.
func (a *stripeAPI) updateIntent(c *stripeCall) ([]byte, *stripeError) {
	p, err := a.findIntent(c.id)
	if err != nil {
		return nil, err
	}
	if err := c.form.onlyKnown(createParams...); err != nil {
		return nil, err
	}
	open := p.Status == intentNeedsMethod || p.Status == intentNeedsConfirm || p.Status == intentNeedsAction
	if !open && (c.form.has("amount") || c.form.has("currency") || c.form.has("payment_method")) {
		return nil, wrongState(p, "updated")
	}
	next := *p
	if err := fillIntent(&next, c.form, false); err != nil {
		return nil, err
	}
	a.saveIntent(&next)
	return a.render(func(w *jsonw) { next.render(w, c.expander(a)) }), nil
}
