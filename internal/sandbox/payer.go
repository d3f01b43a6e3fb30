package sandbox

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The payer's own steps: approving a PayPal order and authenticating a card payment, by a page that a
// browser shows or by a call that a script makes.

const (
	outcomeApproved           = "approved"
	outcomeDeclined           = "declined"
	outcomeInstrumentDeclined = "instrument_declined"
	outcomeSucceeded          = "succeeded"
	outcomeFailed             = "failed"
)

// payerPage is a question with a button for each answer.
type payerPage struct {
	Title, Text, Action string
	Buttons             []payerButton
}

type payerButton struct{ Outcome, Label string }

var payerTemplate = template.Must(template.New("payer").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1.2rem;margin:0 .5rem .5rem 0}</style>
</head><body><h1>{{.Title}}</h1><p>{{.Text}}</p>
<form method="post" action="{{.Action}}">{{range .Buttons}}<button name="outcome" value="{{.Outcome}}">{{.Label}}</button>{{end}}</form>
<p><small>Payment sandbox: no money moves.</small></p></body></html>
`))

func showPage(w http.ResponseWriter, p payerPage) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return payerTemplate.Execute(w, p)
}

// preflight lets a storefront's script on another port make the payer's call.
func preflight(w http.ResponseWriter, _ *http.Request) error {
	allowOrigin(w)
	w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
	w.Header().Set("Access-Control-Allow-Methods", "POST")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func allowOrigin(w http.ResponseWriter) { w.Header().Set("Access-Control-Allow-Origin", "*") }

// readOutcome takes the answer from a page's form or from JSON; form tells which.
func readOutcome(r *http.Request, otherwise string) (outcome string, form bool, err error) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") && r.ContentLength != 0 {
		if err := r.ParseForm(); err == nil && r.PostForm.Has("outcome") {
			return r.PostForm.Get("outcome"), true, nil
		}
	}
	var q struct {
		Outcome string `json:"outcome"`
	}
	if err := readJSON(r, &q); err != nil {
		return "", false, err
	}
	return orElse(q.Outcome, otherwise), false, nil
}

// faulted lets a fault that names a payer's step strike. True means that the request has been answered.
func (s *Server) faulted(w http.ResponseWriter, r *http.Request, provider, op string, d dialect) bool {
	f, hit := s.faults.take(provider, op)
	if !hit {
		return false
	}
	switch f.Fault {
	case faultError:
		d.broken().write(w)
	case faultRateLimit:
		d.rateLimited().write(w)
	case faultSlow:
		return !s.pause(s.ctx, f.delay(2*time.Second))
	default:
		s.pause(r.Context(), f.delay(0))
		cut(w)
	}
	return true
}

// withQuery adds parameters to a URL; an empty or broken one stays as it is.
func withQuery(raw string, params map[string]string) string {
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return raw
	}
	q := u.Query()
	for k, v := range params {
		q.Set(k, v)
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// approvePage asks the payer of an order.
func (s *Server) approvePage(w http.ResponseWriter, r *http.Request) error {
	id := orElse(r.PathValue("id"), r.URL.Query().Get("token"))
	s.mu.Lock()
	o, ok := s.paypal.orders.get(id)
	s.mu.Unlock()
	if !ok {
		return notFound("No order has this id.")
	}
	var amounts []string
	for _, u := range o.Units {
		amounts = append(amounts, decimal(u.Minor, u.Amount.Currency)+" "+u.Amount.Currency)
	}
	return showPage(w, payerPage{
		Title: "Pay with PayPal", Text: "The shop asks for " + strings.Join(amounts, " and ") + ".",
		Action: "/sandbox/approve/" + url.PathEscape(o.ID),
		Buttons: []payerButton{
			{outcomeApproved, "Agree and pay"}, {outcomeDeclined, "Cancel"}, {outcomeInstrumentDeclined, "Agree, but let the bank refuse"},
		},
	})
}

// approve records the payer's answer to an order. Declining leaves the order as it was, as at PayPal, and
// only sends the payer to the cancel URL.
func (s *Server) approve(w http.ResponseWriter, r *http.Request) error {
	allowOrigin(w)
	outcome, form, err := readOutcome(r, outcomeApproved)
	if err != nil {
		return err
	}
	if outcome != outcomeApproved && outcome != outcomeDeclined && outcome != outcomeInstrumentDeclined {
		return badField("outcome", "must be %s, %s or %s", outcomeApproved, outcomeDeclined, outcomeInstrumentDeclined)
	}
	if s.faulted(w, r, providerPayPal, opApprove, paypalDialect{}) {
		return nil
	}
	var o *order
	err = s.locked(func(now time.Time) error {
		o, err = s.paypal.consent(r.PathValue("id"), outcome, now)
		return err
	})
	if err != nil {
		return err
	}
	back := withQuery(o.ReturnURL, map[string]string{"token": o.ID, "PayerID": payerID})
	if outcome == outcomeDeclined {
		back = withQuery(o.CancelURL, map[string]string{"token": o.ID})
	}
	return afterPayer(w, r, form, back, map[string]string{"id": o.ID, "status": o.Status, "outcome": outcome, "redirect_url": back})
}

// afterPayer sends a browser on its way, or answers a script.
func afterPayer(w http.ResponseWriter, r *http.Request, form bool, back string, answer map[string]string) error {
	if form && back != "" {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	if form {
		return showPage(w, payerPage{Title: "Done", Text: "You can close this page: " + answer["status"] + "."})
	}
	return writeJSON(w, http.StatusOK, answer)
}

// consent approves an order that waits for its payer. Approving twice changes nothing.
func (a *paypalAPI) consent(id, outcome string, now time.Time) (*order, error) {
	o, ok := a.orders.get(id)
	if !ok {
		return nil, notFound("No order has this id.")
	}
	switch {
	case outcome == outcomeDeclined, o.Status == ppApproved && outcome == outcomeApproved:
		return o, nil
	case o.Status == ppCompleted || o.Status == ppVoided:
		return nil, newProblem(http.StatusConflict, "order-closed", "", "The order is %s.", o.Status)
	}
	next := *o
	next.Status, next.Updated = ppApproved, now.UTC()
	if outcome == outcomeInstrumentDeclined {
		next.Refuses = "INSTRUMENT_DECLINED"
	} else {
		next.Refuses = ""
	}
	put(a.core, a.orders, &next)
	a.emit(&paypalCall{now: now}, "CHECKOUT.ORDER.APPROVED", "checkout-order", func(w *jsonw) { next.render(w, nil) })
	return &next, nil
}

// authenticatePage asks the holder of a card.
func (s *Server) authenticatePage(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	p, ok := s.stripe.intents.get(r.PathValue("id"))
	s.mu.Unlock()
	if !ok {
		return notFound("No payment intent has this id.")
	}
	currency := strings.ToUpper(p.Currency)
	return showPage(w, payerPage{
		Title: "3-D Secure", Text: "Your bank asks whether you pay " + decimal(p.Amount, currency) + " " + currency + ".",
		Action:  "/sandbox/authenticate/" + url.PathEscape(p.ID),
		Buttons: []payerButton{{outcomeSucceeded, "Complete"}, {outcomeFailed, "Fail"}},
	})
}

// authenticate records the card holder's answer to 3-D Secure.
func (s *Server) authenticate(w http.ResponseWriter, r *http.Request) error {
	allowOrigin(w)
	outcome, form, err := readOutcome(r, outcomeSucceeded)
	if err != nil {
		return err
	}
	if outcome != outcomeSucceeded && outcome != outcomeFailed {
		return badField("outcome", "must be %s or %s", outcomeSucceeded, outcomeFailed)
	}
	if s.faulted(w, r, providerStripe, opAuthenticate, stripeDialect{}) {
		return nil
	}
	var p *intent
	var back string
	err = s.locked(func(now time.Time) error {
		if before, ok := s.stripe.intents.get(r.PathValue("id")); ok {
			back = before.ReturnURL
		}
		var failure *stripeError
		p, failure = s.stripe.authenticate(&stripeCall{id: r.PathValue("id"), now: now, base: "http://" + r.Host}, outcome == outcomeSucceeded)
		switch {
		case failure != nil && failure.Code == codeMissing:
			return notFound("No payment intent has this id.")
		case failure != nil:
			return newProblem(http.StatusConflict, "nothing-to-authenticate", "", "%s", failure.Message)
		}
		return nil
	})
	if err != nil {
		return err
	}
	back = withQuery(back, map[string]string{
		"payment_intent": p.ID, "payment_intent_client_secret": p.Secret, "redirect_status": outcome,
	})
	return afterPayer(w, r, form, back, map[string]string{"id": p.ID, "status": p.Status, "outcome": outcome, "redirect_url": back})
}
