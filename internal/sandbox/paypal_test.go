package sandbox_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/plutov/paypal/v4"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/sandbox"
)

func unit(booking, value string) []paypal.PurchaseUnitRequest {
	return []paypal.PurchaseUnitRequest{{
		ReferenceID: "default", CustomID: booking, InvoiceID: booking + "/1",
		Amount: &paypal.PurchaseUnitAmount{Currency: "EUR", Value: value},
	}}
}

func vaulted(token string) *paypal.PaymentSource {
	return &paypal.PaymentSource{Token: &paypal.PaymentSourceToken{ID: token, Type: "PAYMENT_METHOD_TOKEN"}}
}

// authorize takes a vaulted order as far as its authorization.
func (r *rig) authorize(booking, value, token string) (orderID string, auth paypal.Authorization) {
	r.t.Helper()
	o, err := r.paypal.CreateOrder(r.t.Context(), paypal.OrderIntentAuthorize, unit(booking, value), vaulted(token), nil)
	require.NoError(r.t, err)
	require.Equal(r.t, paypal.OrderStatusApproved, o.Status)
	done, err := r.paypal.AuthorizeOrder(r.t.Context(), o.ID, paypal.AuthorizeOrderRequest{})
	require.NoError(r.t, err)
	require.Equal(r.t, paypal.OrderStatusCompleted, done.Status)
	require.Len(r.t, done.PurchaseUnits[0].Payments.Autthorizations, 1)
	return o.ID, done.PurchaseUnits[0].Payments.Autthorizations[0]
}

// paypalIssue checks an error of the client and returns its issue.
func paypalIssue(t *testing.T, err error, status int) string {
	t.Helper()
	var e *paypal.ErrorResponse
	require.ErrorAs(t, err, &e)
	require.Equal(t, status, e.Response.StatusCode)
	require.NotEmpty(t, e.DebugID)
	require.Equal(t, e.DebugID, e.Response.Header.Get("PayPal-Debug-Id"))
	if len(e.Details) == 0 {
		return e.Name
	}
	return e.Details[0].Issue
}

func TestPayPalVaultedPaymentTakesItsCourse(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	orderID, auth := r.authorize("b1", "125.50", "tok_vault_1")
	require.Equal(t, "CREATED", auth.Status)
	require.Equal(t, "125.50", auth.Amount.Value)
	require.Equal(t, "b1", auth.CustomID)
	require.True(t, auth.ExpirationTime.After(time.Now()))

	got, err := r.paypal.CaptureAuthorization(ctx, auth.ID, &paypal.PaymentCaptureRequest{FinalCapture: true})
	require.NoError(t, err)
	require.Equal(t, "COMPLETED", got.Status)
	detail, err := r.paypal.CapturedDetail(ctx, got.ID)
	require.NoError(t, err)
	require.Equal(t, "3.47", detail.SellerReceivableBreakdown.PaypalFee.Value, "2.49 % of 125.50 and 35 cents")
	after, err := r.paypal.GetAuthorization(ctx, auth.ID)
	require.NoError(t, err)
	require.Equal(t, "CAPTURED", after.Status)

	part, err := r.paypal.RefundCapture(ctx, got.ID, paypal.RefundCaptureRequest{Amount: &paypal.Money{Currency: "EUR", Value: "25.50"}})
	require.NoError(t, err)
	require.Equal(t, "COMPLETED", part.Status)
	detail, err = r.paypal.CapturedDetail(ctx, got.ID)
	require.NoError(t, err)
	require.Equal(t, "PARTIALLY_REFUNDED", detail.Status)
	_, err = r.paypal.RefundCapture(ctx, got.ID, paypal.RefundCaptureRequest{Amount: &paypal.Money{Currency: "EUR", Value: "100.01"}})
	require.Equal(t, "REFUND_AMOUNT_EXCEEDED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	rest, err := r.paypal.RefundCapture(ctx, got.ID, paypal.RefundCaptureRequest{})
	require.NoError(t, err)
	require.Equal(t, "100.00", rest.Amount.Value)
	_, err = r.paypal.RefundCapture(ctx, got.ID, paypal.RefundCaptureRequest{})
	require.Equal(t, "CAPTURE_FULLY_REFUNDED", paypalIssue(t, err, http.StatusUnprocessableEntity))

	o, err := r.paypal.GetOrder(ctx, orderID)
	require.NoError(t, err)
	require.Equal(t, got.ID, o.PurchaseUnits[0].Payments.Captures[0].ID)
	require.Equal(t, []string{
		"authorization captured", "capture succeeded", "fee succeeded", "refund succeeded", "refund succeeded",
	}, r.ledger("?booking_id=b1").kinds())
}

func TestPayPalPayerApproves(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	back := &paypal.ApplicationContext{ReturnURL: "http://shop.example/ok", CancelURL: "http://shop.example/no"}
	o, err := r.paypal.CreateOrder(ctx, paypal.OrderIntentAuthorize, unit("b1", "10.00"), nil, back)
	require.NoError(t, err)
	require.Equal(t, paypal.OrderStatusCreated, o.Status)
	require.Equal(t, "approve", o.Links[1].Rel)
	_, err = r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{})
	require.Equal(t, "ORDER_NOT_APPROVED", paypalIssue(t, err, http.StatusUnprocessableEntity))

	require.Contains(t, getPage(t, o.Links[1].Href), "10.00 EUR")
	gone := postForm(t, r.url+"/sandbox/approve/"+o.ID, "declined")
	require.Equal(t, "/no", gone.Path)
	came := postForm(t, r.url+"/sandbox/approve/"+o.ID, "approved")
	require.Equal(t, "/ok", came.Path)
	require.Equal(t, o.ID, came.Query().Get("token"))
	require.NotEmpty(t, came.Query().Get("PayerID"))

	done, err := r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{})
	require.NoError(t, err)
	require.NotEmpty(t, done.Payer.PayerID)
	_, err = r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{})
	require.Equal(t, "ORDER_ALREADY_AUTHORIZED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	require.Equal(t, http.StatusConflict, r.call(http.MethodPost, "/sandbox/approve/"+o.ID, nil, nil))
	require.Equal(t, http.StatusNotFound, r.call(http.MethodPost, "/sandbox/approve/NONE", nil, nil))
	require.Equal(t, http.StatusBadRequest, r.call(http.MethodPost, "/sandbox/approve/"+o.ID, map[string]string{"outcome": "maybe"}, nil))
}

