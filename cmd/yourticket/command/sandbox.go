package command

import (
	"context"
	"log/slog"

	"yourticket.example/api"
	"yourticket.example/internal/config"
	"yourticket.example/internal/sandbox"
)

// sandboxCommand runs the payment sandbox by itself.
type sandboxCommand struct {
	Listen              string        `env:"LISTEN" default:":8090" placeholder:"ADDRESS" help:"Address to listen on; port 0 picks a free one (default: ${default})."`
	StripeAPIKey        config.Secret `name:"stripe-api-key" env:"STRIPE_API_KEY" placeholder:"KEY" help:"The key to accept; any test key without it."`
	StripeWebhookURL    string        `env:"STRIPE_WEBHOOK_URL" placeholder:"URL" help:"Where Stripe's events go; nowhere without it."`
	StripeWebhookSecret config.Secret `env:"STRIPE_WEBHOOK_SECRET" placeholder:"SECRET" help:"Signs Stripe's events."`
	PayPalClientID      string        `name:"paypal-client-id" env:"PAYPAL_CLIENT_ID" placeholder:"ID" help:"The client to accept; any without it."`
	PayPalClientSecret  config.Secret `name:"paypal-client-secret" env:"PAYPAL_CLIENT_SECRET" placeholder:"SECRET" help:"The client's secret."`
	PayPalWebhookURL    string        `name:"paypal-webhook-url" env:"PAYPAL_WEBHOOK_URL" placeholder:"URL" help:"Where PayPal's events go; nowhere without it."`
	PayPalWebhookID     string        `name:"paypal-webhook-id" env:"PAYPAL_WEBHOOK_ID" placeholder:"ID" help:"Signs PayPal's events."`
	DataFile            string        `env:"DATA_FILE" placeholder:"FILE" help:"Where the state is kept; in memory without it."`
	LogLevel            string        `env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
}

// Run serves until ctx ends.
func (c *sandboxCommand) Run(ctx context.Context, s streams) error {
	if err := prepareLogs(c.LogLevel, s.err); err != nil {
		return err
	}
	if err := listening("LISTEN", c.Listen); err != nil {
		return err
	}
	return sandbox.Run(ctx, sandbox.Options{
		Listen:              c.Listen,
		OnReady:             func(addr string) { slog.Info("sandbox is ready", "address", addr) },
		DataFile:            c.DataFile,
		StripeKey:           c.StripeAPIKey.Reveal(),
		StripeWebhookURL:    c.StripeWebhookURL,
		StripeWebhookSecret: c.StripeWebhookSecret.Reveal(),
		PayPalClientID:      c.PayPalClientID,
		PayPalClientSecret:  c.PayPalClientSecret.Reveal(),
		PayPalWebhookURL:    c.PayPalWebhookURL,
		PayPalWebhookID:     c.PayPalWebhookID,
		StripeEvents:        api.StripeWebhookEvents,
		PayPalEvents:        api.PayPalWebhookEvents,
	})
}
