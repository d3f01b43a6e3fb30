package inventory_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

func order(seats ...int) ticket.SeatsOrder {
	return ticket.SeatsOrder{Seats: seats, Reason: "house", By: "us_1", RequestID: "request-1"}
}

func TestBlocksAreAllOrNoneAndReleasedAtOnce(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	_, err := h.Hold(t.Context(), h.event, request("bk_1", "anna", 4, 5))
	require.NoError(t, err)
	err = h.Block(t.Context(), h.event, order(3, 4, 5, 6))
	require.Equal(t, ticket.CodeSeatsUnavailable, ticket.CodeOf(err))
	require.Equal(t, "aaaahhaaaa", h.state(t))
	for range 2 { // blocking again changes nothing
		require.NoError(t, h.Block(t.Context(), h.event, order(0, 1)))
		require.Equal(t, "bbaahhaaaa", h.state(t))
	}
	for range 2 { // what is not blocked stays as it is
		require.NoError(t, h.Unblock(t.Context(), h.event, order(1, 2, 4)))
		require.Equal(t, "baaahhaaaa", h.state(t))
	}
	list, err := h.books.Blocks(t.Context(), h.event.ID, -1, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "house", list[0].Reason)
	log, err := h.books.BlockChanges(t.Context(), h.event.ID, ticket.ChangeCursor{}, 10)
	require.NoError(t, err)
	require.Len(t, log, 2, "what changed nothing is no change")
	require.Equal(t, []any{ticket.ChangeSeatsReleased, []int{1}}, []any{log[0].What, log[0].Seats})
	require.Equal(t, []any{ticket.ChangeSeatsBlocked, []int{0, 1}, "us_1", "request-1"}, []any{log[1].What, log[1].Seats, log[1].By, log[1].RequestID})
}

func TestABlockThatTheLiveStateDidNotTakeIsNotInTheBooks(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	require.NoError(t, h.live.Close())
	require.Error(t, h.Block(t.Context(), h.event, order(1)))
	list, err := h.books.Blocks(t.Context(), h.event.ID, -1, 10)
	require.NoError(t, err)
	require.Empty(t, list)
	log, err := h.books.BlockChanges(t.Context(), h.event.ID, ticket.ChangeCursor{}, 10)
	require.NoError(t, err)
	require.Empty(t, log)
}

// A booking whose hold was outrun by a block, because the live state had
// forgotten either, does not get its seat.
func TestWhatIsBlockedIsNotSold(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	r := request(ticket.DeriveBookingID(h.event.ID, "anna", "1"), "anna", 7)
	hold, err := h.Hold(t.Context(), h.event, r)
	require.NoError(t, err)
	h.save(t, hold, r, ticket.BookingPaying)
	_, err = h.books.SaveBlocks(t.Context(), h.event.ID, order(7), func(context.Context) error { return nil })
	require.NoError(t, err)
	require.Equal(t, ticket.CodeStaleHold, ticket.CodeOf(h.books.Commit(t.Context(), commit(r, hold))))
	require.NoError(t, h.Unblock(t.Context(), h.event, order(7)))
	require.NoError(t, h.books.Commit(t.Context(), commit(r, hold)))
	_, err = h.books.SaveBlocks(t.Context(), h.event.ID, order(6, 7), func(context.Context) error { return nil })
	require.Equal(t, ticket.CodeSeatsUnavailable, ticket.CodeOf(err))
}

func commit(r redis.HoldRequest, hold redis.Hold) postgres.CommitRow {
	c := postgres.CommitRow{
		BookingID: r.HoldID, Fence: hold.Fence, Limit: 1000, At: time.Now(),
		Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_" + r.HoldID},
	}
	for i := range hold.Seats {
		c.Tickets = append(c.Tickets, ticket.DeriveTicketID(r.HoldID, i))
	}
	return c
}

