package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/plutov/paypal/v4"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"yourticket.example/internal/sandbox"
)

// rig is a running sandbox with the clients that the product uses.
type rig struct {
	t      testing.TB
	url    string
	stripe *client.API
	paypal *paypal.Client
}

func start(tb testing.TB, o sandbox.Options) *rig {
	tb.Helper()
	s := sandbox.New(o)
	web := httptest.NewServer(s.Handler())
	tb.Cleanup(func() {
		web.CloseClientConnections()
		web.Close()
		require.NoError(tb, s.Close())
	})
	return &rig{t: tb, url: web.URL, stripe: stripeClient(web.URL, "sk_test_key"), paypal: paypalClient(tb, web.URL, "shop", "secret")}
}

func stripeClient(url, key string) *client.API {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: stripe.String(url), MaxNetworkRetries: stripe.Int64(0), EnableTelemetry: stripe.Bool(false),
		LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		HTTPClient:    &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
	})
	api := &client.API{}
	api.Init(key, &stripe.Backends{API: backend})
	return api
}

func paypalClient(tb testing.TB, url, id, secret string) *paypal.Client {
	tb.Helper()
	c, err := paypal.NewClient(id, secret, url)
	require.NoError(tb, err)
	c.SetHTTPClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}})
	c.SetReturnRepresentation()
	return c
}

// call makes a control request and decodes the answer into out, unless that is nil.
func (r *rig) call(method, path string, body, out any) int {
	r.t.Helper()
	raw, err := json.Marshal(body)
	require.NoError(r.t, err)
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, bytes.NewReader(raw))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(r.t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(r.t, err)
	if out != nil {
		require.NoError(r.t, json.Unmarshal(answer, out), string(answer))
	}
	return resp.StatusCode
}

func (r *rig) fault(fields map[string]any) {
	r.t.Helper()
	require.Equal(r.t, http.StatusCreated, r.call(http.MethodPost, "/sandbox/faults", fields, nil))
}

type ledgerEntry struct {
	ID              string `json:"id"`
	Provider        string `json:"provider"`
	Type            string `json:"type"`
	ObjectID        string `json:"object_id"`
	AuthorizationID string `json:"authorization_id"`
	BookingID       string `json:"booking_id"`
	Amount          int64  `json:"amount"`
	Currency        string `json:"currency"`
	Status          string `json:"status"`
}

type ledgerAnswer struct {
	Entries []ledgerEntry `json:"entries"`
	Summary []struct {
		BookingID string `json:"booking_id"`
		Open      int64  `json:"authorized_open"`
		Captured  int64  `json:"captured"`
		Refunded  int64  `json:"refunded"`
		Fees      int64  `json:"fees"`
		Disputed  int64  `json:"disputed"`
		Net       int64  `json:"net"`
	} `json:"summary"`
	Totals []struct {
		Provider string `json:"provider"`
		Open     int    `json:"open_authorizations"`
		Net      int64  `json:"net"`
	} `json:"totals"`
	HasMore   bool   `json:"has_more"`
	NextAfter string `json:"next_after"`
}

func (r *rig) ledger(query string) ledgerAnswer {
	r.t.Helper()
	var page ledgerAnswer
	require.Equal(r.t, http.StatusOK, r.call(http.MethodGet, "/sandbox/ledger"+query, nil, &page))
	return page
}

// kinds lists the entries' types and statuses, as "capture succeeded".
func (p ledgerAnswer) kinds() []string {
	out := make([]string, 0, len(p.Entries))
	for _, e := range p.Entries {
		out = append(out, e.Type+" "+e.Status)
	}
	return out
}

// intentParams is the purchase's own call: reserve an amount of a booking by a card.
func intentParams(booking, card string, amount int64) *stripe.PaymentIntentParams {
	p := &stripe.PaymentIntentParams{
		Amount: stripe.Int64(amount), Currency: stripe.String("eur"), PaymentMethod: stripe.String(card),
		CaptureMethod: stripe.String("manual"), Confirm: stripe.Bool(true),
	}
	p.AddMetadata("booking_id", booking)
	return p
}

// stripeErr takes the client's error apart.
func stripeErr(t *testing.T, err error) *stripe.Error {
	t.Helper()
	var e *stripe.Error
	require.ErrorAs(t, err, &e)
	return e
}

func readAll(tb testing.TB, in io.Reader) string {
	tb.Helper()
	b, err := io.ReadAll(in)
	require.NoError(tb, err)
	return string(b)
}
