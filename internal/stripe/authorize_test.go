package stripe_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

func TestAuthorizeSendsOneKeyedConfirmedManualIntent(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(200, intentHeld))
	r := request("bk_1")
	r.Description = "Two seats"
	c := provide(t, f.url).Authorize(t.Context(), r)
	require.Equal(t, ticket.Charge{Provider: ticket.Stripe, Outcome: ticket.OutcomeAuthorized, Attempt: 1, Ref: "pi_1"}, c)
	got := f.requests()
	require.Len(t, got, 1)
	require.Equal(t, "POST /v1/payment_intents", got[0].method+" "+got[0].path)
	require.Equal(t, "purchase/bk_1/authorize/1", got[0].key)
	require.Equal(t, "Bearer sk_test_x", got[0].bearer)
	require.Equal(t, map[string][]string{
		"amount": {"12550"}, "currency": {"eur"}, "capture_method": {"manual"}, "confirm": {"true"},
		"payment_method": {"pm_card_visa"}, "description": {"Two seats"},
		"automatic_payment_methods[enabled]": {"true"}, "automatic_payment_methods[allow_redirects]": {"never"},
		"metadata[booking_id]": {"bk_1"}, "metadata[event_id]": {"ev_1"}, "metadata[attempt]": {"1"},
	}, map[string][]string(got[0].form))
}

func TestAuthorizeWithReturnURLAllowsRedirects(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(200, intentHeld))
	r := request("bk_1")
	r.Choice.ReturnURL = "https://shop.example/done"
	provide(t, f.url).Authorize(t.Context(), r)
	form := f.requests()[0].form
	require.Equal(t, "https://shop.example/done", form.Get("return_url"))
	require.False(t, form.Has("automatic_payment_methods[allow_redirects]"))
}

