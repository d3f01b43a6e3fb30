package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// noBookings is the books of an event that nobody has booked.
type noBookings struct{}

func (noBookings) QueueBookings(context.Context, string, []string) ([]postgres.QueueBooking, error) {
	return nil, nil
}

// queueWorld serves the waiting room of one event.
type queueWorld struct {
	*world
	rooms *waitingroom.Rooms
	event *ticket.Event
	path  string
}

func newQueueWorld(t *testing.T, opens time.Duration) *queueWorld {
	t.Helper()
	w := &queueWorld{world: newWorld(t)}
	organizer, _ := w.token(t, ticket.RoleOrganizer)
	venue := ticket.Venue{ID: ticket.NewID(ticket.KindVenue, 0), Name: "Hall", City: "Bonn", Country: "DE"}
	require.NoError(t, w.store.CreateVenue(t.Context(), venue, organizer))
	plan := ticket.StoredPlan{
		ID: ticket.NewID(ticket.KindPlan, 0), VenueID: venue.ID, Name: "Plan", Capacity: 2, Categories: []string{"A"}, Document: []byte(`{}`), CreatedBy: organizer,
	}
	require.NoError(t, w.store.CreatePlan(t.Context(), plan))
	starts := time.Now().Add(time.Hour * 24 * 100)
	w.event = &ticket.Event{
		Slug: "night", Name: "Night", Artist: "A", Genre: "rock", Venue: venue, PlanID: plan.ID, OrganizerID: organizer,
		StartsAt: starts, DoorsAt: starts, OnSaleAt: time.Now().Add(opens).UTC().Truncate(time.Millisecond), Status: ticket.EventScheduled,
		MaxTicketsPerBuyer: 4, WaitingRoom: ticket.WaitingRoom{Enabled: true, MaxSessions: 2, SessionMinutes: 10, GraceSeconds: 60},
		Currency: "EUR", Capacity: 2,
		Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 100, Currency: "EUR"}, Fee: ticket.Money{Currency: "EUR"}}},
	}
	require.NoError(t, w.store.CreateEvent(t.Context(), w.event))
	w.path = "/v1/events/night/queue"
	o, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	db := goredis.NewClient(o)
	t.Cleanup(func() { _ = db.Close() })
	events, err := catalogue.New(w.store, nil)
	require.NoError(t, err)
	w.rooms, err = waitingroom.New(waitingroom.Options{Live: redis.NewQueue(db), Books: w.store, Bookings: noBookings{}, Events: events})
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Tokens: w.auth, CatalogueDeps: api.CatalogueDeps{Events: events}, QueueDeps: api.QueueDeps{Rooms: w.rooms},
	}, "waiting-room")
	require.NoError(t, err)
	w.listen(t, server)
	return w
}

func (w *queueWorld) open(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		_, wait, err := w.rooms.Open(t.Context(), w.event.ID)
		require.NoError(t, err)
		return wait == 0
	}, 10*time.Second, 10*time.Millisecond)
}

