package sandbox

import (
	"net/http"
	"time"
)

func (w *jsonw) time(key string, at time.Time) { w.str(key, at.UTC().Format("2006-01-02T15:04:05Z")) }

func (w *jsonw) link(href, rel, method string) {
	w.open()
	w.str("href", href)
	w.str("rel", rel)
	w.str("method", method)
	w.close()
}

// optional writes a string that PayPal leaves out when it is empty.
func (w *jsonw) optional(key, v string) {
	if v != "" {
		w.str(key, v)
	}
}

// render writes an order. Without an api, as in an event, it shows no payments.
func (o *order) render(w *jsonw, a *paypalAPI) {
	w.open()
	w.str("id", o.ID)
	w.str("intent", o.Intent)
	w.str("status", o.Status)
	w.time("create_time", o.Created)
	w.time("update_time", o.Updated)
	if o.Status == ppApproved || o.Status == ppCompleted {
		o.renderPayer(w)
	}
	o.renderUnits(w, a, true)
	o.renderLinks(w)
	w.close()
}

func (o *order) renderPayer(w *jsonw) {
	w.openKey("payer")
	w.str("payer_id", payerID)
	w.str("email_address", "payer@example.com")
	w.openKey("name")
	w.str("given_name", "Test")
	w.str("surname", "Payer")
	w.close()
	w.openKey("address")
	w.str("country_code", "DE")
	w.close()
	w.close()
}

// payerID is the account of the one payer this sandbox has.
const payerID = "SANDBOXPAYER1"

func (o *order) renderUnits(w *jsonw, a *paypalAPI, full bool) {
	w.array("purchase_units")
	for _, u := range o.Units {
		w.open()
		w.str("reference_id", u.ReferenceID)
		if full {
			u.renderFields(w)
		}
		if a != nil && (len(u.Authorizations) > 0 || len(u.Captures) > 0) {
			u.renderPayments(w, a, o.Base)
		}
		w.close()
	}
	w.closeArray()
}

func (u *purchaseUnit) renderFields(w *jsonw) {
	w.openKey("amount")
	w.str("currency_code", u.Amount.Currency)
	w.str("value", decimal(u.Minor, u.Amount.Currency))
	if len(u.Amount.Breakdown) > 0 {
		w.raw("breakdown", u.Amount.Breakdown)
	}
	w.close()
	w.optional("description", u.Description)
	w.optional("custom_id", u.CustomID)
	w.optional("invoice_id", u.InvoiceID)
	w.optional("soft_descriptor", u.SoftDescriptor)
	if len(u.Items) > 0 {
		w.raw("items", u.Items)
	}
}

func (u *purchaseUnit) renderPayments(w *jsonw, a *paypalAPI, base string) {
	w.openKey("payments")
	if len(u.Authorizations) > 0 {
		w.array("authorizations")
		for _, id := range u.Authorizations {
			if x, ok := a.auths.get(id); ok {
				x.render(w, base)
			}
		}
		w.closeArray()
	}
	if len(u.Captures) > 0 {
		var refunds []string
		w.array("captures")
		for _, id := range u.Captures {
			if x, ok := a.captures.get(id); ok {
				x.render(w, base)
				refunds = append(refunds, x.Refunds...)
			}
		}
		w.closeArray()
		a.renderRefunds(w, refunds, base)
	}
	w.close()
}

// renderRefunds lists what was given back of an order.
func (a *paypalAPI) renderRefunds(w *jsonw, ids []string, base string) {
	if len(ids) == 0 {
		return
	}
	w.array("refunds")
	for _, id := range ids {
		if r, ok := a.refunds.get(id); ok {
			r.render(w, base)
		}
	}
	w.closeArray()
}

func (o *order) renderLinks(w *jsonw) {
	self := o.Base + collOrders + "/" + o.ID
	w.array("links")
	w.link(self, "self", http.MethodGet)
	switch o.Status {
	case ppCreated:
		w.link(o.approvalURL(), "approve", http.MethodGet)
	case ppPayerAction:
		w.link(o.approvalURL(), "payer-action", http.MethodGet)
	case ppApproved:
		action := "capture"
		if o.Intent == intentAuthorize {
			action = "authorize"
		}
		w.link(self+"/"+action, action, http.MethodPost)
	}
	w.closeArray()
}

