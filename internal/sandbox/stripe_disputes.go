package sandbox

import "net/http"

// disputeFee is what an account pays for a dispute, won or lost.
const disputeFee = 2000

const (
	disputeOpen = "needs_response"
	disputeWon  = "won"
	disputeLost = "lost"
)

// disputeAtOnce disputes the charge of a card whose holder always does.
func (a *stripeAPI) disputeAtOnce(c *stripeCall, ch *charge, m testMethod) {
	if m.dispute != "" {
		a.dispute(c, ch, ch.Captured, m.dispute)
	}
}

// disputed tells whether a charge's money is withheld by a dispute that is open or lost.
func (a *stripeAPI) disputed(ch *charge) bool {
	d, ok := a.disputes.get(ch.Dispute)
	return ok && d.Status != disputeWon
}

// dispute takes amount of a captured charge away from the account.
func (a *stripeAPI) dispute(c *stripeCall, ch *charge, amount int64, reason string) *stripeDispute {
	d := &stripeDispute{
		ID: stripeID("dp_1"), Charge: ch.ID, Intent: ch.Intent, Amount: amount, Currency: ch.Currency,
		Status: disputeOpen, Reason: orElse(reason, "general"), Created: c.now.Unix(),
	}
	txn := &balanceTxn{
		ID: stripeID("txn_1"), Type: "adjustment", Amount: -amount, Fee: disputeFee, Currency: ch.Currency,
		Source: d.ID, Description: "Chargeback withdrawal for " + ch.ID, Created: c.now.Unix(),
	}
	put(a.core, a.txns, txn)
	d.Balances = []string{txn.ID}
	put(a.core, a.disputes, d)
	next := *ch
	next.Dispute = d.ID
	put(a.core, a.charges, &next)
	taken := entry{
		Provider: providerStripe, Type: entryDispute, ObjectID: d.ID, AuthorizationID: ch.Intent, ParentID: ch.ID,
		BookingID: a.bookingOf(ch.Intent), Amount: amount, Currency: ch.Currency, Status: ledgerOpen,
	}
	a.add(taken, c.now)
	fee := taken
	fee.Type, fee.ObjectID, fee.ParentID, fee.Amount, fee.Status = entryFee, txn.ID, d.ID, disputeFee, ledgerSucceeded
	a.add(fee, c.now)
	a.emit(c, "charge.dispute.created", d)
	return d
}

// closeDispute ends a dispute; a won one brings the money back.
func (a *stripeAPI) closeDispute(c *stripeCall, before *stripeDispute, won bool) *stripeDispute {
	d := *before
	d.Status = disputeLost
	if won {
		d.Status = disputeWon
		txn := &balanceTxn{
			ID: stripeID("txn_1"), Type: "adjustment", Amount: d.Amount, Currency: d.Currency, Source: d.ID,
			Description: "Chargeback reversal for " + d.Charge, Created: c.now.Unix(),
		}
		put(a.core, a.txns, txn)
		d.Balances = append(append([]string(nil), before.Balances...), txn.ID)
	}
	put(a.core, a.disputes, &d)
	a.mark(entryDispute, d.ID, d.Status)
	a.emit(c, "charge.dispute.closed", &d)
	return &d
}

func (a *stripeAPI) getDispute(c *stripeCall) ([]byte, *stripeError) {
	d, ok := a.disputes.get(c.id)
	if !ok {
		return nil, noSuch(http.StatusNotFound, "dispute", "id", c.id)
	}
	return a.render(func(w *jsonw) { d.render(w, c.expander(a)) }), nil
}

func (a *stripeAPI) listDisputes(c *stripeCall) ([]byte, *stripeError) {
	byCharge, byIntent := c.form.get("charge"), c.form.get("payment_intent")
	return list(a, c, a.disputes, "/v1/disputes", (*stripeDispute).render, func(d *stripeDispute) bool {
		return (byCharge == "" || d.Charge == byCharge) && (byIntent == "" || d.Intent == byIntent)
	}, func(d *stripeDispute) int64 { return d.Created })
}
