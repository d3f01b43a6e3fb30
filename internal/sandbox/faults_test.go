package sandbox_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/plutov/paypal/v4"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"

	"yourticket.example/internal/sandbox"
)

func faults(r *rig) []map[string]any {
	r.t.Helper()
	var list struct {
		Items []map[string]any `json:"items"`
	}
	require.Equal(r.t, http.StatusOK, r.call(http.MethodGet, "/sandbox/faults", nil, &list))
	return list.Items
}

func TestStripeFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   map[string]any
		check   func(t *testing.T, err error)
		entries int
	}{
		"error": {map[string]any{"fault": "error"}, func(t *testing.T, err error) {
			require.Equal(t, http.StatusInternalServerError, stripeErr(t, err).HTTPStatusCode)
			require.Equal(t, stripe.ErrorTypeAPI, stripeErr(t, err).Type)
		}, 0},
		"rate limit": {map[string]any{"fault": "rate_limit"}, func(t *testing.T, err error) {
			require.Equal(t, http.StatusTooManyRequests, stripeErr(t, err).HTTPStatusCode)
			require.Equal(t, "1", stripeErr(t, err).LastResponse.Header.Get("Retry-After"))
		}, 0},
		"timeout": {map[string]any{"fault": "timeout", "delay_ms": 50}, func(t *testing.T, err error) {
			require.ErrorContains(t, err, "EOF")
		}, 0},
		"lost reply": {map[string]any{"fault": "lost_reply"}, func(t *testing.T, err error) {
			require.ErrorContains(t, err, "EOF")
		}, 1},
		"slow": {map[string]any{"fault": "slow", "delay_ms": 50}, func(t *testing.T, err error) {
			require.NoError(t, err)
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, sandbox.Options{})
			// A first request makes the connection one that Go's transport would repeat a request on.
			_, err := r.stripe.PaymentIntents.Get("pi_none", nil)
			require.Error(t, err)
			c.fault["provider"], c.fault["count"] = "stripe", 1
			r.fault(c.fault)
			_, err = r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
			c.check(t, err)
			require.Len(t, r.ledger("").Entries, c.entries)
			require.Empty(t, faults(r), "the count is used up")
			pi, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
			require.NoError(t, err, "a retry runs, or gets the stored answer")
			require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, pi.Status)
			require.Len(t, r.ledger("").Entries, 1)
		})
	}
}

func TestPayPalFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   map[string]any
		check   func(t *testing.T, err error)
		entries int
	}{
		"error": {map[string]any{"fault": "error"}, func(t *testing.T, err error) {
			require.Equal(t, "INTERNAL_SERVER_ERROR", paypalIssue(t, err, http.StatusInternalServerError))
		}, 1},
		"rate limit": {map[string]any{"fault": "rate_limit"}, func(t *testing.T, err error) {
			require.Equal(t, "RATE_LIMIT_REACHED", paypalIssue(t, err, http.StatusTooManyRequests))
		}, 1},
		"timeout":    {map[string]any{"fault": "timeout", "delay_ms": 50}, func(t *testing.T, err error) { require.ErrorContains(t, err, "EOF") }, 1},
		"lost reply": {map[string]any{"fault": "lost_reply", "delay_ms": 20}, func(t *testing.T, err error) { require.ErrorContains(t, err, "EOF") }, 3},
		"slow":       {map[string]any{"fault": "slow", "delay_ms": 50}, func(t *testing.T, err error) { require.NoError(t, err) }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, sandbox.Options{})
			_, auth := r.authorize("b1", "10.00", "tok_vault_1")
			c.fault["provider"], c.fault["operation"], c.fault["count"] = "paypal", "capture", 1
			r.fault(c.fault)
			_, err := r.paypal.CaptureAuthorizationWithPaypalRequestId(t.Context(), auth.ID, &paypal.PaymentCaptureRequest{}, "k1")
			c.check(t, err)
			require.Len(t, r.ledger("").Entries, c.entries)
			_, err = r.paypal.CaptureAuthorizationWithPaypalRequestId(t.Context(), auth.ID, &paypal.PaymentCaptureRequest{}, "k1")
			require.NoError(t, err)
			require.Len(t, r.ledger("").Entries, 3)
		})
	}
}

