package waitingroom_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// loseRedis empties Redis, as a restart without its data does.
func (w *world) loseRedis(t testing.TB) {
	t.Helper()
	require.NoError(t, w.redis.FlushDB(context.Background()).Err())
}

func (w *world) standings(t testing.TB, n int) map[string]waitingroom.Standing {
	t.Helper()
	out := map[string]waitingroom.Standing{}
	for i := 1; i <= n; i++ {
		s, err := w.Standing(context.Background(), w.event, buyer(i))
		require.NoError(t, err)
		s.Wait = 0
		out[buyer(i)] = s
	}
	return out
}

// hold writes a booking that is going on into the books.
func (w *world) hold(t testing.TB, id, booking string, confirmed bool) {
	t.Helper()
	status, at := "held", "NULL"
	if confirmed {
		status, at = "confirmed", "now()"
	}
	_, err := w.pool.Exec(context.Background(), `
		INSERT INTO bookings (id, event_id, buyer_id, status, fingerprint, seat_indexes, categories, prices, fees, total, currency,
		                      fence, hold_expires_at, confirmed_at)
		VALUES ($1, $2, $3, $4, 'f', '{1}', '{A}', '{1}', '{0}', 1, 'EUR', 1, now(), `+at+`)`, booking, w.event.ID, id, status)
	require.NoError(t, err)
}

func TestTheLossOfRedisChangesNobodysPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Second, ticket.WaitingRoom{MaxSessions: 8, SessionMinutes: 10, GraceSeconds: 60})
	w.join(t, 1, 40)
	w.open(t)
	w.join(t, 41, 50)
	order := w.byNumber(t, 40)
	require.Equal(t, 8, w.serve(t, 8))
	w.hurry(t, 61*time.Second) // the first eight let their turns pass
	w.tick(t)
	w.tick(t)
	require.NoError(t, w.Leave(t.Context(), w.event, order[9]))
	require.Equal(t, 8, w.serve(t, 8)) // 9, 11 … 17
	tokens := map[string]string{}
	for _, i := range []int{8, 10, 11, 12} {
		a, code := w.claim(order[i])
		require.Empty(t, code)
		tokens[order[i]] = a.Token
	}
	using, buying, leaving, waiting := order[8], order[10], order[11], order[12]
	require.NoError(t, w.TakeSlot(t.Context(), w.event, using, "bk_used"))
	w.hold(t, using, "bk_used", true)
	require.NoError(t, w.UseSlot(t.Context(), w.event, using, "bk_used"))
	require.NoError(t, w.TakeSlot(t.Context(), w.event, buying, "bk_buying"))
	w.hold(t, buying, "bk_buying", false)
	require.NoError(t, w.Leave(t.Context(), w.event, leaving))
	require.NoError(t, w.Leave(t.Context(), w.event, order[30]))
	// A pause in the past, which prolonged what was open.
	require.NoError(t, w.Show(t.Context(), w.event.ID, waitingroom.PhasePaused, "test", 10, 10))
	require.NoError(t, w.redis.HIncrBy(t.Context(), "{"+w.event.ID+"}:queue", "tick", -90_000).Err())
	w.tick(t)
	require.NoError(t, w.Show(t.Context(), w.event.ID, waitingroom.PhaseOpen, "", 10, 10))
	before, room := w.standings(t, 50), w.tick(t)

	w.loseRedis(t)
	w.Rooms = w.process(t)
	require.Equal(t, before, w.standings(t, 50))
	after := w.tick(t)
	after.Now, room.Now = time.Time{}, time.Time{}
	require.InDelta(t, room.Held.Seconds(), after.Held.Seconds(), 1)
	after.Held = room.Held
	require.Equal(t, room, after)

	require.NoError(t, w.Verify(t.Context(), w.event, waiting, tokens[waiting], "bk"))
	require.NoError(t, w.TakeSlot(t.Context(), w.event, buying, "bk_buying"))
	for id, booking := range map[string]string{using: "bk_again", buying: "bk_second", leaving: "bk", order[0]: "bk"} {
		require.Equal(t, ticket.CodeAdmissionRequired, ticket.CodeOf(w.TakeSlot(t.Context(), w.event, id, booking)), id)
	}
	require.NoError(t, w.TakeSlot(t.Context(), w.event, using, "bk_used"), "the confirmed booking, run again")
	p, fresh, err := w.Join(t.Context(), w.event, buyer(51))
	require.NoError(t, err)
	require.True(t, fresh)
	require.Equal(t, int64(51), p.Entry, "entries go on where they were")
	require.Equal(t, 2, w.serve(t, 100), "one was used, one left: six sessions and turns are still there")
}

