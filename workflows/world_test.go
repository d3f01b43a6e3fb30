package workflows_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// world stands for everything a purchase touches. It keeps the exact order of
// effects, and each step does what the test says, or what goes well.
type world struct {
	mu      sync.Mutex
	effects []string

	slot      func() (activities.TakenSlot, error)
	hold      func() (activities.HeldSeats, error)
	keep      func(in activities.KeepSeatsInput) (activities.KeptSeats, error)
	authorize func(in activities.ChargeInput) (ticket.Charge, error)
	resume    func(in activities.ChargeInput) (ticket.Charge, error)
	commit    func() (activities.Committed, error)
	capture   func() (string, error)
	void      func() error
	closing   func(in activities.CloseBookingInput) activities.ClosedBooking
}

// did keeps an effect. A step that is tried again is one effect.
func (w *world) did(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := fmt.Sprintf(format, args...)
	if n := len(w.effects); n == 0 || w.effects[n-1] != e {
		w.effects = append(w.effects, e)
	}
}

func (w *world) log() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.effects...)
}

var start = time.Date(2030, 5, 1, 10, 0, 0, 0, time.UTC)

func heldSeats() activities.HeldSeats {
	items := []ticket.Item{{SeatIndex: 3, Category: "A", Price: 5000, Fee: 250}, {SeatIndex: 4, Category: "A", Price: 5000, Fee: 250}}
	return activities.HeldSeats{
		Items: items, Total: ticket.Money{Amount: 10500, Currency: "EUR"}, Fence: 7, Limit: 4, ExpiresAt: start.Add(10 * time.Minute),
	}
}

func (w *world) HoldSeats(_ context.Context, in activities.HoldSeatsInput) (activities.HeldSeats, error) {
	w.did("hold %v", in.Wish.Seats)
	if w.hold != nil {
		return w.hold()
	}
	return heldSeats(), nil
}

func (w *world) KeepSeats(_ context.Context, in activities.KeepSeatsInput) (activities.KeptSeats, error) {
	w.did("keep %s", in.Status)
	if w.keep != nil {
		return w.keep(in)
	}
	return activities.KeptSeats{Fence: 7}, nil
}

func (w *world) CloseBooking(_ context.Context, in activities.CloseBookingInput) (activities.ClosedBooking, error) {
	if w.closing != nil {
		if found := w.closing(in); found != (activities.ClosedBooking{}) {
			w.did("close refused")
			return found, nil
		}
	}
	w.did("close %s", in.Status)
	if in.Release {
		w.did("release")
	}
	return activities.ClosedBooking{}, nil
}

func (w *world) ReleaseSeats(context.Context, activities.ReleaseSeatsInput) error {
	w.did("release")
	return nil
}

func (w *world) TakeSlot(context.Context, activities.SlotInput) (activities.TakenSlot, error) {
	w.did("take slot")
	if w.slot != nil {
		return w.slot()
	}
	return activities.TakenSlot{}, nil
}

func (w *world) ReleaseSlot(context.Context, activities.SlotInput) error {
	w.did("release slot")
	return nil
}

func (w *world) CommitBooking(context.Context, activities.CommitBookingInput) (activities.Committed, error) {
	w.did("commit")
	if w.commit != nil {
		return w.commit()
	}
	return activities.Committed{}, nil
}

func (w *world) FinishSale(_ context.Context, in activities.FinishSaleInput) error {
	w.did("finish %q", in.CaptureRef)
	return nil
}

func (w *world) FlagBooking(_ context.Context, in activities.FlagBookingInput) error {
	w.did("flag %s", in.Status)
	return nil
}

func (w *world) AuthorizeCharge(_ context.Context, in activities.ChargeInput) (ticket.Charge, error) {
	w.did("authorize %s %d", in.Provider, in.Request.Attempt)
	if w.authorize != nil {
		return w.authorize(in)
	}
	return charge(in, ticket.OutcomeAuthorized), nil
}

func (w *world) ResumeCharge(_ context.Context, in activities.ChargeInput) (ticket.Charge, error) {
	w.did("resume %s %d", in.Provider, in.Charge.Attempt)
	if w.resume != nil {
		return w.resume(in)
	}
	return charge(in, ticket.OutcomeAuthorized), nil
}

