package stripe_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

var held = ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_1", Outcome: ticket.OutcomeAuthorized}

type settleStep func(context.Context, *stripe.Provider) (string, error)

func capture(ctx context.Context, p *stripe.Provider) (string, error) {
	return p.Capture(ctx, request("bk_1"), held)
}

func void(ctx context.Context, p *stripe.Provider) (string, error) {
	return "", p.Void(ctx, request("bk_1"), held)
}

func refund(ctx context.Context, p *stripe.Provider) (string, error) {
	return p.Refund(ctx, request("bk_1"), held)
}

func TestSettling(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do    settleStep
		steps []http.HandlerFunc
		ref   string
		code  ticket.Code
		keys  []string
	}{
		"capture gives the charge":             {capture, []http.HandlerFunc{answer(200, intentTaken)}, "ch_1", "", []string{"capture"}},
		"capture of a captured one succeeds":   {capture, []http.HandlerFunc{answer(400, unexpectedState(intentTaken))}, "ch_1", "", []string{"capture"}},
		"capture reads what the refusal hides": {capture, []http.HandlerFunc{answer(400, unexpectedState("null")), answer(200, intentTaken)}, "ch_1", "", []string{"capture", ""}},
		"capture of a canceled one is refused": {capture, []http.HandlerFunc{answer(400, unexpectedState(intentCanceled))}, "", ticket.CodeProviderRefused, []string{"capture"}},
		"capture of a lapsed one is refused":   {capture, []http.HandlerFunc{answer(400, `{"error":{"type":"invalid_request_error","code":"charge_expired_for_capture"}}`)}, "", ticket.CodeProviderRefused, []string{"capture"}},
		"capture unanswered may be repeated":   {capture, []http.HandlerFunc{answer(500, errorServer)}, "", ticket.CodeProviderUnavailable, []string{"capture"}},
		"capture silent may be repeated":       {capture, []http.HandlerFunc{silent}, "", ticket.CodeProviderUnavailable, []string{"capture"}},
		"capture too fast may be repeated":     {capture, []http.HandlerFunc{answer(429, errorRate)}, "", ticket.CodeProviderUnavailable, []string{"capture"}},
		"capture with a bad key may be later":  {capture, []http.HandlerFunc{answer(403, errorServer)}, "", ticket.CodeProviderUnavailable, []string{"capture"}},
		"capture leaves a spent key":           {capture, []http.HandlerFunc{spent(500, errorServer), answer(200, intentTaken)}, "ch_1", "", []string{"capture", "capture+"}},
		"void cancels":                         {void, []http.HandlerFunc{answer(200, intentCanceled)}, "", "", []string{"void"}},
		"void of a void one succeeds":          {void, []http.HandlerFunc{answer(400, unexpectedState(intentCanceled))}, "", "", []string{"void"}},
		"void of a captured one is refused":    {void, []http.HandlerFunc{answer(400, unexpectedState(intentTaken))}, "", ticket.CodeProviderRefused, []string{"void"}},
		"void of an unknown one is refused":    {void, []http.HandlerFunc{answer(404, `{"error":{"type":"invalid_request_error","code":"resource_missing"}}`)}, "", ticket.CodeProviderRefused, []string{"void"}},
		"void unanswered may be repeated":      {void, []http.HandlerFunc{broken}, "", ticket.CodeProviderUnavailable, []string{"void"}},
		"refund gives its id":                  {refund, []http.HandlerFunc{answer(200, `{"id":"re_1","status":"succeeded"}`)}, "re_1", "", []string{"undo"}},
		"refund under way counts":              {refund, []http.HandlerFunc{answer(200, `{"id":"re_1","status":"pending"}`)}, "re_1", "", []string{"undo"}},
		"refund that failed is refused":        {refund, []http.HandlerFunc{answer(200, `{"id":"re_1","status":"failed"}`)}, "", ticket.CodeProviderRefused, []string{"undo"}},
		"refund of a refunded one is found":    {refund, []http.HandlerFunc{answer(400, `{"error":{"type":"invalid_request_error","code":"charge_already_refunded"}}`), answer(200, `{"object":"list","data":[{"id":"re_1","status":"succeeded"}]}`)}, "re_1", "", []string{"undo", ""}},
		"refund unanswered may be repeated":    {refund, []http.HandlerFunc{silent}, "", ticket.CodeProviderUnavailable, []string{"undo"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			ref, err := tc.do(t.Context(), provide(t, f.url))
			require.Equal(t, tc.code, ticket.CodeOf(err), "%v", err)
			require.Equal(t, tc.ref, ref)
			got := f.requests()
			require.Len(t, got, len(tc.keys))
			for i, key := range tc.keys {
				step, again := strings.CutSuffix(key, "+")
				switch {
				case key == "":
					require.Empty(t, got[i].key)
				case again:
					require.True(t, strings.HasPrefix(got[i].key, "purchase/bk_1/"+step+"/1/"), got[i].key)
				default:
					require.Equal(t, "purchase/bk_1/"+step+"/1", got[i].key)
				}
			}
		})
	}
}

