package sandbox

import "slices"

// stripeFee is the account's price for a captured payment: 1.5 % and 25 minor units.
func stripeFee(amount int64) int64 { return (amount*15+500)/1000 + 25 }

// captureIntent takes a reserved amount, or a part of it; what is left is released.
func (a *stripeAPI) captureIntent(c *stripeCall) ([]byte, *stripeError) {
	p, err := a.findIntent(c.id)
	if err != nil {
		return nil, err
	}
	if err := c.form.onlyKnown("amount_to_capture", "final_capture", "metadata", "statement_descriptor", "statement_descriptor_suffix", "application_fee_amount"); err != nil {
		return nil, err
	}
	if p.Status != intentCapturable {
		return nil, wrongState(p, "captured")
	}
	amount, given, err := c.form.integer("amount_to_capture")
	switch {
	case err != nil:
		return nil, err
	case !given:
		amount = p.Capturable
	case amount < 1:
		return nil, badParam(codeBadInteger, "amount_to_capture", "This value must be greater than or equal to 1.")
	case amount > p.Capturable:
		return nil, badParam(codeTooLarge, "amount_to_capture", "The amount to capture is above the %d that can be captured.", p.Capturable)
	}
	next := *p
	next.Metadata = c.form.metadata(p.Metadata)
	before, ok := a.charges.get(p.Charge)
	if !ok {
		return nil, wrongState(p, "captured")
	}
	ch := *before
	a.take(c, &next, &ch, amount)
	a.emit(c, "charge.captured", &ch)
	a.emit(c, "payment_intent.succeeded", &next)
	_, m, _ := methodOf(next.Method)
	a.disputeAtOnce(c, &ch, m)
	return a.render(func(w *jsonw) { next.render(w, c.expander(a)) }), nil
}

// take moves amount of a charge to the account's balance and ends its intent.
func (a *stripeAPI) take(c *stripeCall, p *intent, ch *charge, amount int64) {
	txn := &balanceTxn{
		ID: stripeID("txn_3"), Type: "charge", Amount: amount, Fee: stripeFee(amount), Currency: ch.Currency,
		Source: ch.ID, Description: p.Description, Created: c.now.Unix(),
	}
	put(a.core, a.txns, txn)
	ch.Captured, ch.Balance = amount, txn.ID
	put(a.core, a.charges, ch)
	p.Status, p.Received, p.Capturable = intentSucceeded, amount, 0
	a.saveIntent(p)
	a.mark(entryAuthorization, p.ID, ledgerCaptured)
	captured := entry{
		Provider: providerStripe, Type: entryCapture, ObjectID: ch.ID, AuthorizationID: p.ID, ParentID: p.ID,
		BookingID: p.booking(), Amount: amount, Currency: p.Currency, Status: ledgerSucceeded,
	}
	a.add(captured, c.now)
	fee := captured
	fee.Type, fee.ObjectID, fee.ParentID, fee.Amount = entryFee, txn.ID, ch.ID, txn.Fee
	a.add(fee, c.now)
}

var cancelReasons = []string{"duplicate", "fraudulent", "requested_by_customer", "abandoned"}

// cancelIntent ends an intent that has not taken money, and releases what it reserved.
func (a *stripeAPI) cancelIntent(c *stripeCall) ([]byte, *stripeError) {
	p, err := a.findIntent(c.id)
	if err != nil {
		return nil, err
	}
	if err := c.form.onlyKnown("cancellation_reason"); err != nil {
		return nil, err
	}
	reason, err := c.form.oneOf("cancellation_reason", "", cancelReasons...)
	if err != nil {
		return nil, err
	}
	if slices.Contains([]string{intentSucceeded, intentCanceled}, p.Status) {
		return nil, wrongState(p, "canceled")
	}
	next := *p
	next.Status, next.CancelReason, next.CanceledAt = intentCanceled, reason, c.now.Unix()
	next.Capturable, next.Action, next.ActionURL = 0, "", ""
	if p.Status == intentCapturable {
		a.releaseCharge(c, p)
	}
	a.saveIntent(&next)
	a.emit(c, "payment_intent.canceled", &next)
	return a.render(func(w *jsonw) { next.render(w, c.expander(a)) }), nil
}

// releaseCharge gives a reservation back, which Stripe shows as a charge refunded in full.
func (a *stripeAPI) releaseCharge(c *stripeCall, p *intent) {
	if before, ok := a.charges.get(p.Charge); ok {
		ch := *before
		ch.Released = true
		put(a.core, a.charges, &ch)
		a.emit(c, "charge.refunded", &ch)
	}
	a.mark(entryAuthorization, p.ID, ledgerVoided)
	a.add(entry{
		Provider: providerStripe, Type: entryVoid, ObjectID: p.ID, AuthorizationID: p.ID, ParentID: p.Charge,
		BookingID: p.booking(), Amount: p.Capturable, Currency: p.Currency, Status: ledgerSucceeded,
	}, c.now)
}
