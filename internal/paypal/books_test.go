package paypal_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

// balances reads the books from a time on, by booking.
func (s *stand) balances(since time.Time) map[string]ticket.ChargeBalance {
	s.t.Helper()
	out := map[string]ticket.ChargeBalance{}
	_, err := s.Books(nil).Balances(s.t.Context(), since, func(b ticket.ChargeBalance) error {
		b.CreatedAt, b.Ref, b.OrderRef = time.Time{}, "", ""
		out[b.BookingID] = b
		return nil
	})
	require.NoError(s.t, err)
	return out
}

func TestBooksTellWhatPayPalKeepsOfEachCharge(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	ids, charges := map[string]string{}, map[string]ticket.Charge{}
	for _, name := range []string{"open", "voided", "taken", "back"} {
		ids[name] = ticket.NewID(ticket.KindBooking, 0)
		charges[name] = s.Authorize(ctx, request(ids[name]))
	}
	s.Authorize(ctx, request("not-ours"))
	s.Authorize(ctx, unvaulted(ticket.NewID(ticket.KindBooking, 0))) // nobody approves it
	require.NoError(t, s.Void(ctx, request(ids["voided"]), charges["voided"]))
	for _, name := range []string{"taken", "back"} {
		_, err := s.Capture(ctx, request(ids[name]), charges[name])
		require.NoError(t, err)
	}
	// The report is asked for in whole seconds: the next begins after all this.
	before := time.Now().Truncate(time.Second).Add(time.Second)
	const second = 1100 * time.Millisecond
	time.Sleep(time.Until(before) + second)
	_, err := s.Refund(ctx, request(ids["back"]), charges["back"])
	require.NoError(t, err)
	time.Sleep(second)

	of := func(name string, open, captured, refunded int64) ticket.ChargeBalance {
		return ticket.ChargeBalance{
			Provider: ticket.PayPal, BookingID: ids[name], Attempt: 1, Currency: "EUR", Open: open, Captured: captured, Refunded: refunded,
		}
	}
	all := map[string]ticket.ChargeBalance{
		ids["open"]: of("open", 12550, 0, 0), ids["voided"]: of("voided", 0, 0, 0), ids["taken"]: of("taken", 0, 12550, 0),
		ids["back"]: of("back", 0, 12550, 12550),
	}
	require.Equal(t, all, s.balances(before.Add(-time.Hour)))

	t.Run("what was taken before the window and given back in it is told whole", func(t *testing.T) {
		require.Equal(t, map[string]ticket.ChargeBalance{ids["back"]: all[ids["back"]]}, s.balances(before))
	})
	t.Run("one charge", func(t *testing.T) {
		for _, orderRef := range []string{charges["back"].OrderRef, ""} {
			b, found, err := s.Books(nil).Balance(ctx, charges["back"].Ref, orderRef)
			require.NoError(t, err)
			require.True(t, found)
			require.Zero(t, b.Net())
			require.EqualValues(t, 12550, b.Refunded)
		}
		_, found, err := s.Books(nil).Balance(ctx, "", "NOBODY")
		require.NoError(t, err)
		require.False(t, found)
	})
	t.Run("books that cannot be read are no books", func(t *testing.T) {
		s.fault("error", "list", 100)
		_, err := s.Books(nil).Balances(ctx, before, func(ticket.ChargeBalance) error { return nil })
		require.Equal(t, ticket.CodeProviderUnavailable, ticket.CodeOf(err))
	})
}

// PayPal shows 10,000 lines of a stretch of time at most.
func TestALongReportIsReadInShorterStretches(t *testing.T) {
	t.Parallel()
	const perMinute = 100
	var stretches []time.Duration
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/v1/oauth2/token" {
			fmt.Fprint(w, `{"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}`)
			return
		}
		q := r.URL.Query()
		from, err := time.Parse(time.RFC3339, q.Get("start_date"))
		to, err2 := time.Parse(time.RFC3339, q.Get("end_date"))
		if err != nil || err2 != nil {
			http.Error(w, q.Encode(), http.StatusBadRequest)
			return
		}
		total := min(10_000, int(to.Sub(from).Minutes()*perMinute))
		pages := total/500 + 1
		if page, _ := strconv.Atoi(q.Get("page")); page == pages {
			stretches = append(stretches, to.Sub(from))
		}
		fmt.Fprintf(w, `{"transaction_details": [], "total_items": %d, "total_pages": %d,
			"last_refreshed_datetime": %q}`, total, pages, time.Now().Add(-2*time.Hour).UTC().Format("2006-01-02T15:04:05-0700"))
	}))
	t.Cleanup(server.Close)
	now := time.Now()
	until, err := provide(t, server.URL).Books(nil).Balances(t.Context(), now.Add(-6*time.Hour), func(ticket.ChargeBalance) error { return nil })
	require.NoError(t, err)
	require.WithinDuration(t, now.Add(-2*time.Hour), until, time.Minute, "it tells how far the report reaches")
	var sum time.Duration
	for _, d := range stretches {
		require.Less(t, d, 100*time.Minute)
		sum += d
	}
	require.InDelta(t, (6 * time.Hour).Seconds(), sum.Seconds(), 60)
}

// TestBooksTellWhatCasesKeep has payers open cases, and PayPal decide them.
func TestBooksTellWhatCasesKeep(t *testing.T) {
	t.Parallel()
	s, ctx := newStand(t), t.Context()
	from := time.Now().Add(-time.Hour)
	charges := map[string]ticket.Charge{}
	ids := map[string]string{}
	for _, outcome := range []string{"open", "won", "lost"} {
		id := ticket.NewID(ticket.KindBooking, 0)
		c := s.Authorize(ctx, request(id))
		capture, err := s.Capture(ctx, request(id), c)
		require.NoError(t, err)
		charges[outcome], ids[outcome] = c, id
		s.post("/sandbox/disputes", `{"provider":"paypal","booking_id":"`+id+`"}`)
		list, err := s.Disputes(ctx, ticket.TakenCharge{CaptureRef: capture})
		require.NoError(t, err)
		require.Equal(t, ticket.DisputeOpen, list[0].State)
		if outcome != "open" {
			s.post("/sandbox/disputes/"+list[0].Ref+"/close", `{"outcome":"`+outcome+`"}`)
			list, err = s.Disputes(ctx, ticket.TakenCharge{CaptureRef: capture})
			require.NoError(t, err)
			require.Equal(t, ticket.DisputeState(outcome), list[0].State)
			require.NotZero(t, list[0].ClosedAt)
		}
	}
	time.Sleep(1100 * time.Millisecond) // the report is asked for in whole seconds
	for outcome, want := range map[string]int64{"open": 0, "won": 12550, "lost": 0} {
		require.Equal(t, want, s.balances(from)[ids[outcome]].Net(), outcome)
		one, found, err := s.Books(nil).Balance(ctx, charges[outcome].Ref, charges[outcome].OrderRef)
		require.NoError(t, err)
		require.True(t, found)
		require.Equal(t, want, one.Net(), outcome)
	}
	page, err := s.Movements(ctx, from, time.Now().Add(time.Second), "")
	require.NoError(t, err)
	kinds := map[ticket.MovementKind]int{}
	for _, m := range page.Movements {
		kinds[m.Kind]++
		if m.Kind != ticket.MovementCapture {
			require.Equal(t, m.Parent, m.Ref, "a dispute is named by what it is about")
		}
	}
	require.Equal(t, map[ticket.MovementKind]int{ticket.MovementCapture: 3, ticket.MovementDispute: 3, ticket.MovementDisputeWon: 1}, kinds)
}
