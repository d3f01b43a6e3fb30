package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// What holds for bookings however they come, while the providers work.
func TestRulesOfBookings(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{APIs: []system.Role{{}, {Env: []string{"HOLD_FOR=" + shortHold.String()}}}})
	t.Run("together", func(t *testing.T) {
		for name, run := range map[string]func(*testing.T, *system.System){
			"the same key 20 times at once is one booking":  sameKeyAtOnce,
			"the same payment 20 times at once is one":      samePaymentAtOnce,
			"a buyer's limit holds over bookings at once":   limitAtOnce,
			"a standing area never sells above capacity":    standingArea,
			"a canceled hold frees its seats":               cancelHold,
			"the price shown at the hold is charged":        priceShown,
			"a hold expires in time and its seats are free": holdExpires,
			"seats that are held or sold are named":         seatsNamed,
			"a sold out event says so":                      soldOut,
			"wrong input is refused by its field":           wrongInput,
			"others' bookings do not exist":                 othersBookings,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run(t, s)
			})
		}
	})
	settled(t, s, time.Minute)
}

// atOnce makes n calls at the same moment.
func atOnce(n int, call func(i int) (*system.Answer, error)) (answers []*system.Answer, errs []error) {
	answers, errs = make([]*system.Answer, n), make([]error, n)
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-begin
			answers[i], errs[i] = call(i)
		})
	}
	close(begin)
	wg.Wait()
	return answers, errs
}

// alike makes sure that all answers are the same and gives the first.
func alike(t *testing.T) func(answers []*system.Answer, errs []error) *system.Answer {
	t.Helper()
	return func(answers []*system.Answer, errs []error) *system.Answer {
		t.Helper()
		for i, a := range answers {
			require.NoError(t, errs[i])
			require.Equal(t, answers[0].Status, a.Status, "%s\n%s", answers[0], a)
			require.JSONEq(t, string(answers[0].Body), string(a.Body))
		}
		return answers[0]
	}
}

func best(e *system.Event, category string, quantity int, p *system.Pay) system.Order {
	return system.Order{EventID: e.ID, BestAvailable: &system.Best{Category: category, Quantity: quantity}, Payment: p}
}

// bookingsOf counts a buyer's rows in the books.
func bookingsOf(t *testing.T, s *system.System, c *system.Client) int {
	t.Helper()
	total := 0
	for _, db := range s.Shards {
		var n int
		require.NoError(t, db.QueryRow(t.Context(), `SELECT count(*) FROM bookings WHERE buyer_id = $1`, c.UserID).Scan(&n))
		total += n
	}
	return total
}

// seats reads the state of every place of an event.
func seats(t *testing.T, s *system.System, e *system.Event) string {
	t.Helper()
	a := answer(t, http.StatusOK)(s.Anonymous().Availability(t.Context(), e.ID))
	var body struct{ Seats string }
	require.NoError(t, json.Unmarshal(a.Body, &body))
	require.Len(t, body.Seats, len(e.Seats))
	return body.Seats
}

func sameKeyAtOnce(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 2, Width: 10})
	for status, payment := range map[string]*system.Pay{"held": nil, "confirmed": system.Visa} {
		c := buyer(t, s)
		one, two := best(e, system.Seated, 1, payment), best(e, system.Seated, 2, payment)
		book := func(o system.Order) func(int) (*system.Answer, error) {
			return func(int) (*system.Answer, error) { return c.Book(t.Context(), "same", o) }
		}
		first := alike(t)(atOnce(20, book(two)))
		b := booked(t, status)(first, nil)
		require.Equal(t, http.StatusCreated, first.Status)
		require.Len(t, b.Seats, 2)
		again := answer(t, http.StatusCreated)(c.Book(t.Context(), "same", two))
		require.JSONEq(t, string(first.Body), string(again.Body), "after it is done")
		answers, errs := atOnce(5, book(one))
		for i, a := range answers {
			refused(t, http.StatusUnprocessableEntity, "idempotency-key-reused")(a, errs[i])
		}
		require.Equal(t, 1, bookingsOf(t, s, c))
		if payment == nil {
			booked(t, "canceled")(c.Cancel(t.Context(), b.ID))
		}
	}
	settled(t, s, 20*time.Second, e)
}

func samePaymentAtOnce(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 10})
	c := buyer(t, s)
	held := booked(t, "held")(c.Book(t.Context(), "k", best(e, system.Seated, 2, nil)))
	pay := func(int) (*system.Answer, error) { return c.Pay(t.Context(), held.ID, "same", system.Visa) }
	first := alike(t)(atOnce(20, pay))
	booked(t, "confirmed")(first, nil)
	require.JSONEq(t, string(first.Body), string(answer(t, http.StatusOK)(pay(0)).Body), "after it is done")
	refused(t, http.StatusUnprocessableEntity, "idempotency-key-reused")(c.Pay(t.Context(), held.ID, "same", system.Both))
	l, err := s.Ledger(t.Context(), held.ID)
	require.NoError(t, err)
	require.Equal(t, 1, l.Count(held.ID, "stripe", "capture"))
	settled(t, s, 20*time.Second, e)
}

