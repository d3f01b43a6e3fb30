package livemap_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/livemap"
)

// Whatever part of an event's state Redis loses, those who watch get the map of
// what is true then.
func TestALostMapIsRebuiltAndShownAnew(t *testing.T) {
	t.Parallel()
	tests := map[string]func(t *testing.T, h *hall){
		"all is lost":     func(t *testing.T, h *hall) { require.NoError(t, h.db.FlushDB(t.Context()).Err()) },
		"the map is lost": func(t *testing.T, h *hall) { require.NoError(t, h.db.Del(t.Context(), h.key("seats")).Err()) },
		"it was rebuilt since": func(t *testing.T, h *hall) {
			require.NoError(t, h.db.FlushDB(t.Context()).Err())
			require.NoError(t, h.load(t.Context()))
		},
		"a failover lost what came last": func(t *testing.T, h *hall) {
			last, err := h.db.XRevRangeN(t.Context(), h.key("changes"), "+", "-", 2).Result()
			require.NoError(t, err)
			require.NoError(t, h.db.XDel(t.Context(), h.key("changes"), last[0].ID).Err())
			require.NoError(t, h.db.HSet(t.Context(), h.key("meta"), "version", last[1].ID).Err())
			require.NoError(t, h.db.SetRange(t.Context(), h.key("seats"), 7, "a").Err())
		},
	}
	for name, lose := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t, 10)
			p := h.serve(t, quick())
			w := p.watch(t, nil)
			h.hold(t, 3)
			h.hold(t, 7)
			h.requireTruth(t, w)
			lose(t, h)
			eventually(t, "a new snapshot", func() bool { return len(w.seen("snapshot")) == 2 })
			h.requireTruth(t, w)
			_, seats := w.now(t)
			require.Equal(t, byte('a'), seats[7])
			h.hold(t, 8)
			h.requireTruth(t, w)
			require.Len(t, w.seen("snapshot"), 2)
			require.EqualValues(t, 1, p.Stats().Reloads)
		})
	}
}

func TestALostStreamOfChangesDisturbsNobody(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	p := h.serve(t, quick())
	w := p.watch(t, nil)
	h.hold(t, 3)
	h.requireTruth(t, w)
	require.NoError(t, h.db.Del(t.Context(), h.key("changes")).Err())
	eventually(t, "the loss is noticed", func() bool { return p.Stats().Reloads > 0 })
	require.Len(t, w.seen("snapshot"), 1, "the map is the one that everybody has")
	h.hold(t, 4)
	h.requireTruth(t, w)
	h.hold(t, 5)
	h.requireTruth(t, w)
	require.NotEmpty(t, w.seen("delta"))
}

func TestWhileTheSourceIsAwayStreamsStay(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	p := h.serve(t, quick())
	w := p.watch(t, nil)
	h.hold(t, 3)
	h.requireTruth(t, w)
	p.source.away.Store(true)
	h.hold(t, 4)
	a, err := p.Availability(t.Context(), h.event)
	require.NoError(t, err, "the last known map is better than none")
	require.Contains(t, string(a.Body()), `"baahaaaaaa"`)
	time.Sleep(100 * time.Millisecond)
	p.source.away.Store(false)
	h.requireTruth(t, w)
	require.Len(t, w.seen("snapshot"), 1)
}

// slowClient connects and reads nothing.
func slowClient(t *testing.T, p *process) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(p.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	tcp, ok := conn.(*net.TCPConn)
	require.True(t, ok)
	require.NoError(t, tcp.SetReadBuffer(4<<10))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: yourticket.example\r\n\r\n")
	require.NoError(t, err)
	eventually(t, "connected", func() bool { return p.Stats().Streams > 0 })
	return conn
}

// toggle changes most of a hall n times.
func (h *hall) toggle(t *testing.T, n int, pause time.Duration) {
	t.Helper()
	var all []int
	for i := 1; i < h.places; i++ {
		all = append(all, i)
	}
	for range n {
		require.NoError(t, h.Block(t.Context(), h.event.ID, all))
		time.Sleep(pause)
		_, err := h.Unblock(t.Context(), h.event.ID, all)
		require.NoError(t, err)
		time.Sleep(pause)
	}
}

func TestASlowReaderGetsAFreshMapAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	h := newHall(t, 5000)
	p := h.serve(t, quick())
	slow := slowClient(t, p)
	quickOne := p.watch(t, nil)
	h.toggle(t, 15, 30*time.Millisecond)
	h.requireTruth(t, quickOne)
	require.Zero(t, p.Stats().Lagged, "who reads gets every change")
	late := &watcher{over: make(chan struct{})}
	go func() {
		defer close(late.over)
		late.readAnswer(slow)
	}()
	h.requireTruth(t, late)
	require.EqualValues(t, 1, p.Stats().Lagged)
	require.Len(t, late.seen("snapshot"), 2)
	require.Less(t, len(late.seen("delta")), 25, "what it had missed was not kept for it")
}

func TestClientsThatAreGoneAreNoticed(t *testing.T) {
	t.Parallel()
	h := newHall(t, 5000)
	o := quick()
	o.Patience = time.Second
	p := h.serve(t, o)
	for range 5 {
		require.NoError(t, slowClient(t, p).Close())
	}
	eventually(t, "closed connections are seen without anything being sent", func() bool { return p.Stats().Streams == 0 })
	slowClient(t, p)
	h.toggle(t, 20, 25*time.Millisecond)
	eventually(t, "one that takes nothing is given up", func() bool { return p.Stats().Streams == 0 })
}

func TestAnEventIsReadByOneForAllAndForAWhileAfterTheLast(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	p := h.serve(t, livemap.Options{MinTick: 50 * time.Millisecond, MaxTick: 50 * time.Millisecond, Linger: 500 * time.Millisecond})
	began := time.Now()
	watchers := make([]*watcher, 20)
	for i := range watchers {
		watchers[i] = p.watch(t, nil)
	}
	h.hold(t, 3)
	for _, w := range watchers {
		h.requireTruth(t, w)
	}
	require.EqualValues(t, 1, p.source.snapshots.Load())
	require.LessOrEqual(t, p.source.reads.Load(), int64(time.Since(began)/(50*time.Millisecond))+2)
	for _, w := range watchers {
		w.quit()
	}
	eventually(t, "nobody is left", func() bool { return p.Stats().Streams == 0 })
	require.Equal(t, 1, p.Stats().Feeds, "somebody may come back")
	eventually(t, "the event is no longer followed", func() bool { return p.Stats().Feeds == 0 })
	reads := p.source.reads.Load()
	time.Sleep(200 * time.Millisecond)
	require.Equal(t, reads, p.source.reads.Load())
	h.requireTruth(t, p.watch(t, nil))
}
