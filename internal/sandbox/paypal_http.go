package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// paypalAPI holds PayPal's objects. Its tables are guarded by core.mu.
type paypalAPI struct {
	*core
	orders    *table[order]
	auths     *table[authorization]
	captures  *table[capture]
	refunds   *table[paypalRefund]
	disputes  *table[paypalDispute]
	movements *table[movement]
	// invoices tells which order a live payment's invoice id belongs to.
	invoices map[string]string
	courier  *courier
	routes   map[paypalRoute]paypalEndpoint
}

func newPayPalAPI(c *core) *paypalAPI {
	a := &paypalAPI{
		core:      c,
		orders:    newTable("ord", func(o *order) string { return o.ID }),
		auths:     newTable("aut", func(x *authorization) string { return x.ID }),
		captures:  newTable("cap", func(x *capture) string { return x.ID }),
		refunds:   newTable("ppr", func(x *paypalRefund) string { return x.ID }),
		disputes:  newTable("ppd", func(x *paypalDispute) string { return x.ID }),
		movements: newTable("ppm", func(x *movement) string { return x.ID }),
		invoices:  map[string]string{},
	}
	a.courier = newCourier(providerPayPal, c.o.PayPalWebhookURL, c.o.PayPalEvents, c.o.WebhookBackoff, a.sign)
	a.courier.mayLose(func() bool { _, lost := c.faults.take(providerPayPal, opWebhook); return lost })
	a.routes = paypalRoutes()
	return a
}

// paypalRoute is a method, the collection in the path and what follows the id in it.
type paypalRoute struct {
	method, collection, action string
	one                        bool
}

type paypalEndpoint struct {
	op  string
	run func(*paypalAPI, *paypalCall) (result, *paypalError)
}

// result is a successful answer. minimal, if set, is what is sent unless Prefer: return=representation asks
// for full; an empty minimal body with 204 is PayPal's answer to a void.
type result struct {
	status        int
	full          func(w *jsonw)
	minimal       func(w *jsonw)
	minimalStatus int
}

// paypalCall is one request to an endpoint.
type paypalCall struct {
	id    string
	body  []byte
	query map[string][]string
	now   time.Time
	base  string
	mock  string
}

