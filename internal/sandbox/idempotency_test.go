package sandbox_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/plutov/paypal/v4"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"

	"yourticket.example/internal/sandbox"
)

func keyed(booking, card, key string) *stripe.PaymentIntentParams {
	p := intentParams(booking, card, 5000)
	p.SetIdempotencyKey(key)
	return p
}

func TestStripeKeyMakesOneObjectOfTwentyRequests(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	bodies := make([]string, 20)
	var wg sync.WaitGroup
	for i := range bodies {
		wg.Go(func() {
			pi, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
			if err == nil {
				bodies[i] = string(pi.LastResponse.RawJSON)
			}
		})
	}
	wg.Wait()
	require.NotEmpty(t, bodies[0])
	for _, b := range bodies {
		require.Equal(t, bodies[0], b)
	}
	require.Len(t, r.ledger("").Entries, 1)
	again, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
	require.NoError(t, err)
	require.Equal(t, "true", again.LastResponse.Header.Get("Idempotent-Replayed"))
}

func TestStripeKeyIsForOneRequestOnly(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pi, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
	require.NoError(t, err)
	other := keyed("b1", "pm_card_visa", "k1")
	other.Amount = stripe.Int64(6000)
	_, err = r.stripe.PaymentIntents.New(other)
	require.Equal(t, stripe.ErrorTypeIdempotency, stripeErr(t, err).Type)
	require.Equal(t, http.StatusBadRequest, stripeErr(t, err).HTTPStatusCode)
	capture := &stripe.PaymentIntentCaptureParams{}
	capture.SetIdempotencyKey("k1")
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, capture)
	require.Equal(t, stripe.ErrorTypeIdempotency, stripeErr(t, err).Type, "nor for another endpoint")
}

func TestStripeKeyRemembersADeclineButNotBadInput(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	_, first := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_chargeDeclined", "k1"))
	_, second := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_chargeDeclined", "k1"))
	require.Equal(t, stripeErr(t, first).PaymentIntent.ID, stripeErr(t, second).PaymentIntent.ID)
	bad := keyed("b1", "pm_card_visa", "k2")
	bad.Amount = stripe.Int64(1)
	_, err := r.stripe.PaymentIntents.New(bad)
	require.Equal(t, stripe.ErrorCodeAmountTooSmall, stripeErr(t, err).Code)
	_, err = r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k2"))
	require.NoError(t, err)
}

func TestStripeKeyInProgressConflicts(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	r.fault(map[string]any{"provider": "stripe", "fault": "slow", "delay_ms": 400, "count": 1})
	done := make(chan error, 1)
	go func() {
		_, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
		done <- err
	}()
	conflicts := 0
	for finished := false; !finished; {
		select {
		case err := <-done:
			require.NoError(t, err)
			finished = true
		default:
			if len(faults(r)) > 0 {
				continue // The slow request has not arrived yet.
			}
			if _, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1")); err != nil {
				require.Equal(t, stripe.ErrorCodeIdempotencyKeyInUse, stripeErr(t, err).Code)
				require.Equal(t, http.StatusConflict, stripeErr(t, err).HTTPStatusCode)
				conflicts++
			}
		}
	}
	require.Positive(t, conflicts)
	require.Len(t, r.ledger("").Entries, 1)
}

func TestPayPalRequestIDMakesOneObject(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			o, err := r.paypal.CreateOrderWithPaypalRequestID(ctx, paypal.OrderIntentAuthorize, unit("b1", "10.00"), vaulted("tok_vault_1"), nil, "k1")
			if err == nil {
				ids[i] = o.ID
			}
		})
	}
	wg.Wait()
	require.NotEmpty(t, ids[0])
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	_, err := r.paypal.CreateOrderWithPaypalRequestID(ctx, paypal.OrderIntentAuthorize, unit("b1", "11.00"), vaulted("tok_vault_1"), nil, "k1")
	require.Equal(t, "DUPLICATE_REQUEST_ID", paypalIssue(t, err, http.StatusUnprocessableEntity))

	done, err := r.paypal.AuthorizeOrder(ctx, ids[0], paypal.AuthorizeOrderRequest{})
	require.NoError(t, err)
	auth := done.PurchaseUnits[0].Payments.Autthorizations[0].ID
	first, err := r.paypal.CaptureAuthorizationWithPaypalRequestId(ctx, auth, &paypal.PaymentCaptureRequest{}, "k1")
	require.NoError(t, err)
	second, err := r.paypal.CaptureAuthorizationWithPaypalRequestId(ctx, auth, &paypal.PaymentCaptureRequest{}, "k1")
	require.NoError(t, err)
	require.Equal(t, first.ID, second.ID)
	require.Len(t, r.ledger("").Entries, 3)
}

func TestPayPalSingleStepOrderWithAVaultID(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	token, err := r.paypal.GetAccessToken(t.Context())
	require.NoError(t, err)
	create := func(key string) (int, string) {
		body := `{"intent":"AUTHORIZE","purchase_units":[{"custom_id":"b1","amount":{"currency_code":"EUR","value":"10.00"}}],
			"payment_source":{"paypal":{"vault_id":"tok_vault_1"}}}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v2/checkout/orders", strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+token.Token)
		req.Header.Set("PayPal-Request-Id", key)
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer func() { _ = resp.Body.Close() }()
		return resp.StatusCode, readAll(t, resp.Body)
	}
	status, body := create("k1")
	require.Equal(t, http.StatusCreated, status)
	var o paypal.Order
	require.NoError(t, json.Unmarshal([]byte(body), &o))
	require.Equal(t, "COMPLETED", o.Status)
	require.Len(t, o.PurchaseUnits[0].Payments.Autthorizations, 1)
	_, again := create("k1")
	require.Equal(t, body, again)
	require.Equal(t, []string{"authorization open"}, r.ledger("?booking_id=b1").kinds())
}