func TestTheDrawDoesNotDependOnRedis(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Second, small)
	w.join(t, 1, 20)
	commitment := w.status(t).Draw.Commitment
	time.Sleep(time.Until(w.event.OnSaleAt) + 50*time.Millisecond)
	w.join(t, 21, 30)
	w.loseRedis(t)
	w.join(t, 31, 33)
	require.Equal(t, int64(20), w.open(t), "those who came before the opening are drawn, whoever counts them")
	numbers := w.standings(t, 33)
	w.loseRedis(t)
	require.Equal(t, int64(20), w.open(t))
	require.Equal(t, numbers, w.standings(t, 33))
	require.Equal(t, *commitment, *w.status(t).Draw.Commitment)
}

func TestProcessesThatMeetAnEmptyRedisAtOnceBuildOneRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, small)
	w.join(t, 1, 300)
	before := w.standings(t, 300)
	w.loseRedis(t)
	var wg sync.WaitGroup
	for n := range 8 {
		process := w.process(t)
		wg.Go(func() {
			for i := 301 + 10*n; i < 311+10*n; i++ {
				for {
					_, _, err := process.Join(context.Background(), w.event, buyer(i))
					if err == nil {
						break
					}
					if ticket.CodeOf(err) != ticket.CodeUnavailable {
						t.Error(err)
						break
					}
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, before, w.standings(t, 300))
	seen := map[int64]bool{}
	for _, s := range w.standings(t, 380) {
		require.False(t, seen[s.Entry])
		seen[s.Entry] = true
	}
	require.Len(t, seen, 380)
}

// TestARedisThatForgotTheLastSecondHeals: a replica that takes over may lack
// what came last, and counts from where it was.
func TestARedisThatForgotTheLastSecondHeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, small)
	w.join(t, 1, 10)
	dump := map[string]string{}
	for _, key := range w.redis.Keys(t.Context(), "*").Val() {
		dump[key] = w.redis.Dump(t.Context(), key).Val()
	}
	w.join(t, 11, 20)
	before := w.standings(t, 20)
	w.loseRedis(t)
	for key, value := range dump {
		require.NoError(t, w.redis.Restore(t.Context(), key, 0, value).Err())
	}
	w.join(t, 11, 15)
	w.join(t, 21, 25)
	after := w.standings(t, 25)
	entries := map[int64]bool{}
	for id, s := range after {
		require.False(t, entries[s.Entry], "entry %d is given twice", s.Entry)
		entries[s.Entry] = true
		if old, ok := before[id]; ok {
			require.Equal(t, old.Entry, s.Entry, id)
		}
	}
	require.Len(t, entries, 25)
}

// failing are books that do not take entries for a while.
type failing struct {
	waitingroom.Books
	away atomic.Bool
}

func (f *failing) SaveQueueEntries(ctx context.Context, entries []postgres.QueueEntry) ([]postgres.QueueEntry, error) {
	if f.away.Load() {
		return nil, errors.Join(ticket.Errorf(ticket.CodeUnavailable, "away"))
	}
	return f.Books.SaveQueueEntries(ctx, entries)
}

func TestNothingIsAcknowledgedThatIsNotInTheBooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour, small)
	books := &failing{Books: w.books}
	rooms, err := waitingroom.New(waitingroom.Options{Live: redis.NewQueue(w.redis), Books: books, Bookings: w.sales, Events: w.books})
	require.NoError(t, err)
	_, _, err = rooms.Join(t.Context(), w.event, buyer(1))
	require.NoError(t, err)
	books.away.Store(true)
	_, _, err = rooms.Join(t.Context(), w.event, buyer(2))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	_, err = rooms.Standing(t.Context(), w.event, buyer(2))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err), "nor is it shown")
	_, _, err = rooms.Join(t.Context(), w.event, buyer(1))
	require.NoError(t, err, "what is in the books needs no second write")
	books.away.Store(false)
	p, _, err := rooms.Join(t.Context(), w.event, buyer(2))
	require.NoError(t, err)
	require.Equal(t, int64(2), p.Entry)
	w.loseRedis(t)
	p, fresh, err := rooms.Join(t.Context(), w.event, buyer(2))
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, int64(2), p.Entry)
}

func TestAnUnreachableRedisPausesTheNoticeAndRefusesTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, -time.Minute, small)
	w.open(t)
	w.join(t, 1, 1)
	require.Equal(t, waitingroom.PhaseOpen, w.status(t).Phase)
	require.NoError(t, w.redis.Close())
	_, _, err := w.Join(t.Context(), w.event, buyer(2))
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
	_, code := w.claim(buyer(1))
	require.Equal(t, ticket.CodeUnavailable, code)
	require.Eventually(t, func() bool { return w.status(t).Phase == waitingroom.PhasePaused }, 10*time.Second, time.Millisecond)
}
