package sandbox

import (
	"net/http"
	"time"
)

// createRefund gives money of a captured charge back, whole or in part.
func (a *stripeAPI) createRefund(c *stripeCall) ([]byte, *stripeError) {
	if err := c.form.onlyKnown("amount", "charge", "payment_intent", "reason", "metadata",
		"instructions_email", "refund_application_fee", "reverse_transfer", "currency", "customer", "origin"); err != nil {
		return nil, err
	}
	reason, err := c.form.oneOf("reason", "", "duplicate", "fraudulent", "requested_by_customer")
	if err != nil {
		return nil, err
	}
	amount, given, err := c.form.integer("amount")
	if err != nil {
		return nil, err
	}
	if given && amount < 1 {
		return nil, badParam(codeBadInteger, "amount", "This value must be greater than or equal to 1.")
	}
	ch, err := a.chargeToRefund(c.form)
	if err != nil {
		return nil, err
	}
	r, err := a.refund(c, ch, amount, reason, c.form.metadata(nil))
	if err != nil {
		return nil, err
	}
	return a.render(func(w *jsonw) { r.render(w, c.expander(a)) }), nil
}

// chargeToRefund finds the charge that a refund names, itself or by its intent.
func (a *stripeAPI) chargeToRefund(f form) (*charge, *stripeError) {
	id, byIntent := f.get("charge"), f.get("payment_intent")
	if id == "" && byIntent == "" {
		return nil, badParam(codeParamMissing, "payment_intent", "One of charge and payment_intent must be given.")
	}
	if id == "" {
		p, ok := a.intents.get(byIntent)
		if !ok {
			return nil, noSuch(http.StatusNotFound, "payment_intent", "payment_intent", byIntent)
		}
		if p.Status != intentSucceeded {
			return nil, stateConflict("charge_not_refundable", "This PaymentIntent (%s) does not have a successful charge to refund.", p.ID)
		}
		id = p.Charge
	}
	ch, ok := a.charges.get(id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "charge", "charge", id)
	}
	return ch, nil
}

// refund gives amount of a charge back; amount 0 is all that is left.
func (a *stripeAPI) refund(c *stripeCall, ch *charge, amount int64, reason string, metadata map[string]string) (*stripeRefund, *stripeError) {
	left := ch.refundable()
	switch {
	case ch.Captured == 0:
		return nil, stateConflict("charge_not_refundable", "Charge %s has taken no money.", ch.ID)
	case left <= 0:
		return nil, stateConflict("charge_already_refunded", "Charge %s has already been refunded.", ch.ID)
	case a.disputed(ch):
		return nil, stateConflict("charge_disputed", "Charge %s is disputed and cannot be refunded.", ch.ID)
	case amount > left:
		e := stateConflict(codeTooLarge, "Refund amount %d is greater than unrefunded amount %d on charge.", amount, left)
		e.Param = "amount"
		return nil, e
	case amount == 0:
		amount = left
	}
	r := &stripeRefund{
		ID: stripeID("re_3"), Charge: ch.ID, Intent: ch.Intent, Amount: amount, Currency: ch.Currency,
		Status: ledgerSucceeded, Reason: reason, Metadata: metadata, Created: c.now.Unix(),
	}
	if _, m, _ := methodOf(ch.Method); m.refundTo != "" {
		r.SettlesTo, r.SettlesAt = m.refundTo, c.now.Add(a.o.SettleAfter).UnixMilli()
		if m.refundTo == ledgerSucceeded {
			r.Status = ledgerPending
		}
	}
	a.bookRefund(c, ch, r)
	return r, nil
}

// bookRefund writes a new refund to the balance, the charge and the ledger, and tells of it.
func (a *stripeAPI) bookRefund(c *stripeCall, ch *charge, r *stripeRefund) {
	txn := &balanceTxn{
		ID: stripeID("txn_3"), Type: "refund", Amount: -r.Amount, Currency: r.Currency, Source: r.ID, Created: c.now.Unix(),
	}
	put(a.core, a.txns, txn)
	r.Balance = txn.ID
	put(a.core, a.refunds, r)
	next := *ch
	next.Refunded += r.Amount
	put(a.core, a.charges, &next)
	a.add(entry{
		Provider: providerStripe, Type: entryRefund, ObjectID: r.ID, AuthorizationID: ch.Intent, ParentID: ch.ID,
		BookingID: a.bookingOf(ch.Intent), Amount: r.Amount, Currency: r.Currency, Status: r.Status,
	}, c.now)
	a.emit(c, "refund.created", r)
	a.emit(c, "charge.refunded", &next)
	a.settleLater(r)
}

func (a *stripeAPI) bookingOf(intentID string) string {
	p, ok := a.intents.get(intentID)
	if !ok {
		return ""
	}
	return p.booking()
}

// settleLater gives a refund that is under way its end when its time comes.
func (a *stripeAPI) settleLater(r *stripeRefund) {
	if r.SettlesTo == "" {
		return
	}
	id := r.ID
	a.later(time.Until(time.UnixMilli(r.SettlesAt)), func(now time.Time) { a.settleRefund(id, now) })
}

func (a *stripeAPI) settleRefund(id string, now time.Time) {
	before, ok := a.refunds.get(id)
	if !ok || before.SettlesTo == "" {
		return
	}
	c := &stripeCall{now: now}
	r := *before
	r.Status, r.SettlesTo, r.SettlesAt = before.SettlesTo, "", 0
	if r.Status == ledgerFailed {
		a.failRefund(c, &r)
	}
	put(a.core, a.refunds, &r)
	a.mark(entryRefund, r.ID, r.Status)
	a.emit(c, "refund.updated", &r)
	a.emit(c, "charge.refund.updated", &r)
	if r.Status == ledgerFailed {
		a.emit(c, "refund.failed", &r)
	}
}

// failRefund puts the money of a failed refund back where it came from.
func (a *stripeAPI) failRefund(c *stripeCall, r *stripeRefund) {
	r.FailReason = "expired_or_canceled_card"
	txn := &balanceTxn{
		ID: stripeID("txn_3"), Type: "refund_failure", Amount: r.Amount, Currency: r.Currency, Source: r.ID, Created: c.now.Unix(),
	}
	put(a.core, a.txns, txn)
	r.FailTxn = txn.ID
	if before, ok := a.charges.get(r.Charge); ok {
		ch := *before
		ch.Refunded -= r.Amount
		put(a.core, a.charges, &ch)
	}
}

func (a *stripeAPI) getRefund(c *stripeCall) ([]byte, *stripeError) {
	r, ok := a.refunds.get(c.id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "refund", "id", c.id)
	}
	return a.render(func(w *jsonw) { r.render(w, c.expander(a)) }), nil
}

func (a *stripeAPI) listRefunds(c *stripeCall) ([]byte, *stripeError) {
	byCharge, byIntent := c.form.get("charge"), c.form.get("payment_intent")
	return list(a, c, a.refunds, "/v1/refunds", (*stripeRefund).render, func(r *stripeRefund) bool {
		return (byCharge == "" || r.Charge == byCharge) && (byIntent == "" || r.Intent == byIntent)
	}, func(r *stripeRefund) int64 { return r.Created })
}
