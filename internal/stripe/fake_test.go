package stripe_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// sent is one request as the fake got it.
type sent struct {
	method, path, key, bearer string
	form                      url.Values
}

// fake answers each request by the next step, and the last step again after that.
type fake struct {
	mu    sync.Mutex
	steps []http.HandlerFunc
	got   []sent
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
	body, _ := io.ReadAll(r.Body)
	form, _ := url.ParseQuery(r.URL.RawQuery + "&" + string(body))
	f.mu.Lock()
	f.got = append(f.got, sent{r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"), r.Header.Get("Authorization"), form})
	step := f.steps[min(len(f.got), len(f.steps))-1]
	f.mu.Unlock()
	step(w, r)
}

func (f *fake) requests() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]sent(nil), f.got...)
}

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// spent answers as Stripe does when it remembers the answer to a key.
func spent(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Idempotent-Replayed", "true")
		answer(status, body)(w, r)
	}
}

// silent keeps the caller waiting until it leaves.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// broken cuts the connection in the middle of a reply.
func broken(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"id":`)
	panic(http.ErrAbortHandler)
}

// cutEarly cuts the connection before the first byte of a reply.
func cutEarly(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

const (
	intentHeld     = `{"id":"pi_1","object":"payment_intent","status":"requires_capture","client_secret":"pi_1_secret_x"}`
	intentTaken    = `{"id":"pi_1","object":"payment_intent","status":"succeeded","latest_charge":"ch_1"}`
	intentCanceled = `{"id":"pi_1","object":"payment_intent","status":"canceled"}`
	errorServer    = `{"error":{"type":"api_error","message":"Something is wrong."}}`
	errorRate      = `{"error":{"type":"invalid_request_error","code":"rate_limit","message":"Too many."}}`
)

func unexpectedState(intent string) string {
	return `{"error":{"type":"invalid_request_error","code":"payment_intent_unexpected_state","message":"No.","payment_intent":` + intent + `}}`
}

// provide makes a provider that loses patience soon.
func provide(t *testing.T, url string) *stripe.Provider {
	t.Helper()
	p, err := stripe.New(stripe.Options{APIKey: "sk_test_x", URL: url, Timeout: time.Second, Budget: 4 * time.Second})
	require.NoError(t, err)
	return p
}

func request(booking string) ticket.ChargeRequest {
	return ticket.ChargeRequest{
		BookingID: booking, EventID: "ev_1", Attempt: 1, Amount: ticket.Money{Amount: 12550, Currency: "EUR"},
		Choice: ticket.PaymentChoice{StripePaymentMethod: "pm_card_visa"},
	}
}