func TestAuthorizeSortsWhatStripeAnswers(t *testing.T) {
	t.Parallel()
	declined := `{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds",
		"message":"Your card has insufficient funds.","payment_intent":{"id":"pi_1","status":"requires_payment_method"}}}`
	for name, tc := range map[string]struct {
		steps []http.HandlerFunc
		want  ticket.Charge
		calls int
	}{
		"a card error is declined": {
			[]http.HandlerFunc{answer(402, declined)},
			ticket.Charge{Outcome: ticket.OutcomeDeclined, Ref: "pi_1", Code: "insufficient_funds", Message: "Your card has insufficient funds."}, 1,
		},
		"3-D Secure by script needs action": {
			[]http.HandlerFunc{answer(200, `{"id":"pi_1","status":"requires_action","client_secret":"s","next_action":{"type":"use_stripe_sdk"}}`)},
			ticket.Charge{Outcome: ticket.OutcomeActionRequired, Ref: "pi_1", ClientSecret: "s"}, 1,
		},
		"3-D Secure by redirect needs action": {
			[]http.HandlerFunc{answer(200, `{"id":"pi_1","status":"requires_action","client_secret":"s","next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://bank.example"}}}`)},
			ticket.Charge{Outcome: ticket.OutcomeActionRequired, Ref: "pi_1", ClientSecret: "s", RedirectURL: "https://bank.example"}, 1,
		},
		"an intent at work is unanswered": {
			[]http.HandlerFunc{answer(200, `{"id":"pi_1","status":"processing"}`)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Ref: "pi_1", Code: "processing", Message: "Stripe is not done with this payment yet."}, 1,
		},
		"an unknown method is rejected": {
			[]http.HandlerFunc{answer(400, `{"error":{"type":"invalid_request_error","code":"resource_missing","param":"payment_method","message":"No such PaymentMethod"}}`)},
			ticket.Charge{Outcome: ticket.OutcomeRejected, Code: "resource_missing", Message: "This payment method is not known to Stripe."}, 1,
		},
		"too many requests is not executed": {
			[]http.HandlerFunc{answer(429, errorRate)},
			ticket.Charge{Outcome: ticket.OutcomeNotExecuted, Code: "rate_limited", Message: "Stripe takes no more requests for now."}, 1,
		},
		"a wrong key of ours is not executed": {
			[]http.HandlerFunc{answer(401, `{"error":{"type":"invalid_request_error","message":"Invalid API Key"}}`)},
			ticket.Charge{Outcome: ticket.OutcomeNotExecuted, Code: "credentials", Message: "Stripe refuses our credentials."}, 1,
		},
		"a key used for something else is unanswered": {
			[]http.HandlerFunc{answer(400, `{"error":{"type":"idempotency_error","message":"Keys for idempotent requests"}}`)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Code: "idempotency_key_reused", Message: "Stripe did not answer."}, 1,
		},
		"a remembered server error is unanswered at once": {
			[]http.HandlerFunc{spent(500, errorServer)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Code: "server_error", Message: "Stripe did not answer."}, 1,
		},
		"server errors are replayed and then unanswered": {
			[]http.HandlerFunc{answer(500, errorServer)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Code: "server_error", Message: "Stripe did not answer."}, 4,
		},
		"a proxy's error page is unanswered": {
			[]http.HandlerFunc{answer(502, `<html>bad gateway</html>`)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Code: "server_error", Message: "Stripe did not answer."}, 4,
		},
		"a replay tells what a server error did not": {
			[]http.HandlerFunc{answer(500, errorServer), answer(200, intentHeld)},
			ticket.Charge{Outcome: ticket.OutcomeAuthorized, Ref: "pi_1"}, 2,
		},
		"a replay tells what a broken reply did not": {
			[]http.HandlerFunc{broken, answer(200, intentHeld)},
			ticket.Charge{Outcome: ticket.OutcomeAuthorized, Ref: "pi_1"}, 2,
		},
		"a replay tells what silence did not": {
			[]http.HandlerFunc{silent, answer(402, declined)},
			ticket.Charge{Outcome: ticket.OutcomeDeclined, Ref: "pi_1", Code: "insufficient_funds", Message: "Your card has insufficient funds."}, 2,
		},
		"a call still at work is waited for": {
			[]http.HandlerFunc{
				silent, answer(409, `{"error":{"type":"idempotency_error","code":"idempotency_key_in_use","message":"Busy"}}`), answer(200, intentHeld),
			},
			ticket.Charge{Outcome: ticket.OutcomeAuthorized, Ref: "pi_1"}, 3,
		},
		"too many requests after silence stays unanswered": {
			[]http.HandlerFunc{silent, answer(429, errorRate)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Code: "timeout", Message: "Stripe did not answer."}, 4,
		},
		"a wrong key after silence stays unanswered": {
			[]http.HandlerFunc{silent, answer(401, `{}`)},
			ticket.Charge{Outcome: ticket.OutcomeUnanswered, Code: "timeout", Message: "Stripe did not answer."}, 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			tc.want.Provider, tc.want.Attempt = ticket.Stripe, 1
			require.Equal(t, tc.want, provide(t, f.url).Authorize(t.Context(), request("bk_1")))
			got := f.requests()
			require.Len(t, got, tc.calls)
			for _, one := range got {
				require.Equal(t, got[0], one, "a replay is the same request")
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

func TestAuthorizeNotExecutedWhenCanceledBeforehand(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(200, intentHeld))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, ticket.OutcomeNotExecuted, provide(t, f.url).Authorize(ctx, request("bk_1")).Outcome)
	require.Empty(t, f.requests())
}

func TestAuthorizeUnansweredWhenCallerLeavesDuringTheCall(t *testing.T) {
	t.Parallel()
	f := newFake(t, silent)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	c := provide(t, f.url).Authorize(ctx, request("bk_1"))
	require.Equal(t, ticket.OutcomeUnanswered, c.Outcome)
	require.Len(t, f.requests(), 1)
}

// The connection breaks before a byte of the reply and the server is gone for
// the repeats: the last error is a refused connection, the charge may exist.
func TestAuthorizeStaysUnansweredWhenRepeatsAreRefused(t *testing.T) {
	t.Parallel()
	for name, warm := range map[string]bool{"fresh connection": false, "kept-alive connection": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server *httptest.Server
			served := 0
			server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				served++
				if warm && served == 1 {
					answer(200, intentHeld)(w, r)
					return
				}
				_ = server.Listener.Close()
				cutEarly(w, r)
			}))
			t.Cleanup(server.CloseClientConnections)
			p := provide(t, server.URL)
			if warm {
				require.Equal(t, ticket.OutcomeAuthorized, p.Authorize(t.Context(), request("bk_0")).Outcome)
			}
			c := p.Authorize(t.Context(), request("bk_1"))
			require.Equal(t, ticket.OutcomeUnanswered, c.Outcome)
		})
	}
}

