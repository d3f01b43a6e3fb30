package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/workflows"
)

func TestASaleOpensOnTimeAndEndsWithItsEvent(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t).stopAfter(2 * time.Minute)
	r := w.run(t)
	require.Equal(t, start.Add(time.Hour), w.opened)
	require.Equal(t, "past", r.Reason)
	require.Equal(t, []string{"open", "closed"}, w.phases())
	require.InDelta(t, 10, w.admits[0].Count, 1, "200 a minute at first, a tick's worth at once")
	require.Positive(t, w.between(time.Minute, 2*time.Minute))
	require.Equal(t, r.Served, w.measures.Serving)
}

func TestAnOpeningThatMovesIsFollowed(t *testing.T) {
	t.Parallel()
	for name, to := range map[string]time.Duration{"later": 3 * time.Hour, "earlier": 30 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSaleWorld(t)
			w.terms.StartsAt = start.Add(4 * time.Hour)
			w.early = 2
			w.env.RegisterDelayedCallback(func() {
				w.terms.OnSaleAt = start.Add(to)
				w.env.SignalWorkflow(workflows.SignalEventChanged, nil)
			}, 10*time.Minute)
			w.run(t)
			require.Equal(t, start.Add(to+2*time.Second), w.opened, "and the clock of Redis has the last word")
		})
	}
}

func TestASaleWithoutAWaitingRoomEndsAtOnce(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t)
	w.terms.Over = "off"
	require.Equal(t, "off", w.run(t).Reason)
	require.Empty(t, w.admits)
}

func TestNeverMoreAreCalledThanSessionsSeatsAndBuyersAllow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(m *activities.SaleMeasures)
		most   int
	}{
		"sessions": {func(m *activities.SaleMeasures) { m.Live, m.Open = 90, 7 }, 3},
		"seats":    {func(m *activities.SaleMeasures) { m.Free, m.Open = 9, 5 }, 4},
		"buyers":   {func(m *activities.SaleMeasures) { m.Issued = m.Serving + 2 }, 2},
		"over":     {func(m *activities.SaleMeasures) { m.Live = 101 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSaleWorld(t).stopAfter(30 * time.Second)
			w.measure = func(_ int, m *activities.SaleMeasures) error { c.change(m); return nil }
			w.run(t)
			for _, in := range w.admits {
				require.LessOrEqual(t, in.Count, c.most)
			}
			if c.most > 0 {
				require.Equal(t, c.most, w.admits[0].Count)
			}
		})
	}
}

func TestTheRateFollowsWhatTheSystemBears(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		strain       func(m *activities.SaleMeasures)
		slower, same bool
	}{
		"all well":                {strain: func(*activities.SaleMeasures) {}},
		"bookings slow down":      {strain: func(m *activities.SaleMeasures) { m.BookingMs, m.Bookings = 300, 50 }, same: true},
		"bookings are slow":       {strain: func(m *activities.SaleMeasures) { m.BookingMs, m.Bookings = 900, 50 }, slower: true},
		"too few to tell":         {strain: func(m *activities.SaleMeasures) { m.BookingMs, m.Bookings = 900, 3 }},
		"purchases pile up":       {strain: func(m *activities.SaleMeasures) { m.BacklogMs[0] = 3000 }, slower: true},
		"payments pile up":        {strain: func(m *activities.SaleMeasures) { m.BacklogMs[1] = 3000 }, slower: true},
		"payment permits are few": {strain: func(m *activities.SaleMeasures) { m.PaymentRoom = 0.05 }, same: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSaleWorld(t).stopAfter(time.Minute)
			w.measures.Issued, w.measures.Free, w.terms.MaxSessions = 100_000, 100_000, 100
			w.measure = func(n int, m *activities.SaleMeasures) error {
				if n > 5 {
					c.strain(m)
				}
				return nil
			}
			w.run(t)
			before, after := w.admits[4].Rate, w.admits[len(w.admits)-2].Rate
			switch {
			case c.slower:
				require.Less(t, after, before/4)
				require.GreaterOrEqual(t, after, 6.0, "a trickle stays")
			case c.same:
				require.InDelta(t, before, after, 0.2)
			default:
				require.Greater(t, after, before+100)
			}
		})
	}
}

