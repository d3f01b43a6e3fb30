package sandbox

import (
	"net/http"
	"strings"
)

// captureAuthorization takes an authorized amount, or a part of it.
func (a *paypalAPI) captureAuthorization(c *paypalCall) (result, *paypalError) {
	before, ok := a.auths.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	var req struct {
		Amount    *money `json:"amount"`
		InvoiceID string `json:"invoice_id"`
		Final     bool   `json:"final_capture"`
	}
	if err := c.decode(&req); err != nil {
		return result{}, err
	}
	if err := before.blocked(c.now); err != nil {
		return result{}, err
	}
	amount, err := before.capturable(req.Amount)
	if err != nil {
		return result{}, err
	}
	invoice := orElse(req.InvoiceID, before.InvoiceID)
	if owner, taken := a.invoices[invoice]; taken && owner != before.Order {
		return result{}, unprocessable("DUPLICATE_INVOICE_ID", "/invoice_id", "The invoice id has been used by another payment.")
	}
	x := &capture{
		ID: paypalID(), Order: before.Order, Authorization: before.ID, Amount: amount, Currency: before.Currency,
		CustomID: before.CustomID, InvoiceID: invoice, Final: req.Final, Created: c.now.UTC(), Updated: c.now.UTC(),
	}
	if a.bookCapture(c, x, before.Source) {
		a.drawDown(c, before, amount, req.Final)
	}
	a.showCapture(before.Order, before.ID, x.ID)
	return a.captureResult(http.StatusCreated, x, c.base), nil
}

// capturable returns the amount a capture asks for, or all that is left when it names none.
func (x *authorization) capturable(asked *money) (int64, *paypalError) {
	left := x.Amount - x.Captured
	if asked == nil {
		return left, nil
	}
	amount, err := asked.positive("/amount")
	switch {
	case err != nil:
		return 0, err
	case asked.Currency != x.Currency:
		return 0, unprocessable("AUTH_CAPTURE_CURRENCY_MISMATCH", "/amount/currency_code", "The currency must be that of the authorization.")
	case amount > left:
		return 0, unprocessable("MAX_CAPTURE_AMOUNT_EXCEEDED", "/amount/value", "The amount is above what is left of the authorization.")
	}
	return amount, nil
}

// drawDown counts a capture against its authorization.
func (a *paypalAPI) drawDown(c *paypalCall, before *authorization, amount int64, final bool) {
	x := *before
	x.Captured += amount
	x.Updated = c.now.UTC()
	x.Status = ppPartlyCaptured
	status := ledgerPartly
	if final || x.Captured >= x.Amount {
		x.Status, status = ppCaptured, ledgerCaptured
	}
	put(a.core, a.auths, &x)
	a.mark(entryAuthorization, x.ID, status)
}

// showCapture lists a capture in the order's unit that its authorization belongs to.
func (a *paypalAPI) showCapture(orderID, authorizationID, captureID string) {
	o, ok := a.orders.get(orderID)
	if !ok {
		return
	}
	next := *o
	next.Units = make([]*purchaseUnit, len(o.Units))
	for i, u := range o.Units {
		unit := *u
		next.Units[i] = &unit
		for _, id := range u.Authorizations {
			if id == authorizationID {
				unit.Captures = append(append([]string(nil), u.Captures...), captureID)
			}
		}
	}
	put(a.core, a.orders, &next)
}

// takeUnit captures a purchase unit of an order with intent CAPTURE.
func (a *paypalAPI) takeUnit(c *paypalCall, o *order, u *purchaseUnit) *capture {
	x := &capture{
		ID: paypalID(), Order: o.ID, Amount: u.Minor, Currency: u.Amount.Currency, CustomID: u.CustomID,
		InvoiceID: u.InvoiceID, Final: true, Created: c.now.UTC(), Updated: c.now.UTC(),
	}
	if a.bookCapture(c, x, o.Source) && x.InvoiceID != "" {
		a.invoices[x.InvoiceID] = o.ID
	}
	return x
}

// bookCapture stores a capture and books its money and fee. False means that PayPal declined it.
func (a *paypalAPI) bookCapture(c *paypalCall, x *capture, source string) bool {
	tell := func(kind string) {
		a.emit(c, kind, "capture", func(w *jsonw) { x.render(w, c.base) })
	}
	if strings.HasPrefix(source, vaultCaptureDenied) {
		x.Status = ppDeclined
		put(a.core, a.captures, x)
		tell("PAYMENT.CAPTURE.DENIED")
		return false
	}
	x.Status, x.Fee = ppCompleted, paypalFee(x.Amount)
	put(a.core, a.captures, x)
	taken := entry{
		Provider: providerPayPal, Type: entryCapture, ObjectID: x.ID, AuthorizationID: x.Authorization,
		ParentID: orElse(x.Authorization, x.Order), BookingID: bookingOf(x.CustomID, x.InvoiceID),
		Amount: x.Amount, Currency: x.Currency, Status: ledgerSucceeded,
	}
	a.add(taken, c.now)
	fee := taken
	fee.Type, fee.ParentID, fee.Amount = entryFee, x.ID, x.Fee
	a.add(fee, c.now)
	a.move(&movement{
		ID: x.ID, Code: "T0006", Reference: orElse(x.Authorization, x.Order), RefType: referenceType(x.Authorization),
		Amount: x.Amount, Fee: x.Fee, Currency: x.Currency, CustomID: x.CustomID, InvoiceID: x.InvoiceID, At: x.Created,
	})
	tell("PAYMENT.CAPTURE.COMPLETED")
	return true
}

func referenceType(transaction string) string {
	if transaction == "" {
		return "ODR"
	}
	return "TXN"
}

func (a *paypalAPI) captureResult(status int, x *capture, base string) result {
	return result{
		status: status,
		full:   func(w *jsonw) { x.render(w, base) },
		minimal: func(w *jsonw) {
			w.open()
			w.str("id", x.ID)
			w.str("status", x.Status)
			x.renderLinks(w, base)
			w.close()
		},
	}
}

func (a *paypalAPI) getCapture(c *paypalCall) (result, *paypalError) {
	x, ok := a.captures.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	return result{status: http.StatusOK, full: func(w *jsonw) { x.render(w, c.base) }}, nil
}
