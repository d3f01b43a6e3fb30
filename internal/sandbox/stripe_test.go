package sandbox_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"

	"yourticket.example/internal/sandbox"
)

func TestStripePaymentTakesItsCourse(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 12550))
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, pi.Status)
	require.EqualValues(t, 12550, pi.AmountCapturable)
	require.Equal(t, "b1", pi.Metadata["booking_id"])
	require.NotEqual(t, "pm_card_visa", pi.PaymentMethod.ID, "an intent shows a payment method of its own")
	require.Contains(t, pi.ClientSecret, pi.ID+"_secret_")
	require.NotEmpty(t, pi.LastResponse.RequestID)

	captured, err := r.stripe.PaymentIntents.Capture(pi.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, captured.Status)
	require.EqualValues(t, 12550, captured.AmountReceived)
	require.EqualValues(t, 0, captured.AmountCapturable)

	expanded := &stripe.ChargeParams{}
	expanded.AddExpand("balance_transaction")
	ch, err := r.stripe.Charges.Get(captured.LatestCharge.ID, expanded)
	require.NoError(t, err)
	require.True(t, ch.Captured)
	require.EqualValues(t, 213, ch.BalanceTransaction.Fee, "1.5 % of 125.50 and 25 cents")
	require.Equal(t, "4242", ch.PaymentMethodDetails.Card.Last4)

	refund, err := r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, Amount: stripe.Int64(2550)})
	require.NoError(t, err)
	require.Equal(t, stripe.RefundStatusSucceeded, refund.Status)
	rest, err := r.stripe.Refunds.New(&stripe.RefundParams{Charge: &ch.ID})
	require.NoError(t, err)
	require.EqualValues(t, 10000, rest.Amount)

	ch, err = r.stripe.Charges.Get(ch.ID, nil)
	require.NoError(t, err)
	require.True(t, ch.Refunded)
	require.EqualValues(t, 12550, ch.AmountRefunded)
	require.Equal(t, []string{
		"authorization captured", "capture succeeded", "fee succeeded", "refund succeeded", "refund succeeded",
	}, r.ledger("?booking_id=b1").kinds())
}

func TestStripeVoidReleasesAnAuthorization(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_mastercard", 5000))
	require.NoError(t, err)
	gone, err := r.stripe.PaymentIntents.Cancel(pi.ID, &stripe.PaymentIntentCancelParams{CancellationReason: stripe.String("abandoned")})
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusCanceled, gone.Status)
	require.NotZero(t, gone.CanceledAt)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
	e := stripeErr(t, err)
	require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, e.Code)
	require.Equal(t, stripe.PaymentIntentStatusCanceled, e.PaymentIntent.Status)
	page := r.ledger("?booking_id=b1")
	require.Equal(t, []string{"authorization voided", "void succeeded"}, page.kinds())
	require.Zero(t, page.Summary[0].Open)
}

func TestStripePartialCaptureReleasesTheRest(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(5001)})
	require.Equal(t, stripe.ErrorCodeAmountTooLarge, stripeErr(t, err).Code)
	got, err := r.stripe.PaymentIntents.Capture(pi.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: stripe.Int64(3000)})
	require.NoError(t, err)
	require.EqualValues(t, 3000, got.AmountReceived)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
	require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, stripeErr(t, err).Code)
	_, err = r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID, Amount: stripe.Int64(3001)})
	require.Equal(t, http.StatusBadRequest, stripeErr(t, err).HTTPStatusCode)
	_, err = r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
	require.NoError(t, err)
	_, err = r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
	require.Equal(t, stripe.ErrorCodeChargeAlreadyRefunded, stripeErr(t, err).Code)
}

