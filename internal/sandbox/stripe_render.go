package sandbox

import "strings"

// expander looks up the objects that a request wants in place of their ids. A nil one expands nothing.
type expander struct {
	api   *stripeAPI
	paths []string
}

// has tells whether field is to be expanded, and returns the expander for what is inside it.
func (e *expander) has(field string) (*expander, bool) {
	if e == nil {
		return nil, false
	}
	inner := &expander{api: e.api}
	found := false
	for _, p := range e.paths {
		if p == field {
			found = true
		} else if rest, ok := strings.CutPrefix(p, field+"."); ok {
			found = true
			inner.paths = append(inner.paths, rest)
		}
	}
	return inner, found
}

// ref writes the id of an object, or the object itself where it is to be expanded.
func ref[T any](w *jsonw, ex *expander, field, id string, find func(*stripeAPI) (*T, bool), render func(*T, *jsonw, *expander)) {
	if id == "" {
		w.null(field)
		return
	}
	if inner, ok := ex.has(field); ok {
		if row, known := find(ex.api); known {
			w.key(field)
			render(row, w, inner)
			return
		}
	}
	w.str(field, id)
}

func refCharge(w *jsonw, ex *expander, field, id string) {
	ref(w, ex, field, id, func(a *stripeAPI) (*charge, bool) { return a.charges.get(id) }, (*charge).render)
}

func refIntent(w *jsonw, ex *expander, id string) {
	ref(w, ex, "payment_intent", id, func(a *stripeAPI) (*intent, bool) { return a.intents.get(id) }, (*intent).render)
}

func refTxn(w *jsonw, ex *expander, field, id string) {
	ref(w, ex, field, id, func(a *stripeAPI) (*balanceTxn, bool) { return a.txns.get(id) }, (*balanceTxn).render)
}

// render writes a PaymentIntent.
func (p *intent) render(w *jsonw, ex *expander) {
	w.open()
	w.str("id", p.ID)
	w.str("object", "payment_intent")
	w.num("amount", p.Amount)
	w.num("amount_capturable", p.Capturable)
	w.num("amount_received", p.Received)
	w.count("canceled_at", p.CanceledAt)
	w.text("cancellation_reason", p.CancelReason)
	w.str("capture_method", p.CaptureMethod)
	w.str("client_secret", p.Secret)
	w.str("confirmation_method", "automatic")
	w.num("created", p.Created)
	w.str("currency", p.Currency)
	w.text("customer", p.Customer)
	w.text("description", p.Description)
	p.renderError(w)
	refCharge(w, ex, "latest_charge", p.Charge)
	w.flag("livemode", false)
	w.metadata(p.Metadata)
	p.renderAction(w)
	if _, ok := ex.has("payment_method"); ok && p.Method != "" {
		w.key("payment_method")
		renderMethod(w, p.Method)
	} else {
		w.text("payment_method", p.Method)
	}
	w.array("payment_method_types")
	w.elem("card")
	w.closeArray()
	w.text("receipt_email", p.ReceiptEmail)
	w.text("statement_descriptor_suffix", p.Suffix)
	w.str("status", p.Status)
	w.close()
}

func (p *intent) renderError(w *jsonw) {
	if p.LastError == nil {
		w.null("last_payment_error")
		return
	}
	w.openKey("last_payment_error")
	p.LastError.fields(w)
	w.close()
}

func (p *intent) renderAction(w *jsonw) {
	if p.Action == "" {
		w.null("next_action")
		return
	}
	w.openKey("next_action")
	w.str("type", p.Action)
	w.openKey(p.Action)
	if p.Action == actionRedirect {
		w.str("return_url", p.ReturnURL)
		w.str("url", p.ActionURL)
	} else {
		w.str("type", "three_d_secure_redirect")
		w.str("stripe_js", p.ActionURL)
	}
	w.close()
	w.close()
}

// render writes a Charge.
func (c *charge) render(w *jsonw, ex *expander) {
	failed := c.FailureCode != ""
	w.open()
	w.str("id", c.ID)
	w.str("object", "charge")
	w.num("amount", c.Amount)
	w.num("amount_captured", c.Captured)
	if c.Released {
		w.num("amount_refunded", c.Amount)
	} else {
		w.num("amount_refunded", c.Refunded)
	}
	refTxn(w, ex, "balance_transaction", c.Balance)
	w.flag("captured", c.Captured > 0)
	w.num("created", c.Created)
	w.str("currency", c.Currency)
	w.text("description", c.Description)
	w.text("dispute", c.Dispute)
	w.flag("disputed", c.Dispute != "")
	w.text("failure_code", c.FailureCode)
	w.text("failure_message", c.FailureMessage)
	w.flag("livemode", false)
	w.metadata(c.Metadata)
	c.renderOutcome(w)
	w.flag("paid", !failed)
	refIntent(w, ex, c.Intent)
	w.str("payment_method", c.Method)
	c.renderCard(w)
	w.flag("refunded", c.Released || (c.Captured > 0 && c.Refunded >= c.Captured))
	w.text("statement_descriptor_suffix", c.Suffix)
	if failed {
		w.str("status", "failed")
	} else {
		w.str("status", "succeeded")
	}
	w.close()
}

