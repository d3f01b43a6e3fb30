package sandbox_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"

	"yourticket.example/internal/sandbox"
)

func TestStripeSearchFindsByBooking(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	for i := range 3 {
		_, err := r.stripe.PaymentIntents.New(intentParams("wanted", "pm_card_visa", int64(5000+i)))
		require.NoError(t, err)
		_, err = r.stripe.PaymentIntents.New(intentParams("other", "pm_card_visa", 5000))
		require.NoError(t, err)
	}
	find := func(query string) (amounts []int64) {
		params := &stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Query: query, Limit: stripe.Int64(2)}}
		it := r.stripe.PaymentIntents.Search(params)
		for it.Next() {
			amounts = append(amounts, it.PaymentIntent().Amount)
		}
		require.NoError(t, it.Err())
		return amounts
	}
	require.Equal(t, []int64{5002, 5001, 5000}, find("metadata['booking_id']:'wanted'"))
	require.Equal(t, []int64{5002}, find(`metadata["booking_id"]:"wanted" AND amount>5001 AND status:"requires_capture"`))
	require.Empty(t, find("metadata['booking_id']:'wanted' AND status:'succeeded'"))
	require.Len(t, find("-metadata['booking_id']:'wanted'"), 3)
	it := r.stripe.PaymentIntents.Search(&stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{Query: "nonsense"}})
	require.False(t, it.Next())
	require.Error(t, it.Err())
}

func TestStripePaymentMethodsFromCards(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pm, err := r.stripe.PaymentMethods.New(&stripe.PaymentMethodParams{
		Type: stripe.String("card"), Card: &stripe.PaymentMethodCardParams{Number: stripe.String("4000000000009995")},
	})
	require.NoError(t, err)
	require.Equal(t, "9995", pm.Card.Last4)
	got, err := r.stripe.PaymentMethods.Get(pm.ID, nil)
	require.NoError(t, err)
	require.Equal(t, pm.ID, got.ID)
	_, err = r.stripe.PaymentIntents.New(intentParams("b1", pm.ID, 5000))
	require.EqualValues(t, "insufficient_funds", stripeErr(t, err).DeclineCode)
}

func TestStripeEventsTellWhatHappened(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_createDispute", 5000))
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
	require.NoError(t, err)
	var kinds []string
	it := r.stripe.Events.List(&stripe.EventListParams{})
	for it.Next() {
		kinds = append([]string{string(it.Event().Type)}, kinds...)
	}
	require.NoError(t, it.Err())
	require.Equal(t, []string{
		"payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated",
		"charge.captured", "payment_intent.succeeded", "charge.dispute.created",
	}, kinds)
	disputes := r.stripe.Disputes.List(&stripe.DisputeListParams{PaymentIntent: &pi.ID})
	require.True(t, disputes.Next())
	require.EqualValues(t, "fraudulent", disputes.Dispute().Reason)
	_, err = r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
	require.Equal(t, stripe.ErrorCode("charge_disputed"), stripeErr(t, err).Code)
}