func TestSettlingWithoutARef(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(500, errorServer))
	p := provide(t, f.url)
	require.NoError(t, p.Void(t.Context(), request("bk_1"), ticket.Charge{Outcome: ticket.OutcomeNotExecuted}))
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(p.Void(t.Context(), request("bk_1"), ticket.Charge{Outcome: ticket.OutcomeUnanswered})))
	_, err := p.Capture(t.Context(), request("bk_1"), ticket.Charge{})
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
	_, err = p.Refund(t.Context(), request("bk_1"), ticket.Charge{})
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
	require.Empty(t, f.requests())
}

func TestLookUpByRef(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want ticket.ChargeState
	}{
		"reserved":        {intentHeld, ticket.ChargeAuthorized},
		"taken":           {`{"id":"pi_1","status":"succeeded","latest_charge":{"id":"ch_1","refunded":false}}`, ticket.ChargeCaptured},
		"given back":      {`{"id":"pi_1","status":"succeeded","latest_charge":{"id":"ch_1","refunded":true}}`, ticket.ChargeRefunded},
		"canceled":        {intentCanceled, ticket.ChargeVoided},
		"declined":        {`{"id":"pi_1","status":"requires_payment_method"}`, ticket.ChargeFailed},
		"waiting":         {`{"id":"pi_1","status":"requires_action"}`, ticket.ChargePending},
		"still at Stripe": {`{"id":"pi_1","status":"processing"}`, ticket.ChargePending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, answer(200, tc.body))
			found, err := provide(t, f.url).LookUp(t.Context(), ticket.ChargeQuery{Request: request("bk_1"), Ref: "pi_1"})
			require.NoError(t, err)
			require.Equal(t, tc.want, found.State)
			require.Equal(t, "pi_1", found.Charge.Ref)
			require.Equal(t, "GET", f.requests()[0].method)
		})
	}
}

const (
	nothing   = `{"object":"search_result","data":[],"has_more":false}`
	noneInAll = `{"object":"list","data":[],"has_more":false}`
	strangers = `{"object":"list","has_more":true,"data":[
		{"id":"pi_8","metadata":{"booking_id":"bk_1","attempt":"2"}},{"id":"pi_9","metadata":{"booking_id":"bk_2","attempt":"1"}}]}`
	ours = `{"object":"list","has_more":false,"data":[{"id":"pi_1","metadata":{"booking_id":"bk_1","attempt":"1"}}]}`
)

func TestLookUpOfALostReply(t *testing.T) {
	t.Parallel()
	long, short := 5*time.Minute, 10*time.Second
	for name, tc := range map[string]struct {
		age   time.Duration
		steps []http.HandlerFunc
		state ticket.ChargeState
		code  ticket.Code
		calls int
	}{
		"the search finds it":                 {short, []http.HandlerFunc{answer(200, `{"data":[{"id":"pi_1"}]}`), answer(200, intentHeld)}, ticket.ChargeAuthorized, "", 2},
		"the list has what the search lacks":  {short, []http.HandlerFunc{answer(200, nothing), answer(200, strangers), answer(200, ours), answer(200, intentHeld)}, ticket.ChargeAuthorized, "", 4},
		"the list stands in for the search":   {long, []http.HandlerFunc{answer(500, errorServer), answer(200, ours), answer(200, intentHeld)}, ticket.ChargeAuthorized, "", 3},
		"absence is believed when it is old":  {long, []http.HandlerFunc{answer(200, nothing), answer(200, noneInAll)}, ticket.ChargeNone, "", 2},
		"absence is not believed while young": {short, []http.HandlerFunc{answer(200, nothing), answer(200, noneInAll)}, "", ticket.CodeProviderUnavailable, 2},
		"absence needs the search too":        {long, []http.HandlerFunc{answer(500, errorServer), answer(200, noneInAll)}, "", ticket.CodeProviderUnavailable, 2},
		"absence, in an account without it":   {long, []http.HandlerFunc{answer(400, `{"error":{"type":"invalid_request_error","message":"Search is not supported"}}`), answer(200, noneInAll)}, ticket.ChargeNone, "", 2},
		"a list that fails proves nothing":    {long, []http.HandlerFunc{answer(200, nothing), answer(500, errorServer)}, "", ticket.CodeProviderUnavailable, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			asked := time.Now().Add(-tc.age)
			found, err := provide(t, f.url).LookUp(t.Context(), ticket.ChargeQuery{Request: request("bk_1"), AskedAt: asked})
			require.Equal(t, tc.code, ticket.CodeOf(err), "%v", err)
			require.Equal(t, tc.state, found.State)
			require.Len(t, f.requests(), tc.calls)
		})
	}
}

func TestLookUpWithoutRefOrTimeIsRefused(t *testing.T) {
	t.Parallel()
	_, err := provide(t, newFake(t, answer(200, nothing)).url).LookUp(t.Context(), ticket.ChargeQuery{Request: request("bk_1")})
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
}
