package postgres_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestStandingCountsWhatIsOpenOnAllShards(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	for i, event := range events {
		save(t, s, holdRow(event, "us_1", "a", int64(10+i), 1))
	}
	sold := holdRow(events[0], "us_2", "b", 20, 2)
	save(t, s, sold)
	require.NoError(t, s.Commit(t.Context(), commitRow(sold)))
	all, err := s.Standing(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[ticket.BookingStatus]int64{
		ticket.BookingPaying: 2, ticket.BookingHeld: 0, ticket.BookingActionRequired: 0, ticket.BookingNeedsAttention: 0,
	}, all.Bookings)
	// Nobody gets so far but who takes the lock away first.
	_, err = shards[0].Exec(t.Context(), `ALTER TABLE journal DISABLE TRIGGER USER`)
	require.NoError(t, err)
	_, err = shards[0].Exec(t.Context(), `UPDATE journal SET amount = amount WHERE booking_id = $1`, sold.ID)
	require.NoError(t, err)
	require.Eventually(t, func() bool { // the server's statistics are some moments behind
		all, err = s.Standing(t.Context())
		return err == nil && all.JournalLines > 0 && all.JournalAltered > 0
	}, 20*time.Second, 200*time.Millisecond)
}
