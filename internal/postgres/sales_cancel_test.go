package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// A canceled event's refunds are found in the books: begun ones first, then
// bookings with live tickets, until nothing is left.
func TestWhatIsDueOfACanceledEventIsWhatIsLeft(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	event := events[1]
	var booked []postgres.HoldRow
	for i := range 5 {
		h := holdRow(event, fmt.Sprint("us_", i), "k", int64(i+1), 2*i, 2*i+1)
		save(t, s, h)
		c := commitRow(h)
		if i == 4 {
			c.Charge.Provider = ticket.PayPal
		}
		require.NoError(t, s.Commit(t.Context(), c))
		require.NoError(t, s.RecordCapture(t.Context(), h.ID, fmt.Sprint("ch_", i)))
		booked = append(booked, h)
	}
	held := holdRow(event, "us_held", "k", 9, 20)
	save(t, s, held)
	_, err := shards[1].Exec(t.Context(), `UPDATE tickets SET frozen = true WHERE booking_id = $1`, booked[3].ID)
	require.NoError(t, err)
	_, err = shards[1].Exec(t.Context(), `UPDATE tickets SET holder_id = 'us_friend' WHERE booking_id = $1 AND seat_index = 1`, booked[0].ID)
	require.NoError(t, err)
	due := func(skip []string, limit int) []postgres.DueRefund {
		list, err := s.DueRefunds(t.Context(), event, ticket.Stripe, skip, limit)
		require.NoError(t, err)
		return list
	}
	left := func(i int) postgres.DueRefund { return postgres.DueRefund{BookingID: booked[i].ID} }
	require.Equal(t, []postgres.DueRefund{left(0), left(1), left(2)}, due(nil, 10), "neither PayPal's, nor the disputed one, nor the hold")
	require.Equal(t, []postgres.DueRefund{left(0)}, due(nil, 1))
	require.Equal(t, []postgres.DueRefund{left(0), left(2)}, due([]string{booked[1].ID}, 10))
	f, err := s.CancelFigures(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, ticket.CancelFigures{
		Sold: 5, Waiting: 4, Disputed: 1, Holding: 1,
		Paid: ticket.Money{Currency: "EUR"}, Owed: ticket.Money{Currency: "EUR"}, Kept: ticket.Money{Amount: 10 * 5250, Currency: "EUR"},
	}, f)
	holding, err := s.HoldingBookings(t.Context(), event, 10)
	require.NoError(t, err)
	require.Equal(t, []string{held.ID}, holding)

	o := order(booked[0].ID, "cancel")
	o.Seats, o.Source, o.Reason = nil, ticket.RefundByCancel, "The singer is ill."
	for range 2 {
		_, err = s.BeginRefund(t.Context(), o)
		require.NoError(t, err)
	}
	begun := postgres.DueRefund{BookingID: booked[0].ID, RefundID: o.ID}
	require.Equal(t, []postgres.DueRefund{begun, left(1), left(2)}, due(nil, 10))
	require.Equal(t, []postgres.DueRefund{begun}, due(nil, 1), "what was begun comes before the rest")
	require.NoError(t, s.HandOver(t.Context(), event, []string{o.ID}))
	require.Equal(t, []postgres.DueRefund{left(1), left(2)}, due(nil, 10), "a workflow sees to it")

	_, err = s.SendingRefund(t.Context(), o.ID)
	require.NoError(t, err)
	for range 2 {
		_, err = s.SettleRefund(t.Context(), o.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: 1, Ref: "re_1"})
		require.NoError(t, err)
	}
	f, err = s.CancelFigures(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, 1, f.Refunded)
	require.Equal(t, int64(2*5250), f.Paid.Amount)
	require.False(t, f.Settled())

	type mail struct{ kind, to, facts string }
	rows, err := shards[1].Query(t.Context(), `SELECT kind, to_id, facts ->> 'amount' FROM outbox WHERE kind <> 'confirmation' ORDER BY kind, to_id`)
	require.NoError(t, err)
	var mails []mail
	for rows.Next() {
		var m mail
		var amount *string
		require.NoError(t, rows.Scan(&m.kind, &m.to, &amount))
		if amount != nil {
			m.facts = *amount
		}
		mails = append(mails, m)
	}
	const back = `{"amount": 10500, "currency": "EUR"}`
	require.Equal(t, []mail{
		{"cancellation", "us_0", back}, {"cancellation", "us_friend", ""}, {"refund", "us_0", back},
	}, mails, "whoever has a ticket is told, once; who paid, also that the money is on its way")
}

func TestEverybodyWithATicketIsToldOfANewDateOnce(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	event := events[0]
	for i, buyer := range []string{"us_1", "us_2"} {
		h := holdRow(event, buyer, "k", int64(i+1), 2*i, 2*i+1)
		save(t, s, h)
		require.NoError(t, s.Commit(t.Context(), commitRow(h)))
	}
	_, err := shards[0].Exec(t.Context(), `UPDATE tickets SET holder_id = 'us_friend' WHERE seat_index = 3`)
	require.NoError(t, err)
	_, err = shards[0].Exec(t.Context(), `UPDATE tickets SET status = 'refunded' WHERE seat_index = 0`)
	require.NoError(t, err)
	before := time.Date(2030, 5, 1, 20, 0, 0, 0, time.UTC)
	for _, want := range []int{3, 0} {
		told, err := s.TellPostponement(t.Context(), ticket.Notice{ID: event + "/moved/2", EventID: event, Before: &before, Note: "In autumn."})
		require.NoError(t, err)
		require.Equal(t, want, told)
	}
	told, err := s.TellPostponement(t.Context(), ticket.Notice{ID: event + "/moved/3", EventID: event})
	require.NoError(t, err)
	require.Equal(t, 3, told)
	_, err = shards[0].Exec(t.Context(), `DELETE FROM outbox WHERE kind <> 'postponement' OR id LIKE '%/moved/3/%'`)
	require.NoError(t, err)
	m, err := s.TakeMail(t.Context(), 0, time.Minute)
	require.NoError(t, err)
	require.Len(t, m.Facts.Seats, 1)
	require.Equal(t, before, m.Facts.Before.UTC())
	require.Equal(t, "In autumn.", m.Facts.Note)
}