func TestARateThatDoesNotHoldBuyersBackStays(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t).stopAfter(10 * time.Minute)
	w.measure = func(_ int, m *activities.SaleMeasures) error { m.Live = 99; return nil }
	w.run(t)
	last := w.admits[len(w.admits)-1]
	require.InDelta(t, 200, last.Rate, 0.1, "sessions did")
	require.InDelta(t, 20, last.Pace, 2, "one every three seconds")
}

func TestPauseAndResumeByHand(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t).stopAfter(3 * time.Minute)
	w.measures.Issued, w.measures.Free = 100_000, 100_000
	unsigned := w.tell(10*time.Second, workflows.UpdatePause, workflows.SaleRequest{})
	early := w.tell(11*time.Second, workflows.UpdateResume, workflows.SaleRequest{By: "ann"})
	paused := w.tell(31*time.Second, workflows.UpdatePause, workflows.SaleRequest{By: "ann", Reason: "Fire drill."})
	twice := w.tell(40*time.Second, workflows.UpdatePause, workflows.SaleRequest{By: "ben"})
	resumed := w.tell(91*time.Second, workflows.UpdateResume, workflows.SaleRequest{By: "ben"})
	w.run(t)
	require.ErrorContains(t, unsigned.err, "(by)")
	require.ErrorContains(t, early.err, "nobody has paused")
	require.ErrorContains(t, twice.err, "by ann")
	require.NoError(t, paused.err)
	require.Equal(t, "paused", paused.status.Phase)
	require.Contains(t, paused.status.Reason, "Fire drill.")
	require.Equal(t, w.opened.Add(31*time.Second), paused.at, "it is obeyed at once")
	require.NoError(t, resumed.err)
	require.Equal(t, "open", resumed.status.Phase)
	require.Zero(t, w.between(31*time.Second, 91*time.Second))
	require.Positive(t, w.between(91*time.Second, 120*time.Second))
	require.Equal(t, []string{"open", "paused", "open", "closed"}, w.phases())
	require.Len(t, w.orders, 2)
	require.Equal(t, activities.SaleOrder{
		EventID: "ev_1", OrderID: "Pause31s", What: "Pause", By: "ann", Reason: "Fire drill.", At: w.opened.Add(31 * time.Second),
	}, w.orders[0])
}

func TestARateSetByHandHolds(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t).stopAfter(4 * time.Minute)
	w.measures.Issued, w.measures.Free = 100_000, 100_000
	w.measure = func(_ int, m *activities.SaleMeasures) error { m.BookingMs, m.Bookings = 300, 20; return nil }
	wrong := w.tell(time.Second, workflows.UpdateSetRate, workflows.SetRateRequest{By: "ann", PerMinute: -1})
	set := w.tell(30*time.Second, workflows.UpdateSetRate, workflows.SetRateRequest{By: "ann", PerMinute: 30, Reason: "slowly"})
	auto := w.tell(150*time.Second, workflows.UpdateSetRate, workflows.SetRateRequest{By: "ann"})
	w.run(t)
	require.ErrorContains(t, wrong.err, "per_minute")
	require.NoError(t, set.err)
	require.InDelta(t, 30, set.status.RatePerMinute, 0)
	require.True(t, set.status.Fixed)
	require.InDelta(t, 60, w.between(30*time.Second, 150*time.Second), 3)
	require.NoError(t, auto.err)
	require.False(t, auto.status.Fixed)
	require.InDelta(t, 30, w.orders[0].PerMinute, 0)
}

func TestASaleStopsByItselfAndGoesOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		harm   func(m *activities.SaleMeasures) error
		reason string
	}{
		"a part is down": {func(m *activities.SaleMeasures) error { m.Down = []string{"payments"}; return nil }, "payments"},
		"bookings fail":  {func(m *activities.SaleMeasures) error { m.Bookings, m.Unanswered = 20, 12; return nil }, "bookings fail"},
		"postponed":      {func(m *activities.SaleMeasures) error { m.Postponed = true; return nil }, "postponed"},
		"nothing to see": {func(*activities.SaleMeasures) error {
			return temporal.NewNonRetryableApplicationError("redis is away", "unavailable", nil)
		}, "redis is away"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSaleWorld(t).stopAfter(2 * time.Minute)
			w.measures.Issued, w.measures.Free = 100_000, 100_000
			w.measure = func(_ int, m *activities.SaleMeasures) error {
				if since := w.env.Now().Sub(w.opened); since > 20*time.Second && since < 50*time.Second {
					return c.harm(m)
				}
				return nil
			}
			var status workflows.SaleStatus
			w.env.RegisterDelayedCallback(func() {
				v, err := w.env.QueryWorkflow(workflows.QueryStatus)
				require.NoError(t, err)
				require.NoError(t, v.Get(&status))
			}, time.Hour+40*time.Second)
			w.run(t)
			require.Equal(t, "paused", status.Phase)
			require.Contains(t, status.Reason, c.reason)
			require.Zero(t, w.between(22*time.Second, 50*time.Second))
			require.Positive(t, w.between(60*time.Second, 80*time.Second))
		})
	}
}

