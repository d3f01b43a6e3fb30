package paypal_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paypal"
	"yourticket.example/ticket"
)

// sent is one request as the fake got it, without those for tokens.
type sent struct {
	what, key, bearer, prefer string
	body                      any
}

// fake answers each request by the next step, and the last step again after
// that. It hands out token-1, token-2, ... and counts them.
type fake struct {
	mu     sync.Mutex
	steps  []http.HandlerFunc
	got    []sent
	tokens int
	// grant replaces the answer to a request for a token.
	grant http.HandlerFunc
	url   string
}

func newFake(t *testing.T, steps ...http.HandlerFunc) *fake {
	t.Helper()
	f := &fake{steps: steps}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/v1/oauth2/token" {
		f.token(w, r)
		return
	}
	var body any
	_ = json.Unmarshal(raw, &body)
	f.mu.Lock()
	f.got = append(f.got, sent{
		r.Method + " " + r.URL.Path, r.Header.Get("PayPal-Request-Id"), r.Header.Get("Authorization"), r.Header.Get("Prefer"), body,
	})
	step := f.steps[min(len(f.got), len(f.steps))-1]
	f.mu.Unlock()
	step(w, r)
}

func (f *fake) token(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.tokens++
	n := f.tokens
	f.mu.Unlock()
	if f.grant != nil {
		f.grant(w, r)
		return
	}
	answer(200, `{"access_token":"token-`+strconv.Itoa(n)+`","expires_in":32400}`)(w, r)
}

func (f *fake) requests() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]sent(nil), f.got...)
}

func (f *fake) granted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tokens
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// issue refuses as PayPal does.
func issue(status int, name string) http.HandlerFunc {
	return answer(status, `{"name":"SOME_NAME","message":"No.","debug_id":"d","details":[{"issue":"`+name+`","description":"No."}]}`)
}

// silent keeps the caller waiting until it leaves.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// broken cuts the connection in the middle of a reply.
func broken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"id":`)
	panic(http.ErrAbortHandler)
}

const approveURL = "https://paypal.example/approve"

var (
	orderMade     = answer(201, `{"id":"ORDER1","status":"CREATED","links":[{"rel":"self","href":"x"},{"rel":"approve","href":"`+approveURL+`"}]}`)
	orderApproved = answer(200, `{"id":"ORDER1","status":"APPROVED","links":[]}`)
	orderHeld     = answer(201, withPayments(`"authorizations":[{"id":"AUTH1","status":"CREATED"}]`))
	orderTaken    = answer(200, withPayments(`"authorizations":[{"id":"AUTH1","status":"CAPTURED"}],"captures":[{"id":"CAP0","status":"DECLINED"},{"id":"CAP1","status":"COMPLETED"}]`))
	orderRefunded = answer(200, withPayments(`"authorizations":[{"id":"AUTH1","status":"CAPTURED"}],"captures":[{"id":"CAP1","status":"REFUNDED"}],"refunds":[{"id":"REF1","status":"COMPLETED"}]`))
	broke         = answer(500, `{"name":"INTERNAL_SERVER_ERROR","message":"Oops"}`)
	tooMany       = answer(429, `{"name":"RATE_LIMIT_REACHED","message":"Slow down"}`)
)

func withPayments(payments string) string {
	return `{"id":"ORDER1","status":"COMPLETED","purchase_units":[{"payments":{` + payments + `}}]}`
}

func authorization(status string) http.HandlerFunc {
	return answer(200, `{"id":"AUTH1","status":"`+status+`","supplementary_data":{"related_ids":{"order_id":"ORDER1"}}}`)
}

// provide makes a provider that loses patience soon.
func provide(t *testing.T, url string) *paypal.Provider {
	t.Helper()
	p, err := paypal.New(paypal.Options{
		ClientID: "client", ClientSecret: "secret", URL: url, Timeout: time.Second, Budget: 4 * time.Second,
	})
	require.NoError(t, err)
	return p
}

func request(booking string) ticket.ChargeRequest {
	return ticket.ChargeRequest{
		BookingID: booking, EventID: "ev_1", Attempt: 1, Amount: ticket.Money{Amount: 12550, Currency: "EUR"},
		Choice: ticket.PaymentChoice{PayPalPaymentToken: "tok_vault_1"}, Description: "Two seats",
	}
}

// unvaulted is a request that needs the buyer's approval.
func unvaulted(booking string) ticket.ChargeRequest {
	r := request(booking)
	r.Choice = ticket.PaymentChoice{PayPal: true, ReturnURL: "https://shop.example/done"}
	return r
}
