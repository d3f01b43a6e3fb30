package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

// still is a catalogue of one event that is always in memory.
type still struct {
	api.Catalogue
	event *ticket.Event
}

func (s still) Event(context.Context, string) (*ticket.Event, error) { return s.event, nil }

func (s still) Plan(context.Context, string) (*catalogue.Plan, error) { return nil, nil }

func (s still) Drawing(context.Context, string) (*catalogue.Drawing, error) { return nil, nil }

func (s still) PlanFile(context.Context, string) (ticket.StoredPlan, error) {
	return ticket.StoredPlan{}, nil
}

func (s still) Forget(*ticket.Event) {}

func (s still) Once(context.Context, ticket.RequestKey, func(context.Context) ([]byte, error)) ([]byte, error) {
	return nil, nil
}

// newBench gives the events service over memory, and a token for it.
func newBench(b *testing.B) (http.Handler, string) {
	b.Helper()
	ring := &keyRing{}
	keys, err := auth.OpenKeys(b.Context(), ring, time.Now)
	require.NoError(b, err)
	tokens, err := auth.NewTokens(keys, time.Now)
	require.NoError(b, err)
	token, _, err := tokens.Issue(auth.User{ID: ticket.NewID(ticket.KindUser, 0), Roles: []ticket.Role{ticket.RoleBuyer}})
	require.NoError(b, err)
	e := &ticket.Event{
		ID: ticket.NewID(ticket.KindEvent, 0), Slug: "night", Name: "Night", Status: ticket.EventScheduled, Capacity: 50_000,
		StartsAt: time.Now().Add(time.Hour), Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 1, Currency: "EUR"}}},
	}
	seats := &fakeSeats{state: strings.Repeat("a", e.Capacity), version: "1-0"}
	server, err := api.New(api.Deps{Tokens: tokens, CatalogueDeps: api.CatalogueDeps{
		Requests: still{}, Events: still{event: e}, Catalogue: still{event: e}, Availability: seats, Blocks: seats, SalesBooks: seats,
	}}, "events")
	require.NoError(b, err)
	return server.Handler(), token
}

func benchmark(b *testing.B, path string) {
	b.Helper()
	handler, token := newBench(b)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
}

func BenchmarkGetEvent(b *testing.B) { benchmark(b, "/v1/events/night") }

func BenchmarkGetAvailabilityOfAStadium(b *testing.B) {
	benchmark(b, "/v1/events/night/availability")
}
