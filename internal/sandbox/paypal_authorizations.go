package sandbox

import (
	"net/http"
	"time"
)

// PayPal honours an authorization for 29 days.
const authorizationLife = 29 * 24 * time.Hour

// reserve authorizes a purchase unit's amount.
func (a *paypalAPI) reserve(c *paypalCall, o *order, u *purchaseUnit) *authorization {
	x := &authorization{
		ID: paypalID(), Order: o.ID, Source: o.Source, Status: ppCreated, Amount: u.Minor, Currency: u.Amount.Currency,
		CustomID: u.CustomID, InvoiceID: u.InvoiceID, Created: c.now.UTC(), Updated: c.now.UTC(), Expires: c.now.UTC().Add(authorizationLife),
	}
	a.openAuthorization(c, x, o.ID)
	return x
}

// openAuthorization stores a new authorization, books it and tells of it.
func (a *paypalAPI) openAuthorization(c *paypalCall, x *authorization, parent string) {
	put(a.core, a.auths, x)
	if x.InvoiceID != "" {
		a.invoices[x.InvoiceID] = x.Order
	}
	a.add(entry{
		Provider: providerPayPal, Type: entryAuthorization, ObjectID: x.ID, AuthorizationID: x.ID, ParentID: parent,
		BookingID: x.booking(), Amount: x.Amount, Currency: x.Currency, Status: ledgerOpen,
	}, c.now)
	a.move(&movement{
		ID: x.ID, Code: "T1300", Reference: x.Order, RefType: "ODR", Amount: x.Amount, Currency: x.Currency,
		CustomID: x.CustomID, InvoiceID: x.InvoiceID, At: c.now.UTC(),
	})
	a.emit(c, "PAYMENT.AUTHORIZATION.CREATED", "authorization", func(w *jsonw) { x.render(w, c.base) })
}

func (x *authorization) booking() string { return bookingOf(x.CustomID, x.InvoiceID) }

// blocked returns why an authorization can neither be captured nor renewed, nil when it can.
func (x *authorization) blocked(now time.Time) *paypalError {
	switch {
	case x.Status == ppVoided:
		return unprocessable("AUTHORIZATION_VOIDED", "", "The authorization has been voided.")
	case x.Status == ppCaptured:
		return unprocessable("AUTHORIZATION_ALREADY_CAPTURED", "", "The authorization has already been captured.")
	case now.After(x.Expires):
		return unprocessable("AUTHORIZATION_EXPIRED", "", "The authorization has expired.")
	}
	return nil
}

func (a *paypalAPI) getAuthorization(c *paypalCall) (result, *paypalError) {
	x, ok := a.auths.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	return result{status: http.StatusOK, full: func(w *jsonw) { x.render(w, c.base) }}, nil
}

// voidAuthorization releases what is left of an authorization. As at PayPal it answers 204 without a body,
// and 200 with one only to Prefer: return=representation.
func (a *paypalAPI) voidAuthorization(c *paypalCall) (result, *paypalError) {
	before, ok := a.auths.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	switch before.Status {
	case ppVoided:
		return result{}, unprocessable("PREVIOUSLY_VOIDED", "", "The authorization has been voided before.")
	case ppCaptured:
		return result{}, unprocessable("PREVIOUSLY_CAPTURED", "", "The authorization has been captured before.")
	}
	x := a.release(c, before)
	a.add(entry{
		Provider: providerPayPal, Type: entryVoid, ObjectID: x.ID, AuthorizationID: x.ID, ParentID: x.Order,
		BookingID: x.booking(), Amount: x.Amount - x.Captured, Currency: x.Currency, Status: ledgerSucceeded,
	}, c.now)
	a.emit(c, "PAYMENT.AUTHORIZATION.VOIDED", "authorization", func(w *jsonw) { x.render(w, c.base) })
	return result{
		status: http.StatusOK, minimalStatus: http.StatusNoContent,
		full: func(w *jsonw) { x.render(w, c.base) },
	}, nil
}

// release marks an authorization voided, and its order once nothing of it is left.
func (a *paypalAPI) release(c *paypalCall, before *authorization) *authorization {
	x := *before
	x.Status, x.Updated = ppVoided, c.now.UTC()
	put(a.core, a.auths, &x)
	a.mark(entryAuthorization, x.ID, ledgerVoided)
	if x.Captured == 0 {
		delete(a.invoices, x.InvoiceID)
	}
	o, ok := a.orders.get(x.Order)
	if !ok {
		return &x
	}
	for _, u := range o.Units {
		for _, id := range u.Authorizations {
			if sibling, known := a.auths.get(id); known && (sibling.Status != ppVoided || sibling.Captured > 0) {
				return &x
			}
		}
	}
	next := *o
	next.Status, next.Updated = ppVoided, c.now.UTC()
	put(a.core, a.orders, &next)
	return &x
}

// reauthorize renews an authorization: a new one takes the place of the old one, which is then voided.
func (a *paypalAPI) reauthorize(c *paypalCall) (result, *paypalError) {
	before, ok := a.auths.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	var req struct {
		Amount *money `json:"amount"`
	}
	if err := c.decode(&req); err != nil {
		return result{}, err
	}
	if err := before.blocked(c.now); err != nil {
		return result{}, err
	}
	if before.Parent != "" || before.Captured > 0 {
		return result{}, unprocessable("REAUTHORIZATION_NOT_SUPPORTED", "", "This authorization cannot be renewed.")
	}
	amount := before.Amount
	if req.Amount != nil {
		var err *paypalError
		if amount, err = req.Amount.positive("/amount"); err != nil {
			return result{}, err
		}
		if req.Amount.Currency != before.Currency {
			return result{}, unprocessable("AUTH_CURRENCY_MISMATCH", "/amount/currency_code", "The currency must be that of the authorization.")
		}
	}
	x := *before
	x.ID, x.Parent, x.Amount = paypalID(), before.ID, amount
	x.Created, x.Updated, x.Expires = c.now.UTC(), c.now.UTC(), c.now.UTC().Add(authorizationLife)
	a.linkRenewal(before, &x)
	a.release(c, before)
	a.openAuthorization(c, &x, before.ID)
	return result{status: http.StatusCreated, full: func(w *jsonw) { x.render(w, c.base) }}, nil
}

// linkRenewal shows a new authorization in its order beside the one it renews.
func (a *paypalAPI) linkRenewal(before, renewed *authorization) {
	o, ok := a.orders.get(before.Order)
	if !ok {
		return
	}
	next := *o
	next.Units = make([]*purchaseUnit, len(o.Units))
	for i, u := range o.Units {
		unit := *u
		next.Units[i] = &unit
		for _, id := range u.Authorizations {
			if id == before.ID {
				unit.Authorizations = append(append([]string(nil), u.Authorizations...), renewed.ID)
			}
		}
	}
	put(a.core, a.auths, renewed)
	put(a.core, a.orders, &next)
}
