package workers_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// TestAReconciliationHandsOnBetweenPages has more orphans than a page, and a run
// that hands on after each step: nothing is done twice or left out.
func TestAReconciliationHandsOnBetweenPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	const orphans = 260
	for range orphans {
		o.takes(ticket.Stripe, 700)
	}
	o.books(o.takes(ticket.PayPal, 800), "captured", 800)
	time.Sleep(2 * time.Second) // PayPal reports whole seconds that are over
	o.handOn = true
	r, lines := o.reconciles(from, time.Now().Add(time.Second))
	require.EqualValues(t, orphans, r.Differences)
	require.Len(t, lines, orphans+1)
	require.Equal(t, ticket.ReconciliationDone, r.Status)
	require.Equal(t, 7, o.runs, "their books and ours of two providers, two pages of differences, and fees")
	undone := map[string]bool{}
	for _, q := range o.settled {
		undone[q.Ref] = true
	}
	require.Len(t, o.settled, orphans)
	require.Len(t, undone, orphans)
	o.journalBalances(orphans + 1)
}

// pages is a provider's books of so many pages, newest first, each of which takes
// a while.
type pages struct {
	n     int
	takes time.Duration
	ends  []time.Time // what was asked for
	until []time.Time
}

func (p *pages) Movements(_ context.Context, _, to time.Time, _ string) (page ticket.MovementPage, err error) {
	time.Sleep(p.takes)
	p.ends, p.until = append(p.ends, to), append(p.until, time.Now())
	page.Until = p.until[len(p.until)-1]
	if len(p.ends) < p.n {
		page.Next = "more"
	}
	return page, nil
}

// TestTheirBooksEndWhereTheFirstPageSays reads more pages than one step takes, by
// a clock that goes on: all have one end, and they are complete as of the first.
func TestTheirBooksEndWhereTheFirstPageSays(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	books := &pages{n: 30, takes: time.Millisecond}
	o.steps.Providers[ticket.Stripe], o.steps.Now = books, time.Now
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivity(o.steps)
	in := activities.GatherInput{ID: "rc_1", Provider: ticket.Stripe, From: time.Now().Add(-time.Hour), To: time.Now()}
	var out activities.Gathered
	for steps := 1; !out.Done; steps++ {
		require.LessOrEqual(t, steps, 2)
		value, err := env.ExecuteActivity(o.steps.GatherTheirs, in)
		require.NoError(t, err)
		require.NoError(t, value.Get(&out))
		in.Cursor, in.Before, in.Until = out.Cursor, out.Before, out.Until
	}
	require.Len(t, books.ends, books.n)
	for _, end := range books.ends {
		require.WithinDuration(t, books.ends[0], end, 0)
	}
	require.WithinDuration(t, books.until[0], out.Until, 0)
}

// counted counts the pages that are read, each of which takes a while.
type counted struct {
	activities.MovementReader
	takes time.Duration
	n     int
}

func (c *counted) Movements(ctx context.Context, from, to time.Time, cursor string) (ticket.MovementPage, error) {
	c.n++
	time.Sleep(c.takes)
	return c.MovementReader.Movements(ctx, from, to, cursor)
}

// TestASlowReportIsReadOnce reads PayPal until now, more slowly than time goes by.
func TestASlowReportIsReadOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	slow := &counted{MovementReader: o.steps.Providers[ticket.PayPal], takes: 1500 * time.Millisecond}
	o.steps.Providers[ticket.PayPal], o.steps.Now = slow, time.Now
	o.reconciles(time.Now().AddDate(0, 0, -40), time.Now().Add(time.Second))
	require.Equal(t, 2, slow.n, "a report is of 31 days at most")
}

// TestALateCaptureOfOursIsKnown has captures that our books have on another day:
// the fee is booked with the provider's, once. Another amount is for people.
func TestALateCaptureOfOursIsKnown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	late := o.books(o.takes(ticket.Stripe, 4000), "captured", 4000)
	_, err := o.shard(late).Exec(t.Context(), `UPDATE payments SET captured_at = now() + interval '5 hours' WHERE booking_id = $1`, late.request.BookingID)
	require.NoError(t, err)
	other := o.books(o.takes(ticket.Stripe, 5000), "authorized", 5001)
	missed := o.books(o.takes(ticket.Stripe, 6000), "authorized", 6000)
	r, lines := o.reconciles(from, time.Now().Add(time.Second))
	actions := map[string]string{}
	for _, l := range lines {
		actions[l.BookingID] = l.Action
	}
	require.Equal(t, map[string]string{
		late.request.BookingID:   "our books have the capture, at another time",
		other.request.BookingID:  "",
		missed.request.BookingID: "the capture was booked",
	}, actions)
	var status string
	require.NoError(t, o.shard(other).QueryRow(t.Context(), `SELECT status FROM payments WHERE booking_id = $1`, other.request.BookingID).Scan(&status))
	require.Equal(t, "authorized", status)
	require.Empty(t, o.settled)
	o.journalBalances(2)

	// A worker dies between the capture and the note: the next finds it booked.
	_, err = o.pools[0].Exec(t.Context(), `UPDATE reconciliation_lines SET action = ''`)
	require.NoError(t, err)
	_, err = o.steps.HealDifferences(t.Context(), activities.LinesInput{ID: r.ID})
	require.NoError(t, err)
	lines, err = o.catalogue.ReconciliationLines(t.Context(), r.ID, 0, 10, true)
	require.NoError(t, err)
	noted := 0
	for _, l := range lines {
		if l.Action != "" {
			noted++
		}
	}
	require.Equal(t, 2, noted)
}

