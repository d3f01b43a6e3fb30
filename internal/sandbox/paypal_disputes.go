package sandbox

import (
	"net/http"
	"slices"
)

const (
	caseOpen     = "WAITING_FOR_SELLER_RESPONSE"
	caseResolved = "RESOLVED"
)

// disputed tells whether a capture's money is withheld by a case that is open or lost.
func (a *paypalAPI) disputed(captureID string) bool {
	for _, d := range slices.Backward(a.disputes.rows) {
		if d.Capture == captureID {
			return d.Outcome != disputeWon
		}
	}
	return false
}

// dispute opens a case over amount of a capture.
func (a *paypalAPI) dispute(c *paypalCall, x *capture, amount int64, reason string) *paypalDispute {
	d := &paypalDispute{
		ID: randomID("PP-D-", "0123456789", 6), Capture: x.ID, Status: caseOpen,
		Reason: orElse(reason, "MERCHANDISE_OR_SERVICE_NOT_RECEIVED"), Amount: amount, Currency: x.Currency,
		Created: c.now.UTC(), Updated: c.now.UTC(),
	}
	put(a.core, a.disputes, d)
	a.add(entry{
		Provider: providerPayPal, Type: entryDispute, ObjectID: d.ID, AuthorizationID: x.Authorization, ParentID: x.ID,
		BookingID: bookingOf(x.CustomID, x.InvoiceID), Amount: amount, Currency: x.Currency, Status: ledgerOpen,
	}, c.now)
	a.move(&movement{
		ID: paypalID(), Code: "T1201", Reference: x.ID, RefType: "TXN", Amount: -amount, Currency: x.Currency,
		CustomID: x.CustomID, InvoiceID: x.InvoiceID, At: c.now.UTC(),
	})
	a.emit(c, "CUSTOMER.DISPUTE.CREATED", "dispute", func(w *jsonw) { d.render(w, c.base) })
	return d
}

// closeDispute ends a case; a won one brings the money back.
func (a *paypalAPI) closeDispute(c *paypalCall, before *paypalDispute, won bool) *paypalDispute {
	d := *before
	d.Status, d.Outcome, d.Updated = caseResolved, disputeLost, c.now.UTC()
	if won {
		d.Outcome = disputeWon
		if x, ok := a.captures.get(d.Capture); ok {
			a.move(&movement{
				ID: paypalID(), Code: "T1202", Reference: x.ID, RefType: "TXN", Amount: d.Amount, Currency: d.Currency,
				CustomID: x.CustomID, InvoiceID: x.InvoiceID, At: c.now.UTC(),
			})
		}
	}
	put(a.core, a.disputes, &d)
	a.mark(entryDispute, d.ID, d.Outcome)
	a.emit(c, "CUSTOMER.DISPUTE.RESOLVED", "dispute", func(w *jsonw) { d.render(w, c.base) })
	return &d
}

func (a *paypalAPI) getDispute(c *paypalCall) (result, *paypalError) {
	d, ok := a.disputes.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	return result{status: http.StatusOK, full: func(w *jsonw) { d.render(w, c.base) }}, nil
}

func (a *paypalAPI) listDisputes(c *paypalCall) (result, *paypalError) {
	byCapture := c.param("disputed_transaction_id")
	return result{status: http.StatusOK, full: func(w *jsonw) {
		w.open()
		w.array("items")
		for _, d := range slices.Backward(a.disputes.rows) {
			if byCapture == "" || d.Capture == byCapture {
				d.render(w, c.base)
			}
		}
		w.closeArray()
		w.close()
	}}, nil
}

func (d *paypalDispute) render(w *jsonw, base string) {
	w.open()
	w.str("dispute_id", d.ID)
	w.time("create_time", d.Created)
	w.time("update_time", d.Updated)
	w.array("disputed_transactions")
	w.open()
	w.str("seller_transaction_id", d.Capture)
	w.close()
	w.closeArray()
	w.str("reason", d.Reason)
	w.str("status", d.Status)
	w.amount("dispute_amount", d.Amount, d.Currency)
	if d.Outcome != "" {
		code := "RESOLVED_SELLER_FAVOUR"
		if d.Outcome == disputeLost {
			code = "RESOLVED_BUYER_FAVOUR"
		}
		w.openKey("dispute_outcome")
		w.str("outcome_code", code)
		w.close()
	}
	w.array("links")
	w.link(base+collDisputes+"/"+d.ID, "self", http.MethodGet)
	w.closeArray()
	w.close()
}
