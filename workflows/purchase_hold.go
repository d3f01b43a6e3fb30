package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// Activities are named through nil pointers: only their names are used here.
var (
	seats    *activities.Seats
	bookings *activities.Bookings
	payments *activities.Payments
)

const undoHold = "release the seats"

// hold takes the places. With a payment in the request they are held as being
// paid from the start, and the answer waits for the payment.
func (p *purchase) hold() {
	if !p.takeSlot() {
		return
	}
	p.undo.push(undoHold, p.releaseSeats)
	ctx := local(p.safe, askBuyer, briskly, "")
	err := workflow.ExecuteLocalActivity(ctx, seats.HoldSeats, activities.HoldSeatsInput{
		BookingID: p.in.BookingID, EventID: p.in.EventID, BuyerID: p.in.BuyerID, Fingerprint: p.in.Fingerprint,
		Wish: p.in.Wish, Payment: p.begins(p.in.Payment), HoldSeconds: p.in.HoldSeconds, At: p.opened,
	}).Get(ctx, &p.held)
	switch {
	case err != nil: // it may have happened: what came of it is undone, and nobody waits for that
		p.failAtOnce(&Problem{Code: ticket.CodeUnavailable, Message: "Seats cannot be held at the moment."})
		return
	case p.held.Refusal != nil: // it certainly did not
		p.undo.drop(undoHold)
		p.status, p.closed = ticket.BookingFailed, true
		p.problem = problemOf(p.held.Refusal)
		p.began = p.outcome(p.problem)
		p.undo.unwind()
		p.tell("No seats: %s", p.problem.Message)
		return
	}
	p.deadline, p.again = p.held.ExpiresAt, p.held.Again
	if p.in.Payment == nil {
		p.status = ticket.BookingHeld
		p.began = p.outcome(nil)
		p.tell("Holds %s for %s until %s UTC.", places(len(p.held.Items)), p.held.Total, p.deadline.Format("15:04:05"))
		return
	}
	p.status = ticket.BookingPaying
	p.calls = append(p.calls, &payCall{choice: *p.in.Payment})
}

// keep moves the hold to another status; false when the places were lost meanwhile.
func (p *purchase) keep(status ticket.BookingStatus, retry stepPatience) (*Problem, bool) {
	in := activities.KeepSeatsInput{
		BookingID: p.in.BookingID, EventID: p.in.EventID, BuyerID: p.in.BuyerID, Limit: p.held.Limit,
		Seats: p.seatIndexes(), Status: status, ExpiresAt: p.deadline,
	}
	switch status {
	case ticket.BookingActionRequired:
		in.NextAction = nextAction(*p.charge)
	case ticket.BookingPaying:
		in.Payment = p.begins(&p.choice)
	}
	ctx := local(p.safe, retry.within, retry.policy, string(status))
	var kept activities.KeptSeats
	if err := workflow.ExecuteLocalActivity(ctx, seats.KeepSeats, in).Get(ctx, &kept); err != nil {
		return &Problem{Code: ticket.CodeUnavailable, Message: "The seats cannot be reached at the moment."}, true
	}
	if kept.Refusal != nil {
		return problemOf(kept.Refusal), false
	}
	p.held.Fence, p.status, p.again = kept.Fence, status, kept.Again
	if kept.Unknown != nil { // a payment that a crash made us forget
		p.settleUnknown(*kept.Unknown)
		return p.keep(status, retry)
	}
	return nil, true
}

// begins is the payment that would begin now.
func (p *purchase) begins(choice *ticket.PaymentChoice) *ticket.BegunPayment {
	if choice == nil {
		return nil
	}
	p.asked = clock(p.safe)
	return &ticket.BegunPayment{Attempt: p.attempt + 1, Choice: *choice, At: p.asked}
}

// settleUnknown finds out and undoes every charge that a forgotten payment may
// have made.
func (p *purchase) settleUnknown(b ticket.BegunPayment) {
	for i, provider := range b.Choice.Offered() {
		p.attempt = b.Attempt + i
		request := p.request(p.attempt)
		request.Choice = b.Choice
		p.settleRequest(ticket.Charge{Provider: provider, Attempt: p.attempt}, request, b.At)
	}
}

func (p *purchase) seatIndexes() []int {
	out := make([]int, len(p.held.Items))
	for i, it := range p.held.Items {
		out[i] = it.SeatIndex
	}
	return out
}

func nextAction(c ticket.Charge) *ticket.NextAction {
	if c.RedirectURL != "" {
		return &ticket.NextAction{Type: "redirect", URL: c.RedirectURL}
	}
	return &ticket.NextAction{Type: "stripe_sdk", ClientSecret: c.ClientSecret}
}

func problemOf(r *activities.Refusal) *Problem {
	return &Problem{Code: r.Code, Message: r.Message, Unavailable: r.Unavailable}
}

// tell shows support where the purchase stands, and below it what support did.
func (p *purchase) tell(format string, args ...any) {
	workflow.SetCurrentDetails(p.safe, fmt.Sprintf(format, args...)+p.notes.String()+links("", p.in.EventID, p.in.BuyerID))
}
