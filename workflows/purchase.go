package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// What others call a purchase by.
const (
	PurchaseType = "Purchase"

	// UpdateBegin answers what came of the hold, and of the payment when one
	// came with it. It takes no argument: the workflow's input says everything.
	UpdateBegin = "Begin"
	// UpdatePay (PayRequest) tries to pay; it answers an Outcome.
	UpdatePay = "Pay"
	// UpdateCancel (SupportRequest) ends a booking that is not confirmed.
	UpdateCancel = "Cancel"
	// UpdateRefund (RefundRequest) gives money back that is being taken.
	UpdateRefund = "Refund"
	// UpdateRetryPayment (SupportRequest) tries again what stopped for support.
	UpdateRetryPayment = "RetryPayment"
	// UpdateResolve (ResolveRequest) says how support settled it by hand.
	UpdateResolve = "Resolve"
	// SignalPaymentEvent says that a provider has news of the pending charge.
	SignalPaymentEvent = "PaymentEvent"
	// QueryStatus answers an Outcome.
	QueryStatus = "Status"
)

// PurchaseID is the workflow id of a booking's purchase.
func PurchaseID(bookingID string) string { return "purchase/" + bookingID }

// PurchaseInput is everything a purchase needs to know from the start.
type PurchaseInput struct {
	BookingID string `json:"booking_id"`
	EventID   string `json:"event_id"`
	BuyerID   string `json:"buyer_id"`
	// Fingerprint tells a repeated request from another one under the same key.
	Fingerprint string          `json:"fingerprint"`
	Wish        activities.Wish `json:"wish"`
	// HoldSeconds is how long the buyer has to pay.
	HoldSeconds int `json:"hold_seconds"`
	// Payment, when it comes with the request, is tried at once.
	Payment *ticket.PaymentChoice `json:"payment,omitempty"`
	// WaitingRoom says that the event has one: the purchase takes its buyer's slot.
	WaitingRoom bool `json:"waiting_room,omitempty"`
	// Description is what the buyer reads on the statement.
	Description string `json:"description,omitempty"`
}

// PayRequest asks to pay a held booking.
type PayRequest struct {
	Choice ticket.PaymentChoice `json:"choice"`
	// Fingerprint tells a repeated request from another one under the same key.
	Fingerprint string `json:"fingerprint,omitempty"`
}

// Outcome is how a booking stands, and why the request came to nothing if it did.
type Outcome struct {
	Booking ticket.Booking `json:"booking"`
	Problem *Problem       `json:"problem,omitempty"`
	// Request is the fingerprint of the PayRequest that this answers.
	Request string `json:"request,omitempty"`
}

// Problem is why a request came to nothing.
type Problem struct {
	Code    ticket.Code `json:"code"`
	Message string      `json:"message"`
	// Field names the faulty field, when it is about one.
	Field string `json:"field,omitempty"`
	// Unavailable lists the places that somebody else has.
	Unavailable []int `json:"unavailable,omitempty"`
}

// PurchaseResult is how a purchase ended.
type PurchaseResult struct {
	BookingID string               `json:"booking_id"`
	Status    ticket.BookingStatus `json:"status"`
	Code      ticket.Code          `json:"code,omitempty"`
	Reason    string               `json:"reason,omitempty"`
	// Desk is what support did to it.
	Desk []DeskNote `json:"desk,omitempty"`
}

// Purchase sells places to one buyer: hold, authorize, commit, capture. Until
// the commit everything is undone when it fails; after it, it only goes on.
func Purchase(ctx workflow.Context, in PurchaseInput) (PurchaseResult, error) {
	p, err := newPurchase(ctx, in)
	if err != nil {
		return PurchaseResult{}, err
	}
	p.hold()
	for !p.closed {
		p.awaitNews()
		switch {
		case len(p.calls) > 0:
			p.pay(p.nextCall())
		case p.wantsOut():
			p.end(ticket.BookingCanceled, "", p.cancel)
		case p.news && p.charge != nil:
			p.resume(nil)
		case p.overdue():
			p.expire()
		}
		p.news = false
	}
	p.publishOutcome()
	return p.result(), p.awaitOthers()
}

// purchase is one run of the workflow.
type purchase struct {
	// ctx ends when the workflow is cancelled; steps run on safe, which does
	// not, so that cancellation is honoured between steps and never inside one.
	ctx  workflow.Context
	safe workflow.Context
	in   PurchaseInput

	status  ticket.BookingStatus
	closed  bool // nothing more can happen to this booking here
	held    activities.HeldSeats
	problem *Problem // why it ended
	undo    undoStack

	began    *Outcome // the answer to Begin
	calls    []*payCall
	cancel   string // why to cancel, when asked to
	news     bool   // a provider has news, or somebody wants it looked at
	attempt  int
	charge   *ticket.Charge // the one that waits for the buyer, or pays
	choice   ticket.PaymentChoice
	fallback bool
	extended bool      // the one extension of the hold was given
	again    bool      // an earlier run of this payment was lost: a provider may have been asked before
	asked    time.Time // when the latest payment began
	captured bool

	support  supportDesk
	notes    desk // what support did
	settling []workflow.ChildWorkflowFuture
	deadline time.Time
	opened   time.Time
	sealed   time.Time // when it was confirmed
}

