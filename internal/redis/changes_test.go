package redis_test

import (
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

func TestChangesComeInOrderAndByPortions(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	begin, _, err := s.Snapshot(t.Context(), event)
	require.NoError(t, err)
	_, err = s.Hold(t.Context(), event, hold("h1", "anna", 2, 3))
	require.NoError(t, err)
	require.NoError(t, s.Sell(t.Context(), event, "h1", "anna", []int{2, 3}))
	require.NoError(t, s.Block(t.Context(), event, []int{9}))
	end, _, err := s.Snapshot(t.Context(), event)
	require.NoError(t, err)

	first := s.Changes(t.Context(), []redis.Cursor{{EventID: event, After: begin}}, 2)[0]
	require.NoError(t, first.Err)
	require.True(t, first.More)
	require.Len(t, first.List, 2)
	require.Equal(t, ticket.SeatHeld, first.List[0].State)
	require.Equal(t, []int{2, 3}, first.List[0].Seats)
	require.Equal(t, ticket.SeatSold, first.List[1].State)

	rest := s.Changes(t.Context(), []redis.Cursor{
		{EventID: event, After: first.List[1].Version}, {EventID: "ev_unknown", After: begin}, {EventID: event, After: end},
	}, 2)
	require.Equal(t, redis.Changes{List: []redis.Change{{Version: end, State: ticket.SeatBlocked, Seats: []int{9}}}}, rest[0])
	require.Equal(t, redis.Changes{Gap: true}, rest[1])
	require.Equal(t, redis.Changes{}, rest[2], "nothing has happened since")
}

func TestChangesAfterALossAreAGap(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(t *testing.T, s *redis.Seats, db *goredis.Client){
		"nothing there": func(t *testing.T, _ *redis.Seats, db *goredis.Client) {
			require.NoError(t, db.FlushDB(t.Context()).Err())
		},
		"rebuilt on an empty Redis": func(t *testing.T, s *redis.Seats, db *goredis.Client) {
			require.NoError(t, db.FlushDB(t.Context()).Err())
			require.NoError(t, s.Load(t.Context(), event, redis.State{Places: 10}))
		},
		"rebuilt on the same stream": func(t *testing.T, s *redis.Seats, db *goredis.Client) {
			require.NoError(t, db.Del(t.Context(), "{"+event+"}:seats").Err())
			require.NoError(t, s.Load(t.Context(), event, redis.State{Places: 10}))
		},
		"map gone": func(t *testing.T, _ *redis.Seats, db *goredis.Client) {
			require.NoError(t, db.Del(t.Context(), "{"+event+"}:seats").Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, db := open(t)
			_, err := s.Hold(t.Context(), event, hold("h1", "anna", 2, 3))
			require.NoError(t, err)
			version, _, err := s.Snapshot(t.Context(), event)
			require.NoError(t, err)
			time.Sleep(2 * time.Millisecond) // ids of a stream that begins anew count from the clock
			lose(t, s, db)
			require.Equal(t, redis.Changes{Gap: true}, s.Changes(t.Context(), []redis.Cursor{{EventID: event, After: version}}, 10)[0])
		})
	}
}

func TestChangesOfAnUnreachableRedisAreUnavailable(t *testing.T) {
	t.Parallel()
	db := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: 100 * time.Millisecond})
	t.Cleanup(func() { _ = db.Close() })
	got := redis.NewSeats(db).Changes(t.Context(), []redis.Cursor{{EventID: event, After: "1-0"}}, 10)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(got[0].Err))
}
