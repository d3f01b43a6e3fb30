package postgres_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// sales gives two empty shards and an event on each.
func sales(t *testing.T) (s *postgres.Sales, shards []*pgxpool.Pool, events []string) {
	t.Helper()
	for n := range 2 {
		url := partstest.Postgres(t)
		_, err := postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales())
		require.NoError(t, err)
		pool, err := postgres.Open(t.Context(), url, postgres.Options{})
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		shards = append(shards, pool)
		events = append(events, ticket.NewID(ticket.KindEvent, n))
	}
	return postgres.NewSales(shards), shards, events
}

func holdRow(eventID, buyer, key string, fence int64, seats ...int) postgres.HoldRow {
	items := make([]ticket.Item, len(seats))
	for i, seat := range seats {
		items[i] = ticket.Item{SeatIndex: seat, Category: "A", Price: 5000, Fee: 250}
	}
	return postgres.HoldRow{
		ID: ticket.DeriveBookingID(eventID, buyer, key), EventID: eventID, BuyerID: buyer, Status: ticket.BookingPaying,
		Fingerprint: "f", Items: items, Total: ticket.Money{Amount: ticket.SumItems(items), Currency: "EUR"},
		Fence: fence, ExpiresAt: time.Now().Add(time.Minute).UTC().Truncate(time.Microsecond), CreatedAt: time.Now(),
	}
}

func save(t *testing.T, s *postgres.Sales, h postgres.HoldRow) {
	t.Helper()
	again, err := s.SaveHold(t.Context(), h)
	require.NoError(t, err)
	require.False(t, again)
	again, err = s.SaveHold(t.Context(), h)
	require.NoError(t, err)
	require.True(t, again, "a step that runs again is told so")
}

func commitRow(h postgres.HoldRow) postgres.CommitRow {
	ids := make([]string, len(h.Items))
	for i := range ids {
		ids[i] = ticket.DeriveTicketID(h.ID, i)
	}
	return postgres.CommitRow{
		BookingID: h.ID, Fence: h.Fence, Limit: 4, Tickets: ids, At: time.Now(),
		Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_" + h.ID},
	}
}

func TestCommitConfirmsABookingWholeAndOnce(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	for n, event := range events {
		h := holdRow(event, "anna", "k", 7, 1, 2)
		save(t, s, h)
		for range 3 { // a commit whose answer was lost is sent again
			require.NoError(t, s.Commit(t.Context(), commitRow(h)))
		}
		for range 2 {
			require.NoError(t, s.RecordCapture(t.Context(), h.ID, "ch_1"))
		}
		b, err := s.Booking(t.Context(), h.ID)
		require.NoError(t, err)
		require.Equal(t, ticket.BookingConfirmed, b.Status)
		require.Equal(t, ticket.Payment{Provider: ticket.Stripe, Status: ticket.PaymentCaptured}, *b.Payment)
		require.Len(t, b.Tickets, 2)
		require.Equal(t, h.Items, b.Items)
		require.False(t, b.ConfirmedAt.IsZero())
		var lines, sum int64
		require.NoError(t, shards[n].QueryRow(t.Context(), `SELECT count(*), sum(amount) FROM journal`).Scan(&lines, &sum))
		require.Equal(t, []int64{5, 0}, []int64{lines, sum}, "the journal balances")
	}
}

func TestCommitRefusesWhatIsNotTheBuyersAnyMore(t *testing.T) {
	t.Parallel()
	s, _, events := sales(t)
	event := events[1]
	first := holdRow(event, "anna", "k", 10, 1)
	save(t, s, first)
	require.NoError(t, s.Commit(t.Context(), commitRow(first)))

	tests := map[string]struct {
		hold   postgres.HoldRow
		change func(*postgres.CommitRow)
		want   ticket.Code
	}{
		"a sold seat":                {holdRow(event, "ben", "k", 11, 0, 1), nil, ticket.CodeSeatsUnavailable},
		"a stale fence":              {holdRow(event, "carl", "k", 9, 1), nil, ticket.CodeStaleHold},
		"another fence than the row": {holdRow(event, "dora", "k", 12, 5), func(c *postgres.CommitRow) { c.Fence = 11 }, ticket.CodeStaleHold},
		"more than the limit":        {holdRow(event, "emil", "k", 13, 6, 7, 8, 9, 10), nil, ticket.CodeTicketLimit},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			save(t, s, tt.hold)
			c := commitRow(tt.hold)
			if tt.change != nil {
				tt.change(&c)
			}
			require.Equal(t, tt.want, ticket.CodeOf(s.Commit(t.Context(), c)))
			b, err := s.Booking(t.Context(), tt.hold.ID)
			require.NoError(t, err)
			require.Equal(t, ticket.BookingPaying, b.Status, "nothing of it was written")
			require.Empty(t, b.Tickets)
			require.Nil(t, b.Payment)
		})
	}
}

