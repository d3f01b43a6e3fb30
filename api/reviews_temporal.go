package api

import (
	"context"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// Reviews has the books follow what providers do to charges by themselves.
type Reviews interface {
	// ChargeNews says that the provider has news of a booking's charge. Told
	// several times it is looked at once more, at most.
	ChargeNews(ctx context.Context, b *ticket.Booking) error
}

// TemporalReviews are the reviews of a Temporal namespace.
type TemporalReviews struct{ Client client.Client }

// ChargeNews implements Reviews.
func (t TemporalReviews) ChargeNews(ctx context.Context, b *ticket.Booking) error {
	id := workflows.ReviewID(b.ID)
	_, err := t.Client.SignalWithStartWorkflow(ctx, id, workflows.SignalPaymentEvent, nil, client.StartWorkflowOptions{
		ID:                    id,
		TaskQueue:             workflows.QueuePayments,
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes: workflows.RefundAttributes(b.EventID, b.BuyerID),
		StaticSummary:         "News of the charge of " + b.ID,
	}, workflows.ReviewType, activities.ReviewInput{BookingID: b.ID})
	return unanswered(err)
}