func TestStripeDeclinesAsDocumented(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	for card, want := range map[string]struct{ code, decline string }{
		"pm_card_visa_chargeDeclined":                  {"card_declined", "generic_decline"},
		"pm_card_chargeDeclined":                       {"card_declined", "generic_decline"},
		"pm_card_visa_chargeDeclinedInsufficientFunds": {"card_declined", "insufficient_funds"},
		"pm_card_visa_chargeDeclinedLostCard":          {"card_declined", "lost_card"},
		"pm_card_visa_chargeDeclinedStolenCard":        {"card_declined", "stolen_card"},
		"pm_card_chargeDeclinedExpiredCard":            {"expired_card", ""},
		"pm_card_chargeDeclinedIncorrectCvc":           {"incorrect_cvc", ""},
		"pm_card_chargeDeclinedProcessingError":        {"processing_error", ""},
		"pm_card_chargeCustomerFail":                   {"card_declined", "generic_decline"},
		"pm_card_radarBlock":                           {"card_declined", "fraudulent"},
	} {
		_, err := r.stripe.PaymentIntents.New(intentParams("b-"+card, card, 5000))
		e := stripeErr(t, err)
		require.Equal(t, http.StatusPaymentRequired, e.HTTPStatusCode, card)
		require.Equal(t, stripe.ErrorTypeCard, e.Type, card)
		require.EqualValues(t, want.code, e.Code, card)
		require.EqualValues(t, want.decline, e.DeclineCode, card)
		require.NotEmpty(t, e.ChargeID, card)
		require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, e.PaymentIntent.Status, card)
		require.EqualValues(t, want.code, e.PaymentIntent.LastPaymentError.Code, card)

		again, err := r.stripe.PaymentIntents.Confirm(e.PaymentIntent.ID, &stripe.PaymentIntentConfirmParams{PaymentMethod: stripe.String("pm_card_visa")})
		require.NoError(t, err, card)
		require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, again.Status, card)
		require.Nil(t, again.LastPaymentError, card)
	}
}

func TestStripeRefusesBadInput(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	with := func(change func(p *stripe.PaymentIntentParams)) *stripe.PaymentIntentParams {
		p := intentParams("b1", "pm_card_visa", 5000)
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		params *stripe.PaymentIntentParams
		code   string
		param  string
	}{
		"no amount":        {with(func(p *stripe.PaymentIntentParams) { p.Amount = nil }), "parameter_missing", "amount"},
		"negative":         {with(func(p *stripe.PaymentIntentParams) { p.Amount = stripe.Int64(-5) }), "parameter_invalid_integer", "amount"},
		"too small":        {with(func(p *stripe.PaymentIntentParams) { p.Amount = stripe.Int64(49) }), "amount_too_small", "amount"},
		"too large":        {with(func(p *stripe.PaymentIntentParams) { p.Amount = stripe.Int64(100_000_000) }), "amount_too_large", "amount"},
		"no currency":      {with(func(p *stripe.PaymentIntentParams) { p.Currency = nil }), "parameter_missing", "currency"},
		"bad currency":     {with(func(p *stripe.PaymentIntentParams) { p.Currency = stripe.String("xxx") }), "", "currency"},
		"unknown card":     {with(func(p *stripe.PaymentIntentParams) { p.PaymentMethod = stripe.String("pm_nothing") }), "resource_missing", "payment_method"},
		"no card":          {with(func(p *stripe.PaymentIntentParams) { p.PaymentMethod = nil }), "payment_intent_unexpected_state", ""},
		"unknown field":    {with(func(p *stripe.PaymentIntentParams) { p.AddExtra("colour", "red") }), "parameter_unknown", "colour"},
		"bad capture kind": {with(func(p *stripe.PaymentIntentParams) { p.CaptureMethod = stripe.String("later") }), "", "capture_method"},
	} {
		_, err := r.stripe.PaymentIntents.New(c.params)
		e := stripeErr(t, err)
		require.Equal(t, http.StatusBadRequest, e.HTTPStatusCode, name)
		require.EqualValues(t, c.code, e.Code, name)
		require.Equal(t, c.param, e.Param, name)
	}
	_, err := r.stripe.PaymentIntents.Get("pi_none", nil)
	require.Equal(t, http.StatusNotFound, stripeErr(t, err).HTTPStatusCode)
	require.Equal(t, stripe.ErrorCodeResourceMissing, stripeErr(t, err).Code)
	require.Empty(t, r.ledger("").Entries)
}

func TestStripeChecksTheKey(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{StripeKey: "sk_test_right"})
	_, err := stripeClient(r.url, "sk_test_wrong").PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
	require.Equal(t, http.StatusUnauthorized, stripeErr(t, err).HTTPStatusCode)
	_, err = stripeClient(r.url, "sk_test_right").PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
	require.NoError(t, err)

	basic, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/v1/payment_intents", nil)
	require.NoError(t, err)
	basic.SetBasicAuth("sk_test_right", "")
	resp, err := http.DefaultClient.Do(basic)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

