package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

type orderRequest struct {
	Intent  string          `json:"intent"`
	Units   []*purchaseUnit `json:"purchase_units"`
	Source  *paymentSource  `json:"payment_source"`
	Context experience      `json:"application_context"`
}

// createOrder makes an order. One that a vault_id pays is authorized or captured by the same call.
func (a *paypalAPI) createOrder(c *paypalCall) (result, *paypalError) {
	var req orderRequest
	if err := c.decode(&req); err != nil {
		return result{}, err
	}
	if err := req.check(); err != nil {
		return result{}, err
	}
	token, atOnce, err := req.Source.vaulted()
	if err != nil {
		return result{}, err
	}
	o := &order{
		ID: paypalID(), Intent: req.Intent, Status: ppCreated, Units: req.Units, Source: token, Refuses: vaultRefusal(token),
		ReturnURL: req.Context.ReturnURL, CancelURL: req.Context.CancelURL, Base: c.base, Created: c.now.UTC(), Updated: c.now.UTC(),
	}
	switch {
	case token != "":
		o.Status = ppApproved
	case req.Source != nil && req.Source.PayPal != nil:
		o.Status = ppPayerAction
		o.ReturnURL = orElse(req.Source.PayPal.Experience.ReturnURL, o.ReturnURL)
		o.CancelURL = orElse(req.Source.PayPal.Experience.CancelURL, o.CancelURL)
	}
	if atOnce {
		if o, err = a.complete(c, o); err != nil {
			return result{}, err
		}
	} else {
		put(a.core, a.orders, o)
	}
	return a.orderResult(http.StatusCreated, o), nil
}

// complete does with an approved order what its intent says.
func (a *paypalAPI) complete(c *paypalCall, o *order) (*order, *paypalError) {
	if o.Refuses != "" {
		return nil, unprocessable(o.Refuses, "", "The payment was refused.")
	}
	for _, u := range o.Units {
		if owner, taken := a.invoices[u.InvoiceID]; taken && owner != o.ID {
			return nil, unprocessable("DUPLICATE_INVOICE_ID", "/purchase_units/invoice_id", "The invoice id has been used by another payment.")
		}
	}
	next := *o
	next.Units = make([]*purchaseUnit, len(o.Units))
	for i, u := range o.Units {
		unit := *u
		next.Units[i] = &unit
		if o.Intent == intentAuthorize {
			unit.Authorizations = []string{a.reserve(c, &next, &unit).ID}
		} else {
			unit.Captures = []string{a.takeUnit(c, &next, &unit).ID}
		}
	}
	next.Status, next.Updated = ppCompleted, c.now.UTC()
	put(a.core, a.orders, &next)
	return &next, nil
}

func (a *paypalAPI) orderResult(status int, o *order) result {
	return result{
		status: status,
		full:   func(w *jsonw) { o.render(w, a) },
		minimal: func(w *jsonw) {
			w.open()
			w.str("id", o.ID)
			w.str("status", o.Status)
			if o.Status == ppCompleted {
				o.renderUnits(w, a, false)
			}
			o.renderLinks(w)
			w.close()
		},
	}
}

