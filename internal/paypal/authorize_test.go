package paypal_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paypal"
	"yourticket.example/ticket"
)

var immediate = map[string]any{"payee_preferred": "IMMEDIATE_PAYMENT_REQUIRED"}

func TestAuthorizeVaultedMakesAndAuthorizesAnOrder(t *testing.T) {
	t.Parallel()
	f := newFake(t, orderMade, orderHeld)
	c := provide(t, f.url).Authorize(t.Context(), request("bk_1"))
	require.Equal(t, ticket.Charge{Provider: ticket.PayPal, Outcome: ticket.OutcomeAuthorized, Attempt: 1, Ref: "AUTH1", OrderRef: "ORDER1"}, c)
	require.Equal(t, []sent{
		{"POST /v2/checkout/orders", "purchase/bk_1/order/1", "Bearer token-1", "", map[string]any{
			"intent": "AUTHORIZE",
			"purchase_units": []any{map[string]any{
				"amount":      map[string]any{"currency_code": "EUR", "value": "125.50"},
				"description": "Two seats", "custom_id": "bk_1", "invoice_id": "bk_1-1",
			}},
			"application_context": map[string]any{"shipping_preference": "NO_SHIPPING", "user_action": "PAY_NOW", "payment_method": immediate},
		}},
		{"POST /v2/checkout/orders/ORDER1/authorize", "purchase/bk_1/authorize/1", "Bearer token-1", "return=representation", map[string]any{
			"payment_source": map[string]any{"paypal": map[string]any{"vault_id": "tok_vault_1"}},
		}},
	}, f.requests())
	require.Equal(t, 1, f.granted())
}

func TestAuthorizeNamesAnOldConsentAsBillingAgreement(t *testing.T) {
	t.Parallel()
	f := newFake(t, orderMade, orderHeld)
	r := request("bk_1")
	r.Choice.PayPalPaymentToken = "B-123"
	require.Equal(t, ticket.OutcomeAuthorized, provide(t, f.url).Authorize(t.Context(), r).Outcome)
	body, _ := f.requests()[1].body.(map[string]any)
	require.Equal(t, map[string]any{"token": map[string]any{"id": "B-123", "type": "BILLING_AGREEMENT"}}, body["payment_source"])
}

func TestAuthorizeWithoutTokenSendsTheBuyerToPayPal(t *testing.T) {
	t.Parallel()
	f := newFake(t, orderMade)
	r := unvaulted("bk_1")
	r.Amount = ticket.Money{Amount: 500, Currency: "JPY"}
	r.Description = strings.Repeat("ü", 200)
	c := provide(t, f.url).Authorize(t.Context(), r)
	require.Equal(t, ticket.Charge{Provider: ticket.PayPal, Outcome: ticket.OutcomeActionRequired, Attempt: 1, OrderRef: "ORDER1", RedirectURL: approveURL}, c)
	body, _ := f.requests()[0].body.(map[string]any)
	require.Equal(t, map[string]any{
		"shipping_preference": "NO_SHIPPING", "user_action": "PAY_NOW", "payment_method": immediate,
		"return_url": "https://shop.example/done", "cancel_url": "https://shop.example/done",
	}, body["application_context"])
	units, _ := body["purchase_units"].([]any)
	unit, _ := units[0].(map[string]any)
	require.Equal(t, map[string]any{"currency_code": "JPY", "value": "500"}, unit["amount"])
	require.Equal(t, strings.Repeat("ü", 126)+"…", unit["description"])
}

func TestAuthorizeSortsWhatPayPalAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		steps   []http.HandlerFunc
		outcome ticket.AuthorizeOutcome
		code    string
		ref     string
		calls   int
	}{
		"a declined instrument is declined":        {[]http.HandlerFunc{orderMade, issue(422, "INSTRUMENT_DECLINED")}, ticket.OutcomeDeclined, "INSTRUMENT_DECLINED", "", 2},
		"a payer who cannot pay is declined":       {[]http.HandlerFunc{orderMade, issue(422, "PAYER_CANNOT_PAY")}, ticket.OutcomeDeclined, "PAYER_CANNOT_PAY", "", 2},
		"an expired consent is declined":           {[]http.HandlerFunc{orderMade, issue(422, "TOKEN_EXPIRED")}, ticket.OutcomeDeclined, "TOKEN_EXPIRED", "", 2},
		"a denied authorization is declined":       {[]http.HandlerFunc{orderMade, answer(201, withPayments(`"authorizations":[{"id":"AUTH1","status":"DENIED"}]`))}, ticket.OutcomeDeclined, "denied", "AUTH1", 2},
		"an unknown token is rejected":             {[]http.HandlerFunc{orderMade, issue(422, "TOKEN_ID_NOT_FOUND")}, ticket.OutcomeRejected, "TOKEN_ID_NOT_FOUND", "", 2},
		"a wrong request is rejected":              {[]http.HandlerFunc{issue(400, "INVALID_PARAMETER_VALUE")}, ticket.OutcomeRejected, "INVALID_PARAMETER_VALUE", "", 1},
		"a consent that needs the buyer":           {[]http.HandlerFunc{orderMade, issue(422, "PAYER_ACTION_REQUIRED")}, ticket.OutcomeActionRequired, "", "", 2},
		"an order authorized before is read":       {[]http.HandlerFunc{orderMade, issue(422, "ORDER_ALREADY_AUTHORIZED"), orderHeld}, ticket.OutcomeAuthorized, "", "AUTH1", 3},
		"an authorization in review is unanswered": {[]http.HandlerFunc{orderMade, answer(201, withPayments(`"authorizations":[{"id":"AUTH1","status":"PENDING"}]`))}, ticket.OutcomeUnanswered, "pending", "AUTH1", 2},
		"a payment under a lost order":             {[]http.HandlerFunc{orderMade, issue(422, "DUPLICATE_INVOICE_ID")}, ticket.OutcomeUnanswered, "DUPLICATE_INVOICE_ID", "", 2},
		"an id used for something else":            {[]http.HandlerFunc{issue(422, "DUPLICATE_REQUEST_ID")}, ticket.OutcomeUnanswered, "idempotency_key_reused", "", 1},
		"too many requests at first":               {[]http.HandlerFunc{tooMany}, ticket.OutcomeNotExecuted, "rate_limited", "", 1},
		"too many requests at the second step":     {[]http.HandlerFunc{orderMade, tooMany}, ticket.OutcomeNotExecuted, "rate_limited", "", 2},
		"permissions that we lack":                 {[]http.HandlerFunc{orderMade, issue(403, "PERMISSION_DENIED")}, ticket.OutcomeNotExecuted, "credentials", "", 2},
		"too many requests after silence":          {[]http.HandlerFunc{orderMade, silent, tooMany}, ticket.OutcomeUnanswered, "timeout", "", 5},
		"server errors":                            {[]http.HandlerFunc{broke}, ticket.OutcomeUnanswered, "server_error", "", 4},
		"a proxy's error page":                     {[]http.HandlerFunc{answer(502, "<html>")}, ticket.OutcomeUnanswered, "server_error", "", 4},
		"a broken reply, then the answer":          {[]http.HandlerFunc{broken, orderMade, broken, orderHeld}, ticket.OutcomeAuthorized, "", "AUTH1", 4},
		"silence, then a call still at work":       {[]http.HandlerFunc{orderMade, silent, issue(409, "PREVIOUS_REQUEST_IN_PROGRESS"), orderHeld}, ticket.OutcomeAuthorized, "", "AUTH1", 4},
		"doubt about the order that was dissolved": {[]http.HandlerFunc{broken, orderMade, tooMany}, ticket.OutcomeNotExecuted, "rate_limited", "", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			c := provide(t, f.url).Authorize(t.Context(), request("bk_1"))
			require.Equal(t, tc.outcome, c.Outcome, c)
			require.Equal(t, tc.code, c.Code)
			require.Equal(t, tc.ref, c.Ref)
			require.Len(t, f.requests(), tc.calls)
			if tc.outcome == ticket.OutcomeDeclined || tc.outcome == ticket.OutcomeRejected {
				require.NotEmpty(t, c.Message)
			}
		})
	}
}

