package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// refundWorld stands for books and provider as a refund touches them. Like the
// real ones it does nothing twice; each effect is kept once.
type refundWorld struct {
	world
	refund ticket.Refund
	// answers are the statuses that the provider gives in turn; the last one stays.
	answers []ticket.RefundStatus
	asked   int
	refusal *activities.Refusal
	// broken names a step that fails as often as this, in the way of fault.
	broken string
	fault  string
	times  int
	// resolve may refuse what support says.
	resolve func(activities.ResolveRefundInput) error
}

func newRefundWorld(answers ...ticket.RefundStatus) *refundWorld {
	return &refundWorld{answers: answers, refund: ticket.Refund{
		ID: "rf_1", BookingID: "bk_1", Status: ticket.RefundRequested, Attempt: 1, Seats: []int{3}, Source: ticket.RefundBySupport,
		Amount: ticket.Money{Amount: 5250, Currency: "EUR"}, Charge: ticket.TakenCharge{Provider: ticket.Stripe}, CreatedAt: start,
	}}
}

// step does what a step does, or breaks it: before it does anything ("error",
// "timeout"), or after ("lost reply").
func (w *refundWorld) step(name string, do func()) (*ticket.Refund, error) {
	if w.broken != name || w.times == 0 {
		do()
		now := w.refund
		return &now, nil
	}
	w.times--
	switch w.fault {
	case "timeout":
		return nil, temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_START_TO_CLOSE, nil)
	case "lost reply":
		do()
	}
	return nil, errors.New("broken")
}

// refundSteps are the steps of refunds, each in the world of its refund.
func refundSteps(of func(refundID string) *refundWorld) map[string]any {
	return map[string]any{
		"BeginRefund": func(_ context.Context, in activities.RefundInput) (activities.RefundStep, error) {
			w := of(in.RefundID)
			now, err := w.step("begin", func() { w.did("begin") })
			if w.refusal != nil {
				return activities.RefundStep{Refusal: w.refusal}, err
			}
			return activities.RefundStep{Refund: now}, err
		},
		"ReturnSeats": func(_ context.Context, in activities.RefundRef) error {
			w := of(in.RefundID)
			_, err := w.step("return seats", func() { w.did("return seats") })
			return err
		},
		"SendRefund": func(_ context.Context, in activities.RefundRef) (*ticket.Refund, error) {
			w := of(in.RefundID)
			return w.step("send", w.send)
		},
		"FlagRefund": func(_ context.Context, in activities.FlagRefundInput) (*ticket.Refund, error) {
			w := of(in.RefundID)
			return w.step("flag", func() { w.refund.Status = ticket.RefundNeedsAttention; w.did("flag") })
		},
		"RetryRefund": func(_ context.Context, in activities.RefundRef) (*ticket.Refund, error) {
			w := of(in.RefundID)
			return w.step("retry", func() {
				if w.refund.Status == ticket.RefundNeedsAttention {
					w.refund.Status, w.refund.Attempt = ticket.RefundRequested, w.refund.Attempt+1
				}
				w.did("retry")
			})
		},
		"ResolveRefund": func(_ context.Context, in activities.ResolveRefundInput) (*ticket.Refund, error) {
			w := of(in.RefundID)
			if w.resolve != nil {
				if err := w.resolve(in); err != nil {
					return nil, err
				}
			}
			return w.step("resolve", func() {
				w.refund.Status = ticket.RefundFailed
				if w.refund.Unattributed() {
					w.refund.Status = ticket.RefundSucceeded
				}
				w.did("resolve %v", in.Seats)
			})
		},
	}
}

// send is the provider, which has one refund an attempt, however often it is
// asked; what it says of it moves on each time that it is looked at.
func (w *refundWorld) send() {
	w.did("send %d", w.refund.Attempt)
	w.refund.Status = w.answers[min(w.asked, len(w.answers)-1)]
	w.asked++
}

func (w *refundWorld) run(t *testing.T) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	for name, step := range refundSteps(func(string) *refundWorld { return w }) {
		env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
	env.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{Name: workflows.RefundType})
	return env
}

// ends runs a refund to its end and gives its outcome.
func (w *refundWorld) ends(t *testing.T, env *testsuite.TestWorkflowEnvironment) workflows.RefundOutcome {
	t.Helper()
	env.ExecuteWorkflow(workflows.RefundType, activities.RefundInput{BookingID: "bk_1", RefundID: "rf_1"})
	require.NoError(t, env.GetWorkflowError())
	var out workflows.RefundOutcome
	require.NoError(t, env.GetWorkflowResult(&out))
	return out
}

