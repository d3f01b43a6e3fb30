package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// stepPatience is how long and how a step is tried.
type stepPatience struct {
	within time.Duration
	policy *temporal.RetryPolicy
}

var (
	whileBuyerWaits = stepPatience{askBuyer, briskly}
	untilDone       = stepPatience{giveUp, patiently}
)

// pay tries to pay as one request asks.
func (p *purchase) pay(call *payCall) {
	if p.charge != nil && (call.choice == ticket.PaymentChoice{} || call.choice == p.choice) {
		p.resume(call)
		return
	}
	if p.charge != nil { // another method: the one that waits for the buyer is given up
		p.abandonCharge()
	}
	if p.status != ticket.BookingPaying {
		p.choice = call.choice
		if problem, ours := p.keep(ticket.BookingPaying, whileBuyerWaits); problem != nil {
			if ours {
				p.answer(call, p.outcome(problem))
				return
			}
			p.answer(call, p.fail(problem))
			return
		}
	}
	p.choice = call.choice
	p.tell("Paying %s.", p.held.Total)
	p.conclude(call, p.authorize(call.choice))
}

// resume goes on with the charge that waits for the buyer.
func (p *purchase) resume(call *payCall) {
	charge := *p.charge
	ctx := local(p.safe, chargeFast, once, string(charge.Provider))
	in := activities.ChargeInput{Provider: charge.Provider, Request: p.request(charge.Attempt), Charge: charge}
	var next ticket.Charge
	if err := workflow.ExecuteLocalActivity(ctx, payments.ResumeCharge, in).Get(ctx, &next); err != nil {
		next = charge // nothing is known beyond what was
	}
	switch next.Outcome {
	case ticket.OutcomeNotExecuted, ticket.OutcomeUnanswered, ticket.OutcomeActionRequired:
		// Still open: it is looked at again with the next news, or at the deadline.
		p.answer(call, p.outcome(nil))
	default:
		p.conclude(call, next)
	}
}

// conclude does what the outcome of a charge asks for.
func (p *purchase) conclude(call *payCall, charge ticket.Charge) {
	switch charge.Outcome {
	case ticket.OutcomeAuthorized:
		p.confirm(call, charge)
	case ticket.OutcomeActionRequired:
		p.awaitBuyer(call, charge)
	case ticket.OutcomeDeclined:
		p.backToHeld(call, &Problem{Code: ticket.CodePaymentDeclined, Message: orElse(charge.Message, "The payment was declined.")})
	case ticket.OutcomeRejected:
		p.backToHeld(call, &Problem{
			Code: ticket.CodeInvalid, Message: orElse(charge.Message, "The provider refused the payment method."),
			Field: methodField(charge.Provider),
		})
	default:
		p.backToHeld(call, &Problem{
			Code: ticket.CodePaymentsUnavailable, Message: "No payment provider answers at the moment. Nothing was charged.",
		})
	}
}

// awaitBuyer hands out what the buyer must do at the provider's (3-D Secure,
// approval at PayPal) and gives the hold its time anew for it, once.
func (p *purchase) awaitBuyer(call *payCall, charge ticket.Charge) {
	p.charge = &charge
	if !p.extended {
		p.extended = true
		p.deadline = later(p.deadline, workflow.Now(p.safe).Add(time.Duration(p.in.HoldSeconds)*time.Second))
	}
	problem, ours := p.keep(ticket.BookingActionRequired, untilDone)
	if problem != nil && !ours {
		p.answer(call, p.fail(problem))
		return
	}
	p.tell("Waits for the buyer at %s until %s UTC.", charge.Provider, p.deadline.Format("15:04:05"))
	p.answer(call, p.outcome(nil))
}

// backToHeld keeps the hold to its deadline after a payment came to nothing.
func (p *purchase) backToHeld(call *payCall, problem *Problem) {
	p.charge = nil
	p.undo.drop(undoCharge)
	if p.overdue() {
		p.end(ticket.BookingExpired, problem.Code, problem.Message)
		p.answer(call, p.outcome(problem))
		return
	}
	lost, ours := p.keep(ticket.BookingHeld, untilDone)
	if lost != nil && !ours {
		p.answer(call, p.fail(lost))
		return
	}
	p.tell("Not paid: %s Holds %s until %s UTC.", problem.Message, places(len(p.held.Items)), p.deadline.Format("15:04:05"))
	p.answer(call, p.outcome(problem))
}

