package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// The task queues, one a fleet.
const (
	QueuePurchases = "purchases"
	QueuePayments  = "payments"
)

const (
	// askBuyer is how long a step may be tried while a buyer waits for it.
	askBuyer = 5 * time.Second
	// chargeFast is how long a provider has on the fast path; longer than the
	// adapters' own budget, which therefore decides.
	chargeFast = 6 * time.Second
	// chargePatient is the same on the payments fleet.
	chargePatient = 20 * time.Second
	// giveUp is when a step that cannot be settled is handed to support.
	giveUp = 24 * time.Hour
)

var (
	// once: the step itself sorts what happened; trying again is for the workflow to decide.
	once = &temporal.RetryPolicy{MaximumAttempts: 1}
	// briskly: somebody is waiting.
	briskly = &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Second}
	// patiently: it must happen, however long the other side is away.
	patiently = &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: time.Minute}
)

// local runs a step inside the workflow task: no event but its marker.
func local(ctx workflow.Context, within time.Duration, retry *temporal.RetryPolicy, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: within,
		StartToCloseTimeout:    min(within, chargeFast),
		RetryPolicy:            retry,
		Summary:                summary,
	})
}

// onPayments runs a step on the payments fleet, which has the patience, the
// rate limit and the scaling of its own.
func onPayments(ctx workflow.Context, within time.Duration, retry *temporal.RetryPolicy, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueuePayments,
		ScheduleToCloseTimeout: within,
		StartToCloseTimeout:    min(within, 30*time.Second),
		RetryPolicy:            retry,
		Summary:                summary,
	})
}
