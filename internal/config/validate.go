package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"yourticket.example/internal/payloadcodec"
)

// Serving are the variables that the API and the workers cannot do without.
var Serving = []string{
	"DATABASE_URL", "REDIS_URL", "TEMPORAL_ADDRESS",
	"STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET",
	"PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_WEBHOOK_ID",
}

// Migrating are the variables that migrations cannot do without.
var Migrating = []string{"DATABASE_URL"}

// Validate checks the form of everything that is set, and that the variables
// named in required are. The error has one line for each fault, which begins
// with the variable and never shows a value.
func (c Config) Validate(required ...string) error {
	var faults []error
	for _, f := range append(c.fields(), c.numbers()...) {
		if f.value == "" {
			if slices.Contains(required, f.variable) {
				faults = append(faults, fmt.Errorf("%s: is missing", f.variable))
			}
			continue
		}
		if f.check == nil {
			continue
		}
		if err := f.check(f.value); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", f.variable, err))
		}
	}
	return errors.Join(faults...)
}

// field is one variable with its value and the check of its form.
type field struct {
	variable, value string
	check           func(string) error
}

func (c Config) fields() []field {
	fields := []field{{"DATABASE_URL", c.DatabaseURL.Reveal(), schemes("postgres", "postgresql")}}
	fields = append(fields, each("SALES_DATABASE_URLS", c.SalesDatabaseURLs, shard)...)
	fields = append(fields, each("ELASTICSEARCH_URL", c.ElasticsearchURL, schemes("http", "https"))...)
	fields = append(append(fields, c.Gateway.fields()...), c.Telemetry.fields()...)
	return append(fields, []field{
		{"REDIS_URL", c.RedisURL.Reveal(), schemes("redis", "rediss", "redis+cluster", "rediss+cluster")},
		{"TEMPORAL_ADDRESS", c.TemporalAddress, hostPort},
		{"TEMPORAL_TLS", c.TemporalTLS, truth},
		{"TEMPORAL_NAMESPACE", c.TemporalNamespace, oneWord},
		{"STRIPE_API_KEY", c.StripeAPIKey.Reveal(), oneWord},
		{"STRIPE_API_URL", c.StripeAPIURL.Reveal(), schemes("http", "https")},
		{"STRIPE_WEBHOOK_SECRET", c.StripeWebhookSecret.Reveal(), oneWord},
		{"PAYPAL_CLIENT_ID", c.PayPalClientID, oneWord},
		{"PAYPAL_CLIENT_SECRET", c.PayPalClientSecret.Reveal(), oneWord},
		{"PAYPAL_API_URL", c.PayPalAPIURL.Reveal(), schemes("http", "https")},
		{"PAYPAL_WEBHOOK_ID", c.PayPalWebhookID, oneWord},
		{"PAYLOAD_KEYS", c.PayloadKeys.Reveal(), func(value string) error { _, err := payloadcodec.ParseKeys(value); return err }},
		{"SMTP_URL", c.SMTPURL.Reveal(), schemes("smtp", "smtps")},
		{"MAIL_FROM", c.MailFrom, mailAddress},
		{"PUBLIC_URL", c.PublicURL.Reveal(), schemes("http", "https")},
		{"LOG_LEVEL", c.LogLevel, logLevel},
	}...)
}

// numbers are the variables that have a default, and bounds.
func (c Config) numbers() []field {
	return []field{
		{"HOLD_FOR", c.HoldFor.String(), within(c.HoldFor, time.Second, 24*time.Hour)},
		{"SETTLE_AFTER", c.SettleAfter.String(), within(c.SettleAfter, time.Second, 24*time.Hour)},
		{"STRIPE_RATE", strconv.Itoa(c.StripeRate), atLeastOne(c.StripeRate)},
		{"PAYPAL_RATE", strconv.Itoa(c.PayPalRate), atLeastOne(c.PayPalRate)},
	}
}

func within(d, least, most time.Duration) func(string) error {
	return func(string) error {
		if d < least || d > most {
			return fmt.Errorf("must be from %s to %s", least, most)
		}
		return nil
	}
}

func atLeastOne(n int) func(string) error {
	return func(string) error {
		if n < 1 {
			return errors.New("must be at least 1")
		}
		return nil
	}
}

// shard checks the address of a sales database. A comma in the database's name is
// an entry of the list that is no address.
func shard(value string) error {
	if err := schemes("postgres", "postgresql")(value); err != nil {
		return err
	}
	if u, err := url.Parse(value); err == nil && strings.Contains(u.Path, ",") {
		return errors.New("must be URLs, separated by commas")
	}
	return nil
}

// Listening checks an address to listen on; empty is for none.
func Listening(variable, address string) error {
	if address == "" {
		return nil
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s: must be host:port, or :port", variable)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%s: must have a port between 0 and 65535", variable)
	}
	return nil
}

// each gives a field for every address of a variable, or one without a value.
func each(variable string, us URLs, check func(string) error) []field {
	if us.IsZero() {
		return []field{{variable: variable}}
	}
	var fields []field
	for _, u := range us.list {
		fields = append(fields, field{variable, u.Reveal(), check})
	}
	return fields
}

// schemes checks for a URL with one of these schemes and a host. The parser's
// own errors quote the URL, so they are not passed on.
func schemes(allowed ...string) func(string) error {
	return func(value string) error {
		u, err := url.Parse(value)
		switch {
		case err != nil:
			return errors.New("is not a valid URL")
		case !slices.Contains(allowed, u.Scheme):
			return fmt.Errorf("must begin with %s://", strings.Join(allowed, ":// or "))
		case u.Host == "":
			return errors.New("has no host")
		default:
			return nil
		}
	}
}

func hostPort(value string) error {
	host, port, err := net.SplitHostPort(value)
	if err != nil || host == "" {
		return errors.New("must be host:port")
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return errors.New("must be host:port with a port between 1 and 65535")
	}
	return nil
}

func truth(value string) error {
	if _, err := strconv.ParseBool(value); err != nil {
		return errors.New("must be true or false")
	}
	return nil
}

func oneWord(value string) error {
	if strings.ContainsAny(value, " \t\r\n") {
		return errors.New("must not contain white space")
	}
	return nil
}

func mailAddress(value string) error {
	if _, err := mail.ParseAddress(value); err != nil {
		return errors.New("must be an email address, or a name and an address in angle brackets")
	}
	return nil
}

func logLevel(value string) error {
	_, err := ParseLevel(value)
	return err
}

// ParseLevel reads a log level.
func ParseLevel(value string) (level slog.Level, err error) {
	if level.UnmarshalText([]byte(value)) != nil {
		return slog.LevelInfo, errors.New("must be debug, info, warn or error")
	}
	return level, nil
}
