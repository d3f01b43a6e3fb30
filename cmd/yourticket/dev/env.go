package dev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"yourticket.example/internal/config"
)

// variable is one line of dev.env.
type variable struct{ name, value string }

func (s *system) envFile() string { return filepath.Join(s.DataDir, "dev.env") }

// writeEnv writes dev.env, to be sourced by a shell that is to run more
// processes beside this system.
func (s *system) writeEnv() error {
	var b strings.Builder
	for _, v := range s.variables() {
		if v.value != "" {
			b.WriteString("export " + v.name + "='" + strings.ReplaceAll(v.value, "'", `'\''`) + "'\n")
		}
	}
	return writePrivate(s.envFile(), []byte(b.String()))
}

func (s *system) variables() []variable {
	return append(configVariables(s.cfg),
		variable{"YOURTICKET_API_URL", s.apiURL()},
		variable{"YOURTICKET_SANDBOX_URL", s.sandbox},
		variable{"YOURTICKET_TEMPORAL_UI_URL", s.uiURL},
	)
}

func (s *system) apiURL() string { return "http://" + local(s.Ports.API) }

func configVariables(c config.Config) []variable {
	return []variable{
		{"DATABASE_URL", c.DatabaseURL.Reveal()},
		{"SALES_DATABASE_URLS", c.SalesDatabaseURLs.Reveal()},
		{"REDIS_URL", c.RedisURL.Reveal()},
		{"ELASTICSEARCH_URL", c.ElasticsearchURL.Reveal()},
		{"TEMPORAL_ADDRESS", c.TemporalAddress},
		{"TEMPORAL_NAMESPACE", c.TemporalNamespace},
		{"STRIPE_API_KEY", c.StripeAPIKey.Reveal()},
		{"STRIPE_API_URL", c.StripeAPIURL.Reveal()},
		{"STRIPE_WEBHOOK_SECRET", c.StripeWebhookSecret.Reveal()},
		{"PAYPAL_CLIENT_ID", c.PayPalClientID},
		{"PAYPAL_CLIENT_SECRET", c.PayPalClientSecret.Reveal()},
		{"PAYPAL_API_URL", c.PayPalAPIURL.Reveal()},
		{"PAYPAL_WEBHOOK_ID", c.PayPalWebhookID},
		{"STRIPE_RATE", strconv.Itoa(c.StripeRate)},
		{"PAYPAL_RATE", strconv.Itoa(c.PayPalRate)},
		{"HOLD_FOR", c.HoldFor.String()},
		{"SETTLE_AFTER", c.SettleAfter.String()},
		{"PAYLOAD_KEYS", c.PayloadKeys.Reveal()},
		{"WORKER_BUILD_ID", c.WorkerBuildID},
		{"SMTP_URL", c.SMTPURL.Reveal()},
		{"MAIL_FROM", c.MailFrom},
		{"PUBLIC_URL", c.PublicURL.Reveal()},
		{"LOG_LEVEL", c.LogLevel},
	}
}

var envLine = regexp.MustCompile(`(?m)^export ([A-Z_]+)='(.*)'$`)

// retireEnv takes away the dev.env of an earlier run, so that whoever waits for
// one sees only what runs now. Addresses that are the same as in it are
// forgotten: whoever sourced that file and then starts dev again means to start
// those parts, not to use parts that are gone.
func (s *system) retireEnv() error {
	b, err := os.ReadFile(s.envFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := errors.Join(err, os.Remove(s.envFile())); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	own := map[string]string{}
	for _, m := range envLine.FindAllStringSubmatch(string(b), -1) {
		own[m[1]] = strings.ReplaceAll(m[2], `'\''`, "'")
	}
	var ours []string
	forget := func(name, value string, unset func()) {
		if value != "" && own[name] == value {
			unset()
			ours = append(ours, name)
		}
	}
	c := &s.cfg
	forget("DATABASE_URL", c.DatabaseURL.Reveal(), func() { c.DatabaseURL = config.URL{} })
	forget("SALES_DATABASE_URLS", c.SalesDatabaseURLs.Reveal(), func() { c.SalesDatabaseURLs = config.URLs{} })
	forget("REDIS_URL", c.RedisURL.Reveal(), func() { c.RedisURL = config.URL{} })
	forget("ELASTICSEARCH_URL", c.ElasticsearchURL.Reveal(), func() { c.ElasticsearchURL = config.URLs{} })
	forget("TEMPORAL_ADDRESS", c.TemporalAddress, func() { c.TemporalAddress = "" })
	forget("STRIPE_API_URL", c.StripeAPIURL.Reveal(), func() { c.StripeAPIURL = config.URL{} })
	forget("PAYPAL_API_URL", c.PayPalAPIURL.Reveal(), func() { c.PayPalAPIURL = config.URL{} })
	forget("SMTP_URL", c.SMTPURL.Reveal(), func() { c.SMTPURL = config.URL{} })
	forget("PUBLIC_URL", c.PublicURL.Reveal(), func() { c.PublicURL = config.URL{} })
	if len(ours) > 0 {
		s.out.say("not using %s: they come from this system's own dev.env", strings.Join(ours, ", "))
	}
	return nil
}
