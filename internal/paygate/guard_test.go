package paygate_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paygate"
	"yourticket.example/ticket"
)

func TestGuardHandsOnWhatTheProviderSays(t *testing.T) {
	t.Parallel()
	refused := ticket.Errorf(ticket.CodeProviderRefused, "no")
	f := &fakeProvider{charge: authorized}
	g, ctx := guard(t, paygate.Options{Provider: f}), t.Context()
	require.Equal(t, authorized, g.Authorize(ctx, request))
	require.Equal(t, authorized, g.Resume(ctx, request, ticket.Charge{}))
	found, err := g.LookUp(ctx, ticket.ChargeQuery{})
	require.NoError(t, err)
	require.Equal(t, authorized, found.Charge)
	ref, err := g.Capture(ctx, request, authorized)
	require.NoError(t, err)
	require.Equal(t, "cap", ref)
	ref, err = g.Refund(ctx, request, authorized)
	require.NoError(t, err)
	require.Equal(t, "ref", ref)
	f.set(authorized, refused)
	require.Equal(t, error(refused), g.Void(ctx, request, authorized))
}

func TestWithoutAPermitNothingIsAsked(t *testing.T) {
	t.Parallel()
	f := &fakeProvider{charge: authorized}
	g, ctx := guard(t, paygate.Options{Provider: f, Gate: &fakeGate{after: 1500 * time.Millisecond}}), t.Context()
	c := g.Authorize(ctx, request)
	require.Equal(t, ticket.OutcomeNotExecuted, c.Outcome)
	require.Equal(t, paygate.CodeRateGate, c.Code)
	require.Equal(t, ticket.Stripe, c.Provider)
	require.Equal(t, 1, c.Attempt)
	_, err := g.Capture(ctx, request, authorized)
	require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(err))
	var e *ticket.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, 2, e.RetryAfterSeconds)
	require.Zero(t, f.called())
}

func TestPatientGuardWaitsForItsPermit(t *testing.T) {
	t.Parallel()
	f, gate := &fakeProvider{charge: authorized}, &fakeGate{after: 20 * time.Millisecond}
	g := guard(t, paygate.Options{Provider: f, Gate: gate}).Patient(f)
	time.AfterFunc(100*time.Millisecond, func() { gate.add(1) })
	start := time.Now()
	require.Equal(t, authorized, g.Authorize(t.Context(), request))
	require.GreaterOrEqual(t, time.Since(start), 100*time.Millisecond)
}

func TestPatientGuardLeavesTimeForTheCall(t *testing.T) {
	t.Parallel()
	f := &fakeProvider{charge: authorized}
	g := guard(t, paygate.Options{Provider: f, Gate: &fakeGate{after: 20 * time.Millisecond}}).Patient(f)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	c := g.Authorize(ctx, request)
	require.Equal(t, paygate.CodeRateGate, c.Code)
	require.NoError(t, ctx.Err(), "half of the time is left")
	require.Zero(t, f.called())
}

func TestResumeWaitsForAPermitAndIsUnansweredWithout(t *testing.T) {
	t.Parallel()
	f, gate := &fakeProvider{charge: authorized}, &fakeGate{after: 20 * time.Millisecond}
	g := guard(t, paygate.Options{Provider: f, Gate: gate})
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	c := g.Resume(ctx, request, ticket.Charge{Ref: "pi_1", OrderRef: "o"})
	require.Equal(t, ticket.OutcomeUnanswered, c.Outcome)
	require.Equal(t, paygate.CodeRateGate, c.Code)
	require.Equal(t, "pi_1", c.Ref)
	require.Equal(t, "o", c.OrderRef)
	time.AfterFunc(50*time.Millisecond, func() { gate.add(1) })
	require.Equal(t, authorized, g.Resume(t.Context(), request, ticket.Charge{Ref: "pi_1"}))
}

func TestPayPalTakesAPermitForEachRequest(t *testing.T) {
	t.Parallel()
	f, gate := &fakeProvider{charge: authorized}, &fakeGate{permits: 3}
	g := guard(t, paygate.Options{Name: ticket.PayPal, Provider: f, Gate: gate})
	require.Equal(t, ticket.OutcomeAuthorized, g.Authorize(t.Context(), request).Outcome)
	_, err := g.Capture(t.Context(), request, authorized)
	require.NoError(t, err)
	require.Zero(t, gate.permits)
}

func TestCircuitOpensProbesAndCloses(t *testing.T) {
	t.Parallel()
	f, gate := &fakeProvider{charge: silent}, &fakeGate{permits: 100}
	registry := prometheus.NewRegistry()
	g := guard(t, paygate.Options{Provider: f, Gate: gate, TripAfter: 3, ProbeAfter: 600 * time.Millisecond, Registerer: registry})
	patient, ctx := g.Patient(f), t.Context()
	for range 3 {
		require.Equal(t, silent, g.Authorize(ctx, request))
	}
	c := g.Authorize(ctx, request)
	require.Equal(t, ticket.OutcomeNotExecuted, c.Outcome)
	require.Equal(t, paygate.CodeCircuitOpen, c.Code)
	require.Equal(t, paygate.CodeCircuitOpen, patient.Authorize(ctx, request).Code, "the circuit is shared")
	require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(g.Void(ctx, request, authorized)))
	require.Equal(t, ticket.OutcomeUnanswered, g.Resume(ctx, request, authorized).Outcome)
	require.Equal(t, 3, f.called())
	require.Equal(t, 3, gate.asked, "an open circuit takes no permits")

	time.Sleep(700 * time.Millisecond)
	require.Equal(t, silent, g.Authorize(ctx, request), "one probe")
	require.Equal(t, paygate.CodeCircuitOpen, g.Authorize(ctx, request).Code, "open again")
	time.Sleep(700 * time.Millisecond)
	f.set(authorized, nil)
	require.Equal(t, authorized, g.Authorize(ctx, request))
	require.Equal(t, authorized, g.Authorize(ctx, request))
	require.Equal(t, 6, f.called())
	require.Equal(t, 1, series(t, registry, "yourticket_payment_circuit_open"))
}