func TestAuthorizeNotExecutedWhenNothingListens(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	c := provide(t, "http://"+listener.Addr().String()).Authorize(t.Context(), request("bk_1"))
	require.Equal(t, ticket.OutcomeNotExecuted, c.Outcome)
	require.Equal(t, "unreachable", c.Code)
}

// The first reply breaks, and the server is gone for every repeat.
func TestAuthorizeStaysUnansweredWhenRepeatsAreRefused(t *testing.T) {
	t.Parallel()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/oauth2/token" {
			answer(200, `{"access_token":"t","expires_in":3600}`)(w, r)
			return
		}
		_ = server.Listener.Close()
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.CloseClientConnections)
	require.Equal(t, ticket.OutcomeUnanswered, provide(t, server.URL).Authorize(t.Context(), request("bk_1")).Outcome)
}

func TestAuthorizeEndsWithinItsBudget(t *testing.T) {
	t.Parallel()
	f := newFake(t, orderMade, silent)
	start := time.Now()
	require.Equal(t, ticket.OutcomeUnanswered, provide(t, f.url).Authorize(t.Context(), request("bk_1")).Outcome)
	require.Less(t, time.Since(start), 6*time.Second)
}

func TestAuthorizeUnansweredWhenCallerLeavesDuringTheCall(t *testing.T) {
	t.Parallel()
	f := newFake(t, orderMade, silent)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	require.Equal(t, ticket.OutcomeUnanswered, provide(t, f.url).Authorize(ctx, request("bk_1")).Outcome)
}

func TestResume(t *testing.T) {
	t.Parallel()
	const show, authorize = "GET /v2/checkout/orders/ORDER1", "POST /v2/checkout/orders/ORDER1/authorize"
	for name, tc := range map[string]struct {
		steps []http.HandlerFunc
		want  ticket.AuthorizeOutcome
		calls []string
	}{
		"approved is authorized":                  {[]http.HandlerFunc{orderApproved, orderHeld}, ticket.OutcomeAuthorized, []string{show, authorize}},
		"authorized before is read":               {[]http.HandlerFunc{orderHeld}, ticket.OutcomeAuthorized, []string{show}},
		"not yet approved asks again":             {[]http.HandlerFunc{orderMade}, ticket.OutcomeActionRequired, []string{show}},
		"approval taken back asks again":          {[]http.HandlerFunc{orderApproved, issue(422, "ORDER_NOT_APPROVED")}, ticket.OutcomeActionRequired, []string{show, authorize}},
		"a refused instrument is declined":        {[]http.HandlerFunc{orderApproved, issue(422, "INSTRUMENT_DECLINED")}, ticket.OutcomeDeclined, []string{show, authorize}},
		"a voided order is declined":              {[]http.HandlerFunc{answer(200, `{"id":"ORDER1","status":"VOIDED"}`)}, ticket.OutcomeDeclined, []string{show}},
		"a lapsed order is declined":              {[]http.HandlerFunc{issue(404, "INVALID_RESOURCE_ID")}, ticket.OutcomeDeclined, []string{show}},
		"a refusal to talk never means untouched": {[]http.HandlerFunc{tooMany}, ticket.OutcomeUnanswered, []string{show, show, show, show}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			before := ticket.Charge{OrderRef: "ORDER1", RedirectURL: approveURL}
			c := provide(t, f.url).Resume(t.Context(), unvaulted("bk_1"), before)
			require.Equal(t, tc.want, c.Outcome, c)
			require.Equal(t, "ORDER1", c.OrderRef)
			var calls []string
			for _, got := range f.requests() {
				calls = append(calls, got.what)
			}
			require.Equal(t, tc.calls, calls)
			if c.Outcome == ticket.OutcomeActionRequired {
				require.Equal(t, approveURL, c.RedirectURL)
			}
		})
	}
}

func TestNewWantsCredentials(t *testing.T) {
	t.Parallel()
	_, err := paypal.New(paypal.Options{ClientID: "only"})
	require.ErrorContains(t, err, "client secret")
}