// confirm is the pivot: Postgres decides who owns the seats. Before it the
// charge is undone, after it the sale only goes forward.
func (p *purchase) confirm(call *payCall, charge ticket.Charge) {
	p.charge = &charge
	sealed := clock(p.safe)
	refusal, known := p.commit(charge, sealed)
	if !known { // support gave the commit up; what came of it, the books decide
		p.end(ticket.BookingFailed, ticket.CodeUnavailable, "Resolved by hand.")
		p.answer(call, p.outcome(p.problem))
		return
	}
	if refusal != nil {
		p.answer(call, p.fail(problemOf(refusal)))
		return
	}
	p.undo = undoStack{}
	p.status, p.sealed, p.problem = ticket.BookingConfirmed, sealed, nil
	p.capture(call)
	p.closed = true
}

// commit confirms the booking in Postgres. A commit that was not answered may
// have happened, so it is repeated until it is known; false when support took
// it over before that.
func (p *purchase) commit(charge ticket.Charge, at time.Time) (refusal *activities.Refusal, known bool) {
	ctx := local(p.safe, giveUp, patiently, "")
	in := activities.CommitBookingInput{
		BookingID: p.in.BookingID, Fence: p.held.Fence, Limit: p.held.Limit, Places: len(p.held.Items),
		Charge: charge, Fallback: p.fallback, At: at,
	}
	for {
		var done activities.Committed
		err := workflow.ExecuteLocalActivity(ctx, bookings.CommitBooking, in).Get(ctx, &done)
		if err == nil {
			return done.Refusal, true
		}
		if !p.callSupport("It is not known whether the booking was confirmed: " + cause(err)) {
			return nil, false
		}
	}
}

// capture takes the money, at once if the provider can, and shows the seats as sold.
func (p *purchase) capture(call *payCall) {
	in := activities.ChargeInput{Provider: p.charge.Provider, Request: p.request(p.charge.Attempt), Charge: *p.charge}
	ctx := local(p.safe, askBuyer, once, string(p.charge.Provider))
	var ref string
	err := workflow.ExecuteLocalActivity(ctx, payments.CaptureCharge, in).Get(ctx, &ref)
	if err == nil {
		p.captured = true
		p.finishSale(ref)
		p.tell("Confirmed: %s for %s, paid by %s.", places(len(p.held.Items)), p.held.Total, p.charge.Provider)
		p.answer(call, p.outcome(nil))
		return
	}
	p.finishSale("") // the seats are the buyer's; the money follows
	p.answer(call, p.outcome(nil))
	p.tell("Confirmed; the money is still to be taken at %s.", p.charge.Provider)
	if p.captureLater(in, &ref) {
		p.captured = true
		p.finishSale(ref)
		p.tell("Confirmed: %s for %s, paid by %s.", places(len(p.held.Items)), p.held.Total, p.charge.Provider)
	}
}

// captureLater goes on until the money is taken or support says otherwise.
func (p *purchase) captureLater(in activities.ChargeInput, ref *string) bool {
	ctx := onPayments(p.safe, giveUp, patiently, "capture at "+string(in.Provider))
	for {
		err := workflow.ExecuteActivity(ctx, payments.CaptureCharge, in).Get(ctx, ref)
		if err == nil {
			return true
		}
		if !p.callSupport("The seats are the buyer's, but the money could not be taken: " + cause(err)) {
			return false
		}
	}
}

func (p *purchase) finishSale(captureRef string) {
	ctx := local(p.safe, giveUp, patiently, "")
	in := activities.FinishSaleInput{
		BookingID: p.in.BookingID, EventID: p.in.EventID, BuyerID: p.in.BuyerID, Seats: p.seatIndexes(), CaptureRef: captureRef,
		WaitingRoom: p.in.WaitingRoom,
	}
	for {
		err := workflow.ExecuteLocalActivity(ctx, bookings.FinishSale, in).Get(ctx, nil)
		if err == nil || !p.callSupport("The sale could not be written to its end: "+cause(err)) {
			return
		}
	}
}

// answer gives a waiting request its outcome; nil for none waiting. The first
// payment of a one-call purchase answers Begin.
func (p *purchase) answer(call *payCall, o *Outcome) {
	if call != nil {
		call.outcome = o
	}
	if p.began == nil {
		p.began = o
	}
}

func (p *purchase) request(attempt int) ticket.ChargeRequest {
	return ticket.ChargeRequest{
		BookingID: p.in.BookingID, EventID: p.in.EventID, Attempt: attempt, Amount: p.held.Total, Choice: p.choice,
		Description: p.in.Description,
	}
}

func methodField(provider ticket.Provider) string {
	if provider == ticket.Stripe {
		return "stripe_payment_method"
	}
	return "paypal_payment_token"
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
