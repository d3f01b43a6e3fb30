package api_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/livemap"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Changes makes the fake state one whose changes can be followed: each new
// version is the next place held.
func (f *fakeSeats) Changes(_ context.Context, cursors []redis.Cursor, _ int) []redis.Changes {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]redis.Changes, len(cursors))
	for i, c := range cursors {
		if c.After != f.version {
			out[i].List = []redis.Change{{Version: f.version, State: ticket.SeatHeld, Seats: []int{0}}}
		}
	}
	return out
}

// serveLive starts a server that streams the seat maps of the world.
func (w *world) serveLive(t *testing.T) {
	t.Helper()
	events, err := catalogue.New(w.store, nil)
	require.NoError(t, err)
	hub := livemap.New(w.seats, livemap.Options{MinTick: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go hub.Run(ctx)
	server, err := api.New(api.Deps{
		Tokens:   w.auth,
		LiveDeps: api.LiveDeps{LiveMap: hub},
		CatalogueDeps: api.CatalogueDeps{
			Accounts: w.auth, Keys: w.auth.Keys, Secrets: w.auth.Passwords, Persons: noPersons{}, Requests: w.store,
			Events: events, Catalogue: w.store, Availability: w.seats, Blocks: w.seats, SalesBooks: w.sales,
		},
	}, "gateway", "events")
	require.NoError(t, err)
	w.listen(t, server)
}

func TestASeatMapIsStreamedAsItChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := newHouse(t, w).published(t, w) + "/availability"
	w.serveLive(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path+"/stream", nil)
	require.NoError(t, err)
	r.Header.Set("Origin", "https://shop.example.org")
	res, err := w.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	require.Equal(t, "*", res.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	require.NotEmpty(t, res.Header.Get("X-Request-Id"))
	body := bufio.NewReader(res.Body)
	requireEvent(t, body, "id: 7-0", "event: snapshot", `data: {"version":"7-0","seats":"aahs"}`)
	w.seats.mu.Lock()
	w.seats.version, w.seats.state = "8-0", "hahs"
	w.seats.mu.Unlock()
	requireEvent(t, body, "id: 8-0", "event: delta", `data: {"version":"8-0","changes":[[0,"h"]]}`)

	w.seats.mu.Lock()
	w.seats.err = ticket.Errorf(ticket.CodeUnavailable, "away")
	w.seats.mu.Unlock()
	polled := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
	require.Equal(t, object{"version": "8-0", "seats": "hahs"}, polled.body, "a map that is watched is polled from memory")
	w.do(t, "GET", path, "", nil, header{"If-None-Match", polled.header.Get("ETag")}).want(t, http.StatusNotModified)
}

// requireEvent reads up to the next event and makes sure of its lines.
func requireEvent(t *testing.T, r *bufio.Reader, want ...string) {
	t.Helper()
	for {
		var lines []string
		for {
			line, err := r.ReadString('\n')
			require.NoError(t, err)
			if line = strings.TrimSuffix(line, "\n"); line == "" {
				break
			}
			lines = append(lines, line)
		}
		if strings.HasPrefix(lines[0], "id: ") {
			require.Equal(t, want, lines)
			return
		}
	}
}

func TestStreamsOfWhatCannotBeSeenAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := newHouse(t, w)
	published := h.published(t, w)
	w.do(t, "GET", published+"/availability/stream", "", nil).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
	w.serveLive(t)
	w.do(t, "GET", "/v1/events/no-such-event/availability/stream", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "GET", "/v1/events/NO!/availability/stream", "", nil).problem(t, http.StatusBadRequest, ticket.CodeInvalid)
	draft := h.draft(t, w)
	w.do(t, "GET", draft+"/availability/stream", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	_, buyer := w.token(t, ticket.RoleBuyer)
	w.do(t, "GET", draft+"/availability/stream", buyer, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	head := w.do(t, "HEAD", published+"/availability/stream", "", nil).want(t, http.StatusOK)
	require.Equal(t, "text/event-stream", head.header.Get("Content-Type"))

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+draft+"/availability/stream", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+h.token)
	res, err := w.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	first := make([]byte, 6)
	_, err = io.ReadFull(res.Body, first)
	require.NoError(t, err)
	require.Equal(t, "retry:", string(first), "its organizer sees a draft")

	w.seats.mu.Lock()
	w.seats.err = ticket.Errorf(ticket.CodeUnavailable, "away")
	w.seats.mu.Unlock()
	other := newHouse(t, w).published(t, w)
	w.do(t, "GET", other+"/availability/stream", "", nil).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
}

func TestALargeMapIsSentCompressed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := newHouse(t, w).published(t, w) + "/availability"
	w.seats.mu.Lock()
	w.seats.state = strings.Repeat("a", 5000)
	w.seats.mu.Unlock()
	plain := w.do(t, "GET", path, "", nil, header{"Accept-Encoding", "identity"}).want(t, http.StatusOK)
	require.Equal(t, strings.Repeat("a", 5000), plain.body["seats"])
	packed := w.do(t, "GET", path, "", nil, header{"Accept-Encoding", "gzip"}).want(t, http.StatusOK)
	require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
	require.Less(t, len(packed.raw), 500)
	require.NotEqual(t, plain.header.Get("ETag"), packed.header.Get("ETag"))
	require.Equal(t, "Accept-Encoding", packed.header.Get("Vary"))
	known := header{"If-None-Match", packed.header.Get("ETag")}
	w.do(t, "GET", path, "", nil, known, header{"Accept-Encoding", "gzip"}).want(t, http.StatusNotModified)
}
