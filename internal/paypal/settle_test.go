package paypal_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paypal"
	"yourticket.example/ticket"
)

var held = ticket.Charge{Provider: ticket.PayPal, Attempt: 1, Ref: "AUTH1", OrderRef: "ORDER1", Outcome: ticket.OutcomeAuthorized}

type settleStep func(context.Context, *paypal.Provider) (string, error)

func capture(ctx context.Context, p *paypal.Provider) (string, error) {
	return p.Capture(ctx, request("bk_1"), held)
}

func void(ctx context.Context, p *paypal.Provider) (string, error) {
	return "", p.Void(ctx, request("bk_1"), held)
}

func voidOrder(ctx context.Context, p *paypal.Provider) (string, error) {
	return "", p.Void(ctx, request("bk_1"), ticket.Charge{OrderRef: "ORDER1", Outcome: ticket.OutcomeActionRequired})
}

func refund(ctx context.Context, p *paypal.Provider) (string, error) {
	return p.Refund(ctx, request("bk_1"), held)
}

func refundByRef(ctx context.Context, p *paypal.Provider) (string, error) {
	return p.Refund(ctx, request("bk_1"), ticket.Charge{Ref: "AUTH1"})
}

func TestSettling(t *testing.T) {
	t.Parallel()
	refused, unavailable := ticket.CodeProviderRefused, ticket.CodeProviderUnavailable
	done := answer(201, `{"id":"REF1","status":"COMPLETED"}`)
	for name, tc := range map[string]struct {
		do    settleStep
		steps []http.HandlerFunc
		ref   string
		code  ticket.Code
		calls int
	}{
		"capture gives its id":                     {capture, []http.HandlerFunc{answer(201, `{"id":"CAP1","status":"COMPLETED"}`)}, "CAP1", "", 1},
		"capture of a captured one succeeds":       {capture, []http.HandlerFunc{issue(422, "AUTHORIZATION_ALREADY_CAPTURED"), orderTaken}, "CAP1", "", 2},
		"capture of a voided one is refused":       {capture, []http.HandlerFunc{issue(422, "AUTHORIZATION_VOIDED")}, "", refused, 1},
		"capture of a lapsed one is refused":       {capture, []http.HandlerFunc{issue(422, "AUTHORIZATION_EXPIRED")}, "", refused, 1},
		"capture that is declined is refused":      {capture, []http.HandlerFunc{answer(201, `{"id":"CAP1","status":"DECLINED"}`)}, "", refused, 1},
		"capture in review is read":                {capture, []http.HandlerFunc{answer(201, `{"id":"CAP1","status":"PENDING"}`), answer(200, `{"id":"CAP1","status":"COMPLETED"}`)}, "CAP1", "", 2},
		"capture still in review may be repeated":  {capture, []http.HandlerFunc{answer(201, `{"id":"CAP1","status":"PENDING"}`), answer(200, `{"id":"CAP1","status":"PENDING"}`)}, "", unavailable, 2},
		"capture unanswered may be repeated":       {capture, []http.HandlerFunc{broke}, "", unavailable, 1},
		"capture silent may be repeated":           {capture, []http.HandlerFunc{silent}, "", unavailable, 1},
		"capture too fast may be repeated":         {capture, []http.HandlerFunc{tooMany}, "", unavailable, 1},
		"capture still at work may be repeated":    {capture, []http.HandlerFunc{issue(409, "PREVIOUS_REQUEST_IN_PROGRESS")}, "", unavailable, 1},
		"void without a body succeeds":             {void, []http.HandlerFunc{answer(204, "")}, "", "", 1},
		"void with a body succeeds":                {void, []http.HandlerFunc{authorization("VOIDED")}, "", "", 1},
		"void of a void one succeeds":              {void, []http.HandlerFunc{issue(422, "PREVIOUSLY_VOIDED")}, "", "", 1},
		"void of a lapsed one succeeds":            {void, []http.HandlerFunc{issue(422, "AUTHORIZATION_EXPIRED")}, "", "", 1},
		"void of a captured one is refused":        {void, []http.HandlerFunc{issue(422, "PREVIOUSLY_CAPTURED")}, "", refused, 1},
		"void of an unknown one is refused":        {void, []http.HandlerFunc{issue(404, "INVALID_RESOURCE_ID")}, "", refused, 1},
		"void broken off may be repeated":          {void, []http.HandlerFunc{broken}, "", unavailable, 1},
		"void of an unapproved order does nothing": {voidOrder, []http.HandlerFunc{orderMade}, "", "", 1},
		"void of a lapsed order does nothing":      {voidOrder, []http.HandlerFunc{issue(404, "INVALID_RESOURCE_ID")}, "", "", 1},
		"void of an order voids what it reserved":  {voidOrder, []http.HandlerFunc{orderHeld, answer(204, "")}, "", "", 2},
		"void of an order needs to see it":         {voidOrder, []http.HandlerFunc{broke}, "", unavailable, 1},
		"refund gives its id":                      {refund, []http.HandlerFunc{orderTaken, done}, "REF1", "", 2},
		"refund finds the order by authorization":  {refundByRef, []http.HandlerFunc{authorization("CAPTURED"), orderTaken, done}, "REF1", "", 3},
		"refund of a refunded one is found":        {refund, []http.HandlerFunc{orderRefunded, issue(422, "CAPTURE_FULLY_REFUNDED"), orderRefunded}, "REF1", "", 3},
		"refund under way counts":                  {refund, []http.HandlerFunc{orderTaken, answer(201, `{"id":"REF1","status":"PENDING"}`)}, "REF1", "", 2},
		"refund that failed is refused":            {refund, []http.HandlerFunc{orderTaken, answer(201, `{"id":"REF1","status":"FAILED"}`)}, "", refused, 2},
		"refund without a capture is refused":      {refund, []http.HandlerFunc{orderHeld}, "", refused, 1},
		"refund unanswered may be repeated":        {refund, []http.HandlerFunc{orderTaken, silent}, "", unavailable, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			ref, err := tc.do(t.Context(), provide(t, f.url))
			require.Equal(t, tc.code, ticket.CodeOf(err), "%v", err)
			require.Equal(t, tc.ref, ref)
			require.Len(t, f.requests(), tc.calls)
		})
	}
}

