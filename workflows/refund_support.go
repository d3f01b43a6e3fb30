package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// refundDesk is where a refund waits for a person.
type refundDesk struct {
	waiting bool
	retry   bool
	again   bool // the provider is to be asked at once
	resolve *ResolveRequest
}

func (r *refund) setHandlers() error {
	err := workflow.SetQueryHandler(r.ctx, QueryStatus, func() (RefundOutcome, error) { return r.outcome(), nil })
	if err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(r.ctx, UpdateBegin, r.onBegin); err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(r.ctx, UpdateRetryPayment,
		func(workflow.Context, SupportRequest) (RefundOutcome, error) {
			r.support.retry = true
			return r.outcome(), nil
		},
		workflow.UpdateHandlerOptions{Validator: func(q SupportRequest) error { return r.mayNow(q.By != "", "say who asks for it (by)") }})
	if err != nil {
		return err
	}
	err = workflow.SetUpdateHandlerWithOptions(r.ctx, UpdateResolve,
		func(_ workflow.Context, q ResolveRequest) (RefundOutcome, error) {
			r.support.resolve = &q
			return r.outcome(), nil
		},
		workflow.UpdateHandlerOptions{Validator: func(q ResolveRequest) error {
			return r.mayNow(q.By != "" && q.Note != "", "say who resolves it (by) and how (note)")
		}})
	if err != nil {
		return err
	}
	workflow.Go(r.ctx, func(ctx workflow.Context) {
		ch := workflow.GetSignalChannel(ctx, SignalPaymentEvent)
		for ch.Receive(ctx, nil) {
			r.news = true
		}
	})
	return nil
}

func (r *refund) mayNow(complete bool, missing string) error {
	if !r.support.waiting {
		return temporal.NewApplicationError("The refund does not wait for support.", string(ticket.CodeBookingState))
	}
	if !complete {
		return temporal.NewApplicationError(missing, string(ticket.CodeInvalid))
	}
	return nil
}

// onBegin answers once the tickets have ended; for a moment it waits for the
// money too, which usually follows at once.
func (r *refund) onBegin(ctx workflow.Context) (RefundOutcome, error) {
	if err := workflow.Await(ctx, func() bool { return r.begun }); err != nil {
		return RefundOutcome{}, err
	}
	if !r.closed {
		_, err := workflow.AwaitWithTimeout(ctx, answerRefund, func() bool { return r.closed || r.support.waiting })
		if err != nil {
			return RefundOutcome{}, err
		}
	}
	return r.outcome(), nil
}

// attend hands the refund to support and does what support says: asks the
// provider anew, or books that it was settled by hand.
func (r *refund) attend(reason string) {
	ctx := local(r.ctx, giveUp, patiently, "flag")
	flag := activities.FlagRefundInput{RefundID: r.in.RefundID, Attempt: r.refund.Attempt, Reason: reason}
	r.step(workflow.ExecuteLocalActivity(ctx, refunds.FlagRefund, flag))
	again := r.callSupport(reason)
	ctx = local(r.ctx, giveUp, patiently, "go on")
	if again {
		r.step(workflow.ExecuteLocalActivity(ctx, refunds.RetryRefund, activities.RefundRef{RefundID: r.in.RefundID}))
		r.pause, r.support.again = 0, true
		return
	}
	r.step(workflow.ExecuteLocalActivity(ctx, refunds.ResolveRefund, activities.ResolveRefundInput{
		RefundID: r.in.RefundID, Attempt: r.refund.Attempt, By: r.support.resolve.By, Note: r.support.resolve.Note,
	}))
	r.finish()
}

// step takes a refund as a step has left it. One that fails for a day leaves it
// as it was: the next step finds out.
func (r *refund) step(f workflow.Future) {
	var now ticket.Refund
	if f.Get(r.ctx, &now) == nil {
		r.refund = &now
	}
}

// callSupport stops for a person; true when it shall be tried again.
func (r *refund) callSupport(reason string) bool {
	r.support = refundDesk{waiting: true}
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(true)) // fails on an unknown key only
	r.tell("**Needs attention.** %s\n\nUpdate `RetryPayment` asks the provider anew; `Resolve` says that the buyer has got the money in another way.", reason)
	_ = workflow.Await(r.ctx, func() bool { return r.support.retry || r.support.resolve != nil }) // never cancelled
	r.support.waiting = false
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(false))
	return r.support.resolve == nil
}