func (r *orderRequest) check() *paypalError {
	switch {
	case r.Intent == "":
		return invalid("/intent", "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
	case r.Intent != intentAuthorize && r.Intent != intentCapture:
		return invalid("/intent", "INVALID_PARAMETER_VALUE", "The intent is AUTHORIZE or CAPTURE.")
	case len(r.Units) == 0:
		return invalid("/purchase_units", "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
	case len(r.Units) > 10:
		return invalid("/purchase_units", "INVALID_ARRAY_MAX_ITEMS", "An order has at most ten purchase units.")
	}
	var seen []string
	for i, u := range r.Units {
		at := "/purchase_units/" + strconv.Itoa(i)
		if u == nil {
			return invalid(at, "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
		}
		u.ReferenceID = orElse(u.ReferenceID, "default")
		if slices.Contains(seen, u.ReferenceID) {
			return unprocessable("DUPLICATE_REFERENCE_ID", at+"/reference_id", "Each purchase unit needs a reference id of its own.")
		}
		seen = append(seen, u.ReferenceID)
		u.Authorizations, u.Captures = nil, nil
		if err := u.check(at); err != nil {
			return err
		}
	}
	return nil
}

func (u *purchaseUnit) check(at string) *paypalError {
	if u.Amount == nil {
		return invalid(at+"/amount", "MISSING_REQUIRED_PARAMETER", "A required field is missing.")
	}
	for field, v := range map[string]string{"custom_id": u.CustomID, "invoice_id": u.InvoiceID, "description": u.Description} {
		if len(v) > 127 {
			return invalid(at+"/"+field, "INVALID_STRING_LENGTH", "The value is too long.")
		}
	}
	var err *paypalError
	if u.Minor, err = u.Amount.positive(at + "/amount"); err != nil {
		return err
	}
	if len(u.Amount.Breakdown) == 0 || string(u.Amount.Breakdown) == "null" {
		return nil
	}
	return u.checkBreakdown(at + "/amount/breakdown")
}

// checkBreakdown holds an amount against the sum of its parts; discounts are subtracted.
func (u *purchaseUnit) checkBreakdown(at string) *paypalError {
	var parts map[string]money
	if err := json.Unmarshal(u.Amount.Breakdown, &parts); err != nil {
		return invalid(at, "INVALID_PARAMETER_SYNTAX", "A breakdown is an object of amounts.")
	}
	sum := int64(0)
	for name, m := range parts {
		if m == (money{}) {
			continue
		}
		n, err := m.minor(at + "/" + name)
		if err != nil {
			return err
		}
		if m.Currency != u.Amount.Currency {
			return unprocessable("CURRENCY_MISMATCH", at+"/"+name, "All amounts of a purchase unit have one currency.")
		}
		if strings.Contains(name, "discount") {
			n = -n
		}
		sum += n
	}
	if sum != u.Minor {
		return unprocessable("AMOUNT_MISMATCH", strings.TrimSuffix(at, "/breakdown"), "The amount must be the sum of its breakdown.")
	}
	return nil
}

func (a *paypalAPI) getOrder(c *paypalCall) (result, *paypalError) {
	o, ok := a.orders.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	return result{status: http.StatusOK, full: func(w *jsonw) { o.render(w, a) }}, nil
}

func (a *paypalAPI) authorizeOrder(c *paypalCall) (result, *paypalError) {
	return a.pay(c, intentAuthorize, "ORDER_ALREADY_AUTHORIZED")
}

func (a *paypalAPI) captureOrder(c *paypalCall) (result, *paypalError) {
	return a.pay(c, intentCapture, "ORDER_ALREADY_CAPTURED")
}

// pay authorizes or captures an order that its payer, or a vaulted token in this very call, has approved.
func (a *paypalAPI) pay(c *paypalCall, intent, already string) (result, *paypalError) {
	before, ok := a.orders.get(c.id)
	if !ok {
		return result{}, noResource()
	}
	var req struct {
		Source *paymentSource `json:"payment_source"`
	}
	if err := c.decode(&req); err != nil {
		return result{}, err
	}
	token, _, err := req.Source.vaulted()
	if err != nil {
		return result{}, err
	}
	o := *before
	if token != "" && (o.Status == ppCreated || o.Status == ppPayerAction || o.Status == ppApproved) {
		o.Source, o.Refuses, o.Status = token, vaultRefusal(token), ppApproved
	}
	if err := o.payable(intent, already); err != nil {
		return result{}, err
	}
	done, err := a.complete(c, &o)
	if err != nil {
		return result{}, err
	}
	return a.orderResult(http.StatusCreated, done), nil
}

// payable returns why an order cannot be paid by an action for intent, nil when it can.
func (o *order) payable(intent, already string) *paypalError {
	switch {
	case o.Intent != intent:
		return unprocessable("ACTION_DOES_NOT_MATCH_INTENT", "", "The order was created with the other intent.")
	case o.Status == ppCompleted:
		return unprocessable(already, "", "The order has already been paid.")
	case o.Status == ppVoided:
		return unprocessable("ORDER_COMPLETED_OR_VOIDED", "", "The order has been voided.")
	case o.Status != ppApproved:
		return unprocessable("ORDER_NOT_APPROVED", "", "The payer has not approved the order yet.")
	}
	return nil
}
