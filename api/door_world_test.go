package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// doors is a world with sold tickets: an event whose bookings are on a real
// shard, and the door service beside the others.
type doors struct {
	*world
	house  house
	sales  *postgres.Sales
	shards []*pgxpool.Pool
	event  string
	door   string // a token
	fence  int64
}

func newDoors(t *testing.T) *doors {
	t.Helper()
	d := &doors{world: newWorld(t)}
	for range 2 {
		url := partstest.Postgres(t)
		_, err := postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales())
		require.NoError(t, err)
		pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 16})
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		d.shards = append(d.shards, pool)
	}
	d.sales = postgres.NewSales(d.shards)
	events, err := catalogue.New(d.store, nil)
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Tokens: d.auth,
		CatalogueDeps: api.CatalogueDeps{
			Accounts: d.auth, Keys: d.auth.Keys, Secrets: d.auth.Passwords, Persons: noPersons{}, Requests: d.store,
			Events: events, Catalogue: d.store, Availability: d.seats, Blocks: d.seats, SalesBooks: d.sales,
		},
		BookingDeps: api.BookingDeps{
			Purchases: noPurchases{}, Refunds: noRefunds{}, Books: d.sales, Live: noLive{}, Plans: events, Codes: d.auth.Keys,
			Tickets: d.sales, People: d.store,
		},
		DoorDeps: api.DoorDeps{Checkins: d.sales, Scanner: d.auth.Keys},
	}, "gateway", "events", "bookings", "door")
	require.NoError(t, err)
	d.listen(t, server)
	d.house = newHouse(t, d.world)
	d.event = strings.TrimPrefix(d.house.published(t, d.world), "/v1/events/")
	_, d.door = d.token(t, ticket.RoleDoor)
	return d
}

// bought is a confirmed booking with its buyer's token.
type bought struct {
	*ticket.Booking
	buyer, token string
}

func (b bought) path() string { return "/v1/bookings/" + b.ID }

// sell confirms a booking of a new buyer.
func (d *doors) sell(t *testing.T, seats ...int) bought {
	t.Helper()
	b := d.hold(t, seats...)
	ids := make([]string, len(seats))
	for i := range ids {
		ids[i] = ticket.DeriveTicketID(b.ID, i)
	}
	require.NoError(t, d.sales.Commit(t.Context(), postgres.CommitRow{
		BookingID: b.ID, Fence: d.fence, Limit: 4, Tickets: ids, At: time.Now(),
		Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_" + b.ID},
	}))
	var err error
	b.Booking, err = d.sales.Booking(t.Context(), b.ID)
	require.NoError(t, err)
	return b
}

// hold makes a booking that is not paid yet.
func (d *doors) hold(t *testing.T, seats ...int) bought {
	t.Helper()
	d.fence++
	var b bought
	b.buyer, b.token = d.token(t, ticket.RoleBuyer)
	items := make([]ticket.Item, len(seats))
	for i, seat := range seats {
		items[i] = ticket.Item{SeatIndex: seat, Category: "A", Price: 12550, Fee: 250}
	}
	row := postgres.HoldRow{
		ID: ticket.DeriveBookingID(d.event, b.buyer, "k"), EventID: d.event, BuyerID: b.buyer, Status: ticket.BookingPaying, Items: items,
		Total: ticket.Money{Amount: ticket.SumItems(items), Currency: "EUR"}, Fence: d.fence,
		ExpiresAt: time.Now().Add(time.Minute), CreatedAt: time.Now(),
	}
	_, err := d.sales.SaveHold(t.Context(), row)
	require.NoError(t, err)
	b.Booking, err = d.sales.Booking(t.Context(), row.ID)
	require.NoError(t, err)
	return b
}

// codes are those of the booking's tickets, as its buyer sees them.
func (d *doors) codes(t *testing.T, b bought) []string {
	t.Helper()
	var out []string
	for _, item := range d.do(t, "GET", b.path(), b.token, nil).want(t, http.StatusOK).body["tickets"].([]any) {
		out = append(out, item.(object)["code"].(string))
	}
	return out
}

// dispute freezes a booking's tickets, or lets them in again, as a dispute does.
func (d *doors) dispute(t *testing.T, b bought, open bool) {
	t.Helper()
	shard, _ := ticket.ShardOf(b.ID)
	_, err := d.shards[shard].Exec(t.Context(), `UPDATE tickets SET frozen = $2 WHERE booking_id = $1`, b.ID, open)
	require.NoError(t, err)
}

// refund ends a ticket as a refund does.
func (d *doors) refund(t *testing.T, ticketID string) {
	t.Helper()
	shard, _ := ticket.ShardOf(ticketID)
	_, err := d.shards[shard].Exec(t.Context(), `UPDATE tickets SET status = 'refunded' WHERE id = $1`, ticketID)
	require.NoError(t, err)
}
