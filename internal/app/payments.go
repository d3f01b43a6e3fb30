package app

import (
	"context"
	"net/http"
	"time"

	"yourticket.example/activities"
	"yourticket.example/api"
	"yourticket.example/internal/config"
	"yourticket.example/internal/paygate"
	"yourticket.example/internal/paypal"
	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// A provider has a few seconds on the fast path; on the payments fleet it has
// the patience of a queue.
const (
	callTimeout   = 3 * time.Second
	fastBudget    = 4 * time.Second
	patientBudget = 8 * time.Second

	patientReplays = 20
)

// payments are the payment providers for the fleet that works while a buyer
// waits, and the same with more patience. Both share a gate and a circuit.
type payments struct {
	fast, patient map[ticket.Provider]ticket.PaymentProvider
	// plain are the providers without gate and circuit, which a probe must not move.
	plain map[ticket.Provider]ticket.PaymentProvider
	gate  *paygate.RedisGate
	// guards are those of fast, to be asked how they are.
	guards []*paygate.Guard
}

func (s *stores) providers(cfg config.Config) (p payments, err error) {
	p.gate, err = paygate.NewRedisGate(paygate.GateOptions{
		Redis: s.redisDB, Rates: map[ticket.Provider]int{ticket.Stripe: cfg.StripeRate, ticket.PayPal: cfg.PayPalRate},
	})
	if err != nil {
		return p, err
	}
	p.fast, p.patient = map[ticket.Provider]ticket.PaymentProvider{}, map[ticket.Provider]ticket.PaymentProvider{}
	p.plain = map[ticket.Provider]ticket.PaymentProvider{}
	for _, name := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		quick, err := s.newProvider(name, cfg, fastBudget)
		if err != nil {
			return p, err
		}
		slow, err := s.newProvider(name, cfg, patientBudget)
		if err != nil {
			return p, err
		}
		guard, err := paygate.New(paygate.Options{
			Name: name, Provider: quick, Gate: p.gate, Registerer: s.registry,
			Observe: func(took time.Duration, failed bool) { s.meter.Provider(time.Now(), took, failed) },
		})
		if err != nil {
			return p, err
		}
		p.fast[name], p.patient[name], p.plain[name] = guard, guard.Patient(slow), quick
		p.guards = append(p.guards, guard)
	}
	return p, nil
}

func (s *stores) newProvider(name ticket.Provider, cfg config.Config, budget time.Duration) (ticket.PaymentProvider, error) {
	if name == ticket.Stripe {
		return stripe.New(stripe.Options{
			APIKey: cfg.StripeAPIKey.Reveal(), URL: cfg.StripeAPIURL.Reveal(), Timeout: callTimeout, Budget: budget,
			Replays: replays(budget), SettleAfter: cfg.SettleAfter, Instrument: s.tracing.Transport("stripe"),
		})
	}
	return s.newPayPal(cfg, budget)
}

func (s *stores) newPayPal(cfg config.Config, budget time.Duration) (*paypal.Provider, error) {
	return paypal.New(paypal.Options{
		ClientID: cfg.PayPalClientID, ClientSecret: cfg.PayPalClientSecret.Reveal(), URL: cfg.PayPalAPIURL.Reveal(),
		Timeout: callTimeout, Budget: budget, Replays: replays(budget), SettleAfter: cfg.SettleAfter,
		Instrument: s.tracing.Transport("paypal"),
	})
}

// replays is how often a quick failure is asked again: a buyer who waits is
// sent to the other provider soon, the queue has time.
func replays(budget time.Duration) int {
	if budget == patientBudget {
		return patientReplays
	}
	return 0 // the adapter's own default
}

// reconciliations compare our books with the providers' own, within their rates.
func (s *stores) reconciliations(pay payments) *activities.Reconciliations {
	readers := map[ticket.Provider]activities.MovementReader{}
	for name, p := range pay.plain {
		if reader, ok := p.(activities.MovementReader); ok {
			readers[name] = reader
		}
	}
	return &activities.Reconciliations{
		Books: s.catalogue, Money: s.sales, Providers: readers, Pace: pay.gate.Wait, Now: time.Now,
	}
}

// webhookVerifiers check the signatures of deliveries: Stripe's here, PayPal's
// by asking PayPal.
func (s *stores) webhookVerifiers(cfg config.Config) (map[ticket.Provider]api.WebhookVerifier, error) {
	payPal, err := s.newPayPal(cfg, fastBudget)
	if err != nil {
		return nil, err
	}
	return map[ticket.Provider]api.WebhookVerifier{
		ticket.Stripe: func(_ context.Context, header http.Header, body []byte) (api.PaymentEvent, error) {
			e, err := stripe.VerifyWebhook(body, header.Get("Stripe-Signature"), cfg.StripeWebhookSecret.Reveal())
			return api.PaymentEvent{
				ID: e.ID, Type: e.Type, BookingID: e.BookingID, RefundID: e.RefundID, ChargeRef: e.IntentRef, CaptureRef: e.ChargeRef,
			}, err
		},
		ticket.PayPal: func(ctx context.Context, header http.Header, body []byte) (api.PaymentEvent, error) {
			e, err := payPal.VerifyWebhook(ctx, header, body, cfg.PayPalWebhookID)
			return api.PaymentEvent{
				ID: e.ID, Type: e.Type, BookingID: e.BookingID, RefundID: e.RefundID, ChargeRef: e.AuthorizationRef, CaptureRef: e.CaptureRef,
			}, err
		},
	}, nil
}
