package workflows

import (
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// end closes a booking that was never confirmed and undoes what it did.
func (p *purchase) end(status ticket.BookingStatus, code ticket.Code, reason string) {
	p.problem = &Problem{Code: code, Message: reason}
	p.status = status
	p.tell("%s: %s Undoing.", status, reason)
	p.undo.unwind()
	if p.status == status { // support may have had to settle it otherwise
		p.tell("%s: %s", status, reason)
	}
	p.closed = true
}

// fail ends the booking because of a fault and gives the answer for it.
func (p *purchase) fail(problem *Problem) *Outcome {
	p.end(ticket.BookingFailed, problem.Code, problem.Message)
	p.problem = problem
	return p.outcome(problem)
}

// expire ends a hold whose time is over. A charge that the buyer was asked to
// approve is looked at a last time: what is approved is not thrown away.
func (p *purchase) expire() {
	if p.charge != nil {
		p.lastLook()
	}
	if !p.closed && p.overdue() {
		p.end(ticket.BookingExpired, "", "The hold ended before it was paid.")
	}
}

// releaseSeats is the undo of the hold. It goes on until it is done.
func (p *purchase) releaseSeats() {
	status, code, reason := ticket.BookingFailed, ticket.Code(""), ""
	if p.problem != nil {
		code, reason = p.problem.Code, p.problem.Message
	}
	if p.status.Terminal() {
		status = p.status
	}
	ctx := local(p.safe, giveUp, patiently, string(status))
	in := activities.EndHoldInput{BookingID: p.in.BookingID, EventID: p.in.EventID, Status: status, Code: code, Reason: reason}
	for {
		err := workflow.ExecuteLocalActivity(ctx, seats.EndHold, in).Get(ctx, nil)
		if err == nil || !p.callSupport("The seats could not be released: "+err.Error()) {
			return
		}
	}
}
