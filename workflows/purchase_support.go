package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// SupportRequest is what support says with an update from the Temporal UI.
type SupportRequest struct {
	// By is who asks, for the record.
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// ResolveRequest says how support settled by hand what could not go on.
type ResolveRequest struct {
	By   string `json:"by"`
	Note string `json:"note"`
}

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
	if err := workflow.SetQueryHandler(p.ctx, QueryStatus, func() (*Outcome, error) { return p.outcome(p.problem), nil }); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(p.ctx, UpdateBegin, p.onBegin); err != nil {
		return err
	}
	updates := []struct {
		name              string
		handle, validator any
	}{
		{UpdatePay, p.onPay, p.mayPay},
		{UpdateCancel, p.onCancel, p.mayCancel},
		{UpdateRetryPayment, p.onRetry, p.mayRetry},
		{UpdateResolve, p.onResolve, p.mayResolve},
	}
	for _, u := range updates {
		err := workflow.SetUpdateHandlerWithOptions(p.ctx, u.name, u.handle, workflow.UpdateHandlerOptions{Validator: u.validator})
		if err != nil {
			return err
		}
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

func (p *purchase) mayCancel(SupportRequest) error {
	if p.closed || !p.sealed.IsZero() || !p.status.HoldsSeats() {
		return p.notNow("canceled")
	}
	return nil
}

func (p *purchase) onCancel(ctx workflow.Context, r SupportRequest) (*Outcome, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	p.cancel = fmt.Sprintf("Canceled by %s. %s", r.By, r.Reason)
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
	if r.By == "" {
		return temporal.NewApplicationError("say who asks for it (by)", string(ticket.CodeInvalid))
	}
	return nil
}

func (p *purchase) onRetry(_ workflow.Context, _ SupportRequest) (*Outcome, error) {
	p.support.retry = true
	return p.outcome(p.problem), nil
}

func (p *purchase) mayResolve(r ResolveRequest) error {
	if !p.support.waiting {
		return p.notNow("resolved: it does not wait for support")
	}
	if r.By == "" || r.Note == "" {
		return temporal.NewApplicationError("say who resolves it (by) and how (note)", string(ticket.CodeInvalid))
	}
	return nil
}

func (p *purchase) onResolve(_ workflow.Context, r ResolveRequest) (*Outcome, error) {
	p.support.resolve = &r
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
	if !again {
		p.tell("Resolved by %s: %s", p.support.resolve.By, p.support.resolve.Note)
	}
	p.support = supportDesk{called: true}
	p.status = before
	p.flag("")
	return again
}

// flag writes the status to the books, so that readers see what support sees.
func (p *purchase) flag(reason string) {
	ctx := local(p.safe, askBuyer, briskly, string(p.status))
	in := activities.FlagBookingInput{BookingID: p.in.BookingID, Status: p.status, Reason: reason}
	_ = workflow.ExecuteLocalActivity(ctx, bookings.FlagBooking, in).Get(ctx, nil) // Postgres may be what is away
}
