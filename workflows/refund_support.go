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
	resolve *ResolveRefundRequest
}

// ResolveRefundRequest says how a refund was settled by hand. Of money that went
// back without our asking it says what it was for.
type ResolveRefundRequest struct {
	By   string `json:"by"`
	Note string `json:"note"`
	// Seats are ids of the places whose tickets end for it; none: it was a gift.
	Seats []string `json:"seats,omitempty"`
}

func (r *refund) setHandlers() error {
	status := func() (RefundOutcome, error) { return r.outcome(), nil }
	if err := workflow.SetQueryHandlerWithOptions(r.ctx, QueryStatus, status, workflow.QueryHandlerOptions{Description: aboutStatus}); err != nil {
		return err
	}
	err := setUpdateHandlers(r.ctx,
		updateHandler{UpdateBegin, r.onBegin, nil, notForSupport},
		updateHandler{UpdateRetryPayment, r.onRetry, r.mayRetry, aboutRetry},
		updateHandler{UpdateResolve, r.onResolve, r.mayResolve, aboutResolve},
	)
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

func (r *refund) mayRetry(q SupportRequest) error {
	if r.refund != nil && r.refund.Unattributed() {
		return temporal.NewApplicationError("The money is with the buyer: say what it is for (Resolve).", string(ticket.CodeBookingState))
	}
	return r.mayNow(signedBy(q.By))
}

func (r *refund) onRetry(ctx workflow.Context, q SupportRequest) (RefundOutcome, error) {
	r.support.retry = true
	r.notes.add(ctx, q.By, UpdateRetryPayment, q.Reason)
	r.tell("Asks the provider anew.")
	return r.outcome(), nil
}

func (r *refund) mayResolve(q ResolveRefundRequest) error {
	if len(q.Seats) > 0 && r.refund != nil && !r.refund.Unattributed() {
		return temporal.NewApplicationError("The tickets of this refund have ended: it takes no seats.", string(ticket.CodeInvalid))
	}
	return r.mayNow(ResolveRequest{By: q.By, Note: q.Note}.check())
}

func (r *refund) onResolve(ctx workflow.Context, q ResolveRefundRequest) (RefundOutcome, error) {
	r.support.resolve = &q
	r.notes.add(ctx, q.By, UpdateResolve, q.Note)
	return r.outcome(), nil
}

// mayNow refuses what nobody waits for, and then what is not complete.
func (r *refund) mayNow(incomplete error) error {
	if !r.support.waiting {
		return temporal.NewApplicationError("The refund does not wait for support.", string(ticket.CodeBookingState))
	}
	return incomplete
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
// provider anew, or books how it was settled by hand. When the provider has news
// meanwhile it is looked at.
func (r *refund) attend(reason string) {
	ctx := local(r.ctx, giveUp, patiently, "flag")
	flag := activities.FlagRefundInput{RefundID: r.in.RefundID, Attempt: r.refund.Attempt, Reason: reason}
	_ = r.step(workflow.ExecuteLocalActivity(ctx, refunds.FlagRefund, flag))
	if r.refund.Status == ticket.RefundSucceeded {
		r.finish() // it had been booked, and its answer lost
		return
	}
	for {
		again := r.callSupport(reason)
		ctx = local(r.ctx, giveUp, patiently, "go on")
		switch {
		case r.support.retry:
			_ = r.step(workflow.ExecuteLocalActivity(ctx, refunds.RetryRefund, activities.RefundRef{RefundID: r.in.RefundID}))
			r.pause, r.support.again = 0, true
			return
		case again:
			return
		}
		q := r.support.resolve
		err := r.step(workflow.ExecuteLocalActivity(ctx, refunds.ResolveRefund, activities.ResolveRefundInput{
			RefundID: r.in.RefundID, Attempt: r.refund.Attempt, By: q.By, Note: q.Note, Seats: q.Seats,
		}))
		if err == nil {
			r.shown = len(q.Seats) == 0 && r.shown
			r.finish()
			return
		}
		reason = "It could not be resolved so: " + cause(err)
	}
}

// step takes a refund as a step has left it. One that fails for a day leaves it
// as it was: the next step finds out.
func (r *refund) step(f workflow.Future) error {
	var now ticket.Refund
	err := f.Get(r.ctx, &now)
	if err == nil {
		r.refund = &now
	}
	return err
}

// callSupport stops for a person, or for news of the provider; false when it was
// settled by hand.
func (r *refund) callSupport(reason string) bool {
	r.support = refundDesk{waiting: true}
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(true)) // fails on an unknown key only
	r.tell("**Needs attention.** %s\n\n%s", reason, r.ways())
	_ = workflow.Await(r.ctx, func() bool { return r.support.retry || r.support.resolve != nil || r.news }) // never cancelled
	r.support.waiting, r.news = false, false
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(false))
	return r.support.resolve == nil
}

// ways says what support can do.
func (r *refund) ways() string {
	if r.refund != nil && r.refund.Unattributed() {
		return "Update `Resolve` says what the money was for: with `seats`, whose tickets end for it, or without, as a gift."
	}
	return "Update `RetryPayment` asks the provider anew; `Resolve` says that the buyer has got the money in another way."
}
