package workflows

import (
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// end closes a booking that is not to be confirmed, and undoes what it did. The
// books decide: when they say that it was confirmed (by a run of this task
// whose result was lost), the sale goes on instead.
func (p *purchase) end(status ticket.BookingStatus, code ticket.Code, reason string) {
	p.problem = &Problem{Code: code, Message: reason}
	p.tell("%s Undoing.", ending(status, reason))
	confirmed, decided := p.close(status)
	switch {
	case confirmed != nil:
		p.goOn(confirmed)
	case decided:
		p.status, p.closed = status, true
		p.undo.unwind()
		p.tell("%s", ending(status, reason))
	default:
		p.closed = true // support has settled it by hand
	}
}

// close ends the booking in the books. Payments that began and are not known
// here are settled first.
func (p *purchase) close(status ticket.BookingStatus) (confirmed *activities.ConfirmedBy, decided bool) {
	release := p.undo.only(undoHold)
	for {
		ctx := local(p.safe, giveUp, patiently, string(status))
		var closed activities.ClosedBooking
		err := workflow.ExecuteLocalActivity(ctx, seats.CloseBooking, activities.CloseBookingInput{
			BookingID: p.in.BookingID, EventID: p.in.EventID, Status: status, Code: p.problem.Code, Reason: p.problem.Message,
			Known: p.attempt, Release: release,
		}).Get(ctx, &closed)
		switch {
		case err != nil:
			if !p.callSupport("The booking could not be closed: " + cause(err)) {
				return nil, false
			}
		case closed.Unknown != nil:
			p.settleUnknown(*closed.Unknown)
		default:
			if release && closed.Confirmed == nil {
				p.undo.drop(undoHold)
			}
			return closed.Confirmed, true
		}
	}
}

// goOn takes a sale forward that an earlier run of this task has confirmed.
func (p *purchase) goOn(c *activities.ConfirmedBy) {
	p.charge, p.fallback = &c.Charge, c.Fallback
	p.undo = undoStack{}
	p.status, p.sealed, p.problem = ticket.BookingConfirmed, c.At, nil
	p.capture(nil)
	p.closed = true
}

// fail ends the booking because of a fault and gives the answer for it.
func (p *purchase) fail(problem *Problem) *Outcome {
	p.end(ticket.BookingFailed, problem.Code, problem.Message)
	if p.status == ticket.BookingConfirmed {
		return p.outcome(nil)
	}
	p.problem = problem
	return p.outcome(problem)
}

// failAtOnce gives the answer to Begin first and undoes then: nobody waits for that.
func (p *purchase) failAtOnce(problem *Problem) {
	before := p.status
	p.status = ticket.BookingFailed
	p.began = p.outcome(problem)
	p.status = before
	p.fail(problem)
}

// expire ends a hold whose time is over. A charge that the buyer was asked to
// approve is looked at a last time: what is approved is not thrown away.
func (p *purchase) expire() {
	if p.charge != nil {
		p.resume(nil)
	}
	if !p.closed && p.overdue() {
		p.end(ticket.BookingExpired, "", "The hold ended before it was paid.")
	}
}

// releaseSeats is the undo of the hold. It goes on until it is done.
func (p *purchase) releaseSeats() {
	ctx := local(p.safe, giveUp, patiently, "")
	in := activities.ReleaseSeatsInput{BookingID: p.in.BookingID, EventID: p.in.EventID}
	for {
		err := workflow.ExecuteLocalActivity(ctx, seats.ReleaseSeats, in).Get(ctx, nil)
		if err == nil || !p.callSupport("The seats could not be released: "+cause(err)) {
			return
		}
	}
}

// ending says how a booking ended, for people. Why it was canceled says that it was.
func ending(status ticket.BookingStatus, reason string) string {
	if status == ticket.BookingCanceled {
		return reason
	}
	return string(status) + ": " + reason
}
