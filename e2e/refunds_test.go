package e2e_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// refundShop is a shop with somebody at its support desk.
type refundShop struct {
	*shop
	support *system.Client
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	r := &refundShop{shop: openShop(t)}
	var err error
	r.support, err = r.Account(t.Context(), ticket.RoleSupport)
	require.NoError(t, err)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *refundShop)
	}{
		{"one seat of three, then the rest", refundBySeat},
		{"PayPal gives back too", refundAtPayPal},
		{"what cannot be refunded is refused and changes nothing", refundRefused},
		{"of many who want the same seat back one gets it, once", refundContended},
		{"buyers may where the event says so", refundByBuyer},
		{"buyers may while the event is postponed, until the time that was said", refundPostponed},
		{"Stripe errs, is silent, loses the reply: once all the same", refundFaults},
		{"the worker dies while the provider is at work: once all the same", refundKilled},
		{"a payment that is not captured yet is captured, then refunded", refundUncaptured},
		{"a refund that the bank pays out later", refundPending},
	} {
		t.Run(tt.name, func(t *testing.T) {
			defer r.mend(t)
			tt.run(t, r)
		})
	}
	settled(t, r.System, time.Minute)
	agrees(t, r.System, r.event)
}

// sold sells places to a new buyer.
func (r *refundShop) sold(t *testing.T, places int, p *system.Pay) (*system.Client, system.Booking) {
	t.Helper()
	c := buyer(t, r.System)
	var seats []string
	for range places {
		seats = append(seats, r.seat()...)
	}
	return c, booked(t, "confirmed")(c.Book(t.Context(), "k", system.Order{EventID: r.event.ID, Seats: seats, Payment: p}))
}

// refunded makes sure that so much was given back of a booking, in so many refunds.
func (r *refundShop) refunded(t *testing.T, b system.Booking, amount int64, times int) {
	t.Helper()
	l := r.ledger(t, b.ID)
	require.Equal(t, times, l.Count(b.ID, b.Payment.Provider, "refund"))
	require.Equal(t, b.Total.Amount-amount, l.Net(b.ID, b.Payment.Provider))
}

func refundBySeat(t *testing.T, r *refundShop) {
	c, b := r.sold(t, 3, system.Visa)
	seat := b.Seats[1].ID
	first := becomes(t, c, booked(t, "confirmed")(r.support.Refund(t.Context(), b.ID, "a", seat)).ID, "confirmed", time.Second)
	require.Equal(t, "refunded", first.Tickets[1].Status)
	require.Equal(t, "live", first.Tickets[0].Status)
	r.refunded(t, b, system.SeatTotal, 1)
	booked(t, "confirmed")(r.support.Refund(t.Context(), b.ID, "a", seat)) // again
	r.refunded(t, b, system.SeatTotal, 1)
	refused(t, http.StatusUnprocessableEntity, "idempotency-key-reused")(r.support.Refund(t.Context(), b.ID, "a"))
	refused(t, http.StatusConflict, "booking-state")(r.support.Refund(t.Context(), b.ID, "b", seat))

	next := buyer(t, r.System)
	again := booked(t, "confirmed")(next.Book(t.Context(), "k", system.Order{EventID: r.event.ID, Seats: []string{seat}, Payment: system.Visa}))
	require.Equal(t, seat, again.Seats[0].ID, "the seat is on sale again")

	rest := booked(t, "refunded")(r.support.Refund(t.Context(), b.ID, "c"))
	require.Equal(t, "refunded", rest.Payment.Status)
	r.refunded(t, b, 3*system.SeatTotal, 2)
	refused(t, http.StatusConflict, "booking-state")(r.support.Refund(t.Context(), b.ID, "d"))
}

func refundAtPayPal(t *testing.T, r *refundShop) {
	_, b := r.sold(t, 2, system.Vaulted)
	booked(t, "confirmed")(r.support.Refund(t.Context(), b.ID, "a", b.Seats[0].ID))
	booked(t, "refunded")(r.support.Refund(t.Context(), b.ID, "b"))
	r.refunded(t, b, 2*system.SeatTotal, 2)
}

func refundRefused(t *testing.T, r *refundShop) {
	c, b := r.sold(t, 1, system.Visa)
	_, other := r.sold(t, 1, system.Visa)
	refused(t, http.StatusForbidden, "forbidden")(c.Refund(t.Context(), b.ID, "a"))
	refused(t, http.StatusNotFound, "not-found")(buyer(t, r.System).Refund(t.Context(), b.ID, "a"))
	a := refused(t, http.StatusUnprocessableEntity, "invalid-request")(r.support.Refund(t.Context(), b.ID, "a", other.Seats[0].ID))
	require.Equal(t, []string{"seats[0]"}, a.Fields())
	seat := b.Seats[0].ID
	a = refused(t, http.StatusUnprocessableEntity, "invalid-request")(r.support.Refund(t.Context(), b.ID, "a", seat, seat))
	require.Equal(t, []string{"seats[1]"}, a.Fields())
	held := booked(t, "held")(c.Book(t.Context(), "h", r.order(nil)))
	refused(t, http.StatusConflict, "booking-state")(r.support.Refund(t.Context(), held.ID, "a"))
	answer(t, http.StatusOK)(c.Cancel(t.Context(), held.ID))
	r.refunded(t, b, 0, 0)
	becomes(t, c, b.ID, "confirmed", time.Second)
}

