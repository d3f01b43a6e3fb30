package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/inventory"
	"yourticket.example/internal/livemap"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// shop is a world whose seats are real: Redis and PostgreSQL know them.
type shop struct {
	*world
	house house
	org   string // the organizer's token

	inventory *inventory.Inventory
	live      *goredis.Client
	heard     chan *ticket.Event // what the sale was told
}

// heardSales notes what sales are told.
type heardSales chan *ticket.Event

func (h heardSales) Announce(context.Context, *ticket.Event) error { return nil }

func (h heardSales) Changed(_ context.Context, e *ticket.Event) error {
	h <- e
	return nil
}

func newShop(t *testing.T) *shop {
	t.Helper()
	w := &shop{world: newWorld(t), heard: make(chan *ticket.Event, 1000)}
	o, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	w.live = goredis.NewClient(o)
	t.Cleanup(func() { _ = w.live.Close() })
	events, err := catalogue.New(w.store, nil)
	require.NoError(t, err)
	w.inventory = inventory.New(redis.NewSeats(w.live), w.sales, events)
	hub := livemap.New(w.inventory, livemap.Options{MinTick: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go hub.Run(ctx)
	server, err := api.New(api.Deps{
		Tokens: w.auth, LiveDeps: api.LiveDeps{LiveMap: hub}, QueueDeps: api.QueueDeps{Sales: heardSales(w.heard)},
		CatalogueDeps: api.CatalogueDeps{
			Accounts: w.auth, Keys: w.auth.Keys, Secrets: w.auth.Passwords, Persons: noPersons{}, Requests: w.store, Events: events,
			Catalogue: w.store, Availability: w.inventory, Blocks: w.inventory, SalesBooks: w.sales,
		},
	}, "gateway", "events")
	require.NoError(t, err)
	w.listen(t, server)
	w.house = newHouse(t, w.world)
	w.org = w.house.token
	return w
}

// onSale publishes an event and gives its path and the event.
func (w *shop) onSale(t *testing.T) (path string, e *ticket.Event) {
	t.Helper()
	path = w.house.published(t, w.world)
	e, err := w.store.Event(t.Context(), path[len("/v1/events/"):])
	require.NoError(t, err)
	return path, e
}

// hold locks places as a purchase does, and writes its row.
func (w *shop) hold(t *testing.T, e *ticket.Event, buyer string, items ...ticket.Item) postgres.HoldRow {
	t.Helper()
	id := ticket.DeriveBookingID(e.ID, buyer, fmt.Sprint(items))
	seats := make([]int, len(items))
	for i, it := range items {
		seats[i] = it.SeatIndex
	}
	hold, err := w.inventory.Hold(t.Context(), e, redis.HoldRequest{HoldID: id, BuyerID: buyer, Limit: 10, Life: time.Minute, Seats: seats})
	require.NoError(t, err)
	row := postgres.HoldRow{
		ID: id, EventID: e.ID, BuyerID: buyer, Status: ticket.BookingPaying, Items: items, Fence: hold.Fence,
		Total: ticket.Money{Amount: ticket.SumItems(items), Currency: e.Currency}, ExpiresAt: time.Now().Add(time.Minute), CreatedAt: time.Now(),
	}
	_, err = w.sales.SaveHold(t.Context(), row)
	require.NoError(t, err)
	return row
}

// sell takes a hold to its end.
func (w *shop) sell(t *testing.T, e *ticket.Event, buyer string, items ...ticket.Item) postgres.HoldRow {
	t.Helper()
	row := w.hold(t, e, buyer, items...)
	c := postgres.CommitRow{BookingID: row.ID, Fence: row.Fence, Limit: 10, At: time.Now(), Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: row.ID}}
	seats := make([]int, len(items))
	for i, it := range items {
		c.Tickets = append(c.Tickets, ticket.DeriveTicketID(row.ID, i))
		seats[i] = it.SeatIndex
	}
	require.NoError(t, w.sales.Commit(t.Context(), c))
	require.NoError(t, w.inventory.Sell(t.Context(), e, row.ID, buyer, seats))
	return row
}

// log reads what was done to an event, newest first.
func (w *shop) changes(t *testing.T, path, token string) []object {
	t.Helper()
	var list []object
	for _, item := range w.do(t, "GET", path+"/changes?limit=100", token, nil).want(t, http.StatusOK).body["items"].([]any) {
		list = append(list, item.(object))
	}
	return list
}

func (w *shop) seatsNow(t *testing.T, path string) string {
	t.Helper()
	return w.do(t, "GET", path+"/availability", "", nil).want(t, http.StatusOK).body["seats"].(string)
}

// watched is a seat map's stream.
type watched struct{ body *bufio.Reader }

func watch(t *testing.T, w *world, path string) watched {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path+"/availability/stream", nil)
	require.NoError(t, err)
	res, err := w.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	require.Equal(t, http.StatusOK, res.StatusCode)
	return watched{bufio.NewReader(res.Body)}
}

// next gives the data of the next event.
func (s watched) next(t *testing.T) string {
	t.Helper()
	for {
		line, err := s.body.ReadString('\n')
		require.NoError(t, err)
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			return data
		}
	}
}