func limitAtOnce(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 4, Width: 10, Limit: 4})
	c := buyer(t, s)
	answers, errs := atOnce(10, func(i int) (*system.Answer, error) {
		o := system.Order{EventID: e.ID, Seats: e.Seats[2*i : 2*i+2], Payment: system.Visa}
		return c.Book(t.Context(), string(rune('a'+i)), o)
	})
	won := 0
	for i, a := range answers {
		require.NoError(t, errs[i])
		if a.Status == http.StatusCreated {
			won++
			continue
		}
		refused(t, http.StatusUnprocessableEntity, "ticket-limit")(a, nil)
	}
	require.Equal(t, 2, won, "two bookings of two tickets each reach the limit of four")
	refused(t, http.StatusUnprocessableEntity, "ticket-limit")(c.Book(t.Context(), "z", best(e, system.Seated, 5, nil)))
	settled(t, s, 20*time.Second, e)
}

func standingArea(t *testing.T, s *system.System) {
	const capacity, crowd = 30, 40
	e := event(t, s, system.Hall{Rows: 1, Width: 4, Standing: capacity})
	buyers, err := s.Buyers(t.Context(), crowd)
	require.NoError(t, err)
	answers, errs := atOnce(crowd, func(i int) (*system.Answer, error) {
		return buyers[i].Book(t.Context(), "k", best(e, system.Standing, 2, system.Visa))
	})
	sold := 0
	for i, a := range answers {
		require.NoError(t, errs[i])
		if a.Status == http.StatusCreated {
			b := booked(t, "confirmed")(a, nil)
			require.EqualValues(t, 2*system.StandingTotal, b.Total.Amount)
			sold += len(b.Seats)
			continue
		}
		require.Equal(t, http.StatusConflict, a.Status, "%s", a)
		require.Contains(t, []string{"sold-out", "seats-unavailable"}, a.Code())
	}
	require.Equal(t, capacity, sold)
	settled(t, s, 20*time.Second, e)
	require.Equal(t, "aaaa"+strings.Repeat("s", capacity), seats(t, s, e), "the seats beside it are still free")
}

func cancelHold(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 4})
	c := buyer(t, s)
	b := booked(t, "held")(c.Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[1:3]}))
	require.Equal(t, "ahha", seats(t, s, e))
	booked(t, "canceled")(c.Cancel(t.Context(), b.ID))
	require.Equal(t, "aaaa", seats(t, s, e))
	booked(t, "canceled")(c.Cancel(t.Context(), b.ID))
	booked(t, "canceled")(c.Get(t.Context(), b.ID))
	refused(t, http.StatusConflict, "booking-state")(c.Pay(t.Context(), b.ID, "p", system.Visa))
	sold := booked(t, "confirmed")(buyer(t, s).Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[1:3], Payment: system.Visa}))
	require.Len(t, sold.Tickets, 2)

	paid := booked(t, "confirmed")(c.Book(t.Context(), "k2", system.Order{EventID: e.ID, Seats: e.Seats[:1], Payment: system.Visa}))
	refused(t, http.StatusConflict, "booking-state")(c.Cancel(t.Context(), paid.ID))
	settled(t, s, 20*time.Second, e)
	require.Equal(t, "sssa", seats(t, s, e))
}

func priceShown(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 10, Standing: 5})
	c := buyer(t, s)
	held := booked(t, "held")(c.Book(t.Context(), "k", best(e, system.Seated, 2, nil)))
	require.Equal(t, system.Money{Amount: 2 * system.SeatTotal, Currency: "EUR"}, held.Total)
	change := map[string]any{"prices": []map[string]any{
		{"category": system.Seated, "price": system.Money{Amount: 9900, Currency: "EUR"}, "fee": system.Money{Amount: 100, Currency: "EUR"}},
		{"category": system.Standing, "price": system.Money{Amount: 100, Currency: "EUR"}},
	}}
	answer(t, http.StatusOK)(e.Organizer.Do(t.Context(), http.MethodPatch, "/v1/events/"+e.ID, change))
	paid := booked(t, "confirmed")(c.Pay(t.Context(), held.ID, "p", system.Visa))
	require.Equal(t, held.Total, paid.Total)
	l, err := s.Ledger(t.Context(), held.ID)
	require.NoError(t, err)
	require.Equal(t, held.Total.Amount, l.Net(held.ID, "stripe"))
	var now system.Booking
	for deadline := time.Now().Add(20 * time.Second); now.Total.Amount != 10_000; { // events are cached for some seconds
		require.Less(t, time.Now(), deadline, "new bookings have the new price")
		other := buyer(t, s)
		now = booked(t, "held")(other.Book(t.Context(), "k", best(e, system.Seated, 1, nil)))
		booked(t, "canceled")(other.Cancel(t.Context(), now.ID))
	}
	settled(t, s, 20*time.Second, e)
}

