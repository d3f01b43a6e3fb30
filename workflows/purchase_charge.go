package workflows

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

const undoCharge = "give up the charge"

// authorize asks the providers in turn until one says yes, no, or that the
// buyer must act. A provider that could not, or did not answer, hands on to the
// next one; what may have happened there is found out and undone.
func (p *purchase) authorize(choice ticket.PaymentChoice) ticket.Charge {
	offered := choice.Offered()
	var charge ticket.Charge
	for i, provider := range offered {
		p.fallback = i > 0
		charge = p.tryProvider(provider, i+1 < len(offered))
		if p.again && charge.Outcome == ticket.OutcomeNotExecuted {
			charge.Outcome = ticket.OutcomeUnanswered // not now; but what of the run that was lost?
		}
		switch charge.Outcome {
		case ticket.OutcomeNotExecuted:
			p.undo.drop(undoCharge)
		case ticket.OutcomeUnanswered:
			p.undo.drop(undoCharge)
			p.settleLater(charge)
		case ticket.OutcomeDeclined, ticket.OutcomeRejected:
			p.undo.drop(undoCharge)
			return charge
		default:
			return charge
		}
	}
	return charge
}

// tryProvider asks one provider: on the fast path, and on the payments fleet
// when that has to wait for its turn, or when nobody else can be asked.
func (p *purchase) tryProvider(provider ticket.Provider, othersCan bool) ticket.Charge {
	p.attempt++
	in := activities.ChargeInput{Provider: provider, Request: p.request(p.attempt)}
	asked := ticket.Charge{Provider: provider, Attempt: p.attempt, Outcome: ticket.OutcomeUnanswered}
	p.undo.push(undoCharge, func() { p.undoCharge(asked) })
	ctx := local(p.safe, chargeFast, once, string(provider))
	var charge ticket.Charge
	err := workflow.ExecuteLocalActivity(ctx, payments.AuthorizeCharge, in).Get(ctx, &charge)
	if err != nil {
		charge = asked
	}
	queued := charge.Outcome == ticket.OutcomeNotExecuted && charge.Code == ticket.ChargeRateGate
	if queued || charge.Outcome == ticket.OutcomeUnanswered && !othersCan {
		charge = p.askPatiently(in, charge)
	}
	if charge.Outcome == ticket.OutcomeAuthorized || charge.Outcome == ticket.OutcomeActionRequired {
		p.undo.drop(undoCharge)
		p.undo.push(undoCharge, func() { p.undoCharge(charge) })
	}
	return charge
}

// askPatiently repeats the same call, under the same key, on the payments fleet.
func (p *purchase) askPatiently(in activities.ChargeInput, before ticket.Charge) ticket.Charge {
	p.tell("Waits for %s.", in.Provider)
	ctx := onPayments(p.safe, chargePatient, once, "authorize at "+string(in.Provider))
	var charge ticket.Charge
	if err := workflow.ExecuteActivity(ctx, payments.AuthorizeCharge, in).Get(ctx, &charge); err != nil {
		before.Outcome = ticket.OutcomeUnanswered
		return before
	}
	if before.Outcome == ticket.OutcomeUnanswered && charge.Outcome == ticket.OutcomeNotExecuted {
		charge.Outcome = ticket.OutcomeUnanswered // the first call may have happened all the same
	}
	return charge
}

// abandonCharge gives up a charge that waits for the buyer.
func (p *purchase) abandonCharge() {
	charge := *p.charge
	p.charge = nil
	p.undo.drop(undoCharge)
	p.undoCharge(charge)
}

// undoCharge releases an authorization, or leaves the finding out behind.
func (p *purchase) undoCharge(charge ticket.Charge) {
	if charge.Outcome == ticket.OutcomeUnanswered {
		p.settleLater(charge)
		return
	}
	in := activities.ChargeInput{Provider: charge.Provider, Request: p.request(charge.Attempt), Charge: charge}
	ctx := local(p.safe, askBuyer, once, "void at "+string(charge.Provider))
	err := workflow.ExecuteLocalActivity(ctx, payments.VoidCharge, in).Get(ctx, nil)
	if err != nil { // it is found out and undone, however long that takes
		p.settleLater(charge)
	}
}

// settleLater starts the workflow that finds out what became of a charge and
// undoes it. It goes on when this purchase has long ended.
func (p *purchase) settleLater(charge ticket.Charge) {
	p.settleRequest(charge, p.request(charge.Attempt), p.asked)
}

func (p *purchase) settleRequest(charge ticket.Charge, request ticket.ChargeRequest, asked time.Time) {
	ctx := workflow.WithChildOptions(p.safe, workflow.ChildWorkflowOptions{
		WorkflowID:        SettleID(p.in.BookingID, charge.Provider, charge.Attempt),
		TaskQueue:         QueuePayments,
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			EventIDKey.ValueSet(p.in.EventID), BuyerIDKey.ValueSet(p.in.BuyerID),
			PaymentProviderKey.ValueSet(string(charge.Provider)),
		),
		StaticSummary: "find out and undo attempt at " + string(charge.Provider),
	})
	p.settling = append(p.settling, workflow.ExecuteChildWorkflow(ctx, SettleCharge, SettleInput{
		Query: ticket.ChargeQuery{
			Request: request, Provider: charge.Provider, Ref: charge.Ref, OrderRef: charge.OrderRef,
			AskedAt: asked,
		},
	}))
}

// cause is the innermost message of a step's failure, for people.
func cause(err error) string {
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return app.Message()
	}
	return err.Error()
}
