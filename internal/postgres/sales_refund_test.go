package postgres_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

func order(bookingID, key string, seats ...int) postgres.RefundOrder {
	return postgres.RefundOrder{
		ID: ticket.DeriveRefundID(bookingID, key), BookingID: bookingID, Seats: seats, Reason: "ill", By: "us_1",
		Source: ticket.RefundBySupport, Resell: true, Fingerprint: key,
	}
}

func TestARefundOwesTheMoneyAndPaysItOnce(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	h := holdRow(events[0], "anna", "k", 7, 1, 2, 3)
	save(t, s, h)
	require.NoError(t, s.Commit(t.Context(), commitRow(h)))
	balance := func(account string) (sum int64) {
		require.NoError(t, shards[0].QueryRow(t.Context(), `SELECT COALESCE(sum(amount), 0) FROM journal WHERE account = $1`, account).Scan(&sum))
		return sum
	}
	booking := func(status ticket.BookingStatus) {
		b, err := s.Booking(t.Context(), h.ID)
		require.NoError(t, err)
		require.Equal(t, status, b.Status)
	}
	o := order(h.ID, "a", 2)
	for range 2 {
		r, err := s.BeginRefund(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, int64(5250), r.Amount.Amount)
	}
	booking(ticket.BookingRefunding)
	r, err := s.SendingRefund(t.Context(), o.ID)
	require.NoError(t, err)
	require.Equal(t, ticket.RefundRequested, r.Status, "nothing is sent before the money is captured")
	require.NoError(t, s.RecordCapture(t.Context(), h.ID, "ch_1"))
	r, err = s.SendingRefund(t.Context(), o.ID)
	require.NoError(t, err)
	require.Equal(t, ticket.RefundSent, r.Status)
	require.Equal(t, int64(-5250), balance("refunds:stripe"))
	for range 2 {
		_, err = s.SettleRefund(t.Context(), o.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: 1, Ref: "re_1"})
		require.NoError(t, err)
	}
	booking(ticket.BookingConfirmed)
	require.Zero(t, balance("refunds:stripe"))
	require.Equal(t, int64(2*5250), balance("clearing:stripe"))

	o.Fingerprint = "other"
	_, err = s.BeginRefund(t.Context(), o)
	require.Equal(t, ticket.CodeKeyReused, ticket.CodeOf(err))
	_, err = s.BeginRefund(t.Context(), order(h.ID, "b", 2))
	require.Equal(t, ticket.CodeBookingState, ticket.CodeOf(err), "the seat was refunded")
	_, err = s.BeginRefund(t.Context(), order(h.ID, "b", 9))
	require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err), "the seat is not the booking's")

	rest := order(h.ID, "c")
	rest.Seats = nil
	_, err = s.BeginRefund(t.Context(), rest)
	require.NoError(t, err)
	_, err = s.SettleRefund(t.Context(), rest.ID, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 1, Note: "no"})
	require.NoError(t, err)
	booking(ticket.BookingNeedsAttention)
	r, err = s.RetryRefund(t.Context(), rest.ID)
	require.NoError(t, err)
	require.Equal(t, 2, r.Attempt)
	booking(ticket.BookingRefunding)
	_, err = s.SettleRefund(t.Context(), rest.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: 2, Ref: "re_2"})
	require.NoError(t, err)
	booking(ticket.BookingRefunded)
	require.Zero(t, balance("clearing:stripe"))
	failed := ticket.ProviderRefund{Ref: "re_2", State: ticket.RefundStateFailed, Amount: 2 * 5250, RefundID: rest.ID, Attempt: 2}
	_, err = s.SettleRefund(t.Context(), rest.ID, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 2, Ref: "re_2", Found: &failed})
	require.NoError(t, err)
	booking(ticket.BookingNeedsAttention)
	require.Equal(t, int64(-2*5250), balance("refunds:stripe"), "what came back is owed again")
}