func TestPayPalSourceOfThePayerNeedsAction(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	source := &paypal.PaymentSource{Paypal: &paypal.PaymentSourcePaypal{ExperienceContext: paypal.PaymentSourcePaypalExperienceContext{ReturnURL: "http://shop.example/ok"}}}
	o, err := r.paypal.CreateOrder(t.Context(), paypal.OrderIntentAuthorize, unit("b1", "10.00"), source, nil)
	require.NoError(t, err)
	require.Equal(t, "PAYER_ACTION_REQUIRED", o.Status)
	require.Equal(t, "payer-action", o.Links[1].Rel)
	var answer struct {
		Status      string `json:"status"`
		RedirectURL string `json:"redirect_url"`
	}
	require.Equal(t, http.StatusOK, r.call(http.MethodPost, "/sandbox/approve/"+o.ID, map[string]string{"outcome": "instrument_declined"}, &answer))
	require.Equal(t, "APPROVED", answer.Status)
	require.Contains(t, answer.RedirectURL, "http://shop.example/ok?")
	_, err = r.paypal.AuthorizeOrder(t.Context(), o.ID, paypal.AuthorizeOrderRequest{})
	require.Equal(t, "INSTRUMENT_DECLINED", paypalIssue(t, err, http.StatusUnprocessableEntity))
}