func TestSlowWorkIsDoneThoughTheCallerLeaves(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	r.fault(map[string]any{"provider": "stripe", "fault": "slow", "delay_ms": 200})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	p := keyed("b1", "pm_card_visa", "k1")
	p.Context = ctx
	_, err := r.stripe.PaymentIntents.New(p)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Eventually(t, func() bool { return len(r.ledger("").Entries) == 1 }, 3*time.Second, 20*time.Millisecond)
}

func TestTimeoutLetsGoWhenTheCallerLeaves(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	r.fault(map[string]any{"provider": "stripe", "fault": "timeout"})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	p := keyed("b1", "pm_card_visa", "k1")
	p.Context = ctx
	before := time.Now()
	_, err := r.stripe.PaymentIntents.New(p)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(before), 5*time.Second)
	require.Empty(t, r.ledger("").Entries)
}

func TestFaultsStrikeByOperationRateAndProvider(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	r.fault(map[string]any{"provider": "stripe", "fault": "error", "operation": "capture"})
	r.fault(map[string]any{"provider": "stripe", "fault": "rate_limit", "operation": "void", "rate": 0})
	r.fault(map[string]any{"provider": "paypal", "fault": "error", "operation": "approve"})
	require.Len(t, faults(r), 3)
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
	require.Equal(t, http.StatusInternalServerError, stripeErr(t, err).HTTPStatusCode)
	_, err = r.stripe.PaymentIntents.Cancel(pi.ID, nil)
	require.NoError(t, err, "a rate of 0 never strikes")
	o, err := r.paypal.CreateOrder(t.Context(), paypal.OrderIntentAuthorize, unit("b2", "10.00"), nil, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusInternalServerError, r.call(http.MethodPost, "/sandbox/approve/"+o.ID, nil, nil))

	require.Equal(t, http.StatusOK, r.call(http.MethodDelete, "/sandbox/faults?provider=stripe", nil, nil))
	require.Len(t, faults(r), 1)
	require.Equal(t, http.StatusOK, r.call(http.MethodDelete, "/sandbox/faults", nil, nil))
	require.Empty(t, faults(r))
	require.Equal(t, http.StatusOK, r.call(http.MethodPost, "/sandbox/approve/"+o.ID, nil, nil))
}

func TestFaultRateIsAProbability(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	r.fault(map[string]any{"provider": "stripe", "fault": "error", "rate": 0.5})
	failed := 0
	for range 200 {
		if _, err := r.stripe.PaymentIntents.Get("pi_none", nil); stripeErr(t, err).HTTPStatusCode == http.StatusInternalServerError {
			failed++
		}
	}
	require.Greater(t, failed, 50)
	require.Less(t, failed, 150)
}

func TestBadFaultsAreNamed(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	for field, body := range map[string]map[string]any{
		"provider":  {"provider": "visa", "fault": "error"},
		"fault":     {"provider": "stripe", "fault": "fire"},
		"rate":      {"provider": "stripe", "fault": "error", "rate": 1.5},
		"operation": {"provider": "stripe", "fault": "error", "operation": "create_order"},
		"count":     {"provider": "stripe", "fault": "error", "count": 0},
		"delay_ms":  {"provider": "stripe", "fault": "slow", "delay_ms": -1},
		"color":     {"provider": "stripe", "fault": "error", "color": "red"},
	} {
		var p struct {
			Type  string `json:"type"`
			Field string `json:"field"`
		}
		require.Equal(t, http.StatusBadRequest, r.call(http.MethodPost, "/sandbox/faults", body, &p), field)
		require.Equal(t, field, p.Field)
		require.Contains(t, p.Type, "invalid-input")
	}
	var p struct {
		Field string `json:"field"`
	}
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodPost, "/sandbox/faults", map[string]any{"provider": "stripe", "fault": "error", "rate": "high"}, &p))
	require.Equal(t, "rate", p.Field)
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodPost, "/sandbox/faults", "text", nil))
	require.Empty(t, faults(r))
}
