package livemap_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/livemap"
	"yourticket.example/internal/redis"
)

// A client that leaves one process goes on in another one, whether that has
// just begun to follow the event, follows it with ticks of its own, or is
// behind.
func TestAStreamGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, h *hall) *process{
		"that did not follow the event": func(t *testing.T, h *hall) *process {
			return h.serve(t, quick())
		},
		"that follows it by other ticks": func(t *testing.T, h *hall) *process {
			p := h.serve(t, livemap.Options{MinTick: 300 * time.Millisecond})
			p.watch(t, nil)
			return p
		},
	}
	for name, second := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t, 200)
			one, two := h.serve(t, quick()), second(t, h)
			w := one.watch(t, nil)
			for i := 1; i < 190; i += 10 {
				held := h.hold(t, i)
				h.requireTruth(t, w) // the state 'held' is shown before it goes again
				w.quit()
				require.NoError(t, h.Release(t.Context(), h.event.ID, held))
				h.hold(t, i+1)
				two.watch(t, w)
				require.Eventually(t, func() bool { return len(w.seen("delta"))+len(w.seen("snapshot")) > 0 }, 5*time.Second, time.Millisecond)
				require.Empty(t, w.seen("snapshot"), "nothing was missing")
				h.requireTruth(t, w)
				w.quit()
				one.watch(t, w)
				h.requireTruth(t, w)
				require.Empty(t, w.seen("snapshot"))
			}
		})
	}
}

func TestAVersionThatNobodyKnowsBeginsAnew(t *testing.T) {
	t.Parallel()
	h := newHall(t, 100)
	p := h.serve(t, quick())
	other := p.watch(t, nil)
	old, _ := h.truth(t)
	h.requireTruth(t, other)
	for i := 1; i < 10; i++ {
		h.hold(t, i)
	}
	h.requireTruth(t, other)
	require.NoError(t, h.db.XTrimMaxLen(t.Context(), h.key("changes"), 2).Err())
	cold := h.serve(t, quick())
	for name, last := range map[string]string{
		"no version": "once", "of another map": "1-0", "of the future": "9999999999999-0", "in another spelling": "0" + old,
		"overflowing": "99999999999999999999999-0", "trimmed from the stream": old, "empty": "",
	} {
		w := &watcher{version: last, seats: []byte("?")}
		cold.watch(t, w)
		require.Eventually(t, func() bool { return len(w.seen("snapshot")) == 1 }, 5*time.Second, time.Millisecond, name)
		h.requireTruth(t, w)
		w.quit()
	}
	require.Zero(t, cold.Stats().Resumed)
	never := p.watch(t, &watcher{version: strings.Replace(old, "-", "-77", 1), seats: []byte("?")})
	h.requireTruth(t, never)
	require.Len(t, never.seen("snapshot"), 1, "it lies inside of the log, and yet it never was")
	warm := p.watch(t, &watcher{version: old, seats: []byte("b" + strings.Repeat("a", 99))})
	h.requireTruth(t, warm)
	require.Empty(t, warm.seen("snapshot"), "a process that followed the event has it in its log")
}

func TestTheMapIsSentWhereTheChangesWeighMore(t *testing.T) {
	t.Parallel()
	h := newHall(t, 500)
	version, seats := h.truth(t)
	var all []int
	for i := 1; i < 400; i++ {
		all = append(all, i)
	}
	require.NoError(t, h.Block(t.Context(), h.event.ID, all))
	w := h.serve(t, quick()).watch(t, &watcher{version: version, seats: []byte(seats)})
	h.requireTruth(t, w)
	require.Len(t, w.seen("snapshot"), 1)
}

// After the end of a process all of its clients ask at once, most for the same
// version: the stream is read once for them.
func TestManyWhoResumeAskTheStreamOnce(t *testing.T) {
	t.Parallel()
	h := newHall(t, 100)
	version, seats := h.truth(t)
	for i := 1; i < 10; i++ {
		h.hold(t, i)
	}
	p := h.serve(t, livemap.Options{MinTick: time.Minute})
	first := p.watch(t, &watcher{version: version, seats: []byte(seats)})
	h.requireTruth(t, first)
	before := p.source.reads.Load()
	for range 50 {
		w := p.watch(t, &watcher{version: version, seats: []byte(seats)})
		h.requireTruth(t, w)
		require.Empty(t, w.seen("snapshot"))
	}
	require.Equal(t, before, p.source.reads.Load())
	require.EqualValues(t, 1, p.source.snapshots.Load())
}

// Whatever happens to connections, processes and Redis: when it has settled,
// every client has the server's map (invariant 17).
func TestEveryClientEndsWithTheServersMap(t *testing.T) {
	t.Parallel()
	for _, loss := range []bool{false, true} {
		t.Run(fmt.Sprintf("loss of Redis %v", loss), func(t *testing.T) {
			t.Parallel()
			endsWithTheServersMap(t, loss)
		})
	}
}

func endsWithTheServersMap(t *testing.T, loss bool) {
	t.Helper()
	const clients, rounds = 24, 6
	h := newHall(t, 400)
	o := livemap.Options{MinTick: 15 * time.Millisecond, MaxTick: 40 * time.Millisecond, Linger: 100 * time.Millisecond, StreamFor: 400 * time.Millisecond}
	var processes [2]atomic.Pointer[process]
	for i := range processes {
		processes[i].Store(h.serve(t, o))
	}
	ctx, cancel := context.WithTimeout(t.Context(), rounds*300*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { h.change(ctx) })
	}
	all := make([]*watcher, clients)
	for i := range all {
		all[i] = &watcher{}
		wg.Go(func() { roam(ctx, all[i], &processes) })
	}
	for round := range rounds {
		time.Sleep(300 * time.Millisecond)
		if round%2 == 1 { // one process goes, another one comes
			which := &processes[round/2%2]
			which.Load().stop()
			which.Store(h.serve(t, o))
		}
		if loss && round == rounds/2 {
			require.NoError(t, h.db.FlushDB(t.Context()).Err())
		}
	}
	wg.Wait()
	resumed := uint64(0)
	for i, w := range all {
		p := processes[i%2].Load()
		p.watch(t, w)
		h.requireTruth(t, w)
		w.quit()
	}
	for i := range processes {
		resumed += processes[i].Load().Stats().Resumed
	}
	require.NotZero(t, resumed)
}

// change holds, sells and releases places as they come.
func (h *hall) change(ctx context.Context) {
	for ctx.Err() == nil {
		id := fmt.Sprint("c", h.holds.Add(1))
		seats := []int{1 + rand.IntN(h.places-2)}
		seats = append(seats, seats[0]+1)
		_, err := h.Hold(ctx, h.event.ID, redis.HoldRequest{HoldID: id, BuyerID: id, Limit: 2, Life: 30 * time.Millisecond, Seats: seats})
		if err != nil {
			continue
		}
		switch rand.IntN(12) {
		case 0:
			_ = h.Sell(ctx, h.event.ID, id, id, seats)
		case 1: // left to expire
		default:
			_ = h.Release(ctx, h.event.ID, id)
		}
		time.Sleep(rand.N(3 * time.Millisecond))
	}
}

// roam connects to any process, stays for a while and leaves, again and again.
func roam(ctx context.Context, w *watcher, processes *[2]atomic.Pointer[process]) {
	for ctx.Err() == nil {
		p := processes[rand.IntN(2)].Load()
		if p.connect(w) != nil {
			continue // it is just being stopped
		}
		select {
		case <-ctx.Done():
		case <-w.over: // the server ended it
		case <-time.After(rand.N(200 * time.Millisecond)):
		}
		w.quit()
	}
}