func (c *paypalCall) param(name string) string {
	if v := c.query[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// decode reads the body into v; an empty body leaves it as it is.
func (c *paypalCall) decode(v any) *paypalError {
	if len(c.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.body, v); err != nil {
		return invalid("/", "MALFORMED_REQUEST_JSON", "The request's JSON is not well-formed or of the wrong types.")
	}
	return nil
}

const (
	collOrders    = "/v2/checkout/orders"
	collAuths     = "/v2/payments/authorizations"
	collCaptures  = "/v2/payments/captures"
	collRefunds   = "/v2/payments/refunds"
	collDisputes  = "/v1/customer/disputes"
	collReporting = "/v1/reporting/transactions"
	collVerify    = "/v1/notifications/verify-webhook-signature"
	pathToken     = "/v1/oauth2/token"
)

func paypalRoutes() map[paypalRoute]paypalEndpoint {
	const post, get = http.MethodPost, http.MethodGet
	return map[paypalRoute]paypalEndpoint{
		{post, collOrders, "", false}:         {opCreateOrder, (*paypalAPI).createOrder},
		{get, collOrders, "", true}:           {opGet, (*paypalAPI).getOrder},
		{post, collOrders, "authorize", true}: {opAuthorize, (*paypalAPI).authorizeOrder},
		{post, collOrders, "capture", true}:   {opCapture, (*paypalAPI).captureOrder},

		{get, collAuths, "", true}:             {opGet, (*paypalAPI).getAuthorization},
		{post, collAuths, "capture", true}:     {opCapture, (*paypalAPI).captureAuthorization},
		{post, collAuths, "void", true}:        {opVoid, (*paypalAPI).voidAuthorization},
		{post, collAuths, "reauthorize", true}: {opReauthorize, (*paypalAPI).reauthorize},

		{get, collCaptures, "", true}:        {opGet, (*paypalAPI).getCapture},
		{post, collCaptures, "refund", true}: {opRefund, (*paypalAPI).refundCapture},
		{get, collRefunds, "", true}:         {opGet, (*paypalAPI).getRefund},

		{get, collDisputes, "", false}:  {opList, (*paypalAPI).listDisputes},
		{get, collDisputes, "", true}:   {opGet, (*paypalAPI).getDispute},
		{get, collReporting, "", false}: {opList, (*paypalAPI).listTransactions},
		{post, collVerify, "", false}:   {opVerify, (*paypalAPI).verifyWebhook},
		{post, pathToken, "", false}:    {opToken, (*paypalAPI).issueToken},
	}
}

var paypalCollections = []string{collOrders, collAuths, collCaptures, collRefunds, collDisputes, collReporting, collVerify, pathToken}

// find splits a path into collection, id and action and looks its endpoint up.
func (a *paypalAPI) find(method, path string) (e paypalEndpoint, id string, ok bool) {
	for _, coll := range paypalCollections {
		rest, under := strings.CutPrefix(path, coll)
		if !under || (rest != "" && rest[0] != '/') {
			continue
		}
		id, action, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		e, ok = a.routes[paypalRoute{method, coll, action, id != ""}]
		return e, id, ok
	}
	return e, "", false
}

// ServeHTTP answers PayPal's part of the API.
func (a *paypalAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d := paypalDialect{debugID: randomID("f", "0123456789abcdef", 12)}
	w.Header().Set("Paypal-Debug-Id", d.debugID)
	e, id, ok := a.find(r.Method, r.URL.Path)
	if !ok {
		d.reply(noResource()).write(w)
		return
	}
	body, ok := readBody(r)
	if !ok {
		d.reply(invalid("/", "MALFORMED_REQUEST_JSON", "The request's body could not be read or is too large.")).write(w)
		return
	}
	call := &paypalCall{
		id: id, body: body, base: "http://" + r.Host, mock: mockedIssue(r.Header.Get("PayPal-Mock-Response")),
	}
	if r.URL.RawQuery != "" {
		call.query = r.URL.Query()
	}
	full := strings.Contains(r.Header.Get("Prefer"), "return=representation")
	x := &exchange{
		w: w, r: r, provider: providerPayPal, op: e.op, dialect: d, life: paypalKeyLife,
		authorized: func() *reply { return a.authorized(r, e.op, d) },
		run:        func(now time.Time) reply { call.now = now; return a.run(e, call, d, full) },
	}
	if key := r.Header.Get("PayPal-Request-Id"); key != "" && r.Method == http.MethodPost {
		x.key = "paypal " + r.URL.Path + " " + key
		x.print = fingerprintOf(string(body))
	}
	if rep, alive := a.serve(x); alive {
		rep.write(w)
	}
}

// run calls an endpoint. Only what succeeded is remembered under a key: an order that was not approved yet
// can be authorized with the same key once it is.
func (a *paypalAPI) run(e paypalEndpoint, call *paypalCall, d paypalDialect, full bool) reply {
	if call.mock != "" {
		return d.reply(mockError(call.mock))
	}
	res, failure := e.run(a, call)
	if failure != nil {
		return d.reply(failure)
	}
	rep := reply{status: res.status, keep: true}
	if res.minimalStatus != 0 && !full {
		rep.status = res.minimalStatus
	}
	if rep.status == http.StatusNoContent {
		return rep
	}
	fill := res.full
	if res.minimal != nil && !full {
		fill = res.minimal
	}
	rep.body = a.render(fill)
	return rep
}

// mockedIssue reads PayPal's header for negative tests, {"mock_application_codes": "INSTRUMENT_DECLINED"}.
func mockedIssue(header string) string {
	if header == "" {
		return ""
	}
	var mock struct {
		Codes string `json:"mock_application_codes"`
	}
	if err := json.Unmarshal([]byte(header), &mock); err != nil {
		return ""
	}
	return mock.Codes
}

func mockError(issue string) *paypalError {
	if issue == "INTERNAL_SERVER_ERROR" || issue == "INTERNAL_SERVICE_ERROR" {
		return &paypalError{status: http.StatusInternalServerError, name: issue, message: "An internal server error has occurred."}
	}
	return unprocessable(issue, "", "Asked for by PayPal-Mock-Response.")
}
