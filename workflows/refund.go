package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

const (
	// RefundType is the workflow type of Refund.
	RefundType = "Refund"
	refundPath = "refund/"
)

// RefundWorkflowID is the workflow id of a refund.
func RefundWorkflowID(refundID string) string { return refundPath + refundID }

// RefundOutcome is the answer to Begin and to the query Status.
type RefundOutcome struct {
	Refund  *ticket.Refund `json:"refund,omitempty"`
	Problem *Problem       `json:"problem,omitempty"`
	// Desk is what support did to it.
	Desk []DeskNote `json:"desk,omitempty"`
}

var refunds *activities.Refunds

const (
	// answerRefund is how long Begin waits for the money after the tickets have ended.
	answerRefund = 3 * time.Second
	// lookSoon and lookLate bound how often a refund that is pending, or a payment
	// that is not captured yet, is looked at; news of it comes sooner.
	lookSoon = 5 * time.Second
	lookLate = 6 * time.Hour
	// captureWithin is when a refund whose payment is still not captured goes to support.
	captureWithin = 25 * time.Hour
)

// Refund gives the money of a booking's tickets back. It goes forward only: the
// tickets die before any money moves, and from then on the buyer is owed it,
// however long the provider is away. Started for a refund that exists it goes on
// with that, such as one that the provider takes back days later.
func Refund(ctx workflow.Context, in activities.RefundInput) (RefundOutcome, error) {
	r := &refund{in: in}
	r.ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := r.setHandlers(); err != nil {
		return RefundOutcome{}, err
	}
	r.complete()
	r.begin()
	for !r.closed {
		r.news = false
		r.send()
		r.await()
	}
	return r.outcome(), workflow.Await(r.ctx, func() bool { return workflow.AllHandlersFinished(r.ctx) })
}

// refund is one run of the workflow.
type refund struct {
	ctx     workflow.Context
	in      activities.RefundInput
	refund  *ticket.Refund
	problem *Problem
	begun   bool // the pivot is decided
	closed  bool
	news    bool // the provider has news
	shown   bool // the places were given back
	pause   time.Duration
	support refundDesk
	notes   desk
}

// complete fills in what support leaves out in the Temporal UI.
func (r *refund) complete() {
	if r.in.RefundID == "" {
		id := strings.TrimPrefix(workflow.GetInfo(r.ctx).WorkflowExecution.ID, refundPath)
		r.in.RefundID = id
		if !ticket.IsID(ticket.KindRefund, id) {
			r.in.RefundID = ticket.DeriveRefundID(r.in.BookingID, id)
		}
	}
	if r.in.Source == "" {
		r.in.Source = ticket.RefundBySupport
	}
}

// begin ends the tickets, or says why not. It is asked until it is answered,
// since it may have happened.
func (r *refund) begin() {
	r.tell("Ends the tickets.")
	for {
		ctx := local(r.ctx, giveUp, patiently, "end the tickets")
		var step activities.RefundStep
		err := workflow.ExecuteLocalActivity(ctx, refunds.BeginRefund, r.in).Get(ctx, &step)
		switch {
		case err != nil:
			if !r.callSupport("It is not known whether the tickets have ended: " + cause(err)) {
				r.begun, r.closed = true, true
				return
			}
			continue
		case step.Refusal != nil:
			r.problem, r.begun, r.closed = problemOf(step.Refusal), true, true
			r.tell("Refused: %s", r.problem.Message)
			return
		}
		r.refund, r.begun = step.Refund, true
		r.label()
		r.show()
		return
	}
}

// label lets support find a refund that was started in the Temporal UI, where
// nobody types search attributes.
func (r *refund) label() {
	if _, labelled := workflow.GetTypedSearchAttributes(r.ctx).GetKeyword(BuyerIDKey); labelled {
		return
	}
	if workflow.GetVersion(r.ctx, "label", workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		return
	}
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, // fails on an empty or unknown key only
		EventIDKey.ValueSet(r.refund.EventID), BuyerIDKey.ValueSet(r.refund.BuyerID))
}

