package workers_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"yourticket.example/activities"
	"yourticket.example/api"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
	"yourticket.example/workers"
	"yourticket.example/workflows"
)

func TestMain(m *testing.M) { partstest.Main(m) }

// manySeats never sells out.
type manySeats struct{}

func (manySeats) Counts(context.Context, []*ticket.Event) ([]ticket.Availability, error) {
	return []ticket.Availability{{Capacity: 100, Available: 100}}, nil
}

func (manySeats) Snapshot(context.Context, *ticket.Event) (version, seats string, err error) {
	return "1-0", "a", nil
}

// saleHouse is an event with a waiting room, and the sales fleet, on real parts.
type saleHouse struct {
	c     client.Client
	sales api.TemporalSales
	books *postgres.Catalogue
	rooms *waitingroom.Rooms
	event *ticket.Event
}

func newSaleHouse(t *testing.T, opens time.Duration) *saleHouse {
	t.Helper()
	h := &saleHouse{}
	server := partstest.TemporalServer(t)
	var err error
	h.c, err = client.Dial(client.Options{HostPort: server.URL})
	require.NoError(t, err)
	t.Cleanup(h.c.Close)
	h.sales = api.TemporalSales{Client: h.c}
	url := partstest.Postgres(t)
	for set, files := range map[string]func() error{
		"catalogue": func() error {
			_, err := postgres.MigrateUp(t.Context(), url, "catalogue", migrations.Catalogue())
			return err
		},
		"sales": func() error { _, err := postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales()); return err },
	} {
		require.NoError(t, files(), set)
	}
	pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	h.books = postgres.NewCatalogue(pool)
	o, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	db := goredis.NewClient(o)
	t.Cleanup(func() { _ = db.Close() })
	h.rooms, err = waitingroom.New(waitingroom.Options{
		Live: redis.NewQueue(db), Books: h.books, Bookings: postgres.NewSales([]*pgxpool.Pool{pool}), Events: h.books, Wake: h.sales.Wake,
	})
	require.NoError(t, err)
	h.makeEvent(t, opens)
	h.startFleet(t)
	return h
}

func (h *saleHouse) makeEvent(t *testing.T, opens time.Duration) {
	t.Helper()
	require.NoError(t, h.books.RegisterShards(t.Context(), 1))
	u := ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Email: "o@example.org", Name: "O", Roles: []ticket.Role{ticket.RoleOrganizer}}
	require.NoError(t, h.books.CreateUser(t.Context(), ticket.Account{User: u, PasswordHash: "none"}))
	venue := ticket.Venue{ID: ticket.NewID(ticket.KindVenue, 0), Name: "Hall", City: "Bonn", Country: "DE"}
	require.NoError(t, h.books.CreateVenue(t.Context(), venue, u.ID))
	plan := ticket.StoredPlan{
		ID: ticket.NewID(ticket.KindPlan, 0), VenueID: venue.ID, Name: "Plan", Capacity: 1, Categories: []string{"A"}, Document: []byte(`{}`), CreatedBy: u.ID,
	}
	require.NoError(t, h.books.CreatePlan(t.Context(), plan))
	starts := time.Now().Add(24 * time.Hour)
	h.event = &ticket.Event{
		Slug: "night", Name: "Night", Artist: "A", Genre: "rock", Venue: venue, PlanID: plan.ID, OrganizerID: u.ID, StartsAt: starts, DoorsAt: starts,
		OnSaleAt: time.Now().Add(opens).UTC().Truncate(time.Millisecond), Status: ticket.EventScheduled, MaxTicketsPerBuyer: 4,
		WaitingRoom: ticket.WaitingRoom{Enabled: true, MaxSessions: 4, SessionMinutes: 10, GraceSeconds: 60}, Currency: "EUR", Capacity: 1,
		Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 100, Currency: "EUR"}, Fee: ticket.Money{Currency: "EUR"}}},
	}
	require.NoError(t, h.books.CreateEvent(t.Context(), h.event))
}

