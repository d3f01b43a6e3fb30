package app

import (
	"time"

	"yourticket.example/api"
	"yourticket.example/internal/config"
	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// A provider has a few seconds on the fast path; on the payments fleet it has
// the patience of a queue.
const (
	callTimeout   = 3 * time.Second
	fastBudget    = 4 * time.Second
	patientBudget = 9 * time.Second
)

func (s *stores) providers(cfg config.Config) (fast, patient map[ticket.Provider]ticket.PaymentProvider, err error) {
	st, err := stripe.New(stripe.Options{APIKey: cfg.StripeAPIKey.Reveal(), URL: cfg.StripeAPIURL.Reveal(), Timeout: callTimeout, Budget: fastBudget})
	if err != nil {
		return nil, nil, err
	}
	m := map[ticket.Provider]ticket.PaymentProvider{ticket.Stripe: st}
	return m, m, nil
}

func webhookVerifiers(cfg config.Config) (map[ticket.Provider]api.WebhookVerifier, error) {
	return nil, nil
}