// show gives the places back in the live map. The money does not wait for it:
// what cannot be done now is done at the end.
func (r *refund) show() {
	if r.shown {
		return
	}
	ctx := local(r.ctx, askBuyer, briskly, "give the seats back")
	ref := activities.RefundRef{RefundID: r.in.RefundID}
	r.shown = workflow.ExecuteLocalActivity(ctx, refunds.ReturnSeats, ref).Get(ctx, nil) == nil
}

// send asks the provider, or looks what has become of it, and sorts the answer.
func (r *refund) send() {
	provider := r.refund.Charge.Provider
	ctx := onPayments(r.ctx, giveUp, patiently, "refund at "+string(provider))
	var now ticket.Refund
	err := workflow.ExecuteActivity(ctx, refunds.SendRefund, activities.RefundRef{RefundID: r.in.RefundID}).Get(ctx, &now)
	if err != nil && r.refund.Status == ticket.RefundSucceeded {
		r.finish() // nobody could say otherwise
		return
	}
	if err != nil {
		r.attend("The provider could not be asked: " + cause(err))
		return
	}
	r.refund = &now
	switch now.Status {
	case ticket.RefundSucceeded, ticket.RefundFailed:
		r.finish()
	case ticket.RefundNeedsAttention:
		r.attend(now.Note)
	case ticket.RefundRequested:
		r.tell("Waits until %s is captured at %s.", now.Charge.Amount, provider)
		if workflow.Now(r.ctx).Sub(now.CreatedAt) > captureWithin {
			r.attend("The payment was never captured, so there is nothing to give back.")
		}
	default:
		r.tell("%s is paying %s out (%s).", provider, now.Amount, orElse(now.Ref, "no reference yet"))
	}
}

// await pauses until there may be news, longer each time.
func (r *refund) await() {
	if r.closed || r.news {
		return
	}
	if r.support.again {
		r.support.again = false
		return
	}
	r.pause = min(max(lookSoon, 2*r.pause), lookLate)
	_, _ = workflow.AwaitWithTimeout(r.ctx, r.pause, func() bool { return r.news }) // never cancelled
}

// finish ends a refund whose money is with the buyer, when its places are shown.
func (r *refund) finish() {
	for !r.shown {
		ctx := local(r.ctx, giveUp, patiently, "give the seats back")
		err := workflow.ExecuteLocalActivity(ctx, refunds.ReturnSeats, activities.RefundRef{RefundID: r.in.RefundID}).Get(ctx, nil)
		if r.shown = err == nil; !r.shown && !r.callSupport("The seats could not be given back: "+cause(err)) {
			break
		}
	}
	r.closed = true
	r.tell("%s: %s for %s by %s.", r.refund.Status, r.refund.Amount, places(len(r.refund.Seats)), r.refund.Charge.Provider)
	_ = workflow.UpsertTypedSearchAttributes(r.ctx, // fails on an empty or unknown key only
		BookingStatusKey.ValueSet(string(r.refund.Status)), AmountMinorKey.ValueSet(r.refund.Amount.Amount),
		PaymentProviderKey.ValueSet(string(r.refund.Charge.Provider)))
}

func (r *refund) outcome() RefundOutcome {
	return RefundOutcome{Refund: r.refund, Problem: r.problem, Desk: r.notes}
}

func (r *refund) tell(format string, args ...any) {
	details := fmt.Sprintf(format, args...) + r.notes.String()
	if r.refund != nil {
		details += links(r.refund.BookingID, r.refund.EventID, r.refund.BuyerID)
	}
	workflow.SetCurrentDetails(r.ctx, details)
}

// RefundAttributes are those that a refund starts with.
func RefundAttributes(eventID, buyerID string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(EventIDKey.ValueSet(eventID), BuyerIDKey.ValueSet(buyerID))
}
