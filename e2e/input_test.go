package e2e_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// bad is a request that must be refused with a 4xx that names its fault.
type bad struct {
	method  string // POST when empty
	path    string // /v1/bookings when empty
	body    any    // EVENT, SEAT and HELD stand for an event, a seat of it and a held booking
	as      string // buyer when empty; nobody, expired, forged, organizer
	headers []system.Header
	status  int
	code    string
	field   string // one of the fields named, "" for none wanted
}

const (
	unprocessable = http.StatusUnprocessableEntity
	malformed     = http.StatusBadRequest
)

// wrongOrders are bodies of POST /v1/bookings whose content is wrong.
var wrongOrders = map[string]struct {
	body  string
	field string
}{
	"event_id a number":                {`{"event_id": 7, "seats": ["SEAT"]}`, "event_id"},
	"event_id null":                    {`{"event_id": null, "seats": ["SEAT"]}`, "event_id"},
	"event_id missing":                 {`{"seats": ["SEAT"]}`, "event_id"},
	"event_id empty":                   {`{"event_id": "", "seats": ["SEAT"]}`, "event_id"},
	"event_id unknown":                 {`{"event_id": "ev_00000000000000000000000000", "seats": ["SEAT"]}`, "event_id"},
	"event_id of another kind":         {`{"event_id": "HELD", "seats": ["SEAT"]}`, "event_id"},
	"event_id very long":               {`{"event_id": "` + strings.Repeat("x", 5000) + `", "seats": ["SEAT"]}`, "event_id"},
	"a field that is not known":        {`{"event_id": "EVENT", "seats": ["SEAT"], "price": 1}`, "price"},
	"seats a text":                     {`{"event_id": "EVENT", "seats": "SEAT"}`, "seats"},
	"seats null":                       {`{"event_id": "EVENT", "seats": null}`, "seats"},
	"seats empty":                      {`{"event_id": "EVENT", "seats": []}`, "seats"},
	"no seats at all":                  {`{"event_id": "EVENT"}`, "seats"},
	"a seat as a number":               {`{"event_id": "EVENT", "seats": [1]}`, "seats[0]"},
	"a seat that does not exist":       {`{"event_id": "EVENT", "seats": ["SEAT", "r99-99"]}`, "seats[1]"},
	"a seat twice":                     {`{"event_id": "EVENT", "seats": ["SEAT", "SEAT"]}`, "seats[1]"},
	"too many seats":                   {`{"event_id": "EVENT", "seats": [` + strings.Repeat(`"x",`, 100) + `"y"]}`, "seats"},
	"seats and best_available":         {`{"event_id": "EVENT", "seats": ["SEAT"], "best_available": {"category": "Seated", "quantity": 1}}`, "best_available"},
	"best_available a list":            {`{"event_id": "EVENT", "best_available": []}`, "best_available"},
	"quantity missing":                 {`{"event_id": "EVENT", "best_available": {"category": "Seated"}}`, "best_available.quantity"},
	"quantity zero":                    {`{"event_id": "EVENT", "best_available": {"category": "Seated", "quantity": 0}}`, "best_available.quantity"},
	"quantity negative":                {`{"event_id": "EVENT", "best_available": {"category": "Seated", "quantity": -1}}`, "best_available.quantity"},
	"quantity a fraction":              {`{"event_id": "EVENT", "best_available": {"category": "Seated", "quantity": 1.5}}`, "best_available.quantity"},
	"quantity a text":                  {`{"event_id": "EVENT", "best_available": {"category": "Seated", "quantity": "1"}}`, "best_available.quantity"},
	"quantity beyond all numbers":      {`{"event_id": "EVENT", "best_available": {"category": "Seated", "quantity": 1e300}}`, "best_available.quantity"},
	"category unknown":                 {`{"event_id": "EVENT", "best_available": {"category": "Moon", "quantity": 1}}`, "best_available.category"},
	"category empty":                   {`{"event_id": "EVENT", "best_available": {"category": "", "quantity": 1}}`, "best_available.category"},
	"adjacent a text":                  {`{"event_id": "EVENT", "best_available": {"category": "Seated", "quantity": 1, "adjacent": "no"}}`, "best_available.adjacent"},
	"payment a text":                   {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": "cash"}`, "payment"},
	"payment without a method":         {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": {}}`, "payment.stripe_payment_method"},
	"payment method a number":          {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": {"stripe_payment_method": 4242}}`, "payment.stripe_payment_method"},
	"paypal a text":                    {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": {"paypal": "yes"}}`, "payment.paypal"},
	"return_url a script":              {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": {"paypal": true, "return_url": "javascript:alert(1)"}}`, "payment.return_url"},
	"amount in a payment":              {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": {"stripe_payment_method": "pm_card_visa", "amount": -1}}`, "payment.amount"},
	"payment method of endless length": {`{"event_id": "EVENT", "seats": ["SEAT"], "payment": {"stripe_payment_method": "` + strings.Repeat("x", 3000) + `"}}`, "payment.stripe_payment_method"},
}

// wrongRequests are wrong in another way than by their content.
var wrongRequests = map[string]bad{
	"no token":                       {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, as: "nobody", status: http.StatusUnauthorized, code: "unauthorized"},
	"an expired token":               {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, as: "expired", status: http.StatusUnauthorized, code: "unauthorized"},
	"a forged token":                 {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, as: "forged", status: http.StatusUnauthorized, code: "unauthorized"},
	"another role":                   {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, as: "organizer", status: http.StatusForbidden, code: "forbidden"},
	"no idempotency key":             {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, headers: []system.Header{system.Key("")}, status: malformed, code: "idempotency-key-required", field: "Idempotency-Key"},
	"an idempotency key with blanks": {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, headers: []system.Header{system.Key("a b")}, status: malformed, code: "invalid-request", field: "Idempotency-Key"},
	"an endless idempotency key":     {body: `{"event_id": "EVENT", "seats": ["SEAT"]}`, headers: []system.Header{system.Key(strings.Repeat("k", 300))}, status: malformed, code: "invalid-request", field: "Idempotency-Key"},
	"no body":                        {status: malformed, code: "invalid-request"},
	"broken JSON":                    {body: `{"event_id": "EVENT", "seats": [`, status: malformed, code: "invalid-request"},
	"JSON and more":                  {body: `{"event_id": "EVENT", "seats": ["SEAT"]} trailing`, status: malformed, code: "invalid-request"},
	"no JSON at all":                 {body: "event_id=EVENT", status: malformed, code: "invalid-request"},
	"deep JSON":                      {body: strings.Repeat(`{"event_id":`, 5000) + "1" + strings.Repeat("}", 5000), status: unprocessable, code: "invalid-request", field: "event_id"},
	"an event_id with a NUL":         {body: `{"event_id": "a\u0000b", "seats": ["SEAT"]}`, status: malformed, code: "invalid-request", field: "event_id"},
	"a seat with a NUL":              {body: `{"event_id": "EVENT", "seats": ["SEAT", "\u0000"]}`, status: malformed, code: "invalid-request", field: "seats[1]"},
	"not UTF-8":                      {body: "{\"event_id\": \"\xff\xfe\", \"seats\": [\"SEAT\"]}", status: unprocessable, code: "invalid-request"},
	"another media type":             {body: "a", headers: []system.Header{{Name: "Content-Type", Value: "text/plain"}}, status: http.StatusUnsupportedMediaType, code: "unsupported-media-type"},
	"a huge body":                    {body: `{"event_id": "` + strings.Repeat("x", 2<<20) + `"}`, status: http.StatusRequestEntityTooLarge, code: "request-too-large"},
	"an unknown method":              {method: http.MethodPut, body: `{}`, status: http.StatusMethodNotAllowed, code: "method-not-allowed"},
	"an unknown path":                {method: http.MethodGet, path: "/v1/bookkeeping", status: http.StatusNotFound, code: "not-found"},

	"reading a booking that never was":      {method: http.MethodGet, path: "/v1/bookings/bk_00000000000000000000000000", status: http.StatusNotFound, code: "not-found"},
	"reading a booking of no shard":         {method: http.MethodGet, path: "/v1/bookings/bk_zzzzzzzzzzzzzzzzzzzzzzzzzz", status: http.StatusNotFound, code: "not-found"},
	"reading a booking by a wild id":        {method: http.MethodGet, path: "/v1/bookings/%00%ff..%2f", status: http.StatusNotFound, code: "not-found"},
	"reading bookings from a wild cursor":   {method: http.MethodGet, path: "/v1/me/bookings?cursor=!!", status: malformed, code: "invalid-request", field: "cursor"},
	"reading bookings with a limit of zero": {method: http.MethodGet, path: "/v1/me/bookings?limit=0", status: malformed, code: "invalid-request", field: "limit"},
	"reading bookings with a wild limit":    {method: http.MethodGet, path: "/v1/me/bookings?limit=many", status: malformed, code: "invalid-request", field: "limit"},
	"paying without a method":               {path: "/v1/bookings/HELD/payment", body: `{}`, status: unprocessable, code: "invalid-request", field: "stripe_payment_method"},
	"paying a negative amount":              {path: "/v1/bookings/HELD/payment", body: `{"stripe_payment_method": "pm_card_visa", "amount": -5}`, status: unprocessable, code: "invalid-request", field: "amount"},
	"paying with a number":                  {path: "/v1/bookings/HELD/payment", body: `{"stripe_payment_method": 1}`, status: unprocessable, code: "invalid-request", field: "stripe_payment_method"},
	"paying with broken JSON":               {path: "/v1/bookings/HELD/payment", body: `{"`, status: malformed, code: "invalid-request"},
	"paying what never was":                 {path: "/v1/bookings/bk_00000000000000000000000000/payment", body: `{"stripe_payment_method": "pm_card_visa"}`, status: http.StatusNotFound, code: "not-found"},
	"an unsigned webhook of Stripe":         {path: "/v1/webhooks/stripe", as: "nobody", body: `{"id": "evt_1", "type": "payment_intent.succeeded"}`, status: unprocessable, code: "invalid-request"},
	"an unsigned webhook of PayPal":         {path: "/v1/webhooks/paypal", as: "nobody", body: `{"id": "WH-1", "event_type": "CHECKOUT.ORDER.APPROVED"}`, status: unprocessable, code: "invalid-request"},
	"a webhook that is no JSON":             {path: "/v1/webhooks/stripe", as: "nobody", body: `}{`, status: unprocessable, code: "invalid-request"},
	"an event with a negative price": {
		path: "/v1/events", as: "organizer", status: unprocessable, code: "invalid-request", field: "prices[0].price.amount",
		body: `{"name": "N", "artist": "A", "genre": "G", "venue_id": "ve_1", "plan_id": "pl_1", "starts_at": "2030-01-01T20:00:00Z",
		        "prices": [{"category": "Seated", "price": {"amount": -1, "currency": "EUR"}}]}`,
	},
}

// wrongInput sends all of it and makes sure that nothing has changed.
func wrongInput(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 4})
	c := buyer(t, s)
	held := booked(t, "held")(c.Book(t.Context(), "held", system.Order{EventID: e.ID, Seats: e.Seats[3:]}))
	callers := callersOf(t, s, c)
	names := strings.NewReplacer("EVENT", e.ID, "SEAT", e.Seats[0], "HELD", held.ID)
	cases := map[string]bad{}
	for name, w := range wrongOrders {
		cases[name] = bad{body: w.body, status: unprocessable, code: "invalid-request", field: w.field}
	}
	maps.Copy(cases, wrongRequests)
	for name, b := range cases {
		t.Run(name, func(t *testing.T) { b.send(t, callers[b.as], names) })
	}
	require.Equal(t, "aaah", seats(t, s, e))
	require.Equal(t, 1, bookingsOf(t, s, c))
	booked(t, "canceled")(c.Cancel(t.Context(), held.ID))
	settled(t, s, 20*time.Second, e)
}

func callersOf(t *testing.T, s *system.System, c *system.Client) map[string]*system.Client {
	t.Helper()
	organizer, err := s.Account(t.Context(), ticket.RoleOrganizer)
	require.NoError(t, err)
	expired, err := s.Expired(c)
	require.NoError(t, err)
	forged := *c
	forged.Token = c.Token[:len(c.Token)-8] + "AAAAAAAA"
	return map[string]*system.Client{"": c, "nobody": s.Anonymous(), "expired": expired, "forged": &forged, "organizer": organizer}
}

func (b bad) send(t *testing.T, c *system.Client, names *strings.Replacer) {
	t.Helper()
	method, path := b.method, b.path
	if method == "" {
		method = http.MethodPost
	}
	if path == "" {
		path = "/v1/bookings"
	}
	body := b.body
	if text, ok := body.(string); ok {
		body = names.Replace(text)
	}
	headers := append([]system.Header{system.Key("wrong")}, b.headers...)
	a := refused(t, b.status, b.code)(c.Do(t.Context(), method, names.Replace(path), body, headers...))
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	require.NotEmpty(t, a.Header.Get("X-Request-Id"))
	p := a.Problem()
	require.Equal(t, b.status, p.Status)
	require.NotEmpty(t, p.Title)
	if b.field != "" {
		require.True(t, slices.Contains(a.Fields(), b.field), "the problem names %q, not %q: %s", a.Fields(), b.field, a)
	}
}
