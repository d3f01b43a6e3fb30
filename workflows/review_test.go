package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// reviewed runs ReviewCharge against looks that come out in turn; the last one
// stays. It keeps the refunds that were gone on with.
func reviewed(t *testing.T, looks ...any) (env *testsuite.TestWorkflowEnvironment, w *world) {
	t.Helper()
	w = &world{}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env = suite.NewTestWorkflowEnvironment()
	n := 0
	env.RegisterActivityWithOptions(func(context.Context, activities.ReviewInput) (activities.Reviewed, error) {
		look := looks[min(n, len(looks)-1)]
		n++
		w.effects = append(w.effects, "look")
		if err, failed := look.(error); failed {
			return activities.Reviewed{}, err
		}
		return look.(activities.Reviewed), nil
	}, activity.RegisterOptions{Name: "ReviewCharge"})
	env.RegisterWorkflowWithOptions(workflows.ReviewCharge, workflow.RegisterOptions{Name: workflows.ReviewType})
	env.RegisterWorkflowWithOptions(func(_ workflow.Context, in activities.RefundInput) (workflows.RefundOutcome, error) {
		w.did("refund %s", in.RefundID)
		return workflows.RefundOutcome{}, nil
	}, workflow.RegisterOptions{Name: workflows.RefundType})
	return env, w
}

func review(t *testing.T, env *testsuite.TestWorkflowEnvironment) workflows.ReviewResult {
	t.Helper()
	env.ExecuteWorkflow(workflows.ReviewType, activities.ReviewInput{BookingID: "bk_1"})
	require.NoError(t, env.GetWorkflowError())
	var out workflows.ReviewResult
	require.NoError(t, env.GetWorkflowResult(&out))
	return out
}

func TestAReviewLooksAndGoesOnWithRefunds(t *testing.T) {
	t.Parallel()
	refused := temporal.NewNonRetryableApplicationError("no", string(ticket.CodeProviderRefused), nil)
	whole := activities.Reviewed{Refunds: 2, Disputes: 1, Follow: []string{"rf_1", "rf_2"}}
	for name, tt := range map[string]struct {
		looks   []any
		support string
		want    workflows.ReviewResult
		effects []string
	}{
		"there is nothing": {[]any{activities.Reviewed{}}, "", workflows.ReviewResult{}, []string{"look"}},
		"refunds go on": {
			[]any{whole}, "", workflows.ReviewResult{Refunds: 2, Disputes: 1}, []string{"look", "refund rf_1", "refund rf_2"},
		},
		"the provider errs, is silent, and answers": {
			[]any{errors.New("500"), errors.New("timeout"), activities.Reviewed{Refunds: 1}}, "", workflows.ReviewResult{Refunds: 1},
			[]string{"look", "look", "look"},
		},
		"the capture is not booked yet": {
			[]any{activities.Reviewed{Later: true}, activities.Reviewed{Later: true}, activities.Reviewed{Disputes: 1}}, "",
			workflows.ReviewResult{Disputes: 1}, []string{"look", "look", "look"},
		},
		"support has it look again": {
			[]any{refused, activities.Reviewed{Disputes: 1}}, "retry", workflows.ReviewResult{Disputes: 1}, []string{"look", "look"},
		},
		"support puts the books right": {
			[]any{refused}, "resolve", workflows.ReviewResult{Note: "ann: done"}, []string{"look"},
		},
		"news comes while support is waited for": {
			[]any{refused, activities.Reviewed{Refunds: 1}}, "news", workflows.ReviewResult{Refunds: 1}, []string{"look", "look"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, w := reviewed(t, tt.looks...)
			switch tt.support {
			case "retry":
				update(t, env, time.Hour, workflows.UpdateRetryPayment, workflows.SupportRequest{By: "ann"})
			case "resolve":
				update(t, env, time.Hour, workflows.UpdateResolve, workflows.ResolveRequest{By: "ann", Note: "done"})
			case "news":
				env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.SignalPaymentEvent, nil) }, time.Hour)
			}
			got := review(t, env)
			if tt.support == "retry" || tt.support == "resolve" {
				require.Len(t, got.Desk, 1)
				require.Equal(t, "ann", got.Desk[0].By)
			}
			got.Desk = nil
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.effects, w.log())
		})
	}
}

// TestNewsEndsTheWaitForTheCapture sends news while a review waits: it looks at
// once.
func TestNewsEndsTheWaitForTheCapture(t *testing.T) {
	t.Parallel()
	env, w := reviewed(t, activities.Reviewed{Later: true}, activities.Reviewed{Refunds: 1})
	env.RegisterDelayedCallback(func() { env.SignalWorkflow(workflows.SignalPaymentEvent, nil) }, time.Second)
	require.Equal(t, workflows.ReviewResult{Refunds: 1}, review(t, env))
	require.Equal(t, []string{"look", "look"}, w.log())
}
