package workers

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// reconcileHour is when the day before is reconciled, in UTC: PayPal reports
// what it has booked within three hours.
const reconcileHour = 4

// auditEvery is how often all invariants are checked. An audit that takes longer
// than that is followed by the next one that is due.
const auditEvery = 15 * time.Minute

// EnsureSchedules makes sure that each provider's books are compared with ours
// every day, and that all invariants are checked all day long. A schedule that is there stays as it is, so that it can be paused
// or moved in the Temporal UI.
func EnsureSchedules(ctx context.Context, c client.Client) error {
	var errs []error
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		id := workflows.ReconcileID(string(p))
		_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
			ID: id,
			Spec: client.ScheduleSpec{Calendars: []client.ScheduleCalendarSpec{{
				Hour: []client.ScheduleRange{{Start: reconcileHour}}, Minute: []client.ScheduleRange{{Start: 0}},
			}}},
			Action: &client.ScheduleWorkflowAction{
				ID: id, Workflow: workflows.ReconcileType, TaskQueue: workflows.QueueFinance,
				Args: []any{workflows.ReconcileInput{Providers: []ticket.Provider{p}}},
			},
			// Days that were missed follow one another; the default would skip them.
			Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ALL,
			Note:    "Compares yesterday's movements at " + string(p) + " with ours.",
		})
		if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
			errs = append(errs, err)
		}
	}
	_, err := c.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID:   workflows.AuditID,
		Spec: client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: auditEvery}}},
		Action: &client.ScheduleWorkflowAction{
			ID: workflows.AuditID, Workflow: workflows.AuditType, TaskQueue: workflows.QueueFinance,
		},
		Note: "Checks every invariant; the result is in the workflow and in /metrics of the worker that did it.",
	})
	if err != nil && !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
