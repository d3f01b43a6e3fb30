package paygate_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paygate"
	"yourticket.example/internal/paypal"
	"yourticket.example/internal/sandbox"
	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

func TestProbeTellsWhetherAnyProviderAnswers(t *testing.T) {
	t.Parallel()
	away := ticket.Errorf(ticket.CodeProviderUnavailable, "It did not answer.")
	busy := ticket.Errorf(ticket.CodeProviderUnavailable, "Too many calls.")
	busy.RetryAfterSeconds = 1
	refused := ticket.Errorf(ticket.CodeProviderRefused, "There is no such payment.")
	for name, c := range map[string]struct {
		stripe, paypal error
		down           bool
	}{
		"both answer":                         {refused, refused, false},
		"one is away":                         {away, refused, false},
		"the other is away":                   {refused, away, false},
		"one is away, the other busy":         {away, busy, false},
		"both are away":                       {away, away, true},
		"both fail in a way that nobody knew": {errors.New("odd"), errors.New("odd"), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := &fakeProvider{err: c.stripe}, &fakeProvider{err: c.paypal}
			p := paygate.NewProbe(map[ticket.Provider]ticket.PaymentProvider{ticket.Stripe: first, ticket.PayPal: second})
			for range 10 {
				require.Equal(t, c.down, p.Check(t.Context()) != nil)
			}
			require.Equal(t, 1, first.called(), "what was found is told again")
		})
	}
}

func TestProbeDoesNotWaitForAProviderThatHangs(t *testing.T) {
	t.Parallel()
	hanging := &fakeProvider{err: ticket.Errorf(ticket.CodeProviderUnavailable, "It did not answer."), block: make(chan struct{})}
	p := paygate.NewProbe(map[ticket.Provider]ticket.PaymentProvider{ticket.Stripe: hanging})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, p.Check(ctx), "nothing is known yet")
	close(hanging.block)
	require.Error(t, p.Check(t.Context()), "the question outlived whoever asked first")
	require.Equal(t, 1, hanging.called())
}

// TestProbeOnTheRealClients asks both providers' own clients, before and in an outage.
func TestProbeOnTheRealClients(t *testing.T) {
	t.Parallel()
	box := sandbox.New(sandbox.Options{StripeKey: "sk_test_1", PayPalClientID: "id", PayPalClientSecret: "secret"})
	server := httptest.NewServer(box)
	t.Cleanup(server.Close)
	s, err := stripe.New(stripe.Options{APIKey: "sk_test_1", URL: server.URL})
	require.NoError(t, err)
	p, err := paypal.New(paypal.Options{ClientID: "id", ClientSecret: "secret", URL: server.URL})
	require.NoError(t, err)
	providers := map[ticket.Provider]ticket.PaymentProvider{ticket.Stripe: s, ticket.PayPal: p}
	down := func() error { return paygate.NewProbe(providers).Check(t.Context()) }
	require.NoError(t, down())
	for _, name := range []string{"stripe", "paypal"} {
		require.NoError(t, down(), "the other one answers")
		body := `{"provider":"` + name + `","fault":"error","rate":1}`
		r, err := http.Post(server.URL+"/sandbox/faults", "application/json", strings.NewReader(body))
		require.NoError(t, err)
		require.NoError(t, r.Body.Close())
		require.Less(t, r.StatusCode, 300)
	}
	err = down()
	require.ErrorContains(t, err, "stripe")
	require.ErrorContains(t, err, "paypal")
}