func TestSettlingSendsKeysAndTheWholeAmount(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(201, `{"id":"CAP1","status":"COMPLETED"}`), answer(204, ""), orderTaken, answer(201, `{"id":"REF1","status":"COMPLETED"}`))
	p := provide(t, f.url)
	for _, do := range []settleStep{capture, void, refund} {
		_, err := do(t.Context(), p)
		require.NoError(t, err)
	}
	got := f.requests()
	require.Equal(t, sent{"POST /v2/payments/authorizations/AUTH1/capture", "purchase/bk_1/capture/1", "Bearer token-1", "", map[string]any{
		"amount": map[string]any{"currency_code": "EUR", "value": "125.50"}, "final_capture": true,
	}}, got[0])
	require.Equal(t, sent{"POST /v2/payments/authorizations/AUTH1/void", "purchase/bk_1/void/1", "Bearer token-1", "", nil}, got[1])
	require.Equal(t, sent{"POST /v2/payments/captures/CAP1/refund", "purchase/bk_1/undo/1", "Bearer token-1", "", map[string]any{}}, got[3])
}

func TestSettlingWithoutARef(t *testing.T) {
	t.Parallel()
	f := newFake(t, broke)
	p, r := provide(t, f.url), request("bk_1")
	require.NoError(t, p.Void(t.Context(), r, ticket.Charge{Outcome: ticket.OutcomeNotExecuted}))
	for _, lost := range []ticket.Charge{{Outcome: ticket.OutcomeUnanswered}, {Outcome: ticket.OutcomeUnanswered, OrderRef: "ORDER1"}} {
		require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(p.Void(t.Context(), r, lost)))
	}
	_, err := p.Capture(t.Context(), r, ticket.Charge{OrderRef: "ORDER1"})
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
	_, err = p.Refund(t.Context(), r, ticket.Charge{})
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
	require.Empty(t, f.requests())
}

