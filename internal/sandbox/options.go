package sandbox

import (
	"errors"
	"net/http"
	"time"
)

// Options says how a sandbox runs. The zero value is a sandbox in memory that sends no webhooks and takes
// any credentials of the right form.
type Options struct {
	// Listen is the TCP address Run listens on; port 0 picks a free one.
	Listen string
	// OnReady, if set, is called by Run with the address that answers.
	OnReady func(addr string)
	// DataFile is the journal in which state outlives the process; "" keeps it in memory only.
	DataFile string

	// StripeKey is the secret key that callers must present; "" takes any sk_test_ or rk_test_ key.
	StripeKey string
	// StripeWebhookURL receives Stripe's events, signed with StripeWebhookSecret; "" sends none.
	StripeWebhookURL    string
	StripeWebhookSecret string
	// StripeEvents are the event types to send, as a real endpoint subscribes to them; empty sends all.
	StripeEvents []string

	// PayPalClientID and PayPalClientSecret are the pair that gets tokens; "" takes any pair.
	PayPalClientID     string
	PayPalClientSecret string
	// PayPalWebhookURL receives PayPal's events, signed for PayPalWebhookID; "" sends none.
	PayPalWebhookURL string
	PayPalWebhookID  string
	// PayPalEvents are the event types to send; empty sends all.
	PayPalEvents []string

	// Pages are served beside the providers, by the first word of their path; they are no part of the sandbox.
	Pages map[string]http.Handler

	// TokenTTL is the life of a PayPal access token; default 9 hours, as PayPal's.
	TokenTTL time.Duration
	// SettleAfter is how long a pending or failing refund takes to change its status; default 2 s.
	SettleAfter time.Duration
	// WebhookBackoff is the pause after the first failed delivery, doubled after each; default 500 ms.
	WebhookBackoff time.Duration
}

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	if o.TokenTTL <= 0 {
		o.TokenTTL = 9 * time.Hour
	}
	if o.SettleAfter <= 0 {
		o.SettleAfter = 2 * time.Second
	}
	if o.WebhookBackoff <= 0 {
		o.WebhookBackoff = 500 * time.Millisecond
	}
	return o
}

// validate reports every option that makes a start pointless.
func (o Options) validate() error {
	var errs []error
	if o.StripeWebhookURL != "" && o.StripeWebhookSecret == "" {
		errs = append(errs, errors.New("sandbox: StripeWebhookURL needs StripeWebhookSecret"))
	}
	if o.PayPalWebhookURL != "" && o.PayPalWebhookID == "" {
		errs = append(errs, errors.New("sandbox: PayPalWebhookURL needs PayPalWebhookID"))
	}
	return errors.Join(errs...)
}
