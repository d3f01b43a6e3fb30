package sandbox

import "net/http"

type refundRequest struct {
	Amount    *money `json:"amount"`
	InvoiceID string `json:"invoice_id"`
	Note      string `json:"note_to_payer"`
}

// refundCapture gives captured money back, whole or in part.
func (a *paypalAPI) refundCapture(c *paypalCall) (result, *paypalError) {
	x, ok := a.captures.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	var req refundRequest
	if err := c.decode(&req); err != nil {
		return result{}, err
	}
	amount := int64(0)
	if req.Amount != nil {
		var err *paypalError
		if amount, err = req.Amount.positive("/amount"); err != nil {
			return result{}, err
		}
		if req.Amount.Currency != x.Currency {
			return result{}, unprocessable("REFUND_CAPTURE_CURRENCY_MISMATCH", "/amount/currency_code", "The currency must be that of the capture.")
		}
	}
	r, err := a.refund(c, x, amount, req)
	if err != nil {
		return result{}, err
	}
	return result{
		status: http.StatusCreated,
		full:   func(w *jsonw) { r.render(w, c.base) },
		minimal: func(w *jsonw) {
			w.open()
			w.str("id", r.ID)
			w.str("status", r.Status)
			r.renderLinks(w, c.base)
			w.close()
		},
	}, nil
}

// refund gives amount of a capture back; amount 0 is all that is left.
func (a *paypalAPI) refund(c *paypalCall, before *capture, amount int64, req refundRequest) (*paypalRefund, *paypalError) {
	left := before.Amount - before.Refunded
	switch {
	case before.Status == ppDeclined:
		return nil, unprocessable("REFUND_NOT_ALLOWED", "", "The capture took no money.")
	case left <= 0:
		return nil, unprocessable("CAPTURE_FULLY_REFUNDED", "", "The capture has already been refunded.")
	case a.disputed(before.ID):
		return nil, unprocessable("TRANSACTION_DISPUTED", "", "The payer has opened a case on the capture.")
	case amount > left:
		return nil, unprocessable("REFUND_AMOUNT_EXCEEDED", "/amount/value", "The amount is above what has not been refunded yet.")
	case amount == 0:
		amount = left
	}
	x := *before
	x.Refunded += amount
	x.Updated = c.now.UTC()
	x.Status = ppPartlyRefunded
	if x.Refunded == x.Amount {
		x.Status = ppRefunded
	}
	id := paypalID()
	x.Refunds = append(append([]string(nil), before.Refunds...), id)
	put(a.core, a.captures, &x)
	r := &paypalRefund{
		ID: id, Capture: x.ID, Status: ppCompleted, Amount: amount, Currency: x.Currency, CustomID: x.CustomID,
		InvoiceID: orElse(req.InvoiceID, x.InvoiceID), Note: req.Note, Total: x.Refunded, Created: c.now.UTC(),
	}
	put(a.core, a.refunds, r)
	a.add(entry{
		Provider: providerPayPal, Type: entryRefund, ObjectID: r.ID, AuthorizationID: x.Authorization, ParentID: x.ID,
		BookingID: bookingOf(x.CustomID, x.InvoiceID), Amount: amount, Currency: x.Currency, Status: ledgerSucceeded,
	}, c.now)
	a.move(&movement{
		ID: r.ID, Code: "T1107", Reference: x.ID, RefType: "TXN", Amount: -amount, Currency: x.Currency,
		CustomID: r.CustomID, InvoiceID: r.InvoiceID, At: r.Created,
	})
	a.emit(c, "PAYMENT.CAPTURE.REFUNDED", "refund", func(w *jsonw) { r.render(w, c.base) })
	return r, nil
}

func (a *paypalAPI) getRefund(c *paypalCall) (result, *paypalError) {
	r, ok := a.refunds.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	return result{status: http.StatusOK, full: func(w *jsonw) { r.render(w, c.base) }}, nil
}
