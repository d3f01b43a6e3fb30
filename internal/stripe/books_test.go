package stripe_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	stripego "github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/client"

	"yourticket.example/ticket"
)

// balances reads the books from a time on, by booking.
func (s *stand) balances(since time.Time) map[string]ticket.ChargeBalance {
	s.t.Helper()
	out := map[string]ticket.ChargeBalance{}
	_, err := s.Books(nil).Balances(s.t.Context(), since, func(b ticket.ChargeBalance) error {
		b.CreatedAt, b.Ref = time.Time{}, ""
		out[b.BookingID] = b
		return nil
	})
	require.NoError(s.t, err)
	return out
}

func (s *stand) giveBack(intent string, amount int64) {
	s.t.Helper()
	backend := stripego.GetBackendWithConfig(stripego.APIBackend, &stripego.BackendConfig{URL: stripego.String(s.url)})
	api := client.New("sk_test_x", &stripego.Backends{API: backend, Connect: backend, Uploads: backend})
	_, err := api.Refunds.New(&stripego.RefundParams{PaymentIntent: stripego.String(intent), Amount: stripego.Int64(amount)})
	require.NoError(s.t, err)
}

func TestBooksTellWhatStripeKeepsOfEachCharge(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	charges := map[string]ticket.Charge{}
	for _, id := range []string{"open", "voided", "taken", "partly", "back"} {
		charges[id] = s.Authorize(ctx, request(id))
	}
	require.NoError(t, s.Void(ctx, request("voided"), charges["voided"]))
	for _, id := range []string{"taken", "partly", "back"} {
		_, err := s.Capture(ctx, request(id), charges[id])
		require.NoError(t, err)
	}
	s.giveBack(charges["partly"].Ref, 550)
	s.giveBack(charges["back"].Ref, 12550)

	of := func(id string, open, captured, refunded int64) ticket.ChargeBalance {
		return ticket.ChargeBalance{
			Provider: ticket.Stripe, BookingID: id, Attempt: 1, Currency: "EUR", Open: open, Captured: captured, Refunded: refunded,
		}
	}
	all := map[string]ticket.ChargeBalance{
		"open": of("open", 12550, 0, 0), "voided": of("voided", 0, 0, 0), "taken": of("taken", 0, 12550, 0),
		"partly": of("partly", 0, 12550, 550), "back": of("back", 0, 12550, 12550),
	}
	require.Equal(t, all, s.balances(time.Now().Add(-time.Hour)))

	t.Run("what is still reserved is told however old it is", func(t *testing.T) {
		require.Equal(t, map[string]ticket.ChargeBalance{"open": all["open"]}, s.balances(time.Now().Add(time.Hour)))
	})
	t.Run("one charge", func(t *testing.T) {
		b, found, err := s.Books(nil).Balance(ctx, charges["partly"].Ref, "")
		require.NoError(t, err)
		require.True(t, found)
		require.EqualValues(t, 12000, b.Net())
		_, found, err = s.Books(nil).Balance(ctx, "pi_nobody", "")
		require.NoError(t, err)
		require.False(t, found)
	})
}

func TestBooksOfManyPagesAreReadWholeAtTheirPace(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	for i := range 230 {
		r := request("many")
		r.Attempt = i
		require.Equal(t, ticket.OutcomeAuthorized, s.Authorize(t.Context(), r).Outcome)
	}
	permits, charges := 0, map[int]bool{}
	pace := func(context.Context) error { permits++; return nil }
	_, err := s.Books(pace).Balances(t.Context(), time.Now().Add(-time.Hour), func(b ticket.ChargeBalance) error {
		charges[b.Attempt] = true
		return nil
	})
	require.NoError(t, err)
	require.Len(t, charges, 230)
	require.Equal(t, 6, permits, "the disputes, three pages, the refunds, and what is reserved")
}

func TestBooksThatCannotBeReadAreNoBooks(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	never := func(ticket.ChargeBalance) error { return nil }
	s.fault("error", "list", 2)
	_, err := s.Books(nil).Balances(t.Context(), time.Now().Add(-time.Hour), never)
	require.NoError(t, err, "it asks again")
	s.fault("error", "list", 100)
	_, err = s.Books(nil).Balances(t.Context(), time.Now().Add(-time.Hour), never)
	require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(err))
	refused := provide(t, "http://127.0.0.1:1")
	_, err = refused.Books(nil).Balances(t.Context(), time.Now(), never)
	require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(err))
}

// TestBooksTellWhatDisputesKeep disputes payments in each way, also of charges
// that are older than what is asked for.
func TestBooksTellWhatDisputesKeep(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	refs := map[string]string{}
	for id, outcome := range map[string]string{"open": "", "won": "won", "lost": "lost"} {
		c := s.Authorize(ctx, request(id))
		_, err := s.Capture(ctx, request(id), c)
		require.NoError(t, err)
		refs[id] = c.Ref
		s.post("/sandbox/disputes", `{"provider":"stripe","booking_id":"`+id+`"}`)
		list, err := s.Disputes(ctx, ticket.TakenCharge{Ref: c.Ref})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, ticket.DisputeOpen, list[0].State)
		require.EqualValues(t, 2000, list[0].Fee)
		require.Zero(t, list[0].ClosedAt)
		if outcome != "" {
			s.post("/sandbox/disputes/"+list[0].Ref+"/close", `{"outcome":"`+outcome+`"}`)
			list, err = s.Disputes(ctx, ticket.TakenCharge{Ref: c.Ref})
			require.NoError(t, err)
			require.Equal(t, ticket.DisputeState(outcome), list[0].State)
			require.Equal(t, outcome == "won", !list[0].ClosedAt.IsZero(), "Stripe tells when money comes back")
		}
	}
	for id, want := range map[string]int64{"open": 0, "won": 12550, "lost": 0} {
		require.Equal(t, want, s.balances(time.Now().Add(-time.Hour))[id].Net(), id)
		one, found, err := s.Books(nil).Balance(ctx, refs[id], "")
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, one.Net(), id)
	}
}
