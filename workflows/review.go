package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// ReviewType is the workflow type of ReviewCharge.
const ReviewType = "ReviewCharge"

// ReviewID is the workflow id of the review of a booking's charge.
func ReviewID(bookingID string) string { return "review/" + bookingID }

// ReviewResult is what the last look has found.
type ReviewResult struct {
	Refunds  int    `json:"refunds"`
	Disputes int    `json:"disputes"`
	Note     string `json:"note,omitempty"`
	// Desk is what support did to it.
	Desk []DeskNote `json:"desk,omitempty"`
}

var reviews *activities.Reviews

// ReviewCharge follows what a provider does to a charge by itself: disputes,
// refunds made by hand, refunds of ours that end later than we looked. It is
// started by a signal that says no more than that there is news, reads the
// charge at the provider, and brings our books in line; news that comes
// meanwhile makes it look again. So it matters neither in which order news
// comes, nor how often or how late.
func ReviewCharge(ctx workflow.Context, in activities.ReviewInput) (ReviewResult, error) {
	r := &review{in: in, news: workflow.GetSignalChannel(ctx, SignalPaymentEvent)}
	r.ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := r.setHandlers(); err != nil {
		return ReviewResult{}, err
	}
	for {
		for r.news.ReceiveAsync(nil) { // one look is enough for all of it
		}
		again := r.look()
		if !again && r.news.Len() == 0 && workflow.AllHandlersFinished(r.ctx) {
			r.result.Desk = r.notes
			return r.result, nil
		}
	}
}

// review is one run of the workflow.
type review struct {
	ctx     workflow.Context
	in      activities.ReviewInput
	news    workflow.ReceiveChannel
	result  ReviewResult
	began   time.Time // when it was first too early
	pause   time.Duration
	waiting bool
	retry   bool
	resolve *ResolveRequest
	notes   desk
}

// look brings our books in line once, and tells whether it must look again.
func (r *review) look() (again bool) {
	r.tell("Reads the charge at its provider.")
	ctx := onPayments(r.ctx, giveUp, patiently, "read refunds and disputes")
	var out activities.Reviewed
	if err := workflow.ExecuteActivity(ctx, reviews.ReviewCharge, r.in).Get(ctx, &out); err != nil {
		return r.callSupport("The charge could not be read: " + cause(err))
	}
	if out.Later {
		return r.later()
	}
	r.result.Refunds, r.result.Disputes = out.Refunds, out.Disputes
	for _, id := range out.Follow {
		if err := r.follow(id, out); err != nil {
			return r.callSupport(fmt.Sprintf("The refund %s could not be gone on with: %s", id, cause(err)))
		}
	}
	r.tell("The provider has %d refunds and %d disputes of this charge; ours are in line with them.", out.Refunds, out.Disputes)
	return false
}

// later waits for the capture to be booked, which its purchase is at.
func (r *review) later() (again bool) {
	if r.began.IsZero() {
		r.began = workflow.Now(r.ctx)
	}
	if workflow.Now(r.ctx).Sub(r.began) > captureWithin {
		return r.callSupport("The payment was never captured in our books, so what became of it cannot be booked.")
	}
	r.tell("Waits until the capture of the payment is booked.")
	r.pause = min(max(lookSoon, 2*r.pause), time.Hour)
	_, _ = workflow.AwaitWithTimeout(r.ctx, r.pause, func() bool { return r.news.Len() > 0 }) // never cancelled
	return true
}

// follow has the workflow of a refund go on: the one that runs, or another run.
func (r *review) follow(refundID string, of activities.Reviewed) error {
	id := RefundWorkflowID(refundID)
	ctx := workflow.WithChildOptions(r.ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: QueuePayments, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: RefundAttributes(of.EventID, of.BuyerID), StaticSummary: "Refund of " + r.in.BookingID,
	})
	in := activities.RefundInput{BookingID: r.in.BookingID, RefundID: refundID}
	err := workflow.ExecuteChildWorkflow(ctx, RefundType, in).GetChildWorkflowExecution().Get(ctx, nil)
	if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return err
	}
	// One that ends at this moment has looked late enough, or is started by the
	// next news.
	_ = workflow.SignalExternalWorkflow(r.ctx, id, "", SignalPaymentEvent, nil).Get(r.ctx, nil)
	return nil
}

func (r *review) setHandlers() error {
	return setUpdateHandlers(r.ctx,
		updateHandler{
			UpdateRetryPayment,
			func(ctx workflow.Context, q SupportRequest) error {
				r.retry = true
				r.notes.add(ctx, q.By, UpdateRetryPayment, q.Reason)
				return nil
			},
			func(q SupportRequest) error { return r.mayNow(signedBy(q.By)) }, aboutRetry,
		},
		updateHandler{
			UpdateResolve,
			func(ctx workflow.Context, q ResolveRequest) error {
				r.resolve = &q
				r.notes.add(ctx, q.By, UpdateResolve, q.Note)
				return nil
			},
			func(q ResolveRequest) error { return r.mayNow(q.check()) }, aboutResolve,
		},
	)
}

// mayNow refuses what nobody waits for, and then what is not complete.
func (r *review) mayNow(incomplete error) error {
	if !r.waiting {
		return temporal.NewApplicationError("The review does not wait for support.", string(ticket.CodeBookingState))
	}
	return incomplete
}

// callSupport stops for a person, or for news; false when there is nothing more
// to be done.
func (r *review) callSupport(reason string) (again bool) {
	r.waiting, r.retry, r.resolve = true, false, nil
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(true)) // fails on an unknown key only
	r.tell("**Needs attention.** %s\n\nUpdate `RetryPayment` looks again; `Resolve` says that the books were put right by hand.", reason)
	_ = workflow.Await(r.ctx, func() bool { return r.retry || r.resolve != nil || r.news.Len() > 0 }) // never cancelled
	r.waiting = false
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(false))
	if r.resolve != nil {
		r.result.Note = r.resolve.By + ": " + r.resolve.Note
	}
	r.began = time.Time{}
	return r.resolve == nil
}

func (r *review) tell(format string, args ...any) {
	workflow.SetCurrentDetails(r.ctx, fmt.Sprintf(format, args...)+r.notes.String()+"\n\n"+purchaseLink(r.in.BookingID))
}
