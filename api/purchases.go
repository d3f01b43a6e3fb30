package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// Purchases talks to purchase workflows.
type Purchases interface {
	// Begin starts a purchase, or finds the one that was started under the same
	// booking id, and waits for its first outcome. ErrForgotten when it ended so
	// long ago that only the books know of it.
	Begin(ctx context.Context, in workflows.PurchaseInput, summary string) (*workflows.Outcome, error)
	// Pay tries to pay; the same request id again gives the same outcome.
	Pay(ctx context.Context, bookingID, requestID string, r workflows.PayRequest) (*workflows.Outcome, error)
	Cancel(ctx context.Context, bookingID string, r workflows.SupportRequest) (*workflows.Outcome, error)
	// PaymentEvent tells a purchase that its provider has news. A purchase that
	// has ended needs none.
	PaymentEvent(ctx context.Context, bookingID string) error
}

// ErrForgotten says that Temporal does not know the workflow any more.
var ErrForgotten = errors.New("api: the purchase workflow is past its retention")

// ErrLost says that the request was lost on its way and the workflow has ended
// since: what the request has done, the books know.
var ErrLost = errors.New("api: the purchase ended while the request was on its way")

// TemporalPurchases are the purchases of a Temporal namespace.
type TemporalPurchases struct{ Client client.Client }

// updateBegin is the id of the one update that begins a purchase; the workflow's
// own id already names the buyer's idempotency key.
const updateBegin = "begin"

// beginTry is how long one try to begin may take. The client repeats a call that
// failed under the same request id; when its first try has started the workflow,
// the server refuses those repetitions for ever. So a try is bounded, and the
// next one asks anew; the update's id makes it the same request to the workflow.
const beginTry = 8 * time.Second

// Begin implements Purchases.
func (t TemporalPurchases) Begin(ctx context.Context, in workflows.PurchaseInput, summary string) (*workflows.Outcome, error) {
	for {
		o, err := t.tryBegin(ctx, in, summary)
		if err == nil || ctx.Err() != nil || !again(ctx, err) {
			return o, err
		}
	}
}

func (t TemporalPurchases) tryBegin(ctx context.Context, in workflows.PurchaseInput, summary string) (*workflows.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, beginTry)
	defer cancel()
	handle, err := t.Client.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: t.startPurchase(in, summary),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: updateBegin, UpdateName: workflows.UpdateBegin, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		return outcome(ctx, handle)
	}
	if !ended(err) {
		return nil, unanswered(err)
	}
	// It has ended: its answer is still to be had, for as long as Temporal keeps it.
	o, err := outcome(ctx, t.Client.GetWorkflowUpdateHandle(client.GetWorkflowUpdateHandleOptions{
		WorkflowID: workflows.PurchaseID(in.BookingID), UpdateID: updateBegin,
	}))
	if errors.Is(err, ErrForgotten) {
		return t.ending(ctx, in)
	}
	return o, err
}

// ending is how a purchase ended that never heard of the request that began it.
// The books do not know those that got no seats.
func (t TemporalPurchases) ending(ctx context.Context, in workflows.PurchaseInput) (*workflows.Outcome, error) {
	var r workflows.PurchaseResult
	if err := t.Client.GetWorkflow(ctx, workflows.PurchaseID(in.BookingID), "").Get(ctx, &r); err != nil || r.Code == "" {
		return nil, ErrForgotten
	}
	return &workflows.Outcome{
		Booking: ticket.Booking{ID: in.BookingID, EventID: in.EventID, BuyerID: in.BuyerID, Status: r.Status, Fingerprint: in.Fingerprint},
		Problem: &workflows.Problem{Code: r.Code, Message: r.Reason},
	}, nil
}

// again tells whether a try that failed may be repeated: it took too long, or
// the server had lost it.
func again(ctx context.Context, err error) bool {
	if notReady(ctx, err) {
		return true
	}
	var late *client.WorkflowUpdateServiceTimeoutOrCanceledError
	return errors.As(err, &late) || errors.Is(err, context.DeadlineExceeded)
}

// startPurchase starts the workflow unless it was started before; an operation
// can be used for one call only.
func (t TemporalPurchases) startPurchase(in workflows.PurchaseInput, summary string) client.WithStartWorkflowOperation {
	return t.Client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
		ID:                       workflows.PurchaseID(in.BookingID),
		TaskQueue:                workflows.QueuePurchases,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes:    workflows.PurchaseAttributes(in),
		StaticSummary:            summary,
	}, workflows.PurchaseType, in)
}

// Pay implements Purchases.
func (t TemporalPurchases) Pay(ctx context.Context, bookingID, requestID string, r workflows.PayRequest) (*workflows.Outcome, error) {
	return t.update(ctx, bookingID, "pay/"+requestID, workflows.UpdatePay, r)
}

// Cancel implements Purchases.
func (t TemporalPurchases) Cancel(ctx context.Context, bookingID string, r workflows.SupportRequest) (*workflows.Outcome, error) {
	return t.update(ctx, bookingID, "", workflows.UpdateCancel, r)
}

func (t TemporalPurchases) update(ctx context.Context, bookingID, updateID, name string, arg any) (*workflows.Outcome, error) {
	request := client.UpdateWorkflowOptions{
		WorkflowID: workflows.PurchaseID(bookingID), UpdateID: updateID, UpdateName: name, Args: []any{arg},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	handle, err := t.Client.UpdateWorkflow(ctx, request)
	lost := false
	for notReady(ctx, err) {
		lost = true
		handle, err = t.Client.UpdateWorkflow(ctx, request)
	}
	switch {
	case err == nil:
		return outcome(ctx, handle)
	case ended(err) && lost:
		return nil, ErrLost
	case ended(err):
		return nil, ErrForgotten
	default:
		return nil, unanswered(err)
	}
}

// notReady tells that the workflow task with the request in it was lost (its
// worker died, or something else came in between): the server forgets such a
// request and wants it again. It pauses before it says so.
func notReady(ctx context.Context, err error) bool {
	if _, lost := errors.AsType[*serviceerror.WorkflowNotReady](err); !lost {
		return false
	}
	select {
	case <-ctx.Done():
		return false
	case <-time.After(200 * time.Millisecond):
		return true
	}
}

// PaymentEvent implements Purchases.
func (t TemporalPurchases) PaymentEvent(ctx context.Context, bookingID string) error {
	err := t.Client.SignalWorkflow(ctx, workflows.PurchaseID(bookingID), "", workflows.SignalPaymentEvent, nil)
	if ended(err) {
		return nil
	}
	return unanswered(err)
}

func outcome(ctx context.Context, handle client.WorkflowUpdateHandle) (*workflows.Outcome, error) {
	var o *workflows.Outcome
	err := handle.Get(ctx, &o)
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return nil, ticket.Errorf(ticket.Code(refused.Type()), "%s", refused.Message())
	}
	if ended(err) {
		return nil, ErrForgotten
	}
	if err != nil {
		return nil, unanswered(err)
	}
	return o, nil
}

// ended tells that there is no such running workflow.
func ended(err error) bool {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return true
	}
	_, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err)
	return ok
}

// unanswered says that Temporal did not answer in time: what was asked may have
// happened, and the same request again finds out.
func unanswered(err error) error {
	if err == nil {
		return nil
	}
	e := ticket.Errorf(ticket.CodeUnavailable, "The booking is not answered for yet. Send the same request again.")
	e.RetryAfterSeconds = 2
	return fmt.Errorf("%w: %w", e, err)
}
