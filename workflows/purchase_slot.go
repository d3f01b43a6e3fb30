package workflows

import (
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

var slots *activities.Slots

const undoSlot = "give the slot back"

// takeSlot makes this the one live purchase of its buyer's admission, where the
// event has a waiting room. False when the purchase has ended because it may not.
func (p *purchase) takeSlot() bool {
	if !p.in.WaitingRoom {
		return true
	}
	p.undo.push(undoSlot, p.releaseSlot)
	ctx := local(p.safe, askBuyer, briskly, "")
	var taken activities.TakenSlot
	err := workflow.ExecuteLocalActivity(ctx, slots.TakeSlot, p.slot()).Get(ctx, &taken)
	if err != nil {
		p.failAtOnce(&Problem{Code: ticket.CodeUnavailable, Message: "The waiting room cannot be reached at the moment."})
		return false
	}
	if taken.Refusal != nil {
		p.undo.drop(undoSlot)
		p.failAtOnce(problemOf(taken.Refusal))
		return false
	}
	return true
}

// releaseSlot is the undo of takeSlot: the buyer may try again.
func (p *purchase) releaseSlot() {
	ctx := local(p.safe, giveUp, patiently, "")
	for {
		err := workflow.ExecuteLocalActivity(ctx, slots.ReleaseSlot, p.slot()).Get(ctx, nil)
		if err == nil || !p.callSupport("The admission could not be given back: "+cause(err)) {
			return
		}
	}
}

func (p *purchase) slot() activities.SlotInput {
	return activities.SlotInput{BookingID: p.in.BookingID, EventID: p.in.EventID, BuyerID: p.in.BuyerID}
}
