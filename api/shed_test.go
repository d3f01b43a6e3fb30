package api_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/ticket"
)

// crowd sends n requests through a turnstile at once; each takes as long as
// serve does. It gives those that were refused, and the longest wait of all.
func crowd(t *testing.T, n int, turn api.Turnstile, serve func()) (refused int64, longest time.Duration) {
	t.Helper()
	var (
		count atomic.Int64
		worst atomic.Int64
		wg    sync.WaitGroup
	)
	for range n {
		wg.Go(func() {
			begin := time.Now()
			let := turn.Enter(t.Context())
			if wait := int64(time.Since(begin)); wait > worst.Load() {
				worst.Store(wait)
			}
			if !let {
				count.Add(1)
				return
			}
			start := time.Now()
			serve()
			turn.Leave(time.Since(start))
		})
	}
	wg.Wait()
	return count.Load(), time.Duration(worst.Load())
}

// ticking lets a turnstile learn every half second until it is stopped.
func ticking(turn api.Turnstile) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-tick.C:
				turn.Tick()
			}
		}
	}()
	return func() {
		close(stopped)
		<-ended
	}
}

func TestFiveHundredBuyersAtOnceAreAnOrdinarySight(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]time.Duration{"at 65 a second": time.Second / 65, "at 30 a second": time.Second / 30} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				turn := api.NewBookingTurnstile()
				defer ticking(turn)()
				one := make(chan struct{}, 1)
				for run := range 10 {
					refused, _ := crowd(t, 500, turn, func() {
						one <- struct{}{}
						time.Sleep(each)
						<-one
					})
					require.Zero(t, refused, "run %d", run)
				}
			})
		})
	}
}

func TestWhoWouldWaitTooLongIsSentAwayInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn := api.NewTurnstile(10, 5, 100, time.Second, 2*time.Second)
		refused, longest := crowd(t, 100, turn, func() { time.Sleep(900 * time.Millisecond) })
		require.EqualValues(t, 70, refused, "ten at once, in two seconds of patience: thirty are served")
		require.LessOrEqual(t, longest, 2*time.Second)
		turn.Tick() // now it knows how many it serves in a second
		refused, longest = crowd(t, 100, turn, func() { time.Sleep(900 * time.Millisecond) })
		require.Positive(t, refused)
		require.LessOrEqual(t, longest, 2*time.Second)
	})
}

func TestAFullQueueRefusesAtTheDoor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn := api.NewTurnstile(1, 1, 1, time.Second, 4*time.Second)
		defer ticking(turn)()
		var refusedAtOnce atomic.Int64
		for range 60 { // two a second come where one can be served
			go func() {
				begin := time.Now()
				if !turn.Enter(t.Context()) {
					if time.Since(begin) == 0 {
						refusedAtOnce.Add(1)
					}
					return
				}
				time.Sleep(time.Second)
				turn.Leave(time.Second)
			}()
			time.Sleep(500 * time.Millisecond)
		}
		require.Positive(t, refusedAtOnce.Load(), "once it knows its rate, it does not let a queue build up")
		_, busy, waiting := turn.State()
		require.LessOrEqual(t, waiting, 6)
		require.Equal(t, 1, busy)
		time.Sleep(20 * time.Second)
	})
}

func TestTheLimitFollowsWhatThePartsBehindCanTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn := api.NewTurnstile(40, 5, 200, 100*time.Millisecond, time.Minute)
		limit := func() int { l, _, _ := turn.State(); return l }
		defer ticking(turn)()
		crowd(t, 400, turn, func() { time.Sleep(time.Second) })
		require.Less(t, limit(), 20, "late answers: fewer at once")
		for range 1000 {
			crowd(t, 50, turn, func() { time.Sleep(5 * time.Millisecond) })
		}
		require.Greater(t, limit(), 40, "quick answers, and others wait: more at once")
		time.Sleep(time.Minute)
		require.Equal(t, 40, limit(), "at rest it goes back to where it began")
	})
}

func TestWhoHangsUpLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turn := api.NewTurnstile(1, 1, 1, time.Second, time.Minute)
		require.True(t, turn.Enter(t.Context()))
		gone, hangUp := context.WithCancel(t.Context())
		left := make(chan bool)
		go func() { left <- turn.Enter(gone) }()
		synctest.Wait()
		served := make(chan bool)
		go func() { served <- turn.Enter(t.Context()) }()
		synctest.Wait()
		hangUp()
		require.False(t, <-left)
		turn.Leave(time.Second)
		require.True(t, <-served)
		turn.Leave(time.Second)
		_, busy, waiting := turn.State()
		require.Zero(t, busy)
		require.Zero(t, waiting)
	})
}