func TestAuthorizeEndsWithinItsBudget(t *testing.T) {
	t.Parallel()
	f := newFake(t, silent)
	start := time.Now()
	c := provide(t, f.url).Authorize(t.Context(), request("bk_1"))
	require.Equal(t, ticket.OutcomeUnanswered, c.Outcome)
	require.Less(t, time.Since(start), 6*time.Second)
}

func TestResume(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		steps []http.HandlerFunc
		want  ticket.AuthorizeOutcome
		paths []string
	}{
		"authenticated is authorized":         {[]http.HandlerFunc{answer(200, intentHeld)}, ticket.OutcomeAuthorized, []string{"GET /v1/payment_intents/pi_1"}},
		"not yet authenticated asks again":    {[]http.HandlerFunc{answer(200, `{"id":"pi_1","status":"requires_action","client_secret":"s"}`)}, ticket.OutcomeActionRequired, []string{"GET /v1/payment_intents/pi_1"}},
		"failed authentication is declined":   {[]http.HandlerFunc{answer(200, `{"id":"pi_1","status":"requires_payment_method","last_payment_error":{"code":"payment_intent_authentication_failure","message":"Failed."}}`)}, ticket.OutcomeDeclined, []string{"GET /v1/payment_intents/pi_1"}},
		"canceled meanwhile is declined":      {[]http.HandlerFunc{answer(200, intentCanceled)}, ticket.OutcomeDeclined, []string{"GET /v1/payment_intents/pi_1"}},
		"waiting for us is confirmed":         {[]http.HandlerFunc{answer(200, `{"id":"pi_1","status":"requires_confirmation"}`), answer(200, intentHeld)}, ticket.OutcomeAuthorized, []string{"GET /v1/payment_intents/pi_1", "POST /v1/payment_intents/pi_1/confirm"}},
		"too many requests may hide anything": {[]http.HandlerFunc{answer(429, errorRate), answer(200, intentHeld)}, ticket.OutcomeAuthorized, []string{"GET /v1/payment_intents/pi_1", "GET /v1/payment_intents/pi_1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.steps...)
			c := provide(t, f.url).Resume(t.Context(), request("bk_1"), ticket.Charge{Ref: "pi_1"})
			require.Equal(t, tc.want, c.Outcome)
			require.Equal(t, "pi_1", c.Ref)
			var paths []string
			for _, got := range f.requests() {
				paths = append(paths, got.method+" "+got.path)
			}
			require.Equal(t, tc.paths, paths)
		})
	}
}

func TestResumeThatGetsNoAnswerNeverSaysNotExecuted(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(429, errorRate))
	c := provide(t, f.url).Resume(t.Context(), request("bk_1"), ticket.Charge{Ref: "pi_1"})
	require.Equal(t, ticket.OutcomeUnanswered, c.Outcome)
	require.Equal(t, "pi_1", c.Ref)
}

func TestNewWantsAKey(t *testing.T) {
	t.Parallel()
	_, err := stripe.New(stripe.Options{})
	require.ErrorContains(t, err, "API key")
}

func TestAuthorizeWaitsForACallAtWorkAsLongAsItsBudgetLasts(t *testing.T) {
	t.Parallel()
	busy := answer(409, `{"error":{"type":"idempotency_error","code":"idempotency_key_in_use","message":"Busy"}}`)
	f := newFake(t, busy, busy, busy, answer(200, intentHeld))
	p, err := stripe.New(stripe.Options{APIKey: "sk_test_x", URL: f.url, Budget: 5 * time.Second, Replays: 1})
	require.NoError(t, err)
	require.Equal(t, ticket.OutcomeAuthorized, p.Authorize(t.Context(), request("bk_1")).Outcome)
}

func TestAuthorizeReplaysAsOftenAsTold(t *testing.T) {
	t.Parallel()
	f := newFake(t, answer(500, errorServer))
	p, err := stripe.New(stripe.Options{APIKey: "sk_test_x", URL: f.url, Replays: 1})
	require.NoError(t, err)
	require.Equal(t, ticket.OutcomeUnanswered, p.Authorize(t.Context(), request("bk_1")).Outcome)
	require.Len(t, f.requests(), 2)
}
