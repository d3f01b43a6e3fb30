package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// What support sends is refused with a reason that says what to write instead,
// and changes nothing.
func TestTheDeskIsToldWhyNot(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		update string
		arg    any
		reason string
	}{
		"cancel without a name":       {workflows.UpdateCancel, workflows.SupportRequest{By: " "}, "say who asks for it (by)"},
		"refund of what is not sold":  {workflows.UpdateRefund, workflows.RefundRequest{By: "anna"}, "The booking is held and cannot be refunded: nothing was taken. Cancel ends it."},
		"retry of what does not wait": {workflows.UpdateRetryPayment, workflows.SupportRequest{By: "anna"}, "it does not wait for support"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{}
			env := w.environment(t)
			sent := update(t, env, time.Minute, tt.update, tt.arg)
			env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
			require.ErrorContains(t, sent.err, tt.reason)
			require.Empty(t, result(t, env).Desk)
			require.Equal(t, []string{"hold [3 4]", "close expired", "release"}, w.log())
		})
	}
}

func TestWhoCanceledIsInTheResult(t *testing.T) {
	t.Parallel()
	for by, noted := range map[string]bool{"anna@example.com": true, "us_1": false} {
		w := &world{}
		env := w.environment(t)
		update(t, env, time.Minute, workflows.UpdateCancel, workflows.SupportRequest{By: by, Reason: "wrong seats"})
		env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
		r := result(t, env)
		require.Equal(t, ticket.BookingCanceled, r.Status)
		require.Equal(t, "Canceled by "+by+". wrong seats", r.Reason)
		if !noted {
			require.Empty(t, r.Desk, "the buyer is not support")
			continue
		}
		require.Equal(t, []workflows.DeskNote{{At: start.Add(time.Minute), By: by, Did: workflows.UpdateCancel, Note: "wrong seats"}}, r.Desk)
	}
}

// While its money is being taken, a purchase is sold and runs: it hands what
// support wants back to a refund, which waits for the capture.
func TestASoldPurchaseHandsARefundOn(t *testing.T) {
	t.Parallel()
	w := &world{capture: failsFirst(6)}
	env := w.environment(t)
	var got activities.RefundInput
	env.RegisterWorkflowWithOptions(func(_ workflow.Context, in activities.RefundInput) (workflows.RefundOutcome, error) {
		got = in
		return workflows.RefundOutcome{}, nil
	}, workflow.RegisterOptions{Name: workflows.RefundType})
	var started *workflows.RefundStarted
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(workflows.UpdateRefund, "u1", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { t.Error(err) },
			OnComplete: func(result any, err error) {
				require.NoError(t, err)
				started = result.(*workflows.RefundStarted)
			},
		}, workflows.RefundRequest{By: "anna", Reason: "goodwill", Seats: []string{"r1-1"}})
	}, time.Second)
	in := input(&byStripe)
	in.BookingID = ticket.DeriveBookingID(ticket.NewID(ticket.KindEvent, 0), "us_1", "k")
	env.ExecuteWorkflow(workflows.PurchaseType, in)
	r := result(t, env)
	require.Equal(t, ticket.BookingConfirmed, r.Status)
	require.Equal(t, workflows.UpdateRefund, r.Desk[0].Did)
	require.Equal(t, activities.RefundInput{
		BookingID: in.BookingID, RefundID: got.RefundID, Seats: []string{"r1-1"}, Reason: "goodwill", By: "anna", Source: ticket.RefundBySupport,
	}, got)
	require.True(t, ticket.IsID(ticket.KindRefund, got.RefundID))
	require.Equal(t, workflows.RefundWorkflowID(got.RefundID), started.WorkflowID)
}

// The dialog of the Temporal UI shows each update with what to write.
func TestUpdatesSayWhatToWrite(t *testing.T) {
	t.Parallel()
	w := &world{}
	env := w.environment(t)
	env.RegisterDelayedCallback(func() {
		encoded, err := env.QueryWorkflow("__temporal_workflow_metadata")
		require.NoError(t, err)
		requireDescribed(t, encoded, workflows.UpdateCancel, workflows.UpdateRefund, workflows.UpdateRetryPayment, workflows.UpdateResolve)
	}, time.Minute)
	env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
	require.Equal(t, ticket.BookingExpired, result(t, env).Status)
}

func requireDescribed(t *testing.T, encoded converter.EncodedValue, names ...string) {
	t.Helper()
	var m sdkpb.WorkflowMetadata
	require.NoError(t, encoded.Get(&m))
	about := map[string]string{}
	for _, u := range m.GetDefinition().GetUpdateDefinitions() {
		about[u.GetName()] = u.GetDescription()
	}
	for _, name := range names {
		require.Contains(t, about[name], `{"by": "you@example.com"`, name)
	}
	require.Contains(t, m.GetCurrentDetails(), "Holds 2 seats")
}