func TestWantOfCPUShedsReadsFirstAndPaymentsLast(t *testing.T) {
	t.Parallel()
	p := api.NewPressure()
	reads := func() int { return p.Refused("GET", "/v1/events/night") }
	bookings := func() int { return p.Refused("POST", "/v1/bookings") }
	payments := func() int { return p.Refused("POST", "/v1/bookings/bk_1/payment") }
	for range 3 {
		p.Adjust(5 * time.Second)
	}
	require.Zero(t, reads(), "a burst is worked off")
	for range 20 {
		p.Adjust(time.Second)
	}
	require.InDelta(t, 950, reads(), 50)
	require.Zero(t, bookings())
	for range 20 {
		p.Adjust(5 * time.Second)
	}
	require.InDelta(t, 950, bookings(), 50)
	require.Zero(t, payments())
	require.Zero(t, p.Refused("POST", "/v1/events/night/queue/claim"))
	require.Zero(t, p.Refused("GET", "/healthz"))
	for range 30 {
		p.Adjust(time.Millisecond)
	}
	require.Zero(t, reads()+bookings(), "and it is over when it is over")
}

func TestRequestsAreClassed(t *testing.T) {
	t.Parallel()
	for request, want := range map[[2]string]string{
		{"GET", "/healthz"}:                         "free/",
		{"GET", "/v1/status"}:                       "free/",
		{"GET", "/docs"}:                            "read/pages",
		{"GET", "/v1/events"}:                       "read/list",
		{"GET", "/v1/events/night"}:                 "read/event",
		{"GET", "/v1/events/night/availability"}:    "read/availability",
		{"GET", "/v1/events/night/queue"}:           "read/queue",
		{"GET", "/v1/events/night/anything"}:        "read/event",
		{"GET", "/v1/search"}:                       "read/search",
		{"GET", "/v1/search/suggest"}:               "read/search",
		{"GET", "/v1/events/night/queue/me"}:        "personal/events",
		{"GET", "/v1/events/night/sales"}:           "personal/events",
		{"GET", "/v1/me"}:                           "personal/me",
		{"GET", "/v1/me/bookings"}:                  "personal/me",
		{"GET", "/v1/bookings/bk_1"}:                "personal/bookings",
		{"GET", "/v1/bookings/bk_1/stream"}:         "stream/stream",
		{"GET", "/v1/events/n/availability/stream"}: "stream/stream",
		{"POST", "/v1/users"}:                       "registration/users",
		{"POST", "/v1/sessions"}:                    "login/sessions",
		{"POST", "/v1/sessions/refresh"}:            "anonymous/sessions",
		{"DELETE", "/v1/sessions/current"}:          "write/sessions",
		{"POST", "/v1/events/night/queue"}:          "queue/events",
		{"POST", "/v1/events/night/queue/claim"}:    "queue/events",
		{"POST", "/v1/events/night/publish"}:        "write/events",
		{"POST", "/v1/bookings"}:                    "booking/bookings",
		{"POST", "/v1/bookings/bk_1/payment"}:       "payment/bookings",
		{"POST", "/v1/bookings/bk_1/cancel"}:        "payment/bookings",
		{"POST", "/v1/bookings/bk_1/refund"}:        "write/bookings",
		{"POST", "/v1/webhooks/stripe"}:             "webhook/webhooks",
		{"PATCH", "/v1/events/night"}:               "write/events",
	} {
		class, lane := api.Classify(request[0], request[1])
		require.Equal(t, want, class+"/"+lane, "%s %s", request[0], request[1])
	}
}

func TestASlowPartHoldsUpItsOwnLaneOnly(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	w, _ := lightWorld(t, func(d *api.Deps) {
		d.Catalogue = listing{wait: release}
	}, "events")
	var wg sync.WaitGroup
	var shed, fine atomic.Int64
	for range 300 {
		wg.Go(func() {
			a := w.do(t, "GET", "/v1/events", "", nil)
			switch {
			case a.status == http.StatusOK:
				fine.Add(1)
			case a.code() == string(ticket.CodeUnavailable) && a.header.Get("Retry-After") != "":
				shed.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return shed.Load() == 44 }, 20*time.Second, 10*time.Millisecond, "those who waited a second for nothing")
	w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusOK)
	close(release)
	wg.Wait()
	require.EqualValues(t, 256, fine.Load())
	require.EqualValues(t, 44, shed.Load())
	w.do(t, "GET", "/v1/events", "", nil).want(t, http.StatusOK)
	require.Contains(t, string(w.do(t, "GET", "/metrics", "", nil).raw), `yourticket_shed_total{class="read",reason="queue"} 44`)
	require.Contains(t, w.do(t, "GET", "/v1/status", "", nil).body["degraded"], "load-shedding")
}