func TestOnlyOneCallProbes(t *testing.T) {
	t.Parallel()
	f := &fakeProvider{charge: silent}
	g, ctx := guard(t, paygate.Options{Provider: f, TripAfter: 1, ProbeAfter: 50 * time.Millisecond}), t.Context()
	g.Authorize(ctx, request)
	time.Sleep(80 * time.Millisecond)
	f.mu.Lock()
	f.block, f.charge = make(chan struct{}), authorized
	f.mu.Unlock()
	probe := make(chan ticket.Charge)
	go func() { probe <- g.Authorize(ctx, request) }()
	require.Eventually(t, func() bool { return f.called() == 2 }, 10*time.Second, time.Millisecond)
	require.Equal(t, paygate.CodeCircuitOpen, g.Authorize(ctx, request).Code)
	close(f.block)
	require.Equal(t, authorized, <-probe)
}

func TestWhatOpensTheCircuit(t *testing.T) {
	t.Parallel()
	unavailable := ticket.Errorf(ticket.CodeProviderUnavailable, "down")
	notYet := &ticket.Error{Code: ticket.CodeProviderUnavailable, RetryAfterSeconds: 5}
	outcome := func(o ticket.AuthorizeOutcome, code string) ticket.Charge {
		return ticket.Charge{Outcome: o, Code: code}
	}
	for name, tc := range map[string]struct {
		charge ticket.Charge
		err    error
		opens  bool
	}{
		"no connection":            {outcome(ticket.OutcomeNotExecuted, "unreachable"), nil, true},
		"refused credentials":      {outcome(ticket.OutcomeNotExecuted, "credentials"), nil, true},
		"server errors":            {outcome(ticket.OutcomeUnanswered, "server_error"), nil, true},
		"lost replies":             {outcome(ticket.OutcomeUnanswered, "no_reply"), nil, true},
		"errors of other calls":    {ticket.Charge{}, unavailable, true},
		"a refusal for rate":       {outcome(ticket.OutcomeNotExecuted, "rate_limited"), nil, false},
		"a payment in review":      {outcome(ticket.OutcomeUnanswered, "pending"), nil, false},
		"declined cards":           {outcome(ticket.OutcomeDeclined, "card_declined"), nil, false},
		"rejected requests":        {outcome(ticket.OutcomeRejected, "resource_missing"), nil, false},
		"a refusal of other calls": {ticket.Charge{}, ticket.Errorf(ticket.CodeProviderRefused, "no"), false},
		"not yet done":             {ticket.Charge{}, notYet, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakeProvider{charge: tc.charge, err: tc.err}
			g := guard(t, paygate.Options{Provider: f, TripAfter: 2})
			for range 5 {
				if tc.err != nil {
					require.Error(t, g.Void(t.Context(), request, authorized))
					continue
				}
				g.Authorize(t.Context(), request)
			}
			if tc.opens {
				require.Equal(t, 2, f.called())
				return
			}
			require.Equal(t, 5, f.called())
		})
	}
}

func TestCallersWhoLeaveSayNothingAboutTheProvider(t *testing.T) {
	t.Parallel()
	f := &fakeProvider{charge: silent, err: ticket.Errorf(ticket.CodeProviderUnavailable, "down")}
	g := guard(t, paygate.Options{Provider: f, TripAfter: 2})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 4 {
		g.Authorize(ctx, request)
		require.Error(t, g.Void(ctx, request, authorized))
	}
	require.Equal(t, 8, f.called())
}

func TestTwoGuardsShareTheirMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	f := &fakeProvider{charge: authorized}
	stripe := guard(t, paygate.Options{Provider: f, Registerer: registry})
	paypal := guard(t, paygate.Options{Name: ticket.PayPal, Provider: f, Registerer: registry, Gate: &fakeGate{}})
	stripe.Authorize(t.Context(), request)
	paypal.Authorize(t.Context(), request)
	require.NoError(t, stripe.Void(t.Context(), request, authorized))
	require.Equal(t, 3, series(t, registry, "yourticket_payment_calls_total"))
	require.Equal(t, 2, series(t, registry, "yourticket_payment_call_duration_seconds"), "what was not let through takes no time")
}

func TestNewWantsAProvider(t *testing.T) {
	t.Parallel()
	_, err := paygate.New(paygate.Options{Name: ticket.Stripe})
	require.Error(t, err)
	_, err = paygate.NewRedisGate(paygate.GateOptions{})
	require.Error(t, err)
}
