package sandbox_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/plutov/paypal/v4"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"

	"yourticket.example/internal/sandbox"
)

func TestLedgerSumsBothProviders(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	first, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.Cancel(first.ID, nil)
	require.NoError(t, err)
	_, auth := r.authorize("b1", "50.00", "tok_vault_1")
	_, err = r.paypal.CaptureAuthorization(t.Context(), auth.ID, &paypal.PaymentCaptureRequest{})
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.New(intentParams("b2", "pm_card_visa", 7000))
	require.NoError(t, err)

	page := r.ledger("?booking_id=b1")
	require.Equal(t, []string{
		"authorization voided", "void succeeded", "authorization captured", "capture succeeded", "fee succeeded",
	}, page.kinds())
	require.Len(t, page.Summary, 2, "one line a booking and provider")
	require.EqualValues(t, 5000, page.Summary[0].Captured)
	require.EqualValues(t, 160, page.Summary[0].Fees)
	require.Zero(t, page.Summary[1].Captured)
	for _, e := range page.Entries {
		require.Equal(t, "EUR", e.Currency)
		require.Equal(t, "b1", e.BookingID)
		require.NotEmpty(t, e.AuthorizationID)
	}
	all := r.ledger("")
	require.Len(t, all.Entries, 6)
	require.Equal(t, "paypal", all.Totals[0].Provider)
	require.EqualValues(t, 5000, all.Totals[0].Net)
	require.Equal(t, 1, all.Totals[1].Open)
	require.Len(t, r.ledger("?provider=stripe&type=authorization").Entries, 2)
}

func TestLedgerPages(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	for i := range 5 {
		_, err := r.stripe.PaymentIntents.New(intentParams(fmt.Sprintf("b%d", i), "pm_card_visa", 5000))
		require.NoError(t, err)
	}
	var seen []string
	query := "?limit=2"
	for more := true; more; {
		page := r.ledger(query)
		for _, e := range page.Entries {
			seen = append(seen, e.BookingID)
		}
		more, query = page.HasMore, "?limit=2&after="+page.NextAfter
	}
	require.Equal(t, []string{"b0", "b1", "b2", "b3", "b4"}, seen)
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodGet, "/sandbox/ledger?after=nothing", nil, nil))
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodGet, "/sandbox/ledger?limit=-1", nil, nil))
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodGet, "/sandbox/ledger?provider=visa", nil, nil))
}

func TestRefundByHand(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	params := intentParams("b1", "pm_card_visa", 5000)
	params.CaptureMethod = nil
	pi, err := r.stripe.PaymentIntents.New(params)
	require.NoError(t, err)
	refund := map[string]any{"provider": "stripe", "object_id": pi.ID, "amount": 1000}
	require.Equal(t, http.StatusCreated, r.call(http.MethodPost, "/sandbox/refunds", refund, nil))
	refund["amount"] = 4001
	require.Equal(t, http.StatusConflict, r.call(http.MethodPost, "/sandbox/refunds", refund, nil))
	require.Equal(t, http.StatusNotFound, r.call(http.MethodPost, "/sandbox/refunds", map[string]any{"provider": "paypal", "booking_id": "b1"}, nil))
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodPost, "/sandbox/refunds", map[string]any{"provider": "paypal"}, nil))
	require.EqualValues(t, 1000, r.ledger("").Summary[0].Refunded)
}

func TestRestartFindsItsObjects(t *testing.T) {
	t.Parallel()
	o := sandbox.Options{DataFile: filepath.Join(t.TempDir(), "state", "sandbox.journal"), PayPalWebhookID: "WH-SHOP"}
	var intentID, authID, token, body string
	t.Run("before", func(t *testing.T) {
		r := start(t, o)
		pi, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
		require.NoError(t, err)
		intentID, body = pi.ID, string(pi.LastResponse.RawJSON)
		_, declined := r.stripe.PaymentIntents.New(keyed("b2", "pm_card_chargeDeclined", "k2"))
		require.Error(t, declined)
		_, auth := r.authorize("b3", "10.00", "tok_vault_1")
		authID = auth.ID
		got, err := r.paypal.GetAccessToken(t.Context())
		require.NoError(t, err)
		token = got.Token
		gone, err := r.stripe.PaymentIntents.New(intentParams("b4", "pm_card_visa", 5000))
		require.NoError(t, err)
		_, err = r.stripe.PaymentIntents.Cancel(gone.ID, nil)
		require.NoError(t, err)
	})
	for _, name := range []string{"after", "and again, from the compacted file"} {
		t.Run(name, func(t *testing.T) {
			r := start(t, o)
			require.Equal(t, []string{"authorization open", "authorization open", "authorization voided", "void succeeded"}, r.ledger("").kinds())
			again, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
			require.NoError(t, err)
			require.Equal(t, body, string(again.LastResponse.RawJSON), "a key is remembered with its answer")
			it := r.stripe.PaymentIntents.Search(&stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Query: "metadata['booking_id']:'b2'"}})
			require.True(t, it.Next())
			require.Equal(t, stripe.ErrorCodeCardDeclined, it.PaymentIntent().LastPaymentError.Code)
			r.paypal.SetAccessToken(token)
			auth, err := r.paypal.GetAuthorization(t.Context(), authID)
			require.NoError(t, err, "a token outlives the restart")
			require.Equal(t, "CREATED", auth.Status)
		})
	}
	t.Run("and works on them", func(t *testing.T) {
		r := start(t, o)
		_, err := r.stripe.PaymentIntents.Capture(intentID, nil)
		require.NoError(t, err)
		_, err = r.paypal.CaptureAuthorization(t.Context(), authID, &paypal.PaymentCaptureRequest{})
		require.NoError(t, err)
		require.Len(t, r.ledger("").Entries, 8)
	})
}