func TestQueueFromJoiningToAdmission(t *testing.T) {
	t.Parallel()
	w := newQueueWorld(t, 2*time.Second)
	_, anna := w.token(t, ticket.RoleBuyer)
	_, ben := w.token(t, ticket.RoleBuyer)

	before := w.do(t, "GET", w.path, "", nil).want(t, http.StatusOK)
	require.Equal(t, "public, max-age=1", before.header.Get("Cache-Control"))
	require.Equal(t, "prequeue", before.body["phase"])
	draw := before.body["draw"].(object)
	require.Len(t, draw["commitment"], 64)
	require.Nil(t, draw["seed"])
	require.Equal(t, w.event.OnSaleAt.Format("2006-01-02T15:04:05.999Z07:00"), before.body["opens_at"])
	for _, member := range []string{"serving", "issued", "rate_per_minute", "poll_after_ms"} {
		require.Contains(t, before.body, member)
	}

	place := w.do(t, "POST", w.path, anna, nil, header{"Idempotency-Key", "k1"}).want(t, http.StatusCreated)
	require.InDelta(t, 1, place.body["entry"], 0)
	require.Contains(t, place.body, "number")
	require.Nil(t, place.body["number"])
	require.NotEmpty(t, place.body["ticket"])
	again := w.do(t, "POST", w.path, anna, "{}").want(t, http.StatusOK)
	require.Equal(t, place.body, again.body)
	w.do(t, "POST", "/v1/events/"+w.event.ID+"/queue", ben, nil).want(t, http.StatusCreated)
	me := w.do(t, "GET", w.path+"/me", anna, nil).want(t, http.StatusOK)
	require.Equal(t, "no-store", me.header.Get("Cache-Control"))
	require.Equal(t, "waiting", me.body["state"])
	require.Nil(t, me.body["number"])
	early := w.do(t, "POST", w.path+"/claim", anna, nil).problem(t, http.StatusTooEarly, ticket.CodeNotYourTurn)
	require.NotEmpty(t, early.header.Get("Retry-After"))

	w.open(t)
	first, second := anna, ben
	if me = w.do(t, "GET", w.path+"/me", anna, nil).want(t, http.StatusOK); me.body["number"].(float64) == 2 {
		first, second = ben, anna
	}
	served, err := w.rooms.Serve(t.Context(), w.event.ID, 1)
	require.NoError(t, err)
	require.Equal(t, 1, served)
	require.Equal(t, "your_turn", w.do(t, "GET", w.path+"/me", first, nil).want(t, http.StatusOK).body["state"])
	admission := w.do(t, "POST", w.path+"/claim", first, nil).want(t, http.StatusOK)
	require.NotEmpty(t, admission.body["admission"])
	require.NotEmpty(t, admission.body["expires_at"])
	require.Equal(t, admission.body, w.do(t, "POST", w.path+"/claim", first, nil).want(t, http.StatusOK).body)
	require.Equal(t, "admitted", w.do(t, "GET", w.path+"/me", first, nil).want(t, http.StatusOK).body["state"])
	waits := w.do(t, "POST", w.path+"/claim", second, nil).problem(t, http.StatusTooEarly, ticket.CodeNotYourTurn)
	require.InDelta(t, 2, waits.body["number"], 0)
	require.InDelta(t, 1, waits.body["serving"], 0)
	w.do(t, "DELETE", w.path, first, nil).want(t, http.StatusNoContent)
	w.do(t, "POST", w.path+"/claim", first, nil).problem(t, http.StatusGone, ticket.CodeTurnExpired)

	time.Sleep(time.Second)
	after := w.do(t, "GET", w.path, "", nil).want(t, http.StatusOK)
	require.Equal(t, "open", after.body["phase"])
	require.Equal(t, draw["commitment"], after.body["draw"].(object)["commitment"])
	require.Len(t, after.body["draw"].(object)["seed"], 64)
	require.InDelta(t, 2, after.body["draw"].(object)["entries"], 0)
	w.do(t, "GET", w.path, "", nil, header{"If-None-Match", after.header.Get("ETag")}).want(t, http.StatusNotModified)
}

func TestQueueRefusesWhomItHasNothingFor(t *testing.T) {
	t.Parallel()
	w := newQueueWorld(t, time.Hour)
	_, buyer := w.token(t, ticket.RoleBuyer)
	_, door := w.token(t, ticket.RoleDoor)
	for _, call := range [][2]string{{"POST", ""}, {"DELETE", ""}, {"GET", "/me"}, {"POST", "/claim"}} {
		w.do(t, call[0], w.path+call[1], "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
		w.do(t, call[0], w.path+call[1], door, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
		w.do(t, call[0], "/v1/events/nothing/queue"+call[1], buyer, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	}
	for _, call := range [][2]string{{"DELETE", ""}, {"GET", "/me"}, {"POST", "/claim"}} {
		w.do(t, call[0], w.path+call[1], buyer, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	}
	w.do(t, "GET", "/v1/events/nothing/queue", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "GET", "/v1/events/%C3%9Cnsinn%20/queue", "", nil).problem(t, http.StatusBadRequest, ticket.CodeInvalid)
	w.do(t, "POST", w.path, buyer, nil, header{"Idempotency-Key", strings.Repeat("k", 300)}).problem(t, http.StatusBadRequest, ticket.CodeInvalid)

	w.event.WaitingRoom.Enabled = false
	require.NoError(t, w.store.UpdateEvent(t.Context(), w.event))
	time.Sleep(1100 * time.Millisecond)
	off := w.do(t, "GET", w.path, "", nil).want(t, http.StatusOK)
	require.Equal(t, "off", off.body["phase"])
	w.do(t, "POST", w.path, buyer, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.event.WaitingRoom.Enabled, w.event.Status = true, ticket.EventCanceled
	require.NoError(t, w.store.UpdateEvent(t.Context(), w.event))
	time.Sleep(2100 * time.Millisecond)
	w.do(t, "POST", w.path, buyer, nil).problem(t, http.StatusConflict, ticket.CodeNotOnSale)
	require.Equal(t, "closed", w.do(t, "GET", w.path, "", nil).want(t, http.StatusOK).body["phase"])
}

func TestQueueIsInTheContract(t *testing.T) {
	t.Parallel()
	w := newQueueWorld(t, time.Hour)
	paths := w.do(t, "GET", "/openapi.json", "", nil).want(t, http.StatusOK).body["paths"].(object)
	for path, methods := range map[string][]string{
		"/v1/events/{event_id}/queue": {"get", "post", "delete"}, "/v1/events/{event_id}/queue/me": {"get"}, "/v1/events/{event_id}/queue/claim": {"post"},
	} {
		for _, method := range methods {
			require.Contains(t, paths[path], method)
		}
	}
}
