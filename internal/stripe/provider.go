package stripe

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"yourticket.example/ticket"
)

const (
	defaultTimeout = 3 * time.Second
	defaultBudget  = 4 * time.Second
	defaultSettle  = 2 * time.Minute
	defaultReplays = 3
)

// Options says how Stripe is reached.
type Options struct {
	// APIKey is the secret key. It is never logged.
	APIKey string
	// URL is the address of Stripe's API; "" is Stripe's own.
	URL string
	// Timeout bounds one call; default 3 s.
	Timeout time.Duration
	// Budget bounds Authorize and Resume together with their replays; default 4 s.
	Budget time.Duration
	// Replays bounds how often a call that ends at once without an answer is sent
	// again, so that a provider in trouble does not hold every buyer up for the
	// whole budget. Waiting for a call still at work does not count. Default 3.
	Replays int
	// SettleAfter is how old a lost call must be before the absence of its
	// intent is believed: whatever was still running at Stripe has ended by
	// then. Default 2 minutes.
	SettleAfter time.Duration
	// HTTPTransport replaces the connection pool, in tests.
	HTTPTransport http.RoundTripper
	// Instrument wraps the connection pool, to watch the calls; nil for nothing.
	Instrument func(http.RoundTripper) http.RoundTripper
	// Logger hears of refused credentials; default slog.Default().
	Logger *slog.Logger
}

// Provider pays by Stripe. It is safe for concurrent use.
type Provider struct {
	api     *client.API
	timeout time.Duration
	budget  time.Duration
	settle  time.Duration
	replays int
	log     *slog.Logger
}

var _ ticket.PaymentProvider = (*Provider)(nil)

// New makes a provider with a connection pool of its own. It sends nothing.
func New(o Options) (*Provider, error) {
	if o.APIKey == "" {
		return nil, errors.New("stripe: the API key is missing")
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Budget <= 0 {
		o.Budget = defaultBudget
	}
	if o.Replays <= 0 {
		o.Replays = defaultReplays
	}
	if o.SettleAfter <= 0 {
		o.SettleAfter = defaultSettle
	}
	if o.HTTPTransport == nil {
		o.HTTPTransport = newTransport()
	}
	if o.Instrument != nil {
		o.HTTPTransport = o.Instrument(o.HTTPTransport)
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	config := &stripego.BackendConfig{
		EnableTelemetry:   stripego.Bool(false),
		HTTPClient:        newHTTPClient(o.HTTPTransport),
		LeveledLogger:     &stripego.LeveledLogger{Level: stripego.LevelNull},
		MaxNetworkRetries: stripego.Int64(0),
	}
	if o.URL != "" {
		config.URL = stripego.String(o.URL)
	}
	api := stripego.GetBackendWithConfig(stripego.APIBackend, config)
	return &Provider{
		api:     client.New(o.APIKey, &stripego.Backends{API: api, Connect: api, Uploads: api}),
		timeout: o.Timeout,
		budget:  o.Budget,
		settle:  o.SettleAfter,
		replays: o.Replays,
		log:     o.Logger,
	}, nil
}

// keyOf names a step of a booking's attempt for Stripe's idempotency.
func keyOf(r ticket.ChargeRequest, step string) string {
	return "purchase/" + r.BookingID + "/" + step + "/" + strconv.Itoa(r.Attempt)
}
