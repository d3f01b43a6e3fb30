package paypal_test

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

	"yourticket.example/internal/paypal"
	"yourticket.example/internal/sandbox"
	"yourticket.example/ticket"
)

// stand is a payment sandbox with a provider that talks to it.
type stand struct {
	*paypal.Provider
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
	s.post("/sandbox/faults", fmt.Sprintf(`{"provider":"paypal","fault":%q,"operation":%q,"count":%d,"rate":1,"delay_ms":1500}`, fault, operation, count))
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
	require.NotEmpty(t, c.Ref)
	require.Equal(t, c, s.Authorize(ctx, r), "the same attempt is the same charge")
	require.Equal(t, c, s.Resume(ctx, r, c))
	require.Equal(t, ticket.ChargeAuthorized, s.state(ticket.ChargeQuery{Request: r, Ref: c.Ref}))
	first, err := s.Capture(ctx, r, c)
	require.NoError(t, err)
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
	again, err := s.Refund(ctx, r, c)
	require.NoError(t, err)
	require.Equal(t, refunded, again)
	_, err = s.Refund(ctx, later, c)
	require.NoError(t, err)
	require.Equal(t, ticket.ChargeRefunded, s.state(ticket.ChargeQuery{Request: r, OrderRef: c.OrderRef}))
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
	for token, want := range map[string]ticket.AuthorizeOutcome{
		"tok_vault_declined": ticket.OutcomeDeclined, "tok_vault_payer_cannot_pay": ticket.OutcomeDeclined,
		"tok_vault_locked": ticket.OutcomeDeclined, "tok_vault_refused": ticket.OutcomeDeclined,
		"tok_vault_expired": ticket.OutcomeDeclined, "tok_unknown": ticket.OutcomeRejected,
	} {
		r := request(token)
		r.Choice.PayPalPaymentToken = token
		c := s.Authorize(t.Context(), r)
		require.Equal(t, want, c.Outcome, c)
		require.NotEmpty(t, c.Message)
		require.NoError(t, s.Void(t.Context(), r, c))
		require.Empty(t, s.ledger(token))
	}
}

func TestSandboxApproval(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	r := unvaulted("bk_1")
	c := s.Authorize(ctx, r)
	require.Equal(t, ticket.OutcomeActionRequired, c.Outcome, c)
	require.Contains(t, c.RedirectURL, c.OrderRef)
	require.Equal(t, c, s.Authorize(ctx, r))
	require.Equal(t, ticket.ChargePending, s.state(ticket.ChargeQuery{Request: r, OrderRef: c.OrderRef}))
	require.Equal(t, c, s.Resume(ctx, r, c), "not approved yet")
	s.post("/sandbox/approve/"+c.OrderRef, `{}`)
	done := s.Resume(ctx, r, c)
	require.Equal(t, ticket.OutcomeAuthorized, done.Outcome, done)
	require.Equal(t, done, s.Resume(ctx, r, c), "resumed again")
	_, err := s.Capture(ctx, r, done)
	require.NoError(t, err)
	require.Equal(t, []string{"authorization captured", "capture succeeded"}, s.ledger("bk_1"))

	left := unvaulted("bk_2")
	c = s.Authorize(ctx, left)
	s.post("/sandbox/approve/"+c.OrderRef, `{"outcome":"instrument_declined"}`)
	require.Equal(t, ticket.OutcomeDeclined, s.Resume(ctx, left, c).Outcome)
	require.NoError(t, s.Void(ctx, left, c))
	require.Empty(t, s.ledger("bk_2"))

	asked := request("bk_3")
	asked.Choice.PayPalPaymentToken = "tok_vault_action_required"
	c = s.Authorize(ctx, asked)
	require.Equal(t, ticket.OutcomeActionRequired, c.Outcome, c)
	require.NotEmpty(t, c.RedirectURL)
}

func TestSandboxDeniedCapture(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := request("bk_1")
	r.Choice.PayPalPaymentToken = "tok_vault_capture_declined"
	c := s.Authorize(t.Context(), r)
	require.Equal(t, ticket.OutcomeAuthorized, c.Outcome, c)
	_, err := s.Capture(t.Context(), r, c)
	require.Equal(t, ticket.CodeProviderRefused, ticket.CodeOf(err))
	require.NoError(t, s.Void(t.Context(), r, c))
}

func TestSandboxFaultsOfAuthorize(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		operation, fault string
		count            int
		want             ticket.AuthorizeOutcome
		books            []string
	}{
		"one server error":                  {"authorize", "error", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"server errors":                     {"authorize", "error", 50, ticket.OutcomeUnanswered, []string{}},
		"one timeout":                       {"authorize", "timeout", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"timeouts":                          {"authorize", "timeout", 50, ticket.OutcomeUnanswered, []string{}},
		"one lost reply":                    {"authorize", "lost_reply", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"lost replies":                      {"authorize", "lost_reply", 50, ticket.OutcomeUnanswered, []string{"authorization open"}},
		"slower than one call":              {"authorize", "slow", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"too many requests":                 {"authorize", "rate_limit", 1, ticket.OutcomeNotExecuted, []string{}},
		"one lost reply to the order":       {"create_order", "lost_reply", 1, ticket.OutcomeAuthorized, []string{"authorization open"}},
		"lost replies to the order":         {"create_order", "lost_reply", 50, ticket.OutcomeUnanswered, []string{}},
		"too many requests for orders":      {"create_order", "rate_limit", 1, ticket.OutcomeNotExecuted, []string{}},
		"no token because of server errors": {"token", "error", 1, ticket.OutcomeNotExecuted, []string{}},
		"no token because of silence":       {"token", "timeout", 1, ticket.OutcomeNotExecuted, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.fault(tc.fault, tc.operation, tc.count)
			c := s.Authorize(t.Context(), request("bk_1"))
			require.Equal(t, tc.want, c.Outcome, c)
			require.Eventually(t, func() bool { return len(s.ledger("bk_1")) == len(tc.books) }, 15*time.Second, 20*time.Millisecond)
			require.Equal(t, tc.books, s.ledger("bk_1"))
		})
	}
}

func TestSandboxLostReplyIsFoundAndUndone(t *testing.T) {
	t.Parallel()
	for name, refs := range map[string]bool{"with the order's id": true, "with nothing": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := newStand(t), t.Context()
			r := request("bk_1")
			asked := time.Now()
			s.fault("lost_reply", "authorize", 50)
			c := s.Authorize(ctx, r)
			require.Equal(t, ticket.OutcomeUnanswered, c.Outcome)
			q := ticket.ChargeQuery{Request: r, AskedAt: asked}
			if refs {
				q.OrderRef = c.OrderRef
			}
			found, err := s.LookUp(ctx, q)
			require.NoError(t, err)
			require.Equal(t, ticket.ChargeAuthorized, found.State)
			require.NoError(t, s.Void(ctx, r, found.Charge))
			require.Equal(t, []string{"authorization voided", "void succeeded"}, s.ledger("bk_1"))
		})
	}
}

func TestSandboxLookUpOfWhatNeverWasReservesNothing(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := request("bk_1")
	require.Equal(t, ticket.ChargeNone, s.state(ticket.ChargeQuery{Request: r, AskedAt: time.Now().Add(-5 * time.Minute)}))
	require.Equal(t, ticket.ChargeNone, s.state(ticket.ChargeQuery{Request: r, AskedAt: time.Now().Add(-10 * time.Hour)}))
	require.Empty(t, s.ledger("bk_1"))
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