func TestStripeAuthentication(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	answer := func(id, outcome string) {
		require.Equal(t, http.StatusOK, r.call(http.MethodPost, "/sandbox/authenticate/"+id, map[string]string{"outcome": outcome}, nil))
	}
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_authenticationRequired", 5000))
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresAction, pi.Status)
	require.EqualValues(t, "use_stripe_sdk", pi.NextAction.Type)
	answer(pi.ID, "succeeded")
	pi, err = r.stripe.PaymentIntents.Get(pi.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, pi.Status)
	require.Equal(t, http.StatusConflict, r.call(http.MethodPost, "/sandbox/authenticate/"+pi.ID, nil, nil))

	params := intentParams("b2", "pm_card_threeDSecure2Required", 5000)
	params.ReturnURL = stripe.String("http://shop.example/back?x=1")
	pi, err = r.stripe.PaymentIntents.New(params)
	require.NoError(t, err)
	require.EqualValues(t, "redirect_to_url", pi.NextAction.Type)
	require.Equal(t, "http://shop.example/back?x=1", pi.NextAction.RedirectToURL.ReturnURL)
	require.Equal(t, r.url+"/sandbox/authenticate/"+pi.ID, pi.NextAction.RedirectToURL.URL)
	answer(pi.ID, "failed")
	pi, err = r.stripe.PaymentIntents.Get(pi.ID, nil)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, pi.Status)
	require.Equal(t, stripe.ErrorCodePaymentIntentAuthenticationFailure, pi.LastPaymentError.Code)

	pi, err = r.stripe.PaymentIntents.New(intentParams("b3", "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds", 5000))
	require.NoError(t, err)
	answer(pi.ID, "succeeded")
	pi, err = r.stripe.PaymentIntents.Get(pi.ID, nil)
	require.NoError(t, err)
	require.EqualValues(t, "insufficient_funds", pi.LastPaymentError.DeclineCode)

	off := intentParams("b4", "pm_card_authenticationRequired", 5000)
	off.OffSession = stripe.Bool(true)
	_, err = r.stripe.PaymentIntents.New(off)
	require.Equal(t, stripe.ErrorCodeAuthenticationRequired, stripeErr(t, err).Code)
	setUp := intentParams("b5", "pm_card_authenticationRequiredSetupForOffSession", 5000)
	setUp.OffSession = stripe.Bool(true)
	pi, err = r.stripe.PaymentIntents.New(setUp)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, pi.Status)
}

func TestStripeAuthenticationPageSendsTheBrowserBack(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	params := intentParams("b1", "pm_card_authenticationRequired", 5000)
	params.ReturnURL = stripe.String("http://shop.example/back")
	pi, err := r.stripe.PaymentIntents.New(params)
	require.NoError(t, err)
	require.Contains(t, getPage(t, pi.NextAction.RedirectToURL.URL), "50.00 EUR")
	location := postForm(t, pi.NextAction.RedirectToURL.URL, "succeeded")
	require.Equal(t, "succeeded", location.Query().Get("redirect_status"))
	require.Equal(t, pi.ID, location.Query().Get("payment_intent"))
}

func getPage(t *testing.T, target string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	return readAll(t, resp.Body)
}

// postForm presses a button of the payer's page and returns where the browser is sent.
func postForm(t *testing.T, target, outcome string) *url.URL {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, strings.NewReader(url.Values{"outcome": {outcome}}.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusSeeOther, resp.StatusCode)
	location, err := resp.Location()
	require.NoError(t, err)
	return location
}

func TestStripeAutomaticCaptureTakesTheMoneyAtOnce(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	params := intentParams("b1", "pm_card_amex", 5000)
	params.CaptureMethod = nil
	params.AddExpand("latest_charge.balance_transaction")
	pi, err := r.stripe.PaymentIntents.New(params)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusSucceeded, pi.Status)
	require.EqualValues(t, 4900, pi.LatestCharge.BalanceTransaction.Net)
	_, err = r.stripe.PaymentIntents.Cancel(pi.ID, nil)
	require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, stripeErr(t, err).Code)
}

