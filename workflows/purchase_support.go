package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// supportDesk is what support and a stuck purchase tell each other.
type supportDesk struct {
	called  bool // support was ever needed
	waiting bool
	retry   bool
	resolve *ResolveRequest
}

// setHandlers must run before anything else of the workflow, so that the
// update that started it finds its handler.
func (p *purchase) setHandlers() error {
	status := func() (*Outcome, error) { return p.outcome(p.problem), nil }
	if err := workflow.SetQueryHandlerWithOptions(p.ctx, QueryStatus, status, workflow.QueryHandlerOptions{Description: aboutStatus}); err != nil {
		return err
	}
	err := setUpdateHandlers(p.ctx,
		updateHandler{UpdateBegin, p.onBegin, nil, notForSupport},
		updateHandler{UpdatePay, p.onPay, p.mayPay, notForSupport},
		updateHandler{UpdateCancel, p.onCancel, p.mayCancel, aboutCancel},
		updateHandler{UpdateRefund, p.onRefund, p.mayRefund, aboutRefund},
		updateHandler{UpdateRetryPayment, p.onRetry, p.mayRetry, aboutRetry},
		updateHandler{UpdateResolve, p.onResolve, p.mayResolve, aboutResolve},
	)
	if err != nil {
		return err
	}
	workflow.Go(p.safe, p.receiveNews)
	return nil
}

func (p *purchase) receiveNews(ctx workflow.Context) {
	ch := workflow.GetSignalChannel(ctx, SignalPaymentEvent)
	for ch.Receive(ctx, nil) {
		p.news = true
	}
}

func (p *purchase) onBegin(ctx workflow.Context) (*Outcome, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	err := workflow.Await(ctx, func() bool { return p.began != nil })
	return p.began, err
}

func (p *purchase) mayPay(PayRequest) error {
	if p.status == ticket.BookingHeld || p.status == ticket.BookingActionRequired {
		return nil
	}
	return p.notNow("paid")
}

func (p *purchase) onPay(ctx workflow.Context, r PayRequest) (*Outcome, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	call := &payCall{choice: r.Choice}
	p.calls = append(p.calls, call)
	if err := workflow.Await(ctx, func() bool { return call.outcome != nil }); err != nil {
		return nil, err
	}
	call.outcome.Request = r.Fingerprint
	return call.outcome, nil
}

func (p *purchase) mayCancel(r SupportRequest) error {
	if p.closed || !p.sealed.IsZero() || !p.status.HoldsSeats() {
		return p.notNow("canceled")
	}
	return signedBy(r.By)
}

func (p *purchase) onCancel(ctx workflow.Context, r SupportRequest) (*Outcome, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p.cancel = strings.TrimSpace(fmt.Sprintf("Canceled by %s. %s", r.By, r.Reason))
	if r.By != p.in.BuyerID {
		p.notes.add(ctx, r.By, UpdateCancel, r.Reason)
	}
	// A payment that is under way is not interrupted: it may yet confirm.
	if err := workflow.Await(ctx, func() bool { return p.closed }); err != nil {
		return nil, err
	}
	if p.status != ticket.BookingCanceled {
		return p.outcome(&Problem{Code: ticket.CodeBookingState, Message: "The booking is " + string(p.status) + " by now."}), nil
	}
	return p.outcome(nil), nil
}

func (p *purchase) mayRetry(r SupportRequest) error {
	if !p.support.waiting {
		return p.notNow("retried: it does not wait for support")
	}
	return signedBy(r.By)
}

func (p *purchase) onRetry(ctx workflow.Context, r SupportRequest) (*Outcome, error) {
	p.support.retry = true
	p.notes.add(ctx, r.By, UpdateRetryPayment, r.Reason)
	p.tell("Trying again.")
	return p.outcome(p.problem), nil
}

func (p *purchase) mayResolve(r ResolveRequest) error {
	if !p.support.waiting {
		return p.notNow("resolved: it does not wait for support")
	}
	return r.check()
}

func (p *purchase) onResolve(ctx workflow.Context, r ResolveRequest) (*Outcome, error) {
	p.support.resolve = &r
	p.notes.add(ctx, r.By, UpdateResolve, r.Note)
	return p.outcome(p.problem), nil
}

func (p *purchase) notNow(what string) error {
	return temporal.NewApplicationError(
		fmt.Sprintf("The booking is %s and cannot be %s.", p.status, what), string(ticket.CodeBookingState))
}

// callSupport stops for a person, visibly. It is true when the step shall be
// tried again, and false when support has settled it by hand.
func (p *purchase) callSupport(reason string) bool {
	before := p.status
	p.support = supportDesk{called: true, waiting: true}
	p.status = ticket.BookingNeedsAttention
	p.flag(reason)
	p.publishOutcome()
	p.tell("**Needs attention.** %s\n\nUpdate `RetryPayment` tries again; `Resolve` says that it was settled by hand.", reason)
	_ = workflow.Await(p.safe, func() bool { return p.support.retry || p.support.resolve != nil }) // safe is never cancelled
	again := p.support.resolve == nil
	p.support = supportDesk{called: true}
	p.status = before
	if !again {
		p.tell("The booking is %s. What stopped it was settled by hand.", p.status)
	}
	p.flag("")
	return again
}

// flag writes the status to the books, so that readers see what support sees.
func (p *purchase) flag(reason string) {
	ctx := local(p.safe, askBuyer, briskly, string(p.status))
	in := activities.FlagBookingInput{BookingID: p.in.BookingID, Status: p.status, Reason: reason}
	_ = workflow.ExecuteLocalActivity(ctx, bookings.FlagBooking, in).Get(ctx, nil) // Postgres may be what is away
}