// TestARefundComesToItsEndWhateverFails breaks each step in each way, and more
// often than anybody waits for it.
func TestARefundComesToItsEndWhateverFails(t *testing.T) {
	t.Parallel()
	paid := []ticket.RefundStatus{ticket.RefundPending, ticket.RefundSucceeded}
	failing := []ticket.RefundStatus{ticket.RefundNeedsAttention, ticket.RefundSucceeded}
	inOrder := []string{"begin", "return seats", "send 1"}
	again := append(append([]string{}, inOrder...), "flag", "retry", "send 2")
	byHand := append(append([]string{}, inOrder...), "flag", "resolve []")
	for _, tt := range []struct {
		step    string
		answers []ticket.RefundStatus
		support string
		want    []string
		status  ticket.RefundStatus
	}{
		{"begin", paid, "", inOrder, ticket.RefundSucceeded},
		{"return seats", paid, "", inOrder, ticket.RefundSucceeded},
		{"send", paid, "", inOrder, ticket.RefundSucceeded},
		{"flag", failing, "retry", again, ticket.RefundSucceeded},
		{"retry", failing, "retry", again, ticket.RefundSucceeded},
		{"resolve", failing, "resolve", byHand, ticket.RefundFailed},
	} {
		for _, fault := range []string{"error", "timeout", "lost reply"} {
			t.Run(tt.step+" "+fault, func(t *testing.T) {
				t.Parallel()
				w := newRefundWorld(tt.answers...)
				w.broken, w.fault, w.times = tt.step, fault, 4
				env := w.run(t)
				switch tt.support {
				case "retry":
					update(t, env, time.Hour, workflows.UpdateRetryPayment, workflows.SupportRequest{By: "ann"})
				case "resolve":
					update(t, env, time.Hour, workflows.UpdateResolve, workflows.ResolveRefundRequest{By: "ann", Note: "in cash"})
				}
				out := w.ends(t, env)
				require.Equal(t, tt.status, out.Refund.Status)
				require.Equal(t, tt.want, w.log())
			})
		}
	}
}

func TestARefundThatIsRefusedEndsWithoutEffect(t *testing.T) {
	t.Parallel()
	w := newRefundWorld()
	w.refusal = &activities.Refusal{Code: ticket.CodeAlreadyUsed, Message: "used"}
	out := w.ends(t, w.run(t))
	require.Equal(t, ticket.CodeAlreadyUsed, out.Problem.Code)
	require.Equal(t, []string{"begin"}, w.log())
}

// TestSupportIsToldWhatMakesNoSense sends support's updates when nothing waits
// for them, incomplete, and to money that is with the buyer already.
func TestSupportIsToldWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	w := newRefundWorld(ticket.RefundPending, ticket.RefundNeedsAttention)
	env := w.run(t)
	early := update(t, env, time.Second, workflows.UpdateRetryPayment, workflows.SupportRequest{By: "ann"})
	nameless := update(t, env, time.Hour, workflows.UpdateRetryPayment, workflows.SupportRequest{})
	noteless := update(t, env, time.Hour, workflows.UpdateResolve, workflows.ResolveRefundRequest{By: "ann"})
	seats := update(t, env, 90*time.Minute, workflows.UpdateResolve, workflows.ResolveRefundRequest{By: "ann", Note: "n", Seats: []string{"A-1"}})
	update(t, env, 2*time.Hour, workflows.UpdateResolve, workflows.ResolveRefundRequest{By: "ann", Note: "in cash"})
	w.ends(t, env)
	for _, refused := range []*updated{early, nameless, noteless, seats} {
		require.Error(t, refused.err)
	}
	require.Equal(t, []string{"begin", "return seats", "send 1", "flag", "resolve []"}, w.log())
}

// TestUnexplainedMoneyIsNeverSentAgain has support say what money was for that
// went back by hand, first in a way that the books refuse.
func TestUnexplainedMoneyIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	w := newRefundWorld(ticket.RefundNeedsAttention)
	w.resolve = func(in activities.ResolveRefundInput) error {
		if in.Seats[0] == "Z-9" {
			return temporal.NewNonRetryableApplicationError("has a place that is not the booking's", string(ticket.CodeInvalid), nil)
		}
		return nil
	}
	env := w.run(t)
	w.refund.Source, w.refund.Seats = ticket.RefundByProvider, nil
	retry := update(t, env, time.Hour, workflows.UpdateRetryPayment, workflows.SupportRequest{By: "ann"})
	update(t, env, 2*time.Hour, workflows.UpdateResolve, workflows.ResolveRefundRequest{By: "ann", Note: "n", Seats: []string{"Z-9"}})
	update(t, env, 3*time.Hour, workflows.UpdateResolve, workflows.ResolveRefundRequest{By: "ann", Note: "n", Seats: []string{"A-1"}})
	out := w.ends(t, env)
	require.Error(t, retry.err)
	require.Equal(t, ticket.RefundSucceeded, out.Refund.Status)
	require.Equal(t, []string{"begin", "return seats", "send 1", "flag", "resolve [A-1]", "return seats"}, w.log())
}

// TestNewsOfTheProviderEndsTheWaitForSupport has a refund that nobody could say
// anything of for a day turn out to be paid.
func TestNewsOfTheProviderEndsTheWaitForSupport(t *testing.T) {
	t.Parallel()
	w := newRefundWorld(ticket.RefundNeedsAttention, ticket.RefundSucceeded)
	env := w.run(t)
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.SignalPaymentEvent, nil) }, time.Hour)
	out := w.ends(t, env)
	require.Equal(t, ticket.RefundSucceeded, out.Refund.Status)
	require.Equal(t, []string{"begin", "return seats", "send 1", "flag", "send 1"}, w.log())
}