func TestStripeUpdateAndConfirmSeparately(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	pi, err := r.stripe.PaymentIntents.New(&stripe.PaymentIntentParams{Amount: stripe.Int64(5000), Currency: stripe.String("EUR")})
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresPaymentMethod, pi.Status)
	update := &stripe.PaymentIntentParams{Amount: stripe.Int64(6000), PaymentMethod: stripe.String("pm_card_visa")}
	update.AddMetadata("booking_id", "b9")
	pi, err = r.stripe.PaymentIntents.Update(pi.ID, update)
	require.NoError(t, err)
	require.Equal(t, stripe.PaymentIntentStatusRequiresConfirmation, pi.Status)
	pi, err = r.stripe.PaymentIntents.Confirm(pi.ID, nil)
	require.NoError(t, err)
	require.EqualValues(t, 6000, pi.AmountReceived)
	_, err = r.stripe.PaymentIntents.Update(pi.ID, &stripe.PaymentIntentParams{Amount: stripe.Int64(7000)})
	require.Equal(t, stripe.ErrorCodePaymentIntentUnexpectedState, stripeErr(t, err).Code)
	require.Len(t, r.ledger("?booking_id=b9").Entries, 3)
}

func TestStripeRefundsThatTakeTheirTime(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{SettleAfter: 50 * time.Millisecond})
	for card, want := range map[string]struct{ first, last stripe.RefundStatus }{
		"pm_card_pendingRefund": {stripe.RefundStatusPending, stripe.RefundStatusSucceeded},
		"pm_card_refundFail":    {stripe.RefundStatusSucceeded, stripe.RefundStatusFailed},
	} {
		params := intentParams(card, card, 5000)
		params.CaptureMethod = nil
		pi, err := r.stripe.PaymentIntents.New(params)
		require.NoError(t, err)
		refund, err := r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
		require.NoError(t, err)
		require.Equal(t, want.first, refund.Status, card)
		require.Eventually(t, func() bool {
			refund, err = r.stripe.Refunds.Get(refund.ID, nil)
			return err == nil && refund.Status == want.last
		}, 3*time.Second, 10*time.Millisecond, card)
	}
	failed := r.ledger("?booking_id=pm_card_refundFail")
	require.Zero(t, failed.Summary[0].Refunded, "a failed refund leaves the money with the shop")
	require.EqualValues(t, 5000, failed.Summary[0].Net)
}

func TestStripeListsPageNewestFirst(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	var ids []string
	for i := range 7 {
		pi, err := r.stripe.PaymentIntents.New(intentParams(fmt.Sprintf("b%d", i), "pm_card_visa", 5000))
		require.NoError(t, err)
		_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
		require.NoError(t, err)
		ids = append([]string{pi.ID}, ids...)
	}
	params := &stripe.PaymentIntentListParams{}
	params.Limit = stripe.Int64(3)
	params.CreatedRange = &stripe.RangeQueryParams{GreaterThanOrEqual: time.Now().Unix() - 60}
	var got []string
	for it := r.stripe.PaymentIntents.List(params); it.Next(); {
		got = append(got, it.PaymentIntent().ID)
	}
	require.Equal(t, ids, got)

	late := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{GreaterThan: time.Now().Unix() + 60}}
	require.False(t, r.stripe.PaymentIntents.List(late).Next())

	txns := &stripe.BalanceTransactionListParams{Type: stripe.String("charge")}
	txns.Limit = stripe.Int64(2)
	txns.AddExpand("data.source")
	sum := int64(0)
	for it := r.stripe.BalanceTransactions.List(txns); it.Next(); {
		txn := it.BalanceTransaction()
		require.Equal(t, stripe.BalanceTransactionTypeCharge, txn.Type)
		require.NotEmpty(t, txn.Source.Charge.PaymentIntent.ID, "the source is expanded")
		sum += txn.Net
	}
	require.EqualValues(t, 7*(5000-100), sum)

	before := &stripe.ChargeListParams{}
	before.Limit = stripe.Int64(1)
	before.Single = true
	it := r.stripe.Charges.List(before)
	require.True(t, it.Next())
	require.Equal(t, ids[0], it.Charge().PaymentIntent.ID)
}
