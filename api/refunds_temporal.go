package api

import (
	"context"
	"errors"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// TemporalRefunds are the refunds of a Temporal namespace.
type TemporalRefunds struct{ Client client.Client }

// Begin implements Refunds. A refund that was refused may be asked for again;
// one that has ended is found in the books.
func (t TemporalRefunds) Begin(ctx context.Context, in activities.RefundInput, b *ticket.Booking) (*workflows.RefundOutcome, error) {
	for {
		o, err := t.tryBegin(ctx, in, b)
		if err == nil || ctx.Err() != nil || !again(ctx, err) {
			return o, err
		}
	}
}

func (t TemporalRefunds) tryBegin(ctx context.Context, in activities.RefundInput, b *ticket.Booking) (*workflows.RefundOutcome, error) {
	ctx, cancel := context.WithTimeout(ctx, beginTry)
	defer cancel()
	handle, err := t.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: t.Client.NewWithStartWorkflowOperation(startRefund(in, b), workflows.RefundType, in),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: updateBegin, UpdateName: workflows.UpdateBegin, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return nil, unanswered(err)
	}
	var o workflows.RefundOutcome
	err = handle.Get(ctx, &o)
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return nil, ticket.Errorf(ticket.Code(refused.Type()), "%s", refused.Message())
	}
	if err != nil {
		return nil, unanswered(err)
	}
	return &o, nil
}

func startRefund(in activities.RefundInput, b *ticket.Booking) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                       workflows.RefundWorkflowID(in.RefundID),
		TaskQueue:                workflows.QueuePayments,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    workflows.RefundAttributes(b.EventID, b.BuyerID),
		StaticSummary:            "Refund of " + b.ID,
	}
}