// A hold ends at most two seconds late, for its buyer and for everybody else.
func holdExpires(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 4})
	c := buyer(t, s)
	b := booked(t, "held")(c.At(s.APIs[1]).Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[:2]}))
	require.WithinDuration(t, time.Now().Add(shortHold), *b.HoldExpiresAt, time.Second)
	require.Equal(t, "hhaa", seats(t, s, e))
	end := *b.HoldExpiresAt
	for time.Now().Before(end.Add(-300 * time.Millisecond)) {
		require.Equal(t, "hhaa", seats(t, s, e), "it lasts to its end")
		time.Sleep(100 * time.Millisecond)
	}
	for seats(t, s, e) != "aaaa" {
		require.Less(t, time.Now(), end.Add(2*time.Second), "the seats are free at most two seconds late")
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("the seats were free %s after the end of the hold", time.Since(end).Round(time.Millisecond))
	becomes(t, c, b.ID, "expired", time.Until(end.Add(2*time.Second)))
	t.Logf("the booking was expired %s after the end of the hold", time.Since(end).Round(time.Millisecond))
	refused(t, http.StatusConflict, "booking-state")(c.Pay(t.Context(), b.ID, "p", system.Visa))
	booked(t, "confirmed")(buyer(t, s).Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[:2], Payment: system.Visa}))
	settled(t, s, 20*time.Second, e)
}

func seatsNamed(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 6})
	owner := buyer(t, s)
	booked(t, "confirmed")(owner.Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[:1], Payment: system.Visa}))
	held := booked(t, "held")(owner.Book(t.Context(), "k2", system.Order{EventID: e.ID, Seats: e.Seats[1:2]}))
	blocked := map[string]any{"seats": e.Seats[2:3], "reason": "camera"}
	a, err := e.Organizer.Do(t.Context(), http.MethodPost, "/v1/events/"+e.ID+"/blocks", blocked)
	require.NoError(t, err)
	require.Less(t, a.Status, 300, "%s", a)
	require.Equal(t, "shbaaa", seats(t, s, e))
	c := buyer(t, s)
	a = refused(t, http.StatusConflict, "seats-unavailable")(c.Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[:4], Payment: system.Visa}))
	require.Equal(t, e.Seats[:3], a.Problem().Unavailable)
	require.Zero(t, bookingsOf(t, s, c))
	require.Equal(t, "shbaaa", seats(t, s, e), "none of them was taken")
	a = refused(t, http.StatusConflict, "seats-unavailable")(c.Book(t.Context(), "k", best(e, system.Seated, 4, system.Visa)))
	require.Empty(t, a.Problem().Unavailable)
	booked(t, "canceled")(owner.Cancel(t.Context(), held.ID))
	settled(t, s, 20*time.Second, e)
}

func soldOut(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 4})
	booked(t, "confirmed")(buyer(t, s).Book(t.Context(), "k", best(e, system.Seated, 4, system.Visa)))
	c := buyer(t, s)
	refused(t, http.StatusConflict, "sold-out")(c.Book(t.Context(), "k", best(e, system.Seated, 1, system.Visa)))
	refused(t, http.StatusConflict, "seats-unavailable")(c.Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[:1]}))
	var body struct {
		Status       string
		Availability struct{ Capacity, Available int }
	}
	for deadline := time.Now().Add(time.Second); body.Status != "sold_out"; { // counts may be half a second old
		require.Less(t, time.Now(), deadline, "the event's page is %q", body.Status)
		a := answer(t, http.StatusOK)(c.Do(t.Context(), http.MethodGet, "/v1/events/"+e.ID, nil))
		require.NoError(t, json.Unmarshal(a.Body, &body))
	}
	require.Equal(t, 4, body.Availability.Capacity)
	require.Zero(t, body.Availability.Available)
	settled(t, s, 20*time.Second, e)
}

func othersBookings(t *testing.T, s *system.System) {
	e := event(t, s, system.Hall{Rows: 1, Width: 4})
	owner, other := buyer(t, s), buyer(t, s)
	b := booked(t, "held")(owner.Book(t.Context(), "k", best(e, system.Seated, 1, nil)))
	refused(t, http.StatusNotFound, "not-found")(other.Get(t.Context(), b.ID))
	refused(t, http.StatusNotFound, "not-found")(other.Pay(t.Context(), b.ID, "p", system.Visa))
	refused(t, http.StatusNotFound, "not-found")(other.Cancel(t.Context(), b.ID))
	refused(t, http.StatusNotFound, "not-found")(other.Do(t.Context(), http.MethodGet, "/v1/bookings/"+b.ID+"/stream", nil))
	refused(t, http.StatusUnauthorized, "unauthorized")(s.Anonymous().Get(t.Context(), b.ID))
	a := answer(t, http.StatusOK)(other.Do(t.Context(), http.MethodGet, "/v1/me/bookings", nil))
	require.NotContains(t, string(a.Body), b.ID)
	a = answer(t, http.StatusOK)(owner.Do(t.Context(), http.MethodGet, "/v1/me/bookings", nil))
	require.Contains(t, string(a.Body), b.ID)
	support, err := s.Account(t.Context(), ticket.RoleSupport)
	require.NoError(t, err)
	booked(t, "held")(support.Get(t.Context(), b.ID))
	booked(t, "canceled")(owner.Cancel(t.Context(), b.ID))
	settled(t, s, 20*time.Second, e)
}
