package paypal

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

const (
	defaultTimeout = 3 * time.Second
	defaultBudget  = 4 * time.Second
	defaultSettle  = 2 * time.Minute
	defaultReplays = 3
	// remembered is how long PayPal surely knows the request id of an order:
	// 6 hours, less one for the clock and for what came late.
	remembered = 5 * time.Hour
)

// Options says how PayPal is reached.
type Options struct {
	// ClientID and ClientSecret get access tokens. They are never logged.
	ClientID     string
	ClientSecret string
	// URL is the address of PayPal's API; "" is the live one.
	URL string
	// Timeout bounds one call; default 3 s.
	Timeout time.Duration
	// Budget bounds Authorize and Resume together with their replays; default 4 s.
	Budget time.Duration
	// Replays bounds how often a call that ends at once without an answer is sent
	// again, so that a provider in trouble does not hold every buyer up for the
	// whole budget. Waiting for a call still at work does not count. Default 3.
	Replays int
	// SettleAfter is how old a lost call must be before the absence of what it
	// would have made is believed: whatever was still running at PayPal has
	// ended by then. Default 2 minutes.
	SettleAfter time.Duration
	// HTTPTransport replaces the connection pool, in tests.
	HTTPTransport http.RoundTripper
	// Instrument wraps the connection pool, to watch the calls; nil for nothing.
	Instrument func(http.RoundTripper) http.RoundTripper
	// Logger hears of refused credentials; default slog.Default().
	Logger *slog.Logger
}

// Provider pays by PayPal. It is safe for concurrent use.
type Provider struct {
	client  *pp.Client
	timeout time.Duration
	budget  time.Duration
	settle  time.Duration
	replays int
	log     *slog.Logger
}

var _ ticket.PaymentProvider = (*Provider)(nil)

// New makes a provider with a connection pool of its own. It sends nothing.
func New(o Options) (*Provider, error) {
	if o.ClientID == "" || o.ClientSecret == "" {
		return nil, errors.New("paypal: the client id or the client secret is missing")
	}
	if o.URL == "" {
		o.URL = pp.APIBaseLive
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
	client, err := pp.NewClient(o.ClientID, o.ClientSecret, o.URL)
	if err != nil {
		return nil, errors.New("paypal: the client cannot be made")
	}
	client.SetHTTPClient(newHTTPClient(&carrier{next: o.HTTPTransport, tokens: newTokens(o)}))
	// With a token that never expires the library leaves tokens to the carrier.
	client.SetAccessToken("set-by-carrier")
	return &Provider{
		client: client, timeout: o.Timeout, budget: o.Budget, replays: o.Replays, settle: o.SettleAfter, log: o.Logger,
	}, nil
}

// keyOf names a step of a booking's attempt for PayPal's idempotency.
func keyOf(r ticket.ChargeRequest, step string) string {
	return "purchase/" + r.BookingID + "/" + step + "/" + strconv.Itoa(r.Attempt)
}

// invoiceOf names a booking's attempt in PayPal's books, where it is unique.
func invoiceOf(r ticket.ChargeRequest) string { return r.BookingID + "-" + strconv.Itoa(r.Attempt) }