// approvalURL is the page where the payer answers.
func (o *order) approvalURL() string { return o.Base + "/checkoutnow?token=" + o.ID }

func (w *jsonw) sellerProtection() {
	w.openKey("seller_protection")
	w.str("status", "NOT_ELIGIBLE")
	w.close()
}

func (x *authorization) render(w *jsonw, base string) {
	self := base + collAuths + "/" + x.ID
	w.open()
	w.str("id", x.ID)
	w.str("status", x.Status)
	w.amount("amount", x.Amount, x.Currency)
	w.optional("custom_id", x.CustomID)
	w.optional("invoice_id", x.InvoiceID)
	w.sellerProtection()
	w.time("create_time", x.Created)
	w.time("update_time", x.Updated)
	w.time("expiration_time", x.Expires)
	w.openKey("supplementary_data")
	w.openKey("related_ids")
	w.str("order_id", x.Order)
	w.close()
	w.close()
	w.array("links")
	w.link(self, "self", http.MethodGet)
	w.link(self+"/capture", "capture", http.MethodPost)
	w.link(self+"/void", "void", http.MethodPost)
	w.link(self+"/reauthorize", "reauthorize", http.MethodPost)
	w.link(base+collOrders+"/"+x.Order, "up", http.MethodGet)
	w.closeArray()
	w.close()
}

func (x *capture) render(w *jsonw, base string) {
	w.open()
	w.str("id", x.ID)
	w.str("status", x.Status)
	if x.Status == ppDeclined {
		w.openKey("status_details")
		w.str("reason", "DECLINED_BY_RISK_FRAUD_FILTERS")
		w.close()
	}
	w.amount("amount", x.Amount, x.Currency)
	w.flag("final_capture", x.Final)
	w.optional("custom_id", x.CustomID)
	w.optional("invoice_id", x.InvoiceID)
	w.sellerProtection()
	if x.Status != ppDeclined {
		w.openKey("seller_receivable_breakdown")
		w.amount("gross_amount", x.Amount, x.Currency)
		w.amount("paypal_fee", x.Fee, x.Currency)
		w.amount("net_amount", x.Amount-x.Fee, x.Currency)
		w.close()
	}
	w.str("disbursement_mode", "INSTANT")
	w.time("create_time", x.Created)
	w.time("update_time", x.Updated)
	w.openKey("supplementary_data")
	w.openKey("related_ids")
	w.str("order_id", x.Order)
	w.optional("authorization_id", x.Authorization)
	w.close()
	w.close()
	x.renderLinks(w, base)
	w.close()
}

func (x *capture) renderLinks(w *jsonw, base string) {
	self := base + collCaptures + "/" + x.ID
	w.array("links")
	w.link(self, "self", http.MethodGet)
	w.link(self+"/refund", "refund", http.MethodPost)
	if x.Authorization != "" {
		w.link(base+collAuths+"/"+x.Authorization, "up", http.MethodGet)
	} else {
		w.link(base+collOrders+"/"+x.Order, "up", http.MethodGet)
	}
	w.closeArray()
}

func (r *paypalRefund) render(w *jsonw, base string) {
	w.open()
	w.str("id", r.ID)
	w.str("status", r.Status)
	w.amount("amount", r.Amount, r.Currency)
	w.optional("custom_id", r.CustomID)
	w.optional("invoice_id", r.InvoiceID)
	w.optional("note_to_payer", r.Note)
	w.openKey("seller_payable_breakdown")
	w.amount("gross_amount", r.Amount, r.Currency)
	w.amount("paypal_fee", 0, r.Currency)
	w.amount("net_amount", r.Amount, r.Currency)
	w.amount("total_refunded_amount", r.Total, r.Currency)
	w.close()
	w.time("create_time", r.Created)
	w.time("update_time", r.Created)
	r.renderLinks(w, base)
	w.close()
}

func (r *paypalRefund) renderLinks(w *jsonw, base string) {
	w.array("links")
	w.link(base+collRefunds+"/"+r.ID, "self", http.MethodGet)
	w.link(base+collCaptures+"/"+r.Capture, "up", http.MethodGet)
	w.closeArray()
}
