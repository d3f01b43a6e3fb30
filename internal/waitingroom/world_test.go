package waitingroom_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

func TestMain(m *testing.M) { partstest.Main(m) }

// world is an event with a waiting room on real parts.
type world struct {
	*waitingroom.Rooms
	event *ticket.Event
	books *postgres.Catalogue
	sales *postgres.Sales
	pool  *pgxpool.Pool
	redis *goredis.Client
	woken chan string
}

// newWorld opens a waiting room whose sale starts in a moment, if then is
// positive, or has started already.
func newWorld(t testing.TB, then time.Duration, w ticket.WaitingRoom) *world {
	t.Helper()
	return newWorldOn(t, partstest.Postgres(t), partstest.Redis(t), then, w)
}

func newWorldOn(t testing.TB, pgURL, redisURL string, then time.Duration, room ticket.WaitingRoom) *world {
	t.Helper()
	ctx := context.Background()
	_, err := postgres.MigrateUp(ctx, pgURL, "catalogue", migrations.Catalogue())
	require.NoError(t, err)
	_, err = postgres.MigrateUp(ctx, pgURL, "sales", migrations.Sales())
	require.NoError(t, err)
	w := &world{woken: make(chan string, 100)}
	w.pool, err = postgres.Open(ctx, pgURL, postgres.Options{MaxConns: 8, StatementTimeout: time.Minute})
	require.NoError(t, err)
	t.Cleanup(w.pool.Close)
	w.books, w.sales = postgres.NewCatalogue(w.pool), postgres.NewSales([]*pgxpool.Pool{w.pool})
	o, err := goredis.ParseURL(redisURL)
	require.NoError(t, err)
	o.PoolSize, o.MaxRetries = 32, 1
	w.redis = goredis.NewClient(o)
	t.Cleanup(func() { _ = w.redis.Close() })
	w.makeEvent(t, then, room)
	w.Rooms = w.process(t)
	return w
}

// process makes the Rooms of one more process over the same parts.
func (w *world) process(t testing.TB) *waitingroom.Rooms {
	t.Helper()
	rooms, err := waitingroom.New(waitingroom.Options{
		Live: redis.NewQueue(w.redis), Books: w.books, Bookings: w.sales, Events: w.books,
		Wake: func(_ context.Context, eventID string) { w.woken <- eventID },
	})
	require.NoError(t, err)
	return rooms
}

func (w *world) makeEvent(t testing.TB, then time.Duration, room ticket.WaitingRoom) {
	t.Helper()
	ctx := context.Background()
	require.NoError(t, w.books.RegisterShards(ctx, 1))
	u := ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Email: "o@example.org", Name: "O", Roles: []ticket.Role{ticket.RoleOrganizer}}
	require.NoError(t, w.books.CreateUser(ctx, ticket.Account{User: u, PasswordHash: "none"}))
	venue := ticket.Venue{ID: ticket.NewID(ticket.KindVenue, 0), Name: "Hall", City: "Bonn", Country: "DE"}
	require.NoError(t, w.books.CreateVenue(ctx, venue, u.ID))
	plan := ticket.StoredPlan{
		ID: ticket.NewID(ticket.KindPlan, 0), VenueID: venue.ID, Name: "Plan", Capacity: 100, Categories: []string{"A"},
		Document: []byte(`{}`), CreatedBy: u.ID,
	}
	require.NoError(t, w.books.CreatePlan(ctx, plan))
	room.Enabled = true
	starts := time.Now().Add(100 * 24 * time.Hour)
	w.event = &ticket.Event{
		Slug: "night", Name: "Night", Artist: "A", Genre: "rock", Venue: venue, PlanID: plan.ID, OrganizerID: u.ID,
		StartsAt: starts, DoorsAt: starts, OnSaleAt: time.Now().Add(then).UTC().Truncate(time.Millisecond), Status: ticket.EventScheduled,
		MaxTicketsPerBuyer: 4, WaitingRoom: room, Currency: "EUR", Capacity: 100,
		Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 100, Currency: "EUR"}, Fee: ticket.Money{Currency: "EUR"}}},
	}
	require.NoError(t, w.books.CreateEvent(ctx, w.event))
	w.reread(t)
}

func (w *world) reread(t testing.TB) {
	t.Helper()
	e, err := w.books.Event(context.Background(), w.event.ID)
	require.NoError(t, err)
	w.event = e
}

// join puts buyers first to last into the queue, at the same time.
func (w *world) join(t testing.TB, first, last int) {
	t.Helper()
	var wg sync.WaitGroup
	for from := first; from <= last; from += 50 {
		wg.Go(func() {
			for i := from; i <= min(last, from+49); i++ {
				if _, _, err := w.Join(context.Background(), w.event, buyer(i)); err != nil {
					t.Errorf("buyer %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

func buyer(i int) string { return fmt.Sprintf("us_buyer%05d", i) }

// open waits for the sale's time and opens it.
func (w *world) open(t testing.TB) int64 {
	t.Helper()
	var entries int64
	require.Eventually(t, func() bool {
		n, wait, err := w.Open(context.Background(), w.event.ID)
		require.NoError(t, err)
		entries = n
		return wait == 0
	}, 20*time.Second, 20*time.Millisecond)
	return entries
}

func (w *world) serve(t testing.TB, count int) int {
	t.Helper()
	n, err := w.Serve(context.Background(), w.event.ID, count)
	require.NoError(t, err)
	return n
}

func (w *world) tick(t testing.TB) redis.Room {
	t.Helper()
	room, _, err := w.Tick(context.Background(), w.event.ID)
	require.NoError(t, err)
	return room
}

// byNumber gives the buyers 1 to n in the order of the draw.
func (w *world) byNumber(t testing.TB, n int) []string {
	t.Helper()
	order := make([]string, n+1)
	for i := 1; i <= n; i++ {
		s, err := w.Standing(context.Background(), w.event, buyer(i))
		require.NoError(t, err)
		require.Empty(t, order[s.Number], "number %d is given twice", s.Number)
		order[s.Number] = buyer(i)
	}
	return order[1:]
}

func (w *world) claim(buyerID string) (waitingroom.Admission, ticket.Code) {
	a, err := w.Claim(context.Background(), w.event, buyerID)
	return a, ticket.CodeOf(err)
}

// change writes the event anew.
func (w *world) change(t testing.TB, change func(e *ticket.Event)) {
	t.Helper()
	change(w.event)
	require.NoError(t, w.books.UpdateEvent(context.Background(), w.event))
	w.reread(t)
}

// skips lists the recorded skips by number.
func (w *world) skips(t testing.TB) map[int64]string {
	t.Helper()
	rows, err := w.pool.Query(context.Background(), `SELECT number, reason || ' ' || COALESCE(buyer_id, '-') FROM queue_skips WHERE event_id = $1`, w.event.ID)
	require.NoError(t, err)
	defer rows.Close()
	out := map[int64]string{}
	for rows.Next() {
		var n int64
		var text string
		require.NoError(t, rows.Scan(&n, &text))
		out[n] = text
	}
	require.NoError(t, rows.Err())
	return out
}

// hurry makes turns and sessions run out at once, by moving the room's clock.
func (w *world) hurry(t testing.TB, by time.Duration) {
	t.Helper()
	key := "{" + w.event.ID + "}:queue"
	require.NoError(t, w.redis.HIncrBy(context.Background(), key, "held", -by.Milliseconds()).Err())
}
