package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// SettleType is the workflow type of SettleCharge.
const SettleType = "SettleCharge"

// SettleID is the workflow id for one attempt of a booking at a provider.
func SettleID(bookingID string, provider ticket.Provider, attempt int) string {
	return fmt.Sprintf("settle/%s/%s/%d", bookingID, provider, attempt)
}

// SettleInput names the charge to be settled.
type SettleInput struct {
	Query ticket.ChargeQuery `json:"query"`
}

// SettleResult is what was found and what was done about it.
type SettleResult struct {
	Found ticket.ChargeState `json:"found"`
	// Undone is "void", "refund", or empty when there was nothing to undo.
	Undone string `json:"undone,omitempty"`
	Note   string `json:"note,omitempty"`
	// Desk is what support did to it.
	Desk []DeskNote `json:"desk,omitempty"`
}

// settleSoon leaves a lost call the time to arrive before it is looked for.
const settleSoon = 2 * time.Second

// SettleCharge finds out what became of a payment call that was not answered,
// and undoes it, however long the provider is away. Nothing is guessed: it
// ends when the provider's own books say that no money is reserved or taken.
func SettleCharge(ctx workflow.Context, in SettleInput) (SettleResult, error) {
	s := &settlement{in: in}
	s.ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := s.setHandlers(); err != nil {
		return SettleResult{}, err
	}
	if err := workflow.Sleep(s.ctx, settleSoon); err != nil {
		return SettleResult{}, err
	}
	for {
		result, err := s.try()
		if err == nil {
			s.tell("Found %s; undone by: %s.", result.Found, orElse(result.Undone, "nothing to undo"))
			result.Desk = s.notes
			return result, s.finish()
		}
		if note := s.callSupport(cause(err)); note != "" {
			s.tell("Settled by hand.")
			return SettleResult{Note: note, Desk: s.notes}, s.finish()
		}
	}
}

type settlement struct {
	ctx     workflow.Context
	in      SettleInput
	waiting bool
	retry   bool
	resolve *ResolveRequest
	notes   desk
}

// try looks the charge up and undoes what it finds.
func (s *settlement) try() (SettleResult, error) {
	q := s.in.Query
	ctx := onPayments(s.ctx, giveUp, patiently, "look up at "+string(q.Provider))
	var found ticket.ChargeFound
	if err := workflow.ExecuteActivity(ctx, payments.FindCharge, q).Get(ctx, &found); err != nil {
		return SettleResult{}, err
	}
	result := SettleResult{Found: found.State}
	in := activities.ChargeInput{Provider: q.Provider, Request: q.Request, Charge: found.Charge}
	switch found.State {
	case ticket.ChargePending, ticket.ChargeAuthorized:
		result.Undone = "void"
		ctx = onPayments(s.ctx, giveUp, patiently, "void at "+string(q.Provider))
		return result, workflow.ExecuteActivity(ctx, payments.VoidCharge, in).Get(ctx, nil)
	case ticket.ChargeCaptured:
		result.Undone = "refund"
		ctx = onPayments(s.ctx, giveUp, patiently, "refund at "+string(q.Provider))
		return result, workflow.ExecuteActivity(ctx, payments.RefundCharge, in).Get(ctx, nil)
	default:
		return result, nil
	}
}

func (s *settlement) setHandlers() error {
	return setUpdateHandlers(s.ctx,
		updateHandler{
			UpdateRetryPayment,
			func(ctx workflow.Context, r SupportRequest) error {
				s.retry = true
				s.notes.add(ctx, r.By, UpdateRetryPayment, r.Reason)
				s.tell("Trying again.")
				return nil
			},
			func(r SupportRequest) error { return s.mayNow(signedBy(r.By)) }, aboutRetry,
		},
		updateHandler{
			UpdateResolve,
			func(ctx workflow.Context, r ResolveRequest) error {
				s.resolve = &r
				s.notes.add(ctx, r.By, UpdateResolve, r.Note)
				return nil
			},
			func(r ResolveRequest) error { return s.mayNow(r.check()) }, aboutResolve,
		},
	)
}

// mayNow refuses what nobody waits for, and then what is not complete.
func (s *settlement) mayNow(incomplete error) error {
	if !s.waiting {
		return temporal.NewApplicationError("It does not wait for support.", string(ticket.CodeBookingState))
	}
	return incomplete
}

func (s *settlement) tell(format string, args ...any) {
	workflow.SetCurrentDetails(s.ctx, fmt.Sprintf(format, args...)+s.notes.String()+"\n\n"+purchaseLink(s.in.Query.Request.BookingID))
}

// callSupport stops for a person. It returns the note of a settlement by hand,
// or "" when it shall be tried again.
func (s *settlement) callSupport(reason string) string {
	s.waiting, s.retry, s.resolve = true, false, nil
	_ = workflow.UpsertTypedSearchAttributes(s.ctx, NeedsAttentionKey.ValueSet(true)) // fails on an unknown key only
	s.tell("**Needs attention.** A charge could not be settled: %s\n\nUpdate `RetryPayment` tries again; `Resolve` says that it was settled by hand.", reason)
	_ = workflow.Await(s.ctx, func() bool { return s.retry || s.resolve != nil }) // never cancelled
	s.waiting = false
	_ = workflow.UpsertTypedSearchAttributes(s.ctx, NeedsAttentionKey.ValueSet(false))
	if s.resolve != nil {
		return s.resolve.By + ": " + s.resolve.Note
	}
	return ""
}

func (s *settlement) finish() error {
	return workflow.Await(s.ctx, func() bool { return workflow.AllHandlersFinished(s.ctx) })
}