func TestLookUp(t *testing.T) {
	t.Parallel()
	now := time.Now()
	young, old, forgotten := now.Add(-10*time.Second), now.Add(-10*time.Minute), now.Add(-7*time.Hour)
	byRef := ticket.ChargeQuery{Request: request("bk_1"), Ref: "AUTH1"}
	byOrder := func(r ticket.ChargeRequest, at time.Time) ticket.ChargeQuery {
		return ticket.ChargeQuery{Request: r, OrderRef: "ORDER1", AskedAt: at}
	}
	lost := func(r ticket.ChargeRequest, at time.Time) ticket.ChargeQuery {
		return ticket.ChargeQuery{Request: r, AskedAt: at}
	}
	report := func(pages, invoice string) http.HandlerFunc {
		return answer(200, `{"total_pages":`+pages+`,"transaction_details":[
			{"transaction_info":{"transaction_id":"AUTH1","transaction_event_code":"T1300","invoice_id":"`+invoice+`",
			"transaction_initiation_date":"2026-01-01T00:00:00+0000","transaction_updated_date":"2026-01-01T00:00:00+0000"}}],
			"start_date":"2026-01-01T00:00:00+0000","end_date":"2026-01-01T00:00:00+0000","last_refreshed_datetime":"2026-01-01T00:00:00+0000"}`)
	}
	for name, tc := range map[string]struct {
		q     ticket.ChargeQuery
		steps []http.HandlerFunc
		state ticket.ChargeState
		code  ticket.Code
	}{
		"reserved":                          {byRef, []http.HandlerFunc{authorization("CREATED")}, ticket.ChargeAuthorized, ""},
		"in review":                         {byRef, []http.HandlerFunc{authorization("PENDING")}, ticket.ChargePending, ""},
		"voided":                            {byRef, []http.HandlerFunc{authorization("VOIDED")}, ticket.ChargeVoided, ""},
		"lapsed":                            {byRef, []http.HandlerFunc{authorization("EXPIRED")}, ticket.ChargeVoided, ""},
		"denied":                            {byRef, []http.HandlerFunc{authorization("DENIED")}, ticket.ChargeFailed, ""},
		"taken":                             {byRef, []http.HandlerFunc{authorization("CAPTURED"), orderTaken}, ticket.ChargeCaptured, ""},
		"given back":                        {byRef, []http.HandlerFunc{authorization("CAPTURED"), orderRefunded}, ticket.ChargeRefunded, ""},
		"a ref that PayPal does not know":   {byRef, []http.HandlerFunc{issue(404, "INVALID_RESOURCE_ID")}, "", ticket.CodeProviderRefused},
		"reserved, by order":                {byOrder(request("bk_1"), young), []http.HandlerFunc{orderHeld}, ticket.ChargeAuthorized, ""},
		"taken, by order":                   {byOrder(request("bk_1"), young), []http.HandlerFunc{orderTaken}, ticket.ChargeCaptured, ""},
		"given back, by order":              {byOrder(request("bk_1"), young), []http.HandlerFunc{orderRefunded}, ticket.ChargeRefunded, ""},
		"an old order never authorized":     {byOrder(request("bk_1"), old), []http.HandlerFunc{orderMade}, ticket.ChargeNone, ""},
		"a young order not authorized yet":  {byOrder(request("bk_1"), young), []http.HandlerFunc{orderMade}, "", ticket.CodeProviderUnavailable},
		"an order that waits for its buyer": {byOrder(unvaulted("bk_1"), young), []http.HandlerFunc{orderMade}, ticket.ChargePending, ""},
		"a young approved order, maybe under way": {byOrder(unvaulted("bk_1"), young), []http.HandlerFunc{orderApproved}, "", ticket.CodeProviderUnavailable},
		"an order that lapsed":                    {byOrder(unvaulted("bk_1"), old), []http.HandlerFunc{issue(404, "INVALID_RESOURCE_ID")}, ticket.ChargeVoided, ""},
		"lost and found by its request id":        {lost(request("bk_1"), young), []http.HandlerFunc{orderMade, orderHeld}, ticket.ChargeAuthorized, ""},
		"lost and never made":                     {lost(request("bk_1"), old), []http.HandlerFunc{orderMade, orderMade}, ticket.ChargeNone, ""},
		"lost and PayPal still away":              {lost(request("bk_1"), old), []http.HandlerFunc{broke}, "", ticket.CodeProviderUnavailable},
		"lost, forgotten, found in the report":    {lost(request("bk_1"), forgotten), []http.HandlerFunc{report("2", "bk_2-1"), report("2", "bk_1-1"), authorization("CREATED")}, ticket.ChargeAuthorized, ""},
		"lost, forgotten and not in the report":   {lost(request("bk_1"), forgotten), []http.HandlerFunc{report("1", "bk_1-2")}, ticket.ChargeNone, ""},
		"lost, known, not in the report yet":      {lost(request("bk_1"), old), []http.HandlerFunc{issue(422, "DUPLICATE_INVOICE_ID"), report("1", "bk_2-1")}, "", ticket.CodeProviderUnavailable},
		"lost without a time":                     {lost(request("bk_1"), time.Time{}), []http.HandlerFunc{broke}, "", ticket.CodeProviderRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			found, err := provide(t, f.url).LookUp(t.Context(), tc.q)
			require.Equal(t, tc.code, ticket.CodeOf(err), "%v", err)
			require.Equal(t, tc.state, found.State)
			switch tc.state {
			case ticket.ChargeAuthorized, ticket.ChargeCaptured, ticket.ChargeRefunded:
				require.Equal(t, ticket.Charge{Provider: ticket.PayPal, Attempt: 1, Ref: "AUTH1", OrderRef: "ORDER1", Outcome: ticket.OutcomeAuthorized}, found.Charge)
			}
			for _, got := range f.requests() {
				require.NotContains(t, got.what, "/authorize", "a look-up reserves nothing")
			}
		})
	}
}
