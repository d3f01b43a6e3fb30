package postgres_test

import (
	"maps"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// ledgerOf sums the accounts of a shard's journal up, those that are not zero.
func ledgerOf(t *testing.T, db *pgxpool.Pool) map[string]int64 {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT account, sum(amount)::bigint FROM journal GROUP BY account HAVING sum(amount) <> 0`)
	require.NoError(t, err)
	out := map[string]int64{}
	for rows.Next() {
		var account string
		var sum int64
		require.NoError(t, rows.Scan(&account, &sum))
		out[account] = sum
	}
	require.NoError(t, rows.Err())
	var unbalanced int
	require.NoError(t, db.QueryRow(t.Context(), `
		SELECT count(*) FROM (SELECT FROM journal GROUP BY transaction_id, currency HAVING sum(amount) <> 0) x`).Scan(&unbalanced))
	require.Zero(t, unbalanced)
	return out
}

// captured is a booking of two seats at 52.50, paid at Stripe.
func captured(t *testing.T) (*postgres.Sales, *pgxpool.Pool, string) {
	t.Helper()
	s, shards, events := sales(t)
	h := holdRow(events[0], "anna", "k", 7, 1, 2)
	save(t, s, h)
	require.NoError(t, s.Commit(t.Context(), commitRow(h)))
	require.NoError(t, s.RecordCapture(t.Context(), h.ID, "ch_1"))
	return s, shards[0], h.ID
}

func bookingIs(t *testing.T, s *postgres.Sales, id string, status ticket.BookingStatus, frozen bool, tickets ...ticket.TicketStatus) {
	t.Helper()
	b, err := s.Booking(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, status, b.Status)
	for i, want := range tickets {
		require.Equal(t, want, b.Tickets[i].Status)
		require.Equal(t, frozen && want != ticket.TicketRefunded, b.Tickets[i].Frozen)
	}
}

func dispute(state ticket.DisputeState, amount int64) ticket.ProviderDispute {
	return ticket.ProviderDispute{Ref: "dp_1", State: state, Amount: amount, Fee: 2000, Reason: "fraudulent", At: time.Now().Add(-time.Hour)}
}

const live, used, ended = ticket.TicketLive, ticket.TicketUsed, ticket.TicketRefunded

// TestADisputeIsBookedFromWhateverStepItIsHeardOf reviews the same dispute in
// each order of news, each twice.
func TestADisputeIsBookedFromWhateverStepItIsHeardOf(t *testing.T) {
	t.Parallel()
	const total = 2 * 5250
	sale := map[string]int64{"payable:organizer": -10000, "revenue:fees": -500, "clearing:stripe": total - 2000, "expense:fees:stripe": 2000}
	with := func(base map[string]int64, changes map[string]int64) map[string]int64 {
		out := maps.Clone(base)
		for account, amount := range changes {
			out[account] += amount
			if out[account] == 0 {
				delete(out, account)
			}
		}
		return out
	}
	withheld := with(sale, map[string]int64{"clearing:stripe": -total, "disputes:stripe": total})
	gone := map[string]int64{"clearing:stripe": -2000, "expense:fees:stripe": 2000}
	for name, tt := range map[string]struct {
		amount int64
		news   []ticket.DisputeState
		status ticket.BookingStatus
		frozen bool
		seats  []ticket.TicketStatus
		ledger map[string]int64
		follow int
	}{
		"opened":                  {total, []ticket.DisputeState{"open"}, "confirmed", true, []ticket.TicketStatus{live, live}, withheld, 0},
		"opened, won":             {total, []ticket.DisputeState{"open", "won"}, "confirmed", false, []ticket.TicketStatus{live, live}, sale, 0},
		"won before we heard":     {total, []ticket.DisputeState{"won"}, "confirmed", false, []ticket.TicketStatus{live, live}, sale, 0},
		"opened, lost":            {total, []ticket.DisputeState{"open", "lost"}, "refunded", false, []ticket.TicketStatus{ended, ended}, gone, 1},
		"lost before we heard":    {total, []ticket.DisputeState{"lost"}, "refunded", false, []ticket.TicketStatus{ended, ended}, gone, 1},
		"old news after the end":  {total, []ticket.DisputeState{"won", "open"}, "confirmed", false, []ticket.TicketStatus{live, live}, sale, 0},
		"lost over a part of it":  {5250, []ticket.DisputeState{"open", "lost"}, "needs_attention", true, []ticket.TicketStatus{live, live}, with(sale, map[string]int64{"clearing:stripe": -5250, "suspense:stripe": 5250}), 1},
		"decided anew: to people": {total, []ticket.DisputeState{"lost", "won"}, "refunded", false, []ticket.TicketStatus{ended, ended}, gone, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db, id := captured(t)
			follow := 0
			for _, state := range tt.news {
				for range 2 {
					some, err := s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Disputes: []ticket.ProviderDispute{dispute(state, tt.amount)}})
					require.NoError(t, err)
					follow += len(some)
				}
			}
			bookingIs(t, s, id, tt.status, tt.frozen, tt.seats...)
			require.Equal(t, tt.ledger, ledgerOf(t, db))
			require.Equal(t, tt.follow, follow)
		})
	}
}

func byHand(ref string, state ticket.RefundState, amount int64) ticket.ProviderRefund {
	return ticket.ProviderRefund{Ref: ref, State: state, Amount: amount, At: time.Now().Add(-time.Hour)}
}

func TestMoneyGivenBackByHandEndsTheTicketsItIsCertainlyFor(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		prices  string // changes them, "" for equal ones
		found   []ticket.ProviderRefund
		status  ticket.BookingStatus
		tickets []ticket.TicketStatus
	}{
		"all of it":             {"", []ticket.ProviderRefund{byHand("re_1", "succeeded", 10500)}, "refunded", []ticket.TicketStatus{ended, ended}},
		"pending":               {"", []ticket.ProviderRefund{byHand("re_1", "pending", 10500)}, "refunding", []ticket.TicketStatus{ended, ended}},
		"failed before we knew": {"", []ticket.ProviderRefund{byHand("re_1", "failed", 10500)}, "confirmed", []ticket.TicketStatus{live, live}},
		"one of two alike":      {"", []ticket.ProviderRefund{byHand("re_1", "succeeded", 5250)}, "needs_attention", []ticket.TicketStatus{live, live}},
		"the dearer one":        {"price + 100", []ticket.ProviderRefund{byHand("re_1", "succeeded", 5350)}, "confirmed", []ticket.TicketStatus{live, ended}},
		"one after the other":   {"price + 100", []ticket.ProviderRefund{byHand("re_1", "succeeded", 5350), byHand("re_2", "succeeded", 5250)}, "refunded", []ticket.TicketStatus{ended, ended}},
		"a gift":                {"", []ticket.ProviderRefund{byHand("re_1", "succeeded", 500)}, "needs_attention", []ticket.TicketStatus{live, live}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db, id := captured(t)
			if tt.prices != "" {
				_, err := db.Exec(t.Context(), `UPDATE tickets SET price = `+tt.prices+` WHERE seat_index = 2`)
				require.NoError(t, err)
			}
			for range 3 {
				_, err := s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Refunds: tt.found})
				require.NoError(t, err)
			}
			bookingIs(t, s, id, tt.status, false, tt.tickets...)
			list, err := s.RefundsOf(t.Context(), id)
			require.NoError(t, err)
			if tt.status == "confirmed" && tt.tickets[1] == live {
				require.Empty(t, list)
				return
			}
			require.Len(t, list, len(tt.found))
			require.Equal(t, ticket.RefundByProvider, list[0].Source)
		})
	}
}

// TestMoneyGivenByHandIsForTheRefundThatWaits has a bank send a refund back, and
// somebody give the money at the provider's own desk.
func TestMoneyGivenByHandIsForTheRefundThatWaits(t *testing.T) {
	t.Parallel()
	s, db, id, first := givenBack(t)
	first.State = ticket.RefundStateFailed
	_, err := s.SettleRefund(t.Context(), first.RefundID, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 1, Ref: "re_1", Found: &first})
	require.NoError(t, err)
	bookingIs(t, s, id, "needs_attention", false, live, ended)

	hand := byHand("re_2", "succeeded", 5250)
	for i := range 2 {
		follow, err := s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Refunds: []ticket.ProviderRefund{first, hand}})
		require.NoError(t, err)
		require.Equal(t, []string{first.RefundID}, follow, "its workflow goes on, review %d", i)
	}
	r, err := s.SendingRefund(t.Context(), first.RefundID)
	require.NoError(t, err)
	require.Equal(t, ticket.RefundPending, r.Status, "it is looked at and not sent")
	require.Equal(t, "re_2", r.Ref)
	_, err = s.SettleRefund(t.Context(), first.RefundID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: r.Attempt, Ref: "re_2", Found: &hand})
	require.NoError(t, err)
	bookingIs(t, s, id, "confirmed", false, live, ended)
	require.Equal(t, map[string]int64{"payable:organizer": -5000, "revenue:fees": -250, "clearing:stripe": 5250}, ledgerOf(t, db))
	follow, err := s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Refunds: []ticket.ProviderRefund{first, hand}})
	require.NoError(t, err)
	require.Empty(t, follow)
}

func TestSupportSaysWhatMoneyWasFor(t *testing.T) {
	t.Parallel()
	found := byHand("re_1", "succeeded", 5000)
	open := func(t *testing.T) (*postgres.Sales, *pgxpool.Pool, string, string) {
		t.Helper()
		s, db, id := captured(t)
		follow, err := s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Refunds: []ticket.ProviderRefund{found}})
		require.NoError(t, err)
		require.Len(t, follow, 1)
		r, err := s.RetryRefund(t.Context(), follow[0])
		require.NoError(t, err)
		require.Equal(t, ticket.RefundNeedsAttention, r.Status, "what was paid is never sent again")
		return s, db, id, follow[0]
	}
	t.Run("for a seat, all but the fee", func(t *testing.T) {
		t.Parallel()
		s, db, id, refund := open(t)
		_, err := s.AttributeRefund(t.Context(), refund, postgres.Attribution{Seats: []int{9}, Note: "ann: wrong"})
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
		for range 2 {
			_, err = s.AttributeRefund(t.Context(), refund, postgres.Attribution{Seats: []int{2}, Note: "ann: seat 2"})
			require.NoError(t, err)
		}
		bookingIs(t, s, id, "confirmed", false, live, ended)
		require.Equal(t, map[string]int64{
			"payable:organizer": -5000, "revenue:fees": -250, "clearing:stripe": 5500, "goodwill": -250,
		}, ledgerOf(t, db), "the fee stays ours")
	})
	t.Run("as a gift, which fails later", func(t *testing.T) {
		t.Parallel()
		s, db, id, refund := open(t)
		_, err := s.AttributeRefund(t.Context(), refund, postgres.Attribution{Note: "ann: sorry"})
		require.NoError(t, err)
		bookingIs(t, s, id, "confirmed", false, live, live)
		require.Equal(t, int64(5000), ledgerOf(t, db)["goodwill"])
		failed := found
		failed.State = ticket.RefundStateFailed
		r, err := s.SettleRefund(t.Context(), refund, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 1, Ref: "re_1", Found: &failed})
		require.NoError(t, err)
		require.Equal(t, ticket.RefundFailed, r.Status)
		require.Equal(t, map[string]int64{"payable:organizer": -10000, "revenue:fees": -500, "clearing:stripe": 10500}, ledgerOf(t, db))
	})
}

// TestMovementsAreWhatTheProviderBooked lists a refund that failed, its second
// attempt, and a dispute that was won, by the provider's own times.
func TestMovementsAreWhatTheProviderBooked(t *testing.T) {
	t.Parallel()
	s, _, id := captured(t)
	at := time.Now().Add(-3 * time.Hour).UTC().Truncate(time.Second)
	o := order(id, "a", 1)
	_, err := s.BeginRefund(t.Context(), o)
	require.NoError(t, err)
	settle := func(status ticket.RefundStatus, attempt int, f ticket.ProviderRefund) {
		f.RefundID, f.Attempt, f.Amount = o.ID, attempt, 5250
		_, err := s.SettleRefund(t.Context(), o.ID, postgres.RefundNews{Status: status, Attempt: attempt, Ref: f.Ref, Found: &f})
		require.NoError(t, err)
	}
	settle("succeeded", 1, ticket.ProviderRefund{Ref: "re_1", State: "succeeded", At: at})
	settle("needs_attention", 1, ticket.ProviderRefund{Ref: "re_1", State: "failed", At: at, FailedAt: at.Add(time.Hour)})
	_, err = s.RetryRefund(t.Context(), o.ID)
	require.NoError(t, err)
	settle("succeeded", 2, ticket.ProviderRefund{Ref: "re_2", State: "succeeded", At: at.Add(2 * time.Hour)})
	d := dispute(ticket.DisputeWon, 5250)
	d.At, d.ClosedAt = at.Add(time.Minute), at.Add(90*time.Minute)
	_, err = s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Disputes: []ticket.ProviderDispute{d}})
	require.NoError(t, err)
	list, _, err := s.Movements(t.Context(), ticket.Stripe, at.Add(-time.Minute), time.Now().Add(time.Minute), postgres.MovementCursor{}, 100)
	require.NoError(t, err)
	type movement struct {
		kind   ticket.MovementKind
		ref    string
		amount int64
		after  time.Duration
	}
	var got []movement
	for _, m := range list[:len(list)-1] { // the capture was booked just now
		got = append(got, movement{m.Kind, m.Ref, m.Amount, m.At.Sub(at)})
	}
	require.Equal(t, []movement{
		{"refund", "re_1", -5250, 0}, {"dispute", "dp_1", -5250, time.Minute}, {"refund_failed", "re_1", 5250, time.Hour},
		{"dispute_won", "dp_1", 5250, 90 * time.Minute}, {"refund", "re_2", -5250, 2 * time.Hour},
	}, got)
}

func TestAChargeIsFoundByWhateverAnEventNames(t *testing.T) {
	t.Parallel()
	s, _, id := captured(t)
	p, err := s.PaidCharge(t.Context(), id)
	require.NoError(t, err)
	for _, refs := range [][2]string{{p.Charge.Ref, ""}, {"", "ch_1"}, {p.Charge.Ref, "ch_1"}} {
		found, err := s.BookingOfCharge(t.Context(), ticket.Stripe, refs[0], refs[1])
		require.NoError(t, err)
		require.Equal(t, id, found)
	}
	for _, refs := range [][2]string{{"", ""}, {"pi_other", ""}, {"", "ch_other"}} {
		found, err := s.BookingOfCharge(t.Context(), ticket.Stripe, refs[0], refs[1])
		require.NoError(t, err)
		require.Empty(t, found)
	}
	found, err := s.BookingOfCharge(t.Context(), ticket.PayPal, "", "ch_1")
	require.NoError(t, err)
	require.Empty(t, found, "another provider's")
}
