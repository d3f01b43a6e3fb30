package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/inventory"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

func TestMain(m *testing.M) { partstest.Main(m) }

// hall is an event in a hall of rows of ten seats, on real Redis and Postgres.
type hall struct {
	*inventory.Inventory
	event *ticket.Event
	plan  *ticket.Plan
	books *postgres.Sales
	live  *goredis.Client
	rows  []ticket.SeatRow
}

func (h *hall) Event(context.Context, string) (*ticket.Event, error) { return h.event, nil }

func (h *hall) Places(context.Context, string) (*ticket.Plan, *bestseats.Finder, error) {
	return h.plan, bestseats.NewFinder(h.rows), nil
}

func open(t *testing.T, rows int) *hall {
	t.Helper()
	url := partstest.Postgres(t)
	_, err := postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales())
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	options, err := goredis.ParseURL(partstest.Redis(t))
	require.NoError(t, err)
	h := &hall{live: goredis.NewClient(options), books: postgres.NewSales([]*pgxpool.Pool{pool})}
	t.Cleanup(func() { _ = h.live.Close() })
	var seats []ticket.Seat
	for r := range rows {
		row := ticket.SeatRow{Zone: "Z", Row: fmt.Sprint(r), Category: "A", Rank: r}
		for n := range 10 {
			row.Seats = append(row.Seats, len(seats))
			seats = append(seats, ticket.Seat{
				ID: fmt.Sprintf("%d-%d", r, n), Index: len(seats), Zone: "Z", Row: row.Row, Number: fmt.Sprint(n), Category: "A", X: float64(n),
			})
		}
		h.rows = append(h.rows, row)
	}
	h.plan = ticket.NewPlan("pl_1", "hall", seats)
	h.event = &ticket.Event{
		ID: ticket.NewID(ticket.KindEvent, 0), PlanID: "pl_1", Capacity: len(seats), MaxTicketsPerBuyer: 4, Currency: "EUR",
	}
	h.Inventory = inventory.New(redis.NewSeats(h.live), h.books, h)
	return h
}

func request(id, buyer string, seats ...int) redis.HoldRequest {
	return redis.HoldRequest{HoldID: id, BuyerID: buyer, Limit: 4, Life: time.Minute, Seats: seats}
}

func (h *hall) state(t *testing.T) string {
	t.Helper()
	_, seats, err := h.Snapshot(t.Context(), h.event)
	require.NoError(t, err)
	counts, err := h.Counts(t.Context(), []*ticket.Event{h.event})
	require.NoError(t, err)
	require.Equal(t, ticket.Availability{Capacity: len(seats), Available: strings.Count(seats, "a")}, counts[0])
	return seats
}

// save writes what a purchase would have written with its hold.
func (h *hall) save(t *testing.T, hold redis.Hold, r redis.HoldRequest, status ticket.BookingStatus) string {
	t.Helper()
	var items []ticket.Item
	for _, seat := range hold.Seats {
		items = append(items, ticket.Item{SeatIndex: seat, Category: "A", Price: 100})
	}
	row := postgres.HoldRow{
		ID: r.HoldID, EventID: h.event.ID, BuyerID: r.BuyerID, Status: status, Items: items,
		Total: ticket.Money{Amount: ticket.SumItems(items), Currency: "EUR"}, Fence: hold.Fence,
		ExpiresAt: time.Now().Add(time.Minute), CreatedAt: time.Now(),
	}
	_, err := h.books.SaveHold(t.Context(), row)
	require.NoError(t, err)
	return r.HoldID
}

func TestALostMapIsRebuiltFromTheBooks(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	require.NoError(t, h.Block(t.Context(), h.event, order(9)))
	sold := request(ticket.DeriveBookingID(h.event.ID, "anna", "1"), "anna", 0, 1)
	hold, err := h.Hold(t.Context(), h.event, sold)
	require.NoError(t, err)
	h.save(t, hold, sold, ticket.BookingPaying)
	require.NoError(t, h.books.Commit(t.Context(), postgres.CommitRow{
		BookingID: sold.HoldID, Fence: hold.Fence, Limit: 4, At: time.Now(), Tickets: []string{"ti_1", "ti_2"},
		Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_1"},
	}))
	held := request(ticket.DeriveBookingID(h.event.ID, "ben", "1"), "ben", 4)
	hold, err = h.Hold(t.Context(), h.event, held)
	require.NoError(t, err)
	h.save(t, hold, held, ticket.BookingHeld)
	paying := request(ticket.DeriveBookingID(h.event.ID, "carl", "1"), "carl", 5, 6)
	hold, err = h.Hold(t.Context(), h.event, paying)
	require.NoError(t, err)
	h.save(t, hold, paying, ticket.BookingPaying)

	require.NoError(t, h.live.FlushDB(t.Context()).Err())
	require.Equal(t, "ssaahhhaab", h.state(t))

	// What goes on after the loss finds its places.
	require.NoError(t, h.live.FlushDB(t.Context()).Err())
	require.NoError(t, h.Release(t.Context(), h.event, paying.HoldID))
	require.Equal(t, "ssaahaaaab", h.state(t))
	require.NoError(t, h.live.FlushDB(t.Context()).Err())
	require.NoError(t, h.Sell(t.Context(), h.event, sold.HoldID, "anna", []int{0, 1}))
	_, err = h.Hold(t.Context(), h.event, request("bk_x", "anna", 2, 3, 7))
	require.Equal(t, ticket.CodeTicketLimit, ticket.CodeOf(err), "the limit is rebuilt too")
	require.NoError(t, h.Unblock(t.Context(), h.event, order(9)))
	require.Equal(t, byte('a'), h.state(t)[9])
}

func TestRefusalsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	_, err := h.Hold(t.Context(), h.event, request("bk_1", "anna", 1, 2))
	require.NoError(t, err)
	_, err = h.Hold(t.Context(), h.event, request("bk_2", "ben", 0, 1, 2))
	require.Equal(t, ticket.CodeSeatsUnavailable, ticket.CodeOf(err))
	refused, _ := errors.AsType[*ticket.Error](err)
	require.Equal(t, []int{1, 2}, refused.Extra["unavailable_indexes"])
	taken, err := h.Taken(t.Context(), h.event, []int{0, 1, 5})
	require.NoError(t, err)
	require.Equal(t, []int{1}, taken)
	require.Equal(t, ticket.CodeSeatsUnavailable, ticket.CodeOf(h.Block(t.Context(), h.event, order(1))))

	best := bestseats.Query{Category: "A", Quantity: 8, Adjacent: true}
	r := request("bk_3", "carl")
	r.Limit = 10
	_, err = h.HoldBest(t.Context(), h.event, best, r)
	require.Equal(t, ticket.CodeSeatsUnavailable, ticket.CodeOf(err), "eight are left, but not side by side")
	best.Adjacent = false
	got, err := h.HoldBest(t.Context(), h.event, best, r)
	require.NoError(t, err)
	again, err := h.HoldBest(t.Context(), h.event, best, r)
	require.NoError(t, err)
	require.Equal(t, got, again, "a repeated call finds the hold that took the last places")
	_, err = h.HoldBest(t.Context(), h.event, bestseats.Query{Category: "A", Quantity: 1}, request("bk_4", "dora"))
	require.Equal(t, ticket.CodeSoldOut, ticket.CodeOf(err))
}

// Everybody asks for the best places of a hall at once, while Redis forgets
// everything now and then: whoever got places has them alone, and all are sold.
func TestEveryPlaceIsHeldOnceUnderContention(t *testing.T) {
	t.Parallel()
	h := open(t, 10)
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		mine = map[int]string{}
	)
	for i := range 80 {
		wg.Go(func() {
			buyer := fmt.Sprint("buyer", i)
			r := request(ticket.DeriveBookingID(h.event.ID, buyer, "k"), buyer)
			hold, err := h.HoldBest(context.Background(), h.event, bestseats.Query{Category: "A", Quantity: 2, Adjacent: true}, r)
			if err != nil {
				code := ticket.CodeOf(err)
				if code != ticket.CodeSoldOut && code != ticket.CodeSeatsUnavailable {
					t.Error(err)
				}
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for _, seat := range hold.Seats {
				if other, twice := mine[seat]; twice {
					t.Errorf("place %d went to %s and %s", seat, other, buyer)
				}
				mine[seat] = buyer
			}
		})
	}
	wg.Wait()
	require.Len(t, mine, 100-strings.Count(h.state(t), "a"))
	require.GreaterOrEqual(t, len(mine), 90, "the hall is all but sold: what is left has no two side by side, or lost every try")
}

func TestACrowdCountsAtMostHalfASecondLate(t *testing.T) {
	t.Parallel()
	h := open(t, 1)
	require.Len(t, h.state(t), 10)
	available := func() int {
		counts, err := h.Counts(t.Context(), []*ticket.Event{h.event})
		require.NoError(t, err)
		return counts[0].Available
	}
	for range 100 {
		require.Equal(t, 10, available())
	}
	_, err := h.Hold(t.Context(), h.event, request("bk_1", "anna", 0))
	require.NoError(t, err)
	late := 0
	require.Eventually(t, func() bool {
		for range 100 {
			if available() == 10 {
				late++
			}
		}
		return available() == 9
	}, 2*time.Second, 20*time.Millisecond)
	require.Positive(t, late, "the crowd was answered from memory")
}