// givenBack is a booking of two seats, of which one was refunded, as its provider
// has it in its books.
func givenBack(t *testing.T) (s *postgres.Sales, db *pgxpool.Pool, bookingID string, found ticket.ProviderRefund) {
	t.Helper()
	s, db, bookingID = captured(t)
	o := order(bookingID, "a", 2)
	_, err := s.BeginRefund(t.Context(), o)
	require.NoError(t, err)
	_, err = s.SendingRefund(t.Context(), o.ID)
	require.NoError(t, err)
	found = ticket.ProviderRefund{Ref: "re_1", State: ticket.RefundStateSucceeded, Amount: 5250, RefundID: o.ID, Attempt: 1, At: time.Now()}
	_, err = s.SettleRefund(t.Context(), o.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: 1, Ref: "re_1", Found: &found})
	require.NoError(t, err)
	return s, db, bookingID, found
}

// TestOnlyItsProviderTakesASuccessBack flags a refund that had succeeded, of which
// its workflow had not heard: the books stay.
func TestOnlyItsProviderTakesASuccessBack(t *testing.T) {
	t.Parallel()
	s, db, _, failed := givenBack(t)
	failed.State = ticket.RefundStateFailed
	before := ledgerOf(t, db)
	r, err := s.SettleRefund(t.Context(), failed.RefundID, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 1, Note: "could not be asked"})
	require.NoError(t, err)
	require.Equal(t, ticket.RefundSucceeded, r.Status)
	require.Equal(t, before, ledgerOf(t, db))
	r, err = s.SettleRefund(t.Context(), failed.RefundID, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 1, Ref: "re_1", Found: &failed})
	require.NoError(t, err)
	require.Equal(t, ticket.RefundNeedsAttention, r.Status)
	require.Equal(t, int64(-5250), ledgerOf(t, db)["refunds:stripe"], "owed again")
}

// TestAGiftCountsTowardsWhatIsOwed gives money back for no ticket, and then all
// tickets: no more goes back than was paid. A gift that its bank sent back counts
// no more.
func TestAGiftCountsTowardsWhatIsOwed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		comesBack bool
		want      int64
	}{{"it stays given", false, 10500 - 4000}, {"it comes back", true, 10500}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, db, id := captured(t)
			found := byHand("re_1", "succeeded", 4000)
			follow, err := s.ReviewCharge(t.Context(), postgres.Review{BookingID: id, Refunds: []ticket.ProviderRefund{found}})
			require.NoError(t, err)
			_, err = s.AttributeRefund(t.Context(), follow[0], postgres.Attribution{Note: "ann: sorry"})
			require.NoError(t, err)
			if tt.comesBack {
				found.State = ticket.RefundStateFailed
				_, err = s.SettleRefund(t.Context(), follow[0], postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 1, Ref: "re_1", Found: &found})
				require.NoError(t, err)
			}
			o := order(id, "all")
			o.Seats = nil
			r, err := s.BeginRefund(t.Context(), o)
			require.NoError(t, err)
			require.Equal(t, tt.want, r.Amount.Amount)
			_, err = s.SendingRefund(t.Context(), o.ID)
			require.NoError(t, err)
			_, err = s.SettleRefund(t.Context(), o.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: 1, Ref: "re_2"})
			require.NoError(t, err)
			require.Empty(t, ledgerOf(t, db), "everything has gone back, and nothing is ours")
			bookingIs(t, s, id, "refunded", false, ended, ended)
		})
	}
}

func TestOfManyRefundsOfASeatOneWins(t *testing.T) {
	t.Parallel()
	s, _, events := sales(t)
	h := holdRow(events[1], "anna", "k", 7, 1, 2)
	save(t, s, h)
	require.NoError(t, s.Commit(t.Context(), commitRow(h)))
	errs := make([]error, 12)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { _, errs[i] = s.BeginRefund(t.Context(), order(h.ID, string(rune('a'+i)), 1)) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.Equal(t, ticket.CodeBookingState, ticket.CodeOf(err))
	}
	require.Equal(t, 1, won)
}
