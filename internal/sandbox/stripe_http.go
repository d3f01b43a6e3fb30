package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// stripeAPI holds Stripe's objects. Its tables are guarded by core.mu.
type stripeAPI struct {
	*core
	intents  *table[intent]
	charges  *table[charge]
	refunds  *table[stripeRefund]
	txns     *table[balanceTxn]
	disputes *table[stripeDispute]
	bookings map[string][]string
	events   *eventLog
	courier  *courier
	routes   map[stripeRoute]stripeEndpoint
}

func newStripeAPI(c *core) *stripeAPI {
	a := &stripeAPI{
		core:     c,
		intents:  newTable("pi", func(p *intent) string { return p.ID }),
		charges:  newTable("ch", func(c *charge) string { return c.ID }),
		refunds:  newTable("re", func(r *stripeRefund) string { return r.ID }),
		txns:     newTable("txn", func(t *balanceTxn) string { return t.ID }),
		disputes: newTable("dp", func(d *stripeDispute) string { return d.ID }),
		bookings: map[string][]string{},
		events:   &eventLog{},
	}
	a.courier = newCourier(providerStripe, c.o.StripeWebhookURL, c.o.StripeEvents, c.o.WebhookBackoff, a.sign)
	a.courier.mayLose(func() bool { _, lost := c.faults.take(providerStripe, opWebhook); return lost })
	a.routes = stripeRoutes()
	return a
}

// stripeRoute is a method and path below /v1: /resource, /resource/{id} or /resource/{id}/action.
type stripeRoute struct {
	method, resource, action string
	one                      bool
}

// stripeEndpoint answers one route with the rendered object, under the lock.
type stripeEndpoint struct {
	op  string
	run func(*stripeAPI, *stripeCall) ([]byte, *stripeError)
}

// stripeCall is one request to an endpoint. base is this server's address as the caller sees it.
type stripeCall struct {
	id      string
	form    form
	now     time.Time
	request string
	key     string
	base    string
}

func (c *stripeCall) expander(a *stripeAPI) *expander {
	return &expander{api: a, paths: c.form.many("expand")}
}

func stripeRoutes() map[stripeRoute]stripeEndpoint {
	const post, get = http.MethodPost, http.MethodGet
	return map[stripeRoute]stripeEndpoint{
		{post, "payment_intents", "", false}:       {opAuthorize, (*stripeAPI).createIntent},
		{get, "payment_intents", "", false}:        {opList, (*stripeAPI).listIntents},
		{get, "payment_intents", "search", false}:  {opList, (*stripeAPI).searchIntents},
		{get, "payment_intents", "", true}:         {opGet, (*stripeAPI).getIntent},
		{post, "payment_intents", "", true}:        {opUpdate, (*stripeAPI).updateIntent},
		{post, "payment_intents", "confirm", true}: {opAuthorize, (*stripeAPI).confirmIntent},
		{post, "payment_intents", "capture", true}: {opCapture, (*stripeAPI).captureIntent},
		{post, "payment_intents", "cancel", true}:  {opVoid, (*stripeAPI).cancelIntent},
		{get, "charges", "", false}:                {opList, (*stripeAPI).listCharges},
		{get, "charges", "", true}:                 {opGet, (*stripeAPI).getCharge},
		{post, "refunds", "", false}:               {opRefund, (*stripeAPI).createRefund},
		{get, "refunds", "", false}:                {opList, (*stripeAPI).listRefunds},
		{get, "refunds", "", true}:                 {opGet, (*stripeAPI).getRefund},
		{get, "balance_transactions", "", false}:   {opList, (*stripeAPI).listTxns},
		{get, "balance_transactions", "", true}:    {opGet, (*stripeAPI).getTxn},
		{get, "disputes", "", false}:               {opList, (*stripeAPI).listDisputes},
		{get, "disputes", "", true}:                {opGet, (*stripeAPI).getDispute},
		{get, "events", "", false}:                 {opList, (*stripeAPI).listEvents},
		{get, "events", "", true}:                  {opGet, (*stripeAPI).getEvent},
		{post, "payment_methods", "", false}:       {opMethod, (*stripeAPI).createMethod},
		{get, "payment_methods", "", true}:         {opGet, (*stripeAPI).getMethod},
	}
}

// find splits a path below /v1 and looks its endpoint up.
func (a *stripeAPI) find(method, path string) (e stripeEndpoint, id string, ok bool) {
	resource, rest, one := strings.Cut(strings.TrimPrefix(path, "/v1/"), "/")
	id, action, _ := strings.Cut(rest, "/")
	if id == "search" {
		id, action, one = "", "search", false
	}
	e, ok = a.routes[stripeRoute{method, resource, action, one}]
	return e, id, ok
}

// ServeHTTP answers Stripe's part of the API.
func (a *stripeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request := randomID("req_", base62, 14)
	w.Header()["Request-Id"] = []string{request}
	e, id, ok := a.find(r.Method, r.URL.Path)
	if !ok {
		unknown := badParam("", "", "Unrecognized request URL (%s: %s).", r.Method, r.URL.Path)
		unknown.Status = http.StatusNotFound
		stripeDialect{}.reply(unknown).write(w)
		return
	}
	params, failure := readForm(r)
	if failure != nil {
		stripeDialect{}.reply(failure).write(w)
		return
	}
	call := &stripeCall{id: id, form: params, request: request, base: "http://" + r.Host}
	x := &exchange{
		w: w, r: r, provider: providerStripe, op: e.op, dialect: stripeDialect{}, life: stripeKeyLife,
		authorized: func() *reply { return a.authorize(r) },
		run:        func(now time.Time) reply { call.now = now; return a.run(e, call) },
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" && r.Method == http.MethodPost {
		call.key = key
		x.key = "stripe " + key
		x.print = fingerprintOf(r.URL.Path, params.print())
		w.Header().Set("Idempotency-Key", key)
	}
	rep, alive := a.serve(x)
	if !alive {
		return
	}
	if rep.replayed {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	rep.write(w)
}

// readForm takes parameters from the query and the body alike.
func readForm(r *http.Request) (form, *stripeError) {
	body, ok := readBody(r)
	if !ok {
		return nil, badParam("", "", "The request's body could not be read or is too large.")
	}
	raw := r.URL.RawQuery
	if len(body) > 0 {
		if raw != "" {
			raw += "&"
		}
		raw += string(body)
	}
	return parseForm(raw)
}

func (a *stripeAPI) run(e stripeEndpoint, call *stripeCall) reply {
	body, failure := e.run(a, call)
	if failure == nil {
		return reply{status: http.StatusOK, body: body, keep: true}
	}
	rep := stripeDialect{}.reply(failure)
	rep.keep = failure.executed
	return rep
}

// authorize checks the secret key, given as bearer token or as the user of basic authentication.
func (a *stripeAPI) authorize(r *http.Request) *reply {
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		key, _, _ = r.BasicAuth()
	}
	if a.o.StripeKey == "" && (strings.HasPrefix(key, "sk_test_") || strings.HasPrefix(key, "rk_test_")) {
		return nil
	}
	if key != "" && key == a.o.StripeKey {
		return nil
	}
	refused := badParam("", "", "Invalid API key provided.")
	if key == "" {
		refused.Message = "No API key was provided."
	}
	refused.Status = http.StatusUnauthorized
	rep := stripeDialect{}.reply(refused)
	return &rep
}