func TestOneSeatIsSoldOnceUnderConcurrency(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	event := events[0]
	var (
		wg   sync.WaitGroup
		errs = make([]error, 20)
	)
	for i := range errs {
		h := holdRow(event, fmt.Sprint("buyer", i), "k", int64(100+i), 3, 4)
		save(t, s, h)
		wg.Go(func() { errs[i] = s.Commit(context.Background(), commitRow(h)) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.Contains(t, []ticket.Code{ticket.CodeSeatsUnavailable, ticket.CodeStaleHold, ticket.CodeUnavailable}, ticket.CodeOf(err))
	}
	require.Equal(t, 1, won)
	var live int
	require.NoError(t, shards[0].QueryRow(t.Context(), `SELECT count(*) FROM tickets WHERE status = 'live'`).Scan(&live))
	require.Equal(t, 2, live)
}

func TestTheLimitHoldsOverSeveralBookings(t *testing.T) {
	t.Parallel()
	s, _, events := sales(t)
	for i, want := range []ticket.Code{"", "", ticket.CodeTicketLimit} {
		h := holdRow(events[0], "anna", fmt.Sprint(i), int64(i+1), 2*i, 2*i+1)
		save(t, s, h)
		require.Equal(t, want, ticket.CodeOf(s.Commit(t.Context(), commitRow(h))))
	}
}

func TestOnlyLegalStatusChangesAreWritten(t *testing.T) {
	t.Parallel()
	s, _, events := sales(t)
	h := holdRow(events[0], "anna", "k", 1, 1)
	save(t, s, h)
	change := func(to ticket.BookingStatus) bool {
		ok, err := s.ChangeStatus(t.Context(), postgres.StatusChange{BookingID: h.ID, Status: to})
		require.NoError(t, err)
		return ok.Done
	}
	require.True(t, change(ticket.BookingHeld))
	require.True(t, change(ticket.BookingHeld), "a repeated change is no fault")
	require.False(t, change(ticket.BookingRefunded))
	require.True(t, change(ticket.BookingExpired))
	require.False(t, change(ticket.BookingPaying), "terminal is terminal")
	require.Equal(t, ticket.CodeStaleHold, ticket.CodeOf(s.Commit(t.Context(), commitRow(h))))
}

func TestSeatBookIsWhatALostMapIsRebuiltFrom(t *testing.T) {
	t.Parallel()
	s, shards, events := sales(t)
	event := events[0]
	live := func(context.Context) error { return nil }
	_, err := s.SaveBlocks(t.Context(), event, ticket.SeatsOrder{Seats: []int{8, 9}, Reason: "house", By: "us_1"}, live)
	require.NoError(t, err)
	require.NoError(t, s.DeleteBlocks(t.Context(), event, ticket.SeatsOrder{Seats: []int{9}, By: "us_1"}, live))
	sold := holdRow(event, "anna", "sold", 1, 0)
	paying := holdRow(event, "ben", "paying", 2, 1, 2)
	held := holdRow(event, "carl", "held", 3, 3)
	held.Status = ticket.BookingHeld
	overdue := holdRow(event, "dora", "overdue", 4, 4)
	overdue.Status, overdue.ExpiresAt = ticket.BookingHeld, time.Now().Add(-time.Second)
	for _, h := range []postgres.HoldRow{sold, paying, held, overdue} {
		save(t, s, h)
	}
	require.NoError(t, s.Commit(t.Context(), commitRow(sold)))

	book, err := s.SeatBook(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, []int{8}, book.Blocked)
	require.Equal(t, []postgres.SoldSeat{{Seat: 0, BuyerID: "anna", BookingID: sold.ID}}, book.Sold)
	require.ElementsMatch(t, []postgres.HeldSeats{
		{BookingID: paying.ID, BuyerID: "ben", Fence: 2, Seats: []int{1, 2}},
		{BookingID: held.ID, BuyerID: "carl", Fence: 3, Seats: []int{3}, ExpiresAt: held.ExpiresAt.Local()},
	}, book.Holds)
	n, err := s.Unsellable(t.Context(), events)
	require.NoError(t, err)
	require.Equal(t, map[string]int{event: 2}, n)

	shards[0].Close()
	_, err = s.SeatBook(t.Context(), event)
	require.Error(t, err)
}

func TestBookingsOfPagesOverAllShards(t *testing.T) {
	t.Parallel()
	s, _, events := sales(t)
	for i := range 5 {
		save(t, s, holdRow(events[i%2], "anna", fmt.Sprint(i), 1, i))
	}
	save(t, s, holdRow(events[0], "ben", "x", 1, 9))
	seen := map[string]bool{}
	var after postgres.BookingsCursor
	for page := range 3 {
		list, err := s.BookingsOf(t.Context(), "anna", after, 2)
		require.NoError(t, err)
		require.Len(t, list, []int{2, 2, 1}[page])
		for _, b := range list {
			require.False(t, seen[b.ID])
			seen[b.ID] = true
		}
		after = postgres.BookingsCursor{CreatedAt: list[len(list)-1].CreatedAt, ID: list[len(list)-1].ID}
	}
	require.Len(t, seen, 5)
	_, err := s.Booking(t.Context(), ticket.DeriveBookingID(events[0], "nobody", "x"))
	require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
}
