package stripe_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/sandbox"
	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

// stand is a payment sandbox with a provider that talks to it.
type stand struct {
	*stripe.Provider
	t   *testing.T
	url string
}

func newStand(t *testing.T) *stand {
	t.Helper()
	box := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(box.Handler())
	t.Cleanup(func() {
		server.CloseClientConnections()
		require.NoError(t, box.Close())
		server.Close()
	})
	return &stand{provide(t, server.URL), t, server.URL}
}

func (s *stand) post(path, body string) {
	s.t.Helper()
	resp, err := http.Post(s.url+path, "application/json", bytes.NewBufferString(body))
	require.NoError(s.t, err)
	require.NoError(s.t, resp.Body.Close())
	require.Less(s.t, resp.StatusCode, 300, path)
}

func (s *stand) fault(fault, operation string, count int) {
	s.t.Helper()
	s.post("/sandbox/faults", fmt.Sprintf(`{"provider":"stripe","fault":%q,"operation":%q,"count":%d,"rate":1,"delay_ms":1500}`, fault, operation, count))
}

// ledger lists type and status of what the sandbox booked, without fees.
func (s *stand) ledger(booking string) []string {
	s.t.Helper()
	resp, err := http.Get(s.url + "/sandbox/ledger?booking_id=" + booking)
	require.NoError(s.t, err)
	defer func() { _ = resp.Body.Close() }()
	var page struct {
		Entries []struct{ Type, Status string }
	}
	require.NoError(s.t, json.NewDecoder(resp.Body).Decode(&page))
	out := []string{}
	for _, e := range page.Entries {
		if e.Type != "fee" {
			out = append(out, e.Type+" "+e.Status)
		}
	}
	return out
}

func (s *stand) state(q ticket.ChargeQuery) ticket.ChargeState {
	s.t.Helper()
	found, err := s.LookUp(s.t.Context(), q)
	require.NoError(s.t, err)
	return found.State
}

func TestSandboxAuthorizeCaptureRefund(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	r := request("bk_1")
	c := s.Authorize(ctx, r)
	require.Equal(t, ticket.OutcomeAuthorized, c.Outcome, c)
	require.Equal(t, c, s.Authorize(ctx, r), "the same attempt is the same charge")
	require.Equal(t, ticket.ChargeAuthorized, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}))
	first, err := s.Capture(ctx, r, c)
	require.NoError(t, err)
	require.Contains(t, first, "ch_")
	later := r
	later.Attempt = 2
	for _, again := range []ticket.ChargeRequest{r, later} {
		ref, err := s.Capture(ctx, again, c)
		require.NoError(t, err)
		require.Equal(t, first, ref)
	}
	require.Equal(t, ticket.ChargeCaptured, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}))
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(s.Void(ctx, r, c)))
	refunded, err := s.Refund(ctx, r, c)
	require.NoError(t, err)
	for _, again := range []ticket.ChargeRequest{r, later} {
		ref, err := s.Refund(ctx, again, c)
		require.NoError(t, err)
		require.Equal(t, refunded, ref)
	}
	require.Equal(t, ticket.ChargeRefunded, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}))
	require.Equal(t, []string{"authorization captured", "capture succeeded", "refund succeeded"}, s.ledger("bk_1"))
}

func TestSandboxVoid(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	r := request("bk_1")
	c := s.Authorize(ctx, r)
	later := r
	later.Attempt = 2
	for _, again := range []ticket.ChargeRequest{r, r, later} {
		require.NoError(t, s.Void(ctx, again, c))
	}
	_, err := s.Capture(ctx, r, c)
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
	require.Equal(t, ticket.ChargeVoided, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}))
	require.Equal(t, []string{"authorization voided", "void succeeded"}, s.ledger("bk_1"))
}

func TestSandboxDeclines(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for method, code := range map[string]string{
		"pm_card_chargeDeclined":                  "generic_decline",
		"pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds",
		"pm_card_chargeDeclinedLostCard":          "lost_card",
		"pm_card_chargeDeclinedStolenCard":        "stolen_card",
		"pm_card_chargeDeclinedExpiredCard":       "expired_card",
		"pm_card_chargeDeclinedIncorrectCvc":      "incorrect_cvc",
		"pm_card_chargeDeclinedProcessingError":   "processing_error",
		"pm_card_chargeDeclinedFraudulent":        "fraudulent",
	} {
		r := request(method)
		r.Choice.StripePaymentMethod = method
		c := s.Authorize(t.Context(), r)
		require.Equal(t, ticket.OutcomeDeclined, c.Outcome, method)
		require.Equal(t, code, c.Code, method)
		require.NotEmpty(t, c.Message)
		require.Equal(t, ticket.ChargeFailed, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}), method)
		require.Empty(t, s.ledger(method))
	}
	r := request("bk_1")
	r.Choice.StripePaymentMethod = "pm_none"
	require.Equal(t, ticket.OutcomeRejected, s.Authorize(t.Context(), r).Outcome)
}

