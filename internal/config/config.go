package config

import (
	"log/slog"
	"time"
)

// Config is the configuration that all commands share. The tags are read by
// the command line's parser; the variable is the flag's name in capitals.
type Config struct {
	// Gateway is what stands before the services.
	Gateway `embed:""`
	// Telemetry is where traces go.
	Telemetry `embed:""`

	// DatabaseURL is the catalogue database: postgres://user:password@host:port/name.
	DatabaseURL URL `name:"database-url" env:"DATABASE_URL" placeholder:"URL" help:"PostgreSQL database of the catalogue."`
	// SalesDatabaseURLs are the sales shards in their fixed order. Without any
	// the catalogue database is the only shard, see SalesDatabases.
	SalesDatabaseURLs URLs `name:"sales-database-urls" env:"SALES_DATABASE_URLS" placeholder:"URL,URL" help:"PostgreSQL databases of the sales shards (default: the catalogue's)."`
	// RedisURL is redis://, rediss:// or redis+cluster:// with host and port.
	RedisURL URL `name:"redis-url" env:"REDIS_URL" placeholder:"URL" help:"Redis; redis+cluster:// for a cluster."`
	// ElasticsearchURL is where Elasticsearch's nodes answer, with user and
	// password if it asks for them. It may be empty: search then asks PostgreSQL.
	ElasticsearchURL URLs `name:"elasticsearch-url" env:"ELASTICSEARCH_URL" placeholder:"URL,URL" help:"Nodes of Elasticsearch; without them PostgreSQL answers searches."`
	// TemporalAddress is host:port of Temporal's frontend. TLS and API keys come
	// from Temporal's own environment variables.
	TemporalAddress string `name:"temporal-address" env:"TEMPORAL_ADDRESS" placeholder:"HOST:PORT" help:"Temporal's frontend."`
	// TemporalTLS is "true" for TLS; certificates and keys are in Temporal's own
	// variables. It stands here so that what is no truth value is found.
	TemporalTLS string `name:"temporal-tls" env:"TEMPORAL_TLS" placeholder:"true|false" help:"Whether Temporal is reached by TLS."`
	// TemporalNamespace is the namespace of all workflows.
	TemporalNamespace string `name:"temporal-namespace" env:"TEMPORAL_NAMESPACE" default:"default" help:"Temporal namespace."`

	// StripeAPIKey is the secret key of the Stripe account.
	StripeAPIKey Secret `name:"stripe-api-key" env:"STRIPE_API_KEY" placeholder:"KEY" help:"Stripe's secret key."`
	// StripeAPIURL replaces Stripe's own address; empty means that.
	StripeAPIURL URL `name:"stripe-api-url" env:"STRIPE_API_URL" placeholder:"URL" help:"Stripe's API (default: Stripe's own)."`
	// StripeWebhookSecret checks the signatures of Stripe's webhooks.
	StripeWebhookSecret Secret `name:"stripe-webhook-secret" env:"STRIPE_WEBHOOK_SECRET" placeholder:"SECRET" help:"Signing secret of Stripe's webhooks."`
	// PayPalClientID and PayPalClientSecret are the credentials of the PayPal app.
	PayPalClientID     string `name:"paypal-client-id" env:"PAYPAL_CLIENT_ID" placeholder:"ID" help:"Client id of the PayPal app."`
	PayPalClientSecret Secret `name:"paypal-client-secret" env:"PAYPAL_CLIENT_SECRET" placeholder:"SECRET" help:"Client secret of the PayPal app."`
	// PayPalAPIURL replaces PayPal's own address; empty means that.
	PayPalAPIURL URL `name:"paypal-api-url" env:"PAYPAL_API_URL" placeholder:"URL" help:"PayPal's API (default: PayPal's own)."`
	// PayPalWebhookID is the id under which PayPal signs our webhooks.
	PayPalWebhookID string `name:"paypal-webhook-id" env:"PAYPAL_WEBHOOK_ID" placeholder:"ID" help:"Id of the PayPal webhook."`

	// StripeRate and PayPalRate are our share of each provider's rate, in
	// requests a second over all processes. Stripe allows 100 live and 25 in its
	// own sandbox.
	StripeRate int `name:"stripe-rate" env:"STRIPE_RATE" default:"90" help:"Requests a second that Stripe gets from us."`
	PayPalRate int `name:"paypal-rate" env:"PAYPAL_RATE" default:"50" help:"Requests a second that PayPal gets from us."`

	// SettleAfter is how old an unanswered payment call must be before its
	// absence from the provider's books is believed.
	SettleAfter time.Duration `name:"settle-after" env:"SETTLE_AFTER" default:"2m" help:"How long a lost payment call may still arrive at its provider."`

	// HoldFor is how long a buyer has to pay for held places.
	HoldFor time.Duration `name:"hold-for" env:"HOLD_FOR" default:"10m" help:"How long places are held for a buyer."`
	// WorkerBuildID names the build for Worker Versioning; empty means the
	// version that is stamped into the binary.
	WorkerBuildID string `name:"worker-build-id" env:"WORKER_BUILD_ID" placeholder:"ID" help:"Build that workers belong to (default: the binary's version)."`
	// PayloadKeys seal what workflows keep in Temporal: ID:SECRET pairs, see
	// payloadcodec.ParseKeys. Without any histories are readable.
	PayloadKeys Secret `name:"payload-keys" env:"PAYLOAD_KEYS" placeholder:"ID:SECRET,..." help:"Keys that seal workflow histories, the newest first (32 bytes in base64)."`
	// DebugListen serves profiles at /debug/pprof; empty for none.
	DebugListen string `name:"debug-listen" env:"DEBUG_LISTEN" placeholder:"HOST:PORT" help:"Serve profiles there (never in public)."`

	// SMTPURL is smtp:// or smtps://; without it mail waits in the outbox.
	SMTPURL URL `name:"smtp-url" env:"SMTP_URL" placeholder:"URL" help:"Mail server; without it mail waits in the outbox."`
	// MailFrom is who mails are from: an address, or a name with one.
	MailFrom string `name:"mail-from" env:"MAIL_FROM" default:"YourTicket <tickets@yourticket.example>" help:"Sender of mails: NAME <ADDRESS>."`
	// PublicURL is where buyers reach the storefront; empty means mails without links.
	PublicURL URL `name:"public-url" env:"PUBLIC_URL" placeholder:"URL" help:"Address of the storefront, for links in mails (default: no links)."`
	// LogLevel is debug, info, warn or error.
	LogLevel string `name:"log-level" env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
}

// SalesDatabases are the URLs of the sales shards: those configured, or the
// catalogue's alone.
func (c Config) SalesDatabases() []URL {
	if len(c.SalesDatabaseURLs.list) > 0 {
		return c.SalesDatabaseURLs.List()
	}
	return []URL{c.DatabaseURL}
}

// Level is LogLevel as log/slog wants it, info when it is not valid.
func (c Config) Level() slog.Level {
	level, _ := ParseLevel(c.LogLevel)
	return level
}
