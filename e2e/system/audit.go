package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"yourticket.example/internal/audit"
	"yourticket.example/internal/paypal"
	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// Audit runs `yourticket audit` on this system and gives its report and exit code.
func (s *System) Audit(ctx context.Context, flags ...string) (report audit.Report, code int, err error) {
	args := append([]string{
		"audit", "--json", "--log-level", "error", "--stripe-api-url", s.Sandbox.URL, "--paypal-api-url", s.Sandbox.URL,
	}, flags...)
	out, err := s.Run(ctx, args...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code, err = exit.ExitCode(), nil
	}
	if err != nil {
		return report, code, err
	}
	// What it says of its verdict follows the report.
	if err := json.NewDecoder(strings.NewReader(out)).Decode(&report); err != nil {
		return report, code, fmt.Errorf("%w: %s", err, out)
	}
	return report, code, nil
}

// StripeAPI is the client by which somebody with access to the account works
// past the system.
func (s *System) StripeAPI() *client.API {
	backend := stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{
		URL: stripego.String(s.Sandbox.URL), LeveledLogger: &stripego.LeveledLogger{Level: stripego.LevelNull},
		MaxNetworkRetries: stripego.Int64(0), EnableTelemetry: stripego.Bool(false),
	})
	return client.New(s.keys.stripe, &stripego.Backends{API: backend, Connect: backend, Uploads: backend})
}

// Silence stops the product's own processes, so that nothing of it heals or
// changes anything any more. The parts and the sandbox go on.
func (s *System) Silence() error {
	var errs []error
	for _, p := range append(append([]*Process{}, s.APIs...), s.Workers...) {
		errs = append(errs, p.Stop())
	}
	return errors.Join(errs...)
}

// Providers are the product's own clients of Stripe and PayPal, as somebody with
// access to the accounts would use them.
func (s *System) Providers() (map[ticket.Provider]ticket.PaymentProvider, error) {
	one, err := stripe.New(stripe.Options{APIKey: s.keys.stripe, URL: s.Sandbox.URL})
	if err != nil {
		return nil, err
	}
	other, err := paypal.New(paypal.Options{ClientID: s.keys.paypalID, ClientSecret: s.keys.paypalSecret, URL: s.Sandbox.URL})
	return map[ticket.Provider]ticket.PaymentProvider{ticket.Stripe: one, ticket.PayPal: other}, err
}

// LoseWebhooks has the providers' events get lost from now on, until Mend.
func (s *System) LoseWebhooks(ctx context.Context) error {
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		if err := s.Break(ctx, string(p), "error", "webhook"); err != nil {
			return err
		}
	}
	return nil
}
