package postgres_test

import (
	"sync"
	"testing"

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
	_, err = s.SettleRefund(t.Context(), rest.ID, postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: 2, Ref: "re_2"})
	require.NoError(t, err)
	booking(ticket.BookingNeedsAttention)
	require.Equal(t, int64(-2*5250), balance("refunds:stripe"), "what came back is owed again")
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
