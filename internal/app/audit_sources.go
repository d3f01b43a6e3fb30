package app

import (
	"context"
	"fmt"
	"time"

	"yourticket.example/internal/audit"
	"yourticket.example/internal/cdc"
	"yourticket.example/internal/config"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/paygate"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// searchSource opens the search index, if there is one.
func (s *stores) searchSource(cfg config.Config, to *audit.Sources) error {
	if cfg.ElasticsearchURL.Reveal() == "" {
		to.Missing[audit.PartSearch] = audit.Absence{Reason: "ELASTICSEARCH_URL is not given"}
		return nil
	}
	client, err := elastic.Open(cfg.ElasticsearchURL.Reveal(), elastic.Options{Timeout: reportTimeout})
	if err != nil {
		return fmt.Errorf("ELASTICSEARCH_URL: %w", err)
	}
	to.Search = &cdc.Auditor{
		Catalogue: s.catalogue, Sales: s.sales, Indexer: elastic.NewIndexer(client),
		CatalogueLog: postgres.NewCapture(cfg.DatabaseURL.Reveal(), s.catalogueDB),
	}
	return nil
}

// auditShare is the part of a provider's rate that an audit takes at most, so
// that purchases do not wait for it.
const auditShare = 4

// providerBooks opens the books of the providers whose credentials are given.
func (s *stores) providerBooks(cfg config.Config, to *audit.Sources) error {
	if cfg.StripeAPIKey.Reveal() == "" {
		to.Missing[audit.PartStripe] = audit.Absence{Reason: "STRIPE_API_KEY is not given"}
	} else {
		p, err := stripe.New(stripe.Options{APIKey: cfg.StripeAPIKey.Reveal(), URL: cfg.StripeAPIURL.Reveal(), Timeout: reportTimeout})
		if err != nil {
			return err
		}
		pace, err := s.pace(ticket.Stripe, cfg.StripeRate)
		if err != nil {
			return err
		}
		to.Providers[ticket.Stripe] = p.Books(pace)
	}
	if cfg.PayPalClientID == "" || cfg.PayPalClientSecret.Reveal() == "" {
		to.Missing[audit.PartPayPal] = audit.Absence{Reason: "PAYPAL_CLIENT_ID and PAYPAL_CLIENT_SECRET are not given"}
		return nil
	}
	patient := cfg
	p, err := s.newPayPal(patient, patientBudget)
	if err != nil {
		return err
	}
	pace, err := s.pace(ticket.PayPal, cfg.PayPalRate)
	if err != nil {
		return err
	}
	to.Providers[ticket.PayPal] = p.Books(pace)
	return nil
}

// reportTimeout is how long a page of a provider's books may take.
const reportTimeout = 10 * time.Second

// pace waits for the permit of one request, behind the gate that all processes
// share and within the audit's part of the rate. Without Redis there is the
// latter only.
func (s *stores) pace(name ticket.Provider, rate int) (func(context.Context) error, error) {
	var gate *paygate.RedisGate
	if s.redisDB != nil {
		var err error
		gate, err = paygate.NewRedisGate(paygate.GateOptions{Redis: s.redisDB, Rates: map[ticket.Provider]int{name: rate}})
		if err != nil {
			return nil, err
		}
	}
	gap := time.Second * auditShare / time.Duration(max(auditShare, rate))
	var next time.Time
	return func(ctx context.Context) error {
		wait := time.Until(next)
		for {
			if wait > 0 {
				timer := time.NewTimer(wait)
				select {
				case <-ctx.Done():
					timer.Stop()
					return ctx.Err()
				case <-timer.C:
				}
			}
			next = time.Now().Add(gap)
			if gate == nil {
				return ctx.Err()
			}
			ok, after, err := gate.Take(ctx, name)
			if ok || err != nil {
				return err
			}
			wait = after
		}
	}, nil
}
