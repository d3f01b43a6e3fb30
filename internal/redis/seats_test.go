package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

const event = "ev_test"

// open gives live seats of an event with ten free places.
func open(t *testing.T) (*redis.Seats, *goredis.Client) {
	t.Helper()
	o, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	db := goredis.NewClient(o)
	t.Cleanup(func() { _ = db.Close() })
	seats := redis.NewSeats(db)
	require.NoError(t, seats.Load(t.Context(), event, redis.State{Places: 10}))
	return seats, db
}

func hold(id, buyer string, seats ...int) redis.HoldRequest {
	return redis.HoldRequest{HoldID: id, BuyerID: buyer, Limit: 4, Life: time.Minute, Seats: seats}
}

func requireMap(t *testing.T, s *redis.Seats, want string) {
	t.Helper()
	_, got, err := s.Snapshot(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, want, got)
	n, err := s.Available(t.Context(), []string{event})
	require.NoError(t, err)
	require.Equal(t, strings.Count(want, "a"), n[0], "the counter follows the map")
}

func TestHoldLocksAllOrNone(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	first, err := s.Hold(t.Context(), event, hold("h1", "anna", 2, 3))
	require.NoError(t, err)
	require.Equal(t, []int{2, 3}, first.Seats)
	requireMap(t, s, "aahhaaaaaa")

	_, err = s.Hold(t.Context(), event, hold("h2", "ben", 1, 2, 3))
	taken, ok := errors.AsType[*redis.TakenError](err)
	require.True(t, ok, "%v", err)
	require.Equal(t, []int{2, 3}, taken.Seats)
	requireMap(t, s, "aahhaaaaaa")

	again, err := s.Hold(t.Context(), event, hold("h1", "anna", 2, 3))
	require.NoError(t, err)
	require.Equal(t, first, again, "a repeated call finds the hold it made")
}

func TestFencesRise(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	var last int64
	for i := range 5 {
		h, err := s.Hold(t.Context(), event, hold(fmt.Sprint("h", i), "anna", 0))
		require.NoError(t, err)
		require.Greater(t, h.Fence, last)
		last = h.Fence
		require.NoError(t, s.Release(t.Context(), event, fmt.Sprint("h", i)))
	}
}

func TestLimitHoldsUnderConcurrency(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	var (
		wg  sync.WaitGroup
		got = make([]error, 10)
	)
	for i := range got {
		wg.Go(func() { _, got[i] = s.Hold(context.Background(), event, hold(fmt.Sprint("h", i), "anna", i)) })
	}
	wg.Wait()
	held := 0
	for _, err := range got {
		if err == nil {
			held++
			continue
		}
		over, ok := errors.AsType[*redis.LimitError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, 4, over.Has)
	}
	require.Equal(t, 4, held)
}

func TestOverdueHoldsCountAsFree(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	short := hold("h1", "anna", 0, 1)
	short.Life = 20 * time.Millisecond
	_, err := s.Hold(t.Context(), event, short)
	require.NoError(t, err)
	time.Sleep(40 * time.Millisecond)
	_, err = s.Hold(t.Context(), event, hold("h2", "ben", 1, 2))
	require.NoError(t, err)
	requireMap(t, s, "ahhaaaaaaa")
}

func TestAHoldThatIsPaidDoesNotExpire(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	paying := hold("h1", "anna", 0)
	paying.Life = 0
	_, err := s.Hold(t.Context(), event, paying)
	require.NoError(t, err)
	n, err := s.Sweep(t.Context(), event)
	require.NoError(t, err)
	require.Zero(t, n)
	// Back to a deadline that has passed: the next sweep frees it.
	_, err = s.Keep(t.Context(), event, hold("h1", "anna", 0), time.Now().Add(-time.Second))
	require.NoError(t, err)
	n, err = s.Sweep(t.Context(), event)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	requireMap(t, s, "aaaaaaaaaa")
}

func TestKeepTakesALostHoldAnewUnlessItsPlacesAreTaken(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	h, err := s.Keep(t.Context(), event, hold("lost", "anna", 5), time.Time{})
	require.NoError(t, err)
	require.True(t, h.ExpiresAt.IsZero())
	requireMap(t, s, "aaaaahaaaa")
	_, err = s.Keep(t.Context(), event, hold("late", "ben", 5), time.Time{})
	_, ok := errors.AsType[*redis.TakenError](err)
	require.True(t, ok, "%v", err)
}

func TestSellAndReleaseAreIdempotent(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	_, err := s.Hold(t.Context(), event, hold("h1", "anna", 0, 1))
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, s.Sell(t.Context(), event, "h1", "anna", []int{0, 1}))
	}
	require.NoError(t, s.Release(t.Context(), event, "h1"), "what is sold is not released")
	requireMap(t, s, "ssaaaaaaaa")
	require.Equal(t, "2", db.HGet(t.Context(), "{"+event+"}:buyers", "anna").Val())

	_, err = s.Hold(t.Context(), event, hold("h2", "ben", 2))
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, s.Release(t.Context(), event, "h2"))
	}
	requireMap(t, s, "ssaaaaaaaa")
	require.False(t, db.HExists(t.Context(), "{"+event+"}:buyers", "ben").Val())
}