func TestPayPalVoidReleasesAnAuthorization(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	orderID, auth := r.authorize("b1", "10.00", "tok_vault_1")
	gone, err := r.paypal.VoidAuthorization(ctx, auth.ID)
	require.NoError(t, err)
	require.Equal(t, "VOIDED", gone.Status)
	_, err = r.paypal.VoidAuthorization(ctx, auth.ID)
	require.Equal(t, "PREVIOUSLY_VOIDED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, err = r.paypal.CaptureAuthorization(ctx, auth.ID, &paypal.PaymentCaptureRequest{})
	require.Equal(t, "AUTHORIZATION_VOIDED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	o, err := r.paypal.GetOrder(ctx, orderID)
	require.NoError(t, err)
	require.Equal(t, paypal.OrderStatusVoided, o.Status)
	page := r.ledger("?booking_id=b1")
	require.Equal(t, []string{"authorization voided", "void succeeded"}, page.kinds())
	require.Zero(t, page.Totals[0].Open)

	_, again := r.authorize("b1", "10.00", "tok_vault_1")
	require.NotEqual(t, auth.ID, again.ID, "a voided payment frees its invoice id")
}

func TestPayPalVoidWithoutRepresentationHasNoBody(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	_, auth := r.authorize("b1", "10.00", "tok_vault_1")
	token, err := r.paypal.GetAccessToken(t.Context())
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v2/payments/authorizations/"+auth.ID+"/void", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token.Token)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	require.Empty(t, readAll(t, resp.Body))
}

func TestPayPalPartialCaptures(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	_, auth := r.authorize("b1", "10.00", "tok_vault_1")
	money := func(v, currency string) *paypal.PaymentCaptureRequest {
		return &paypal.PaymentCaptureRequest{Amount: &paypal.Money{Currency: currency, Value: v}}
	}
	_, err := r.paypal.CaptureAuthorization(ctx, auth.ID, money("4.00", "USD"))
	require.Equal(t, "AUTH_CAPTURE_CURRENCY_MISMATCH", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, err = r.paypal.CaptureAuthorization(ctx, auth.ID, money("4.00", "EUR"))
	require.NoError(t, err)
	_, err = r.paypal.CaptureAuthorization(ctx, auth.ID, money("6.01", "EUR"))
	require.Equal(t, "MAX_CAPTURE_AMOUNT_EXCEEDED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, err = r.paypal.CaptureAuthorization(ctx, auth.ID, money("6.00", "EUR"))
	require.NoError(t, err)
	_, err = r.paypal.CaptureAuthorization(ctx, auth.ID, money("1.00", "EUR"))
	require.Equal(t, "AUTHORIZATION_ALREADY_CAPTURED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, err = r.paypal.VoidAuthorization(ctx, auth.ID)
	require.Equal(t, "PREVIOUSLY_CAPTURED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	require.EqualValues(t, 1000, r.ledger("").Summary[0].Captured)
}

func TestPayPalReauthorizationTakesThePlaceOfTheOldOne(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	_, auth := r.authorize("b1", "10.00", "tok_vault_1")
	// The client writes the amount in the v1 form, which v2 ignores; the whole amount is renewed.
	renewed, err := r.paypal.ReauthorizeAuthorization(ctx, auth.ID, &paypal.Amount{Currency: "EUR", Total: "10.00"})
	require.NoError(t, err)
	require.NotEqual(t, auth.ID, renewed.ID)
	_, err = r.paypal.CaptureAuthorization(ctx, auth.ID, &paypal.PaymentCaptureRequest{})
	require.Equal(t, "AUTHORIZATION_VOIDED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, err = r.paypal.CaptureAuthorization(ctx, renewed.ID, &paypal.PaymentCaptureRequest{})
	require.NoError(t, err)
}

func TestPayPalTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	for token, issue := range map[string]string{
		"tok_vault_declined":         "INSTRUMENT_DECLINED",
		"tok_vault_declined_2":       "INSTRUMENT_DECLINED",
		"tok_vault_payer_cannot_pay": "PAYER_CANNOT_PAY",
		"tok_vault_locked":           "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
		"tok_vault_expired":          "TOKEN_EXPIRED",
	} {
		o, err := r.paypal.CreateOrder(ctx, paypal.OrderIntentAuthorize, unit(token, "10.00"), vaulted(token), nil)
		require.NoError(t, err)
		_, err = r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{})
		require.Equal(t, issue, paypalIssue(t, err, http.StatusUnprocessableEntity), token)
		_, err = r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{PaymentSource: vaulted("tok_vault_good")})
		require.NoError(t, err, "another token pays the same order")
	}
	_, err := r.paypal.CreateOrder(ctx, paypal.OrderIntentAuthorize, unit("b", "10.00"), vaulted("stolen"), nil)
	require.Equal(t, "TOKEN_ID_NOT_FOUND", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, auth := r.authorize("b", "10.00", "tok_vault_capture_declined")
	declined, err := r.paypal.CaptureAuthorization(ctx, auth.ID, &paypal.PaymentCaptureRequest{})
	require.NoError(t, err)
	require.Equal(t, "DECLINED", declined.Status)
	require.Equal(t, []string{"authorization open"}, r.ledger("?booking_id=b").kinds())
}

func TestPayPalRefusesBadOrders(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	amount := func(currency, value string) []paypal.PurchaseUnitRequest {
		return []paypal.PurchaseUnitRequest{{Amount: &paypal.PurchaseUnitAmount{Currency: currency, Value: value}}}
	}
	breakdown := amount("EUR", "10.00")
	breakdown[0].Amount.Breakdown = &paypal.PurchaseUnitAmountBreakdown{ItemTotal: &paypal.Money{Currency: "EUR", Value: "9.00"}}
	mixed := amount("EUR", "10.00")
	mixed[0].Amount.Breakdown = &paypal.PurchaseUnitAmountBreakdown{ItemTotal: &paypal.Money{Currency: "USD", Value: "10.00"}}
	for name, c := range map[string]struct {
		intent string
		units  []paypal.PurchaseUnitRequest
		status int
		issue  string
	}{
		"no intent":      {"", amount("EUR", "10.00"), http.StatusBadRequest, "MISSING_REQUIRED_PARAMETER"},
		"odd intent":     {"GIVE", amount("EUR", "10.00"), http.StatusBadRequest, "INVALID_PARAMETER_VALUE"},
		"no units":       {"AUTHORIZE", nil, http.StatusBadRequest, "MISSING_REQUIRED_PARAMETER"},
		"no amount":      {"AUTHORIZE", []paypal.PurchaseUnitRequest{{}}, http.StatusBadRequest, "MISSING_REQUIRED_PARAMETER"},
		"zero":           {"AUTHORIZE", amount("EUR", "0.00"), http.StatusUnprocessableEntity, "CANNOT_BE_ZERO_OR_NEGATIVE"},
		"negative":       {"AUTHORIZE", amount("EUR", "-1.00"), http.StatusUnprocessableEntity, "CANNOT_BE_ZERO_OR_NEGATIVE"},
		"no number":      {"AUTHORIZE", amount("EUR", "ten"), http.StatusBadRequest, "INVALID_PARAMETER_SYNTAX"},
		"three decimals": {"AUTHORIZE", amount("EUR", "1.001"), http.StatusUnprocessableEntity, "DECIMAL_PRECISION"},
		"decimal yen":    {"AUTHORIZE", amount("JPY", "100.5"), http.StatusUnprocessableEntity, "DECIMALS_NOT_SUPPORTED"},
		"odd currency":   {"AUTHORIZE", amount("XXX", "1.00"), http.StatusUnprocessableEntity, "CURRENCY_NOT_SUPPORTED"},
		"wrong sum":      {"AUTHORIZE", breakdown, http.StatusUnprocessableEntity, "AMOUNT_MISMATCH"},
		"mixed":          {"AUTHORIZE", mixed, http.StatusUnprocessableEntity, "CURRENCY_MISMATCH"},
		"same unit":      {"AUTHORIZE", append(amount("EUR", "1.00"), amount("EUR", "1.00")...), http.StatusUnprocessableEntity, "DUPLICATE_REFERENCE_ID"},
	} {
		_, err := r.paypal.CreateOrder(ctx, c.intent, c.units, nil, nil)
		require.Equal(t, c.issue, paypalIssue(t, err, c.status), name)
	}
	_, err := r.paypal.GetOrder(ctx, "NONE")
	require.Equal(t, "INVALID_RESOURCE_ID", paypalIssue(t, err, http.StatusNotFound))
	_, err = r.paypal.GetAuthorization(ctx, "NONE")
	require.Equal(t, "INVALID_RESOURCE_ID", paypalIssue(t, err, http.StatusNotFound))
}

func TestPayPalInvoiceIsPaidOnce(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	r.authorize("b1", "10.00", "tok_vault_1")
	o, err := r.paypal.CreateOrder(t.Context(), paypal.OrderIntentAuthorize, unit("b1", "10.00"), vaulted("tok_vault_1"), nil)
	require.NoError(t, err)
	_, err = r.paypal.AuthorizeOrder(t.Context(), o.ID, paypal.AuthorizeOrderRequest{})
	require.Equal(t, "DUPLICATE_INVOICE_ID", paypalIssue(t, err, http.StatusUnprocessableEntity))
}

func TestPayPalCaptureIntent(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	o, err := r.paypal.CreateOrder(ctx, paypal.OrderIntentCapture, unit("b1", "10.00"), vaulted("tok_vault_1"), nil)
	require.NoError(t, err)
	_, err = r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{})
	require.Equal(t, "ACTION_DOES_NOT_MATCH_INTENT", paypalIssue(t, err, http.StatusUnprocessableEntity))
	_, err = r.paypal.CaptureOrderWithPaypalRequestId(ctx, o.ID, paypal.CaptureOrderRequest{}, "mocked", &paypal.CaptureOrderMockResponse{MockApplicationCodes: "INSTRUMENT_DECLINED"})
	require.Equal(t, "INSTRUMENT_DECLINED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	done, err := r.paypal.CaptureOrder(ctx, o.ID, paypal.CaptureOrderRequest{})
	require.NoError(t, err)
	require.Equal(t, "COMPLETED", done.PurchaseUnits[0].Payments.Captures[0].Status)
	_, err = r.paypal.CaptureOrder(ctx, o.ID, paypal.CaptureOrderRequest{})
	require.Equal(t, "ORDER_ALREADY_CAPTURED", paypalIssue(t, err, http.StatusUnprocessableEntity))
	require.Equal(t, []string{"capture succeeded", "fee succeeded"}, r.ledger("?booking_id=b1").kinds())
}

func TestPayPalChecksCredentials(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{PayPalClientID: "shop", PayPalClientSecret: "secret", TokenTTL: 300 * time.Millisecond})
	_, err := paypalClient(t, r.url, "shop", "wrong").GetAccessToken(t.Context())
	var e *paypal.ErrorResponse
	require.ErrorAs(t, err, &e)
	require.Equal(t, http.StatusUnauthorized, e.Response.StatusCode)

	token, err := r.paypal.GetAccessToken(t.Context())
	require.NoError(t, err)
	keeps := paypalClient(t, r.url, "shop", "secret")
	keeps.SetAccessToken(token.Token)
	_, err = keeps.GetOrder(t.Context(), "NONE")
	require.Equal(t, "INVALID_RESOURCE_ID", paypalIssue(t, err, http.StatusNotFound))
	require.Eventually(t, func() bool {
		_, err := keeps.GetOrder(t.Context(), "NONE")
		return paypalIssueOf(err) == "AUTHENTICATION_FAILURE"
	}, 3*time.Second, 50*time.Millisecond, "a token expires")
	keeps.SetAccessToken("A21AAforged")
	_, err = keeps.GetOrder(t.Context(), "NONE")
	require.Equal(t, "AUTHENTICATION_FAILURE", paypalIssue(t, err, http.StatusUnauthorized))
}

func paypalIssueOf(err error) string {
	var e *paypal.ErrorResponse
	if !errors.As(err, &e) {
		return ""
	}
	return e.Name
}

func TestPayPalReportPagesThroughMovements(t *testing.T) {
	t.Parallel()
	r := start(t, sandbox.Options{})
	ctx := t.Context()
	var captures []string
	for _, booking := range []string{"b1", "b2", "b3"} {
		_, auth := r.authorize(booking, "10.00", "tok_vault_1")
		got, err := r.paypal.CaptureAuthorization(ctx, auth.ID, &paypal.PaymentCaptureRequest{})
		require.NoError(t, err)
		captures = append(captures, got.ID)
	}
	refund, err := r.paypal.RefundCapture(ctx, captures[2], paypal.RefundCaptureRequest{})
	require.NoError(t, err)
	size, seen := 3, []string{}
	net := 0
	for page := 1; page <= 2; page++ {
		got, err := r.paypal.ListTransactions(ctx, &paypal.TransactionSearchRequest{
			StartDate: time.Now().Add(-time.Hour), EndDate: time.Now().Add(time.Hour), PageSize: &size, Page: &page,
		})
		require.NoError(t, err)
		require.Equal(t, 4, got.TotalItems)
		require.Equal(t, 2, got.TotalPages)
		for _, d := range got.TransactionDetails {
			seen = append(seen, d.TransactionInfo.TransactionID)
			require.NotEmpty(t, d.TransactionInfo.CustomField)
			if d.TransactionInfo.TransactionAmount.Value == "10.00" {
				require.Equal(t, "-0.60", d.TransactionInfo.FeeAmount.Value)
				net++
			}
		}
	}
	require.Equal(t, 3, net)
	require.Equal(t, append(captures, refund.ID), seen)
	_, err = r.paypal.ListTransactions(ctx, &paypal.TransactionSearchRequest{StartDate: time.Now().Add(-40 * 24 * time.Hour), EndDate: time.Now()})
	require.Equal(t, "INVALID_PARAMETER_VALUE", paypalIssue(t, err, http.StatusBadRequest))
}