func refundContended(t *testing.T, r *refundShop) {
	_, b := r.sold(t, 2, system.Visa)
	seat := b.Seats[0].ID
	codes := make([]string, 8)
	var wg sync.WaitGroup
	for i := range codes {
		wg.Go(func() {
			a, err := r.support.Refund(t.Context(), b.ID, string(rune('a'+i)), seat)
			if err != nil {
				codes[i] = err.Error()
				return
			}
			codes[i] = a.Code()
		})
	}
	wg.Wait()
	won := 0
	for _, code := range codes {
		if code == "" {
			won++
			continue
		}
		require.Equal(t, "booking-state", code)
	}
	require.Equal(t, 1, won)
	r.refunded(t, b, system.SeatTotal, 1)
}

func refundByBuyer(t *testing.T, r *refundShop) {
	c, b := r.sold(t, 2, system.Visa)
	policy := func(hours any) {
		answer(t, http.StatusOK)(r.event.Organizer.Do(t.Context(), http.MethodPatch, "/v1/events/"+r.event.ID,
			map[string]any{"refunds": map[string]any{"until_hours_before_start": hours}}))
	}
	policy(31 * 24) // the event is in 30 days
	refused(t, http.StatusForbidden, "forbidden")(c.At(r.APIs[0]).Refund(t.Context(), b.ID, "a", b.Seats[0].ID))
	policy(24)
	booked(t, "confirmed")(c.At(r.APIs[0]).Refund(t.Context(), b.ID, "a", b.Seats[0].ID))
	policy(nil)
	refused(t, http.StatusForbidden, "forbidden")(c.At(r.APIs[0]).Refund(t.Context(), b.ID, "b"))
	r.refunded(t, b, system.SeatTotal, 1)
}

func refundPostponed(t *testing.T, r *refundShop) {
	e := event(t, r.System, system.Hall{Rows: 1, Width: 4})
	c := buyer(t, r.System)
	b := booked(t, "confirmed")(c.Book(t.Context(), "k", system.Order{EventID: e.ID, Seats: e.Seats[:2], Payment: system.Visa}))
	postpone := func(until time.Duration) {
		answer(t, http.StatusOK)(e.Organizer.Do(t.Context(), http.MethodPost, "/v1/events/"+e.ID+"/postpone",
			map[string]any{"reason": "The singer is ill.", "refunds_until": time.Now().Add(until).UTC()}))
	}
	postpone(time.Hour)
	require.Eventually(t, func() bool { // an api remembers an event for a second
		a, err := c.Refund(t.Context(), b.ID, "a", b.Seats[0].ID)
		return err == nil && a.Status == http.StatusOK
	}, 10*time.Second, 200*time.Millisecond)
	postpone(time.Second)
	require.Eventually(t, func() bool {
		a, err := c.Refund(t.Context(), b.ID, "b", b.Seats[0].ID)
		return err == nil && a.Status == http.StatusConflict && a.Code() == "refunds-closed"
	}, 10*time.Second, 200*time.Millisecond)
	booked(t, "refunded")(r.support.Refund(t.Context(), b.ID, "c"))
	r.refunded(t, b, 2*system.SeatTotal, 2)
}

func refundFaults(t *testing.T, r *refundShop) {
	for _, fault := range []string{"error", "timeout", "lost_reply", "rate_limit"} {
		for _, p := range []*system.Pay{system.Visa, system.Vaulted} {
			c, b := r.sold(t, 1, p)
			n := 2
			require.NoError(t, r.AddFault(t.Context(), system.Fault{
				Provider: b.Payment.Provider, Fault: fault, Operation: "refund", Rate: 1, Count: &n,
			}))
			answer(t, http.StatusOK)(r.support.Refund(t.Context(), b.ID, "a"))
			becomes(t, c, b.ID, "refunded", 40*time.Second)
			r.refunded(t, b, system.SeatTotal, 1)
			r.mend(t)
		}
	}
}

func refundKilled(t *testing.T, r *refundShop) {
	c, b := r.sold(t, 2, system.Visa)
	require.NoError(t, r.Slow(t.Context(), "stripe", "refund", 1, 2*time.Second))
	go func() { _, _ = r.support.Refund(t.Context(), b.ID, "a", b.Seats[0].ID) }()
	require.NoError(t, r.AwaitFaults(t.Context(), 20*time.Second))
	r.Workers[0].Kill()
	require.NoError(t, r.Workers[0].Restart(t.Context()))
	require.Eventually(t, func() bool {
		return r.ledger(t, b.ID).Count(b.ID, "stripe", "refund") == 1
	}, 10*time.Second, 50*time.Millisecond)
	becomes(t, c, b.ID, "confirmed", time.Minute)
	booked(t, "confirmed")(r.support.Refund(t.Context(), b.ID, "a", b.Seats[0].ID))
	r.refunded(t, b, system.SeatTotal, 1)
}

func refundUncaptured(t *testing.T, r *refundShop) {
	r.fault(t, "stripe", "error", "capture")
	c, b := r.sold(t, 1, system.Visa)
	require.Equal(t, "authorized", b.Payment.Status)
	booked(t, "refunding")(r.support.Refund(t.Context(), b.ID, "a"))
	require.Zero(t, r.ledger(t, b.ID).Count(b.ID, "stripe", "refund"))
	r.mend(t)
	becomes(t, c, b.ID, "refunded", 2*time.Minute)
	r.refunded(t, b, system.SeatTotal, 1)
}

func refundPending(t *testing.T, r *refundShop) {
	c, b := r.sold(t, 1, &system.Pay{StripePaymentMethod: "pm_card_pendingRefund"})
	answer(t, http.StatusOK)(r.support.Refund(t.Context(), b.ID, "a"))
	becomes(t, c, b.ID, "refunded", time.Minute)
	r.refunded(t, b, system.SeatTotal, 1)
}
