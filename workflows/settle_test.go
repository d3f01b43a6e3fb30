package workflows_test

import (
	"context"
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

// settlement runs SettleCharge against a provider that answers the look-ups in
// turn; the last answer stays.
func settlement(t *testing.T, void error, found ...any) (*testsuite.TestWorkflowEnvironment, *world) {
	t.Helper()
	w := &world{}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	n := 0
	lookUp := func(_ context.Context, q ticket.ChargeQuery) (ticket.ChargeFound, error) {
		w.did("find %s %d", q.Provider, q.Request.Attempt)
		answer := found[min(n, len(found)-1)]
		n++
		if err, failed := answer.(error); failed {
			return ticket.ChargeFound{}, err
		}
		return ticket.ChargeFound{State: answer.(ticket.ChargeState), Charge: ticket.Charge{Provider: q.Provider, Attempt: 1, Ref: "pi_1"}}, nil
	}
	w.void = func() error { return void }
	env.RegisterActivityWithOptions(lookUp, activity.RegisterOptions{Name: "FindCharge"})
	env.RegisterActivityWithOptions(w.VoidCharge, activity.RegisterOptions{Name: "VoidCharge"})
	env.RegisterActivityWithOptions(func(_ context.Context, in activities.ChargeInput) (string, error) {
		w.did("refund %s %d", in.Provider, in.Charge.Attempt)
		return "re_1", nil
	}, activity.RegisterOptions{Name: "RefundCharge"})
	env.RegisterWorkflowWithOptions(workflows.SettleCharge, workflow.RegisterOptions{Name: workflows.SettleType})
	return env, w
}

var lost = workflows.SettleInput{Query: ticket.ChargeQuery{
	Provider: ticket.Stripe, Request: ticket.ChargeRequest{BookingID: "bk_1", Attempt: 1},
}}

func TestSettleChargeUndoesWhatItFinds(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		found   []any
		want    workflows.SettleResult
		effects []string
	}{
		"nothing happened":  {[]any{ticket.ChargeNone}, workflows.SettleResult{Found: ticket.ChargeNone}, []string{"find stripe 1"}},
		"it was declined":   {[]any{ticket.ChargeFailed}, workflows.SettleResult{Found: ticket.ChargeFailed}, []string{"find stripe 1"}},
		"it lapsed already": {[]any{ticket.ChargeVoided}, workflows.SettleResult{Found: ticket.ChargeVoided}, []string{"find stripe 1"}},
		"money is reserved": {
			[]any{ticket.ChargeAuthorized}, workflows.SettleResult{Found: ticket.ChargeAuthorized, Undone: "void"},
			[]string{"find stripe 1", "void stripe 1"},
		},
		"the buyer would still have to act": {
			[]any{ticket.ChargePending}, workflows.SettleResult{Found: ticket.ChargePending, Undone: "void"},
			[]string{"find stripe 1", "void stripe 1"},
		},
		"money was taken": {
			[]any{ticket.ChargeCaptured}, workflows.SettleResult{Found: ticket.ChargeCaptured, Undone: "refund"},
			[]string{"find stripe 1", "refund stripe 1"},
		},
		"the provider is away for long": {
			[]any{errBroken, errBroken, errBroken, errBroken, errBroken, errBroken, ticket.ChargeAuthorized},
			workflows.SettleResult{Found: ticket.ChargeAuthorized, Undone: "void"}, []string{"find stripe 1", "void stripe 1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, w := settlement(t, nil, tt.found...)
			env.ExecuteWorkflow(workflows.SettleType, lost)
			require.NoError(t, env.GetWorkflowError())
			var got workflows.SettleResult
			require.NoError(t, env.GetWorkflowResult(&got))
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.effects, w.log())
		})
	}
}

func TestSettleChargeCallsSupportWhenItIsRefused(t *testing.T) {
	t.Parallel()
	refused := temporal.NewNonRetryableApplicationError("captured meanwhile", string(ticket.CodeProviderRefused), nil)
	env, w := settlement(t, refused, ticket.ChargeAuthorized, ticket.ChargeCaptured)
	retry := update(t, env, time.Hour, workflows.UpdateRetryPayment, workflows.SupportRequest{By: "support"})
	env.ExecuteWorkflow(workflows.SettleType, lost)
	require.NoError(t, env.GetWorkflowError())
	require.NoError(t, retry.err)
	require.Equal(t, []string{"find stripe 1", "void stripe 1", "find stripe 1", "refund stripe 1"}, w.log())
}