func TestNothingLeftToSellClosesTheRoomUntilSomethingIs(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t).stopAfter(10 * time.Minute)
	w.measure = func(_ int, m *activities.SaleMeasures) error {
		switch since := w.env.Now().Sub(w.opened); {
		case since > 6*time.Minute:
		case since > 2*time.Minute:
			m.Free = 0
		case since > time.Minute:
			m.Free, m.Held = 0, 3
		}
		return nil
	}
	w.run(t)
	require.Equal(t, []string{"open", "closed", "open", "closed"}, w.phases())
	require.Zero(t, w.between(time.Minute+3*time.Second, 6*time.Minute))
	require.Positive(t, w.between(6*time.Minute, 8*time.Minute))
	require.Equal(t, "Nothing is left to sell.", w.admits[w.firstClosed()].Reason)
}

func (w *saleWorld) firstClosed() int {
	for i, in := range w.admits {
		if in.Phase == "closed" {
			return i
		}
	}
	return -1
}

func TestASaleThatNobodyWaitsForSleepsUntilItIsWoken(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t).stopAfter(10 * time.Minute)
	w.measures.Issued = 0
	w.env.RegisterDelayedCallback(func() {
		require.LessOrEqual(t, w.ticks, 17, "a look every twenty seconds")
		w.measures.Issued = 1
		w.env.SignalWorkflow(workflows.SignalWake, nil)
	}, time.Hour+5*time.Minute+7*time.Second)
	w.run(t)
	require.Equal(t, 1, w.between(5*time.Minute+7*time.Second, 5*time.Minute+8*time.Second), "called at once")
}

func TestALongSaleHandsOnWhatItKnows(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t)
	w.measures.Issued, w.measures.Free = 100_000, 100_000
	paused := w.tell(40*time.Second, workflows.UpdatePause, workflows.SaleRequest{By: "ann", Reason: "drill"})
	w.env.RegisterDelayedCallback(func() { w.env.SetCurrentHistoryLength(5000) }, time.Hour+40*time.Second)
	w.env.ExecuteWorkflow(workflows.OnSaleType, workflows.OnSaleInput{EventID: "ev_1"})
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.env.GetWorkflowError(), &next)
	require.NoError(t, paused.err)
	text := next.Input.GetPayloads()[0].String()
	require.Contains(t, text, "drill", "the pause goes with it")

	again := newSaleWorld(t).stopAfter(time.Minute)
	state := &workflows.SaleState{Opened: true, Entries: 900, Called: 50, Throttle: workflows.Throttle{Rate: 77, Step: 1}}
	again.terms.OnSaleAt, again.terms.StartsAt, again.opened = start, start.Add(time.Minute), start
	again.env.ExecuteWorkflow(workflows.OnSaleType, workflows.OnSaleInput{EventID: "ev_1", State: state})
	require.NoError(t, again.env.GetWorkflowError())
	require.InDelta(t, 77, again.admits[0].Rate, 1.1)
	require.Positive(t, again.admits[0].Count)
}

func TestACancelledSaleStopsAdmitting(t *testing.T) {
	t.Parallel()
	w := newSaleWorld(t)
	w.env.RegisterDelayedCallback(w.env.CancelWorkflow, time.Hour+30*time.Second)
	w.env.ExecuteWorkflow(workflows.OnSaleType, workflows.OnSaleInput{EventID: "ev_1"})
	require.True(t, temporal.IsCanceledError(w.env.GetWorkflowError()) || strings.Contains(w.env.GetWorkflowError().Error(), "canceled"))
	last := w.admits[len(w.admits)-1]
	require.Equal(t, "paused", last.Phase)
	require.Contains(t, last.Reason, "cancelled")
}