func TestSellWinsOverALostHold(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	_, err := s.Hold(t.Context(), event, hold("other", "ben", 0))
	require.NoError(t, err)
	require.NoError(t, s.Sell(t.Context(), event, "gone", "anna", []int{0, 1}))
	require.NoError(t, s.Release(t.Context(), event, "other"))
	requireMap(t, s, "ssaaaaaaaa")
}

func TestBlockTakesFreePlacesOnly(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	_, err := s.Hold(t.Context(), event, hold("h1", "anna", 0))
	require.NoError(t, err)
	err = s.Block(t.Context(), event, []int{0, 1})
	_, ok := errors.AsType[*redis.TakenError](err)
	require.True(t, ok, "%v", err)
	require.NoError(t, s.Block(t.Context(), event, []int{1, 2}))
	requireMap(t, s, "hbbaaaaaaa")
	freed, err := s.Unblock(t.Context(), event, []int{0, 1}) // 0 is not blocked, and stays as it is
	require.NoError(t, err)
	require.Equal(t, []int{1}, freed)
	requireMap(t, s, "habaaaaaaa")
}

func TestLoadRebuildsAndTheFirstOneWins(t *testing.T) {
	t.Parallel()
	s, db := open(t)
	before, err := s.Hold(t.Context(), event, hold("h1", "anna", 0))
	require.NoError(t, err)
	require.NoError(t, db.FlushDB(t.Context()).Err())
	_, err = s.Hold(t.Context(), event, hold("h2", "ben", 0))
	require.ErrorIs(t, err, redis.ErrNoState)
	_, _, err = s.Snapshot(t.Context(), event)
	require.ErrorIs(t, err, redis.ErrNoState)

	state := redis.State{
		Places: 6, Blocked: []int{5}, Sold: []redis.Owned{{Seat: 4, BuyerID: "carl"}},
		Holds: []redis.LoadedHold{{ID: "h1", BuyerID: "anna", Fence: before.Fence, Seats: []int{0, 1}}},
	}
	require.NoError(t, s.Load(t.Context(), event, state))
	require.NoError(t, s.Load(t.Context(), event, redis.State{Places: 10}), "a second one changes nothing")
	requireMap(t, s, "hhaasb")
	h, err := s.Hold(t.Context(), event, hold("h2", "ben", 2))
	require.NoError(t, err)
	require.Greater(t, h.Fence, before.Fence, "fences go on rising")
	again, err := s.Hold(t.Context(), event, hold("h1", "anna", 0, 1))
	require.NoError(t, err)
	require.Equal(t, before.Fence, again.Fence)
}

func TestAnUnreachableRedisIsUnavailable(t *testing.T) {
	t.Parallel()
	db := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: 100 * time.Millisecond})
	t.Cleanup(func() { _ = db.Close() })
	_, err := redis.NewSeats(db).Hold(t.Context(), event, hold("h1", "anna", 0))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestAClaimIsTheFirstOwners(t *testing.T) {
	t.Parallel()
	_, db := open(t)
	claims := redis.NewClaims(db)
	for _, owner := range []string{"anna", "ben", "anna"} {
		has, err := claims.Claim(t.Context(), "key", owner)
		require.NoError(t, err)
		require.Equal(t, "anna", has)
	}
}

func TestSoldPlacesAreGivenBackOnce(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	ctx := t.Context()
	take := func(id, buyer string, places ...int) {
		_, err := s.Hold(ctx, event, hold(id, buyer, places...))
		require.NoError(t, err)
	}
	take("bk_1", "anna", 0, 1, 2)
	require.NoError(t, s.Sell(ctx, event, "bk_1", "anna", []int{0, 1, 2}))
	for range 2 {
		require.NoError(t, s.Return(ctx, event, "bk_1", "anna", ticket.SeatAvailable, []int{0}))
		require.NoError(t, s.Return(ctx, event, "bk_1", "anna", ticket.SeatBlocked, []int{1}))
	}
	requireMap(t, s, "absaaaaaaa")
	require.NoError(t, s.Sell(ctx, event, "bk_1", "anna", []int{0, 1, 2}))
	requireMap(t, s, "absaaaaaaa") // a sale that comes late does not take them back
	take("bk_2", "ben", 0)
	require.NoError(t, s.Sell(ctx, event, "bk_2", "ben", []int{0}))
	require.NoError(t, s.Return(ctx, event, "bk_1", "anna", ticket.SeatAvailable, []int{0}))
	requireMap(t, s, "sbsaaaaaaa") // nor does a repetition take them from the next buyer

	take("bk_3", "anna", 3, 4)
	require.NoError(t, s.Return(ctx, event, "bk_3", "anna", ticket.SeatAvailable, []int{3}))
	require.NoError(t, s.Sell(ctx, event, "bk_3", "anna", []int{3, 4}))
	requireMap(t, s, "sbsasaaaaa") // refunded before it was shown as sold
	take("bk_4", "anna", 3, 5)     // with 2 and 4 that is exactly her limit
	_, err := s.Hold(ctx, event, hold("bk_5", "anna", 6))
	require.Error(t, err)
}