func (w *world) CaptureCharge(_ context.Context, in activities.ChargeInput) (string, error) {
	w.did("capture %s %d", in.Provider, in.Charge.Attempt)
	if w.capture != nil {
		return w.capture()
	}
	return "ch_1", nil
}

func (w *world) VoidCharge(_ context.Context, in activities.ChargeInput) error {
	w.did("void %s %d", in.Provider, in.Charge.Attempt)
	if w.void != nil {
		return w.void()
	}
	return nil
}

func (w *world) settle(_ workflow.Context, in workflows.SettleInput) (workflows.SettleResult, error) {
	w.did("settle %s %d", in.Query.Provider, in.Query.Request.Attempt)
	return workflows.SettleResult{Found: ticket.ChargeNone}, nil
}

// charge is a provider's answer to a request.
func charge(in activities.ChargeInput, outcome ticket.AuthorizeOutcome) ticket.Charge {
	return ticket.Charge{Provider: in.Provider, Outcome: outcome, Attempt: in.Request.Attempt, Ref: "pi_1", ClientSecret: "secret"}
}

// answers makes providers answer with these outcomes in turn; the last one stays.
func answers(outcomes ...ticket.AuthorizeOutcome) func(activities.ChargeInput) (ticket.Charge, error) {
	n := 0
	return func(in activities.ChargeInput) (ticket.Charge, error) {
		outcome := outcomes[min(n, len(outcomes)-1)]
		n++
		return charge(in, outcome), nil
	}
}

var errBroken = errors.New("broken")

// steps are the activities of this world by name.
func (w *world) steps() map[string]any {
	return map[string]any{
		"TakeSlot": w.TakeSlot, "ReleaseSlot": w.ReleaseSlot, "HoldSeats": w.HoldSeats, "KeepSeats": w.KeepSeats, "CloseBooking": w.CloseBooking, "ReleaseSeats": w.ReleaseSeats, "CommitBooking": w.CommitBooking,
		"FinishSale": w.FinishSale, "FlagBooking": w.FlagBooking, "AuthorizeCharge": w.AuthorizeCharge,
		"ResumeCharge": w.ResumeCharge, "CaptureCharge": w.CaptureCharge, "VoidCharge": w.VoidCharge,
	}
}

// environment runs purchases in this world.
func (w *world) environment(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartTime(start)
	for name, step := range w.steps() {
		env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
	env.RegisterWorkflowWithOptions(workflows.Purchase, workflow.RegisterOptions{Name: workflows.PurchaseType})
	env.RegisterWorkflowWithOptions(w.settle, workflow.RegisterOptions{Name: workflows.SettleType})
	return env
}

func input(payment *ticket.PaymentChoice) workflows.PurchaseInput {
	return workflows.PurchaseInput{
		BookingID: "bk_1", EventID: "ev_1", BuyerID: "us_1", Fingerprint: "f",
		Wish: activities.Wish{Seats: []int{3, 4}}, HoldSeconds: 600, Payment: payment,
	}
}

var (
	byStripe = ticket.PaymentChoice{StripePaymentMethod: "pm_card_visa"}
	byPayPal = ticket.PaymentChoice{PayPalPaymentToken: "tok_vault_1"}
	byBoth   = ticket.PaymentChoice{StripePaymentMethod: "pm_card_visa", PayPalPaymentToken: "tok_vault_1"}
)

// update sends an update at a time after the start; its outcome is in the
// returned pointer when the workflow has run.
func update(t *testing.T, env *testsuite.TestWorkflowEnvironment, after time.Duration, name string, arg any) *updated {
	t.Helper()
	u := &updated{}
	env.RegisterDelayedCallback(func() {
		args := []any{arg}
		if arg == nil {
			args = nil
		}
		env.UpdateWorkflow(name, fmt.Sprintf("%s@%s", name, after), &testsuite.TestUpdateCallback{
			OnAccept: func() {},
			OnReject: func(err error) { u.err = err },
			OnComplete: func(result any, err error) {
				u.err = err
				u.outcome, _ = result.(*workflows.Outcome)
			},
		}, args...)
	}, after)
	return u
}

type updated struct {
	outcome *workflows.Outcome
	err     error
}

func result(t *testing.T, env *testsuite.TestWorkflowEnvironment) workflows.PurchaseResult {
	t.Helper()
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	var r workflows.PurchaseResult
	require.NoError(t, env.GetWorkflowResult(&r))
	return r
}
