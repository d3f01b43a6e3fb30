package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// nobody verifies no token.
type nobody struct{}

func (nobody) Verify(context.Context, string) (auth.User, error) { return auth.User{}, nil }

// oneEvent is a catalogue of one event without a waiting room.
type oneEvent struct{ api.Events }

func (oneEvent) Event(context.Context, string) (*ticket.Event, error) {
	return &ticket.Event{ID: "ev_1", Status: ticket.EventScheduled}, nil
}

// discard is an answer that nobody reads.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// BenchmarkQueueStatus is what the hottest answer costs the API, all layers
// included, without the network.
func BenchmarkQueueStatus(b *testing.B) {
	rooms, err := waitingroom.New(waitingroom.Options{Events: oneEvent{}})
	require.NoError(b, err)
	server, err := api.New(api.Deps{
		Tokens: nobody{}, CatalogueDeps: api.CatalogueDeps{Events: oneEvent{}}, QueueDeps: api.QueueDeps{Rooms: rooms},
	}, "waiting-room")
	require.NoError(b, err)
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/events/night/queue", http.NoBody)
	h := server.Handler()
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}