// Organizers block and release while buyers hold, give up and buy, and Redis
// forgets everything now and then. In the end no place is both sold and blocked,
// the audit log gives the blocks, and a map that is rebuilt is the one that was.
func TestNoPlaceIsEverSoldAndBlocked(t *testing.T) {
	t.Parallel()
	h := open(t, 30)
	until := time.Now().Add(3 * time.Second)
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() { organize(t, h, uint64(n), until) })
		wg.Go(func() { buy(t, h, n, until) })
	}
	wg.Go(func() {
		for time.Now().Before(until) {
			time.Sleep(150 * time.Millisecond)
			if err := h.live.FlushDB(context.Background()).Err(); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	book, err := h.books.SeatBook(t.Context(), h.event.ID)
	require.NoError(t, err)
	blocked := map[int]bool{}
	for _, seat := range book.Blocked {
		blocked[seat] = true
	}
	for _, s := range book.Sold {
		require.False(t, blocked[s.Seat], "place %d is sold and blocked", s.Seat)
	}
	require.NotEmpty(t, book.Sold)
	log, err := h.books.BlockChanges(t.Context(), h.event.ID, ticket.ChangeCursor{}, 100_000)
	require.NoError(t, err)
	require.NotEmpty(t, log)
	told := map[int]bool{}
	for _, entry := range slices.Backward(log) {
		for _, seat := range entry.Seats {
			require.NotEqual(t, entry.What == ticket.ChangeSeatsBlocked, told[seat], "the log has every change once")
			told[seat] = entry.What == ticket.ChangeSeatsBlocked
		}
	}
	for seat, is := range told {
		require.Equal(t, is, blocked[seat])
	}
	was := h.state(t)
	require.NoError(t, h.live.FlushDB(t.Context()).Err())
	rebuilt := h.state(t)
	for seat := range was {
		if was[seat] == 'b' || rebuilt[seat] == 'b' {
			require.Equal(t, string(rebuilt[seat]), string(was[seat]), "place %d", seat)
		}
	}
}

func organize(t *testing.T, h *hall, seed uint64, until time.Time) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for time.Now().Before(until) {
		from := rng.IntN(298)
		o := order(from, from+1, from+2)
		var err error
		if rng.IntN(3) == 0 {
			err = h.Block(context.Background(), h.event, o)
		} else {
			err = h.Unblock(context.Background(), h.event, o)
		}
		if c := ticket.CodeOf(err); c != "" && c != ticket.CodeSeatsUnavailable && c != ticket.CodeUnavailable {
			t.Error(err)
		}
	}
}

func buy(t *testing.T, h *hall, n int, until time.Time) {
	rng := rand.New(rand.NewPCG(uint64(n), 2))
	for i := 0; time.Now().Before(until); i++ {
		seat := rng.IntN(300)
		buyer := fmt.Sprint("buyer", n, "-", i)
		r := request(ticket.DeriveBookingID(h.event.ID, buyer, "k"), buyer, seat)
		hold, err := h.Hold(context.Background(), h.event, r)
		if err != nil {
			if c := ticket.CodeOf(err); c != ticket.CodeSeatsUnavailable && c != ticket.CodeUnavailable {
				t.Error(err)
			}
			continue
		}
		if rng.IntN(8) > 0 {
			if err := h.Release(context.Background(), h.event, r.HoldID); err != nil {
				t.Error(err)
			}
			continue
		}
		h.save(t, hold, r, ticket.BookingPaying)
		err = h.books.Commit(context.Background(), commit(r, hold))
		if err == nil {
			err = h.Sell(context.Background(), h.event, r.HoldID, buyer, hold.Seats)
		} else {
			_, closing := h.books.Close(context.Background(), postgres.Closing{BookingID: r.HoldID, Status: ticket.BookingFailed, Known: 1})
			if closing != nil {
				t.Error(closing)
			}
			err = h.Release(context.Background(), h.event, r.HoldID)
		}
		if err != nil {
			t.Error(err)
		}
	}
}