func (c *charge) renderOutcome(w *jsonw) {
	w.openKey("outcome")
	if c.FailureCode == "" {
		w.str("network_status", "approved_by_network")
		w.null("reason")
		w.str("type", "authorized")
	} else {
		w.str("network_status", "declined_by_network")
		w.str("reason", orElse(c.DeclineCode, c.FailureCode))
		w.str("type", "issuer_declined")
	}
	w.str("risk_level", "normal")
	w.close()
}

func (c *charge) renderCard(w *jsonw) {
	w.openKey("payment_method_details")
	w.openKey("card")
	renderCardFields(w, c.Method)
	w.close()
	w.str("type", "card")
	w.close()
}

func renderCardFields(w *jsonw, method string) {
	_, m, _ := methodOf(method)
	w.str("brand", m.brand)
	w.str("country", m.country)
	w.num("exp_month", 12)
	w.num("exp_year", 2034)
	w.str("funding", m.funding)
	if len(m.number) > 4 {
		w.str("last4", m.number[len(m.number)-4:])
	}
}

// renderMethod writes the PaymentMethod an id stands for.
func renderMethod(w *jsonw, id string) {
	w.open()
	w.str("id", id)
	w.str("object", "payment_method")
	w.openKey("card")
	renderCardFields(w, id)
	w.close()
	w.null("customer")
	w.flag("livemode", false)
	w.metadata(nil)
	w.str("type", "card")
	w.close()
}

// render writes a Refund.
func (r *stripeRefund) render(w *jsonw, ex *expander) {
	w.open()
	w.str("id", r.ID)
	w.str("object", "refund")
	w.num("amount", r.Amount)
	refTxn(w, ex, "balance_transaction", r.Balance)
	refCharge(w, ex, "charge", r.Charge)
	w.num("created", r.Created)
	w.str("currency", r.Currency)
	if r.FailReason != "" {
		w.str("failure_reason", r.FailReason)
		refTxn(w, ex, "failure_balance_transaction", r.FailTxn)
	}
	w.metadata(r.Metadata)
	refIntent(w, ex, r.Intent)
	w.text("reason", r.Reason)
	w.str("status", r.Status)
	w.close()
}

// render writes a Dispute.
func (d *stripeDispute) render(w *jsonw, ex *expander) {
	w.open()
	w.str("id", d.ID)
	w.str("object", "dispute")
	w.num("amount", d.Amount)
	w.array("balance_transactions")
	for _, id := range d.Balances {
		if txn, ok := ex.txn(id); ok {
			txn.render(w, nil)
		}
	}
	w.closeArray()
	refCharge(w, ex, "charge", d.Charge)
	w.num("created", d.Created)
	w.str("currency", d.Currency)
	w.flag("is_charge_refundable", false)
	w.flag("livemode", false)
	w.metadata(nil)
	refIntent(w, ex, d.Intent)
	w.str("reason", d.Reason)
	w.str("status", d.Status)
	w.close()
}

// txn finds a balance transaction; events, which have no expander, show none.
func (e *expander) txn(id string) (*balanceTxn, bool) {
	if e == nil || e.api == nil {
		return nil, false
	}
	return e.api.txns.get(id)
}

// render writes a BalanceTransaction.
func (t *balanceTxn) render(w *jsonw, ex *expander) {
	w.open()
	w.str("id", t.ID)
	w.str("object", "balance_transaction")
	w.num("amount", t.Amount)
	w.num("available_on", t.Created+2*24*3600)
	w.num("created", t.Created)
	w.str("currency", t.Currency)
	w.text("description", t.Description)
	w.num("fee", t.Fee)
	w.array("fee_details")
	if t.Fee != 0 {
		w.open()
		w.num("amount", t.Fee)
		w.str("currency", t.Currency)
		w.str("description", "Stripe processing fees")
		w.str("type", "stripe_fee")
		w.close()
	}
	w.closeArray()
	w.num("net", t.Amount-t.Fee)
	w.str("reporting_category", reportingCategory(t.Type))
	t.renderSource(w, ex)
	w.str("status", "available")
	w.str("type", t.Type)
	w.close()
}

func reportingCategory(kind string) string {
	if kind == "adjustment" {
		return "dispute"
	}
	return kind
}

func (t *balanceTxn) renderSource(w *jsonw, ex *expander) {
	switch {
	case strings.HasPrefix(t.Source, "re_"):
		ref(w, ex, "source", t.Source, func(a *stripeAPI) (*stripeRefund, bool) { return a.refunds.get(t.Source) }, (*stripeRefund).render)
	case strings.HasPrefix(t.Source, "dp_"):
		ref(w, ex, "source", t.Source, func(a *stripeAPI) (*stripeDispute, bool) { return a.disputes.get(t.Source) }, (*stripeDispute).render)
	default:
		refCharge(w, ex, "source", t.Source)
	}
}