// TestAReviewThatRunsIsTold finds two changes of one charge: the review that the
// first has started hears of the second.
func TestAReviewThatRunsIsTold(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	from := time.Now().Add(-time.Hour).Truncate(time.Second)
	s := o.books(o.takes(ticket.Stripe, 4000), "captured", 4000)
	for range 2 {
		o.control("/sandbox/refunds", fmt.Sprintf(`{"provider":"stripe","booking_id":%q,"amount":1000}`, s.request.BookingID))
	}
	told := false
	o.review = func(ctx workflow.Context) {
		told, _ = workflow.GetSignalChannel(ctx, workflows.SignalPaymentEvent).ReceiveWithTimeout(ctx, time.Minute, nil)
	}
	r, lines := o.reconciles(from, time.Now().Add(time.Second))
	require.EqualValues(t, 2, r.Differences)
	require.Len(t, o.reviewed, 1)
	require.True(t, told)
	for _, l := range lines {
		if l.Kind == ticket.MovementRefund {
			require.Contains(t, l.Action, "booked by review/")
		}
	}
}

// TestADelayedRunReconcilesItsOwnDay runs days after it was due.
func TestADelayedRunReconcilesItsOwnDay(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		due  time.Time // zero: started by hand
		want string
	}{
		"by a schedule": {time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC), "rc_stripe_2026-03-01"},
		"by hand":       {time.Time{}, "rc_stripe_2026-03-04"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.handOn = true
			r := o.executes(workflows.ReconcileInput{Providers: []ticket.Provider{ticket.Stripe}}, func(env *testsuite.TestWorkflowEnvironment) {
				env.SetStartTime(time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC).AddDate(0, 0, o.runs-1)) // each run as late again
				if !tt.due.IsZero() {
					key := temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")
					require.NoError(t, env.SetTypedSearchAttributesOnStart(temporal.NewSearchAttributes(key.ValueSet(tt.due))))
				}
			})
			require.Equal(t, tt.want, r.ID)
			require.Equal(t, "schedule", r.RequestedBy)
			require.Equal(t, 24*time.Hour, r.To.Sub(r.From))
			require.Greater(t, o.runs, 1)
		})
	}
}

func TestYoungDifferencesAreAMatterOfTime(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.steps.Now = time.Now
	for p, reader := range o.steps.Providers {
		o.steps.Providers[p] = reader.(settledReader).MovementReader
	}
	o.takes(ticket.Stripe, 100) // not booked yet
	ghost := o.books(o.takes(ticket.PayPal, 200), "captured", 200)
	_, err := o.shard(ghost).Exec(t.Context(), `UPDATE payments SET capture_ref = 'unreported' WHERE booking_id = $1`, ghost.request.BookingID)
	require.NoError(t, err)
	time.Sleep(2 * time.Second) // PayPal reports whole seconds that are over
	r, lines := o.reconciles(time.Now().Add(-time.Hour), time.Now().Add(time.Second))
	require.Zero(t, r.Differences)
	require.Len(t, lines, 3)
	for _, l := range lines {
		require.Equal(t, ticket.ResultTiming, l.Result)
	}
	require.Empty(t, o.settled)
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.books(o.takes(ticket.Stripe, 100), "captured", 100)
	o.control("/sandbox/faults", `{"provider":"stripe","fault":"error","operation":"list","rate":1,"count":2}`)
	o.control("/sandbox/faults", `{"provider":"paypal","fault":"error","operation":"list","rate":1,"count":2}`)
	r, lines := o.reconciles(time.Now().Add(-time.Hour), time.Now().Add(time.Second))
	require.Zero(t, r.Differences)
	require.Len(t, lines, 1)
}

func TestMovementsOutsideTheTimeStayOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.books(o.takes(ticket.Stripe, 100), "captured", 100)
	_, lines := o.reconciles(time.Now().Add(-3*time.Hour), time.Now().Add(-time.Hour/2))
	require.Empty(t, lines)
}
