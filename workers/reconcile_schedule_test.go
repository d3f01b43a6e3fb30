package workers_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/ticket"
	"yourticket.example/workers"
	"yourticket.example/workflows"
)

// TestMissedDaysAreMadeUpFor has a real server's schedule run three days at once,
// long after they were due: each reconciles its own day, one after another.
func TestMissedDaysAreMadeUpFor(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	address, namespace := partstest.Temporal(t)
	quiet := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Logger: quiet})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, workflows.QueueFinance, worker.Options{})
	w.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileType})
	w.RegisterActivity(o.steps)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.NoError(t, workers.EnsureSchedules(t.Context(), c))

	schedule := c.ScheduleClient().GetHandle(t.Context(), workflows.ReconcileID(string(ticket.Stripe)))
	first := time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
	require.NoError(t, schedule.Backfill(t.Context(), client.ScheduleBackfillOptions{Backfill: []client.ScheduleBackfill{{
		Start: first.Add(-time.Minute), End: first.AddDate(0, 0, 2).Add(time.Minute),
	}}}))
	for days := range 3 {
		due := first.AddDate(0, 0, days)
		id := workflows.DailyReconciliation(ticket.Stripe, due.AddDate(0, 0, -1))
		require.Eventually(t, func() bool {
			r, err := o.catalogue.Reconciliation(t.Context(), id)
			return err == nil && r.Status == ticket.ReconciliationDone && r.RequestedBy == "schedule" && r.To.Sub(r.From) == 24*time.Hour
		}, 30*time.Second, 100*time.Millisecond, id)
		run := c.GetWorkflow(t.Context(), "reconcile/stripe-"+due.Format(time.RFC3339), "")
		require.NoError(t, run.Get(t.Context(), nil))
		replayer := worker.NewWorkflowReplayer()
		replayer.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileType})
		var history historypb.History
		events := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
		for events.HasNext() {
			event, err := events.Next()
			require.NoError(t, err)
			history.Events = append(history.Events, event)
		}
		require.NoError(t, replayer.ReplayWorkflowHistory(quiet, &history))
	}
}
