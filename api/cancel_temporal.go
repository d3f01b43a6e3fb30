package api

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"yourticket.example/workflows"
)

// TemporalCancellations are the cancellations of a Temporal namespace.
type TemporalCancellations struct{ Client client.Client }

// Refund implements Cancellations.
func (t TemporalCancellations) Refund(ctx context.Context, eventID string) error {
	ctx, cancel := context.WithTimeout(ctx, saleCall)
	defer cancel()
	_, err := t.Client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.CancelEventID(eventID),
		TaskQueue:                workflows.QueueSales,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    workflows.CancelAttributes(eventID),
		StaticSummary:            "Cancellation of " + eventID,
	}, workflows.CancelEventType, workflows.CancelEventInput{EventID: eventID})
	return saleAway(err)
}

// CancelAll starts the refunds of every canceled event that are not through and
// not going on: what a process does when it starts, and now and then.
func CancelAll(ctx context.Context, store interface {
	OpenCancellations(ctx context.Context) ([]string, error)
}, start Cancellations,
) error {
	events, err := store.OpenCancellations(ctx)
	if err != nil {
		return err
	}
	for _, id := range events {
		if err := start.Refund(ctx, id); err != nil {
			return err
		}
	}
	return nil
}