func TestSandboxAuthentication(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	r := request("bk_1")
	r.Choice.StripePaymentMethod, r.Choice.ReturnURL = "pm_card_authenticationRequired", "https://shop.example/done"
	c := s.Authorize(ctx, r)
	require.Equal(t, ticket.OutcomeActionRequired, c.Outcome, c)
	require.NotEmpty(t, c.ClientSecret)
	require.NotEmpty(t, c.RedirectURL)
	require.Equal(t, ticket.ChargePending, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}))
	require.Equal(t, ticket.OutcomeActionRequired, s.Resume(ctx, r, c).Outcome)
	s.post("/sandbox/authenticate/"+c.Ref, `{"outcome":"succeeded"}`)
	require.Equal(t, ticket.OutcomeAuthorized, s.Resume(ctx, r, c).Outcome)
	_, err := s.Capture(ctx, r, c)
	require.NoError(t, err)

	failed := request("bk_2")
	failed.Choice.StripePaymentMethod = "pm_card_authenticationRequired"
	c = s.Authorize(ctx, failed)
	require.Empty(t, c.RedirectURL)
	s.post("/sandbox/authenticate/"+c.Ref, `{"outcome":"failed"}`)
	require.Equal(t, ticket.OutcomeDeclined, s.Resume(ctx, failed, c).Outcome)

	given := request("bk_3")
	given.Choice.StripePaymentMethod = "pm_card_authenticationRequired"
	c = s.Authorize(ctx, given)
	require.NoError(t, s.Void(ctx, given, c))
	require.Equal(t, ticket.OutcomeDeclined, s.Resume(ctx, given, c).Outcome)
}

func TestSandboxFaultsOfAuthorize(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault string
		count int
		want  ticket.AuthorizeOutcome
		books []string
	}{
		"one server error":     {"error", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"server errors":        {"error", 50, ticket.OutcomeUnanswered, []string{}},
		"one timeout":          {"timeout", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"timeouts":             {"timeout", 50, ticket.OutcomeUnanswered, []string{}},
		"one lost reply":       {"lost_reply", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"lost replies":         {"lost_reply", 50, ticket.OutcomeUnanswered, []string{"authorization open"}},
		"slower than one call": {"slow", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"too many requests":    {"rate_limit", 1, ticket.OutcomeNotExecuted, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			r := request("bk_1")
			s.fault(tc.fault, "authorize", tc.count)
			c := s.Authorize(t.Context(), r)
			require.Equal(t, tc.want, c.Outcome, c)
			require.Eventually(t, func() bool { return len(s.ledger("bk_1")) == len(tc.books) }, 15*time.Second, 20*time.Millisecond)
			require.Equal(t, tc.books, s.ledger("bk_1"))
		})
	}
}

func TestSandboxLostReplyIsFoundAndUndone(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	r := request("bk_1")
	asked := time.Now()
	for i := range 3 {
		other := request(fmt.Sprintf("bk_other_%d", i))
		require.Equal(t, ticket.OutcomeAuthorized, s.Authorize(ctx, other).Outcome)
	}
	s.fault("lost_reply", "authorize", 50)
	require.Equal(t, ticket.OutcomeUnanswered, s.Authorize(ctx, r).Outcome)
	found, err := s.LookUp(ctx, ticket.ChargeQuery{Request: r, AskedAt: asked})
	require.NoError(t, err)
	require.Equal(t, ticket.ChargeAuthorized, found.State)
	require.NoError(t, s.Void(ctx, r, found.Charge))
	require.Equal(t, []string{"authorization voided", "void succeeded"}, s.ledger("bk_1"))
	never := request("bk_never")
	require.Equal(t, ticket.ChargeNone, s.state(ticket.ChargeQuery{Request: never, AskedAt: asked.Add(-3 * time.Minute)}))
}

func TestSandboxFaultsOfSettling(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"error", "timeout", "lost_reply", "slow", "rate_limit"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s, ctx := newStand(t), t.Context()
			r := request("bk_1")
			c := s.Authorize(ctx, r)
			s.fault(fault, "capture", 1)
			_, err := s.Capture(ctx, r, c)
			require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(err))
			require.Eventually(t, func() bool { _, err = s.Capture(ctx, r, c); return err == nil }, 15*time.Second, 50*time.Millisecond)
			s.fault(fault, "refund", 1)
			_, err = s.Refund(ctx, r, c)
			require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(err))
			require.Eventually(t, func() bool { _, err = s.Refund(ctx, r, c); return err == nil }, 15*time.Second, 50*time.Millisecond)
			require.Equal(t, []string{"authorization captured", "capture succeeded", "refund succeeded"}, s.ledger("bk_1"))

			v := request("bk_2")
			c = s.Authorize(ctx, v)
			s.fault(fault, "void", 1)
			require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(s.Void(ctx, v, c)))
			require.Eventually(t, func() bool { return s.Void(ctx, v, c) == nil }, 15*time.Second, 50*time.Millisecond)
			require.Equal(t, []string{"authorization voided", "void succeeded"}, s.ledger("bk_2"))
		})
	}
}

func TestSandboxSameAttemptAtOnceIsOneCharge(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := request("bk_1")
	refs := make([]string, 20)
	var wg sync.WaitGroup
	for i := range refs {
		wg.Go(func() { refs[i] = s.Authorize(t.Context(), r).Ref })
	}
	wg.Wait()
	for _, ref := range refs {
		require.NotEmpty(t, ref)
		require.Equal(t, refs[0], ref)
	}
	require.Equal(t, []string{"authorization open"}, s.ledger("bk_1"))
}
