package livemap_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/livemap"
	"yourticket.example/ticket"
)

func TestAWatcherGetsTheMapAndThenItsChangesInOrder(t *testing.T) {
	t.Parallel()
	h := newHall(t, 50)
	p := h.serve(t, quick())
	version, seats := h.truth(t)
	w := p.watch(t, nil)
	require.Equal(t, "text/event-stream", w.header.Get("Content-Type"))
	require.Equal(t, "no-store", w.header.Get("Cache-Control"))
	require.Equal(t, "request-1", w.header.Get("X-Request-Id"), "headers that were set before are kept")
	eventually(t, "snapshot", func() bool { v, s := w.now(t); return v == version && s == seats })
	retry, err := strconv.Atoi(w.seen("retry")[0].data)
	require.NoError(t, err)
	require.GreaterOrEqual(t, retry, 1000)
	for i := 1; i < 40; i += 3 {
		id := h.hold(t, i, i+1)
		h.sell(t, id, i, i+1)
		time.Sleep(10 * time.Millisecond)
	}
	h.requireTruth(t, w)
	require.Len(t, w.seen("snapshot"), 1)
	require.Greater(t, len(w.seen("delta")), 2)
}

func TestTwoChangesOfAPlaceInATickBecomeItsLast(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	p := h.serve(t, livemap.Options{MinTick: 700 * time.Millisecond})
	w := p.watch(t, nil)
	h.hold(t, 5) // when it arrives, the next tick is far away
	eventually(t, "first delta", func() bool { return len(w.seen("delta")) == 1 })
	h.sell(t, h.hold(t, 2), 2)
	require.NoError(t, h.Release(t.Context(), h.event.ID, h.hold(t, 1)))
	h.requireTruth(t, w)
	deltas := w.seen("delta")
	require.Len(t, deltas, 2)
	require.JSONEq(t, `{"version":"`+deltas[1].id+`","changes":[[1,"a"],[2,"s"]]}`, deltas[1].data,
		"a place that came back is named too: a client may come from in between")
}

func TestACommentComesWhateverElseDoes(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"quiet": time.Hour, "busy": 50 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t, 10)
			w := h.serve(t, livemap.Options{}).watch(t, nil)
			since := time.Now()
			changed := since
			for len(w.seen("comment")) == 0 {
				require.Less(t, time.Since(since), 15*time.Second)
				if time.Since(changed) > pause {
					require.NoError(t, h.Release(t.Context(), h.event.ID, h.hold(t, 3)))
					changed = time.Now()
				}
				time.Sleep(10 * time.Millisecond)
			}
			h.requireTruth(t, w)
		})
	}
}

func TestAStreamEndsInTimeAndGoesOnWhereItEnded(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	o := quick()
	o.StreamFor = 300 * time.Millisecond
	p := h.serve(t, o)
	w := p.watch(t, nil)
	h.hold(t, 3)
	h.requireTruth(t, w)
	select {
	case <-w.over:
	case <-time.After(5 * time.Second):
		require.Fail(t, "the stream does not end")
	}
	h.hold(t, 4)
	p.watch(t, w)
	h.requireTruth(t, w)
	require.Empty(t, w.seen("snapshot"))
	require.Len(t, w.seen("delta"), 1)
	require.EqualValues(t, 1, p.Stats().Resumed)
}

func TestStreamsEndWithTheProcess(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	p := h.serve(t, quick())
	w := p.watch(t, nil)
	eventually(t, "snapshot", func() bool { return len(w.seen("snapshot")) == 1 })
	p.stop()
	<-w.over
	require.Zero(t, p.Stats().Streams)
	_, err := p.Watch(t.Context(), h.event, "")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestConnectionsThatCannotBeTakenOverAreServedToo(t *testing.T) {
	t.Parallel()
	starts := map[string]func(*httptest.Server){
		"HTTP/2": func(s *httptest.Server) { s.EnableHTTP2 = true; s.StartTLS() },
		"TLS":    (*httptest.Server).StartTLS,
	}
	for name, start := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t, 10)
			p := h.serveBy(t, quick(), start)
			w := p.watch(t, nil)
			h.hold(t, 3)
			h.requireTruth(t, w)
			time.Sleep(3500 * time.Millisecond) // longer than the server's write timeout
			h.hold(t, 4)
			h.requireTruth(t, w)
			require.Equal(t, 1, p.Stats().Streams)
			w.quit()
			eventually(t, "it is noticed that the client left", func() bool { return p.Stats().Streams == 0 })
			h.hold(t, 5)
			p.watch(t, w)
			h.requireTruth(t, w)
			require.Empty(t, w.seen("snapshot"))
		})
	}
}

func TestTooManyClientsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	o := quick()
	o.MaxStreams = 1
	p := h.serve(t, o)
	w := p.watch(t, nil)
	require.ErrorContains(t, p.connect(&watcher{}), "status 503")
	w.quit()
	eventually(t, "there is room again", func() bool { return p.connect(&watcher{}) == nil })
}

func TestAHeadRequestStreamsNothing(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	p := h.serve(t, quick())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, p.url, nil)
	require.NoError(t, err)
	res, err := p.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	require.Zero(t, p.Stats().Streams)
}
