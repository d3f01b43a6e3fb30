package redis_test

import (
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

func openQueue(t *testing.T) (*redis.Queue, *goredis.Client) {
	t.Helper()
	o, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	db := goredis.NewClient(o)
	t.Cleanup(func() { _ = db.Close() })
	return redis.NewQueue(db), db
}

func TestARoomThatIsNotThereIsNamedByEveryStep(t *testing.T) {
	t.Parallel()
	q, _ := openQueue(t)
	for name, step := range map[string]func() error{
		"join":   func() error { _, _, _, err := q.Join(t.Context(), event, "us_1", time.Now()); return err },
		"look":   func() error { _, _, _, err := q.Look(t.Context(), event, "us_1"); return err },
		"notice": func() error { _, err := q.Notice(t.Context(), event); return err },
		"claim":  func() error { _, _, err := q.Claim(t.Context(), event, "us_1", 1, time.Minute, 1); return err },
		"leave":  func() error { _, err := q.Leave(t.Context(), event, "us_1", 0); return err },
		"slot":   func() error { _, err := q.Slot(t.Context(), redis.SlotTake, event, "us_1", "bk"); return err },
		"freeze": func() error { _, _, _, err := q.Freeze(t.Context(), event, time.Now()); return err },
		"tick":   func() error { _, _, err := q.Tick(t.Context(), event); return err },
		"serve":  func() error { _, err := q.Serve(t.Context(), event, 1, 1, 1, time.Minute); return err },
		"show":   func() error { return q.Show(t.Context(), event, "open", 1, 1) },
	} {
		require.ErrorIs(t, step(), redis.ErrNoState, name)
	}
}

func TestOnlyTheHolderOfTheLockBuildsARoom(t *testing.T) {
	t.Parallel()
	q, db := openQueue(t)
	first, err := q.Build(t.Context(), event, "first")
	require.NoError(t, err)
	_, err = q.Build(t.Context(), event, "second")
	require.ErrorIs(t, err, redis.ErrBuilt)
	require.NoError(t, db.Del(t.Context(), "{"+event+"}:queue:building").Err(), "the first was too slow")
	second, err := q.Build(t.Context(), event, "second")
	require.NoError(t, err)
	page := []redis.RestoredPlace{{BuyerID: "us_1", Place: redis.Place{Entry: 1, JoinedAt: time.Now(), State: redis.PlaceWaiting}}}
	require.ErrorIs(t, first.Places(t.Context(), page), redis.ErrBuilt)
	require.NoError(t, second.Places(t.Context(), page))
	require.NoError(t, second.Finish(t.Context(), redis.Restored{Phase: "prequeue", Issued: 1, Entries: -1}, time.Minute))
	require.ErrorIs(t, first.Finish(t.Context(), redis.Restored{Phase: "prequeue", Entries: -1}, time.Minute), redis.ErrBuilt)
	v, p, _, err := q.Join(t.Context(), event, "us_1", time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, redis.QueueAgain, v)
	require.Equal(t, int64(1), p.Entry)
}

func TestServingNeverSkipsOrRepeatsNumbers(t *testing.T) {
	t.Parallel()
	q, _ := openQueue(t)
	b, err := q.Build(t.Context(), event, "one")
	require.NoError(t, err)
	require.NoError(t, b.Finish(t.Context(), redis.Restored{Phase: "open", Issued: 100, Drawn: true, Entries: 100}, time.Minute))
	for _, step := range []struct {
		first, last int64
		want        redis.Verdict
		serving     int64
	}{{1, 10, redis.QueueOK, 10}, {1, 10, redis.QueueOK, 10}, {12, 20, redis.QueueGap, 10}, {5, 20, redis.QueueGap, 10}, {11, 20, redis.QueueOK, 20}} {
		v, err := q.Serve(t.Context(), event, step.first, step.last, 1, time.Minute)
		require.NoError(t, err)
		require.Equal(t, step.want, v, fmt.Sprint(step))
		room, _, _, err := q.Look(t.Context(), event, "")
		require.NoError(t, err)
		require.Equal(t, step.serving, room.Serving)
	}
}

func TestVitalsAreTheWorstOfAllProcessesThatReport(t *testing.T) {
	t.Parallel()
	q, db := openQueue(t)
	v, err := q.Vitals(t.Context())
	require.NoError(t, err)
	require.Zero(t, v)
	require.NoError(t, q.ReportVitals(t.Context(), "one", redis.Vitals{P99: 90 * time.Millisecond, Bookings: 10, Unanswered: 1}))
	require.NoError(t, q.ReportVitals(t.Context(), "two", redis.Vitals{P99: 300 * time.Millisecond, Bookings: 5}))
	old := fmt.Sprintf("900|7|7|%d", time.Now().Add(-30*time.Second).UnixMilli())
	gone := fmt.Sprintf("900|7|7|%d", time.Now().Add(-5*time.Minute).UnixMilli())
	require.NoError(t, db.HSet(t.Context(), "{vitals}:bookings", "old", old, "gone", gone, "odd", "x").Err())
	v, err = q.Vitals(t.Context())
	require.NoError(t, err)
	require.Equal(t, redis.Vitals{P99: 300 * time.Millisecond, Bookings: 15, Unanswered: 1}, v)
	require.False(t, db.HExists(t.Context(), "{vitals}:bookings", "gone").Val())
}

func TestAnUnreachableRedisKeepsTheQueueUnavailable(t *testing.T) {
	t.Parallel()
	db := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialTimeout: 100 * time.Millisecond})
	t.Cleanup(func() { _ = db.Close() })
	v, _, _, err := redis.NewQueue(db).Join(t.Context(), event, "us_1", time.Now())
	require.Empty(t, v)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}
