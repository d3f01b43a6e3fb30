package livemap_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/livemap"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

func TestMain(m *testing.M) { partstest.Main(m) }

// hall is an event on a real Redis, and what would rebuild it.
type hall struct {
	*redis.Seats
	db     *goredis.Client
	event  *ticket.Event
	places int
	holds  atomic.Int64
}

func newHall(t *testing.T, places int) *hall {
	t.Helper()
	o, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	h := &hall{db: goredis.NewClient(o), event: &ticket.Event{ID: ticket.NewID(ticket.KindEvent, 0)}, places: places}
	t.Cleanup(func() { _ = h.db.Close() })
	h.Seats = redis.NewSeats(h.db)
	require.NoError(t, h.load(t.Context()))
	return h
}

func (h *hall) load(ctx context.Context) error {
	return h.Load(ctx, h.event.ID, redis.State{Places: h.places, Blocked: []int{0}})
}

func (h *hall) key(name string) string { return "{" + h.event.ID + "}:" + name }

// hold locks places and gives the id of the hold.
func (h *hall) hold(t *testing.T, seats ...int) string {
	t.Helper()
	id := "h" + strconv.FormatInt(h.holds.Add(1), 10)
	_, err := h.Hold(t.Context(), h.event.ID, redis.HoldRequest{HoldID: id, BuyerID: id, Limit: len(seats), Life: time.Hour, Seats: seats})
	require.NoError(t, err)
	return id
}

func (h *hall) sell(t *testing.T, hold string, seats ...int) {
	t.Helper()
	require.NoError(t, h.Sell(t.Context(), h.event.ID, hold, hold, seats))
}

func (h *hall) truth(t *testing.T) (version, seats string) {
	t.Helper()
	version, seats, err := h.Snapshot(t.Context(), h.event.ID)
	require.NoError(t, err)
	return version, seats
}

// source is a hall as a process sees it. It counts what it is asked.
type source struct {
	*hall
	snapshots, reads atomic.Int64
	away             atomic.Bool
}

var errAway = ticket.Errorf(ticket.CodeUnavailable, "away")

func (s *source) Snapshot(ctx context.Context, e *ticket.Event) (version, seats string, err error) {
	s.snapshots.Add(1)
	if s.away.Load() {
		return "", "", errAway
	}
	version, seats, err = s.Seats.Snapshot(ctx, e.ID)
	if errors.Is(err, redis.ErrNoState) {
		if err := s.load(ctx); err != nil {
			return "", "", err
		}
		return s.Seats.Snapshot(ctx, e.ID)
	}
	return version, seats, err
}

func (s *source) Changes(ctx context.Context, cursors []redis.Cursor, limit int) []redis.Changes {
	s.reads.Add(1)
	if !s.away.Load() {
		return s.Seats.Changes(ctx, cursors, limit)
	}
	out := make([]redis.Changes, len(cursors))
	for i := range out {
		out[i].Err = errAway
	}
	return out
}

// process is a hub behind a server of its own.
type process struct {
	*livemap.Hub
	source *source
	url    string
	client *http.Client
	stop   func()
}

// quick are options for tests that need not wait.
func quick() livemap.Options {
	return livemap.Options{MinTick: 20 * time.Millisecond, MaxTick: 20 * time.Millisecond}
}

func (h *hall) serve(t *testing.T, o livemap.Options) *process {
	t.Helper()
	return h.serveBy(t, o, (*httptest.Server).Start)
}

func (h *hall) serveBy(t *testing.T, o livemap.Options, start func(*httptest.Server)) *process {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	p := &process{source: &source{hall: h}}
	p.Hub = livemap.New(p.source, o)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream, err := p.Watch(r.Context(), h.event, r.Header.Get("Last-Event-ID"))
		if err != nil {
			http.Error(w, string(ticket.CodeOf(err)), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("X-Request-Id", "request-1")
		stream.Serve(w, r)
	}))
	server.Config.WriteTimeout = 3 * time.Second // less than streams last
	start(server)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.Run(ctx) })
	p.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		server.CloseClientConnections()
		server.Close()
	})
	t.Cleanup(p.stop)
	p.url, p.client = server.URL, server.Client()
	eventually(t, "the hub runs", func() bool { return p.Stats().Tick > 0 })
	return p
}

// eventually waits for what must come true within a few ticks.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 10*time.Second, 5*time.Millisecond, what)
}

func versionLess(a, b string) bool {
	var am, an, bm, bn uint64
	_, _ = fmt.Sscanf(a, "%d-%d", &am, &an)
	_, _ = fmt.Sscanf(b, "%d-%d", &bm, &bn)
	return am < bm || am == bm && an < bn
}