func (h *saleHouse) startFleet(t *testing.T) {
	t.Helper()
	steps := &activities.Sales{
		Rooms: h.rooms, Seats: manySeats{}, Events: h.books, Backlogs: &workers.Backlogs{Client: h.c, Namespace: "default"},
		Checks: []activities.Check{{Name: "catalogue", Run: h.books.Ping}},
	}
	fleets, err := workers.Build(h.c, []string{"sales"}, workers.Deps{Sales: steps, BuildID: "test"})
	require.NoError(t, err)
	require.NoError(t, fleets[0].Start())
	t.Cleanup(fleets[0].Stop)
	promoting, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, workers.Promote(promoting, h.c, "test", true))
}

func (h *saleHouse) state(t *testing.T, buyer string) waitingroom.State {
	t.Helper()
	s, err := h.rooms.Standing(t.Context(), h.event, buyer)
	require.NoError(t, err)
	return s.State
}

// TestTheSalesFleetSellsAnEvent goes from the announcement over the draw to
// admissions, as it is in earnest.
func TestTheSalesFleetSellsAnEvent(t *testing.T) {
	t.Parallel()
	h := newSaleHouse(t, 4*time.Second)
	for range 2 {
		seen, err := api.AnnounceAll(t.Context(), h.books, h.sales, time.Now())
		require.NoError(t, err)
		require.Equal(t, 1, seen)
	}
	for i := range 6 {
		_, _, err := h.rooms.Join(t.Context(), h.event, fmt.Sprint("us_", i))
		require.NoError(t, err)
	}
	called := func() (n int) {
		for i := range 6 {
			if h.state(t, fmt.Sprint("us_", i)) == waitingroom.StateYourTurn {
				n++
			}
		}
		return n
	}
	require.Zero(t, called())
	require.Eventually(t, func() bool { return called() == 4 }, 20*time.Second, 100*time.Millisecond, "as many as there are sessions")
	run := h.c.GetWorkflow(t.Context(), workflows.OnSaleID(h.event.ID), "")
	answer, err := h.c.QueryWorkflow(t.Context(), run.GetID(), "", workflows.QueryStatus)
	require.NoError(t, err)
	var status workflows.SaleStatus
	require.NoError(t, answer.Get(&status))
	require.Equal(t, "open", status.Phase)
	require.Equal(t, int64(6), status.Entries)

	for i := range 6 {
		id := fmt.Sprint("us_", i)
		if h.state(t, id) == waitingroom.StateYourTurn {
			_, err := h.rooms.Claim(t.Context(), h.event, id)
			require.NoError(t, err)
			require.NoError(t, h.rooms.TakeSlot(t.Context(), h.event, id, "bk_"+id))
			require.NoError(t, h.rooms.UseSlot(t.Context(), h.event, id, "bk_"+id))
		}
	}
	require.Eventually(t, func() bool { return called() == 2 }, 20*time.Second, 100*time.Millisecond, "freed sessions are given on")
	for i := range 6 {
		if id := fmt.Sprint("us_", i); h.state(t, id) == waitingroom.StateYourTurn {
			require.NoError(t, h.rooms.Leave(t.Context(), h.event, id))
		}
	}
	time.Sleep(5 * time.Second) // it finds that nobody waits, and sleeps
	_, _, err = h.rooms.Join(t.Context(), h.event, "us_late")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return h.state(t, "us_late") == waitingroom.StateYourTurn }, 8*time.Second, 50*time.Millisecond,
		"who comes wakes it")

	h.event.Status = ticket.EventCanceled
	require.NoError(t, h.books.UpdateEvent(t.Context(), h.event))
	require.NoError(t, h.sales.Changed(t.Context(), h.event))
	var r workflows.OnSaleResult
	require.NoError(t, run.Get(t.Context(), &r))
	require.Equal(t, "canceled", r.Reason)
	require.Equal(t, int64(7), r.Served)
}

func TestBacklogsAreAskedOfTemporal(t *testing.T) {
	t.Parallel()
	server := partstest.TemporalServer(t)
	c, err := client.Dial(client.Options{HostPort: server.URL})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	b := &workers.Backlogs{Client: c, Namespace: "default"}
	oldest, err := b.Backlog(t.Context(), "nobody-works-here")
	require.NoError(t, err)
	require.Zero(t, oldest)
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "nobody-works-here"}, "Nothing")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		oldest, err = b.Backlog(t.Context(), "nobody-works-here")
		require.NoError(t, err)
		return oldest > time.Second
	}, 20*time.Second, 200*time.Millisecond)
}