// payCall is a request to pay that waits for its outcome.
type payCall struct {
	choice  ticket.PaymentChoice
	outcome *Outcome
}

func newPurchase(ctx workflow.Context, in PurchaseInput) (*purchase, error) {
	safe, _ := workflow.NewDisconnectedContext(ctx)
	p := &purchase{ctx: ctx, safe: safe, in: in, status: ticket.BookingPending, opened: clock(ctx)}
	return p, p.setHandlers()
}

// awaitNews waits for the next thing to do: a request, news from a provider,
// or the deadline.
func (p *purchase) awaitNews() {
	wait := p.deadline.Sub(workflow.Now(p.safe))
	if len(p.calls) > 0 || wait <= 0 || p.closed {
		return
	}
	_, _ = workflow.AwaitWithTimeout(p.ctx, wait, func() bool { // its error is a cancellation, which wantsOut sees
		return p.cancel != "" || len(p.calls) > 0 || p.news
	})
}

// wantsOut tells whether the purchase was cancelled, by an update or by
// Temporal. A payment that has begun is carried to its outcome first: its steps
// run in one workflow task, and if that task is lost, they run again with the
// cancellation in sight although the money may have been taken already.
func (p *purchase) wantsOut() bool {
	if p.cancel == "" && p.ctx.Err() != nil {
		p.cancel = "The workflow was cancelled."
	}
	return p.cancel != ""
}

// clock is the time as the books keep it.
func clock(ctx workflow.Context) time.Time { return workflow.Now(ctx).UTC().Truncate(time.Millisecond) }

func (p *purchase) overdue() bool { return !workflow.Now(p.safe).Before(p.deadline) }

func (p *purchase) nextCall() *payCall {
	c := p.calls[0]
	p.calls = p.calls[1:]
	return c
}

// outcome shows how the booking stands now.
func (p *purchase) outcome(problem *Problem) *Outcome {
	o := &Outcome{Problem: problem, Booking: ticket.Booking{
		ID: p.in.BookingID, EventID: p.in.EventID, BuyerID: p.in.BuyerID, Status: p.status, Fingerprint: p.in.Fingerprint,
		Items: p.held.Items, Total: p.held.Total, HoldExpiresAt: p.deadline, CreatedAt: p.opened, ConfirmedAt: p.sealed,
	}}
	if p.status == ticket.BookingActionRequired && p.charge != nil {
		o.Booking.NextAction = nextAction(*p.charge)
	}
	if p.sealed.IsZero() {
		return o
	}
	o.Booking.Payment = &ticket.Payment{Provider: p.charge.Provider, Status: ticket.PaymentAuthorized, Fallback: p.fallback}
	if p.captured {
		o.Booking.Payment.Status = ticket.PaymentCaptured
	}
	return o
}

func (p *purchase) result() PurchaseResult {
	r := PurchaseResult{BookingID: p.in.BookingID, Status: p.status, Desk: p.notes}
	if p.problem != nil {
		r.Code, r.Reason = p.problem.Code, p.problem.Message
	}
	return r
}

// publishOutcome shows the outcome to those who search for it.
func (p *purchase) publishOutcome() {
	updates := []temporal.SearchAttributeUpdate{BookingStatusKey.ValueSet(string(p.status))}
	if p.charge != nil && !p.sealed.IsZero() {
		updates = append(updates, PaymentProviderKey.ValueSet(string(p.charge.Provider)))
	}
	if p.held.Total.Amount > 0 {
		updates = append(updates, AmountMinorKey.ValueSet(p.held.Total.Amount))
	}
	if p.support.called {
		updates = append(updates, NeedsAttentionKey.ValueSet(p.status == ticket.BookingNeedsAttention))
	}
	p.count()
	_ = workflow.UpsertTypedSearchAttributes(p.safe, updates...) // fails on an empty or unknown key only
}

// count counts how purchases end, once each: a replay counts nothing.
func (p *purchase) count() {
	tags := map[string]string{"booking_status": string(p.status)}
	if p.charge != nil && !p.sealed.IsZero() {
		tags["provider"] = string(p.charge.Provider)
	}
	workflow.GetMetricsHandler(p.safe).WithTags(tags).Counter("yourticket_purchases").Inc(1)
}

// awaitOthers lets waiting callers have their answers, and the workflows that
// it leaves behind start, before this one ends.
func (p *purchase) awaitOthers() error {
	for _, c := range p.calls {
		c.outcome = p.outcome(nil)
		if p.status != ticket.BookingConfirmed {
			c.outcome = p.outcome(&Problem{Code: ticket.CodeBookingState, Message: "The booking is " + string(p.status) + "."})
		}
	}
	p.calls = nil
	for _, f := range p.settling {
		err := f.GetChildWorkflowExecution().Get(p.safe, nil)
		if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return err
		}
	}
	return workflow.Await(p.safe, func() bool { return workflow.AllHandlersFinished(p.safe) })
}
