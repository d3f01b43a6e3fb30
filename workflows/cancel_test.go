package workflows_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// hall is a canceled event: so many bookings of each provider wait.
type hall struct {
	mu       sync.Mutex
	waiting  map[ticket.Provider]int
	holding  []string
	open     int // refunds with a workflow of their own
	sold     int
	asked    []activities.RefundBatchInput
	shown    []ticket.CancelPhase
	ended    []string
	children []string
	refusal  *activities.Refusal
	// batch, when set, answers in place of what goes well; false leaves it to that.
	batch func(in activities.RefundBatchInput) (activities.RefundBatchResult, bool, error)
}

func newHall(stripe, payPal int) *hall {
	return &hall{waiting: map[ticket.Provider]int{ticket.Stripe: stripe, ticket.PayPal: payPal}, sold: stripe + payPal}
}

func (h *hall) PrepareCancellation(context.Context, activities.CancelRef) (activities.CancelTerms, error) {
	return activities.CancelTerms{Name: "Night", Reason: "ill", By: "us_1", Refusal: h.refusal}, nil
}

func (h *hall) SurveyCancellation(context.Context, activities.CancelRef) (out activities.CancelSurvey, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	left := h.waiting[ticket.Stripe] + h.waiting[ticket.PayPal]
	out.Figures = ticket.CancelFigures{Sold: h.sold, Waiting: left, Refunded: h.sold - left - h.open, Refunding: h.open, Holding: len(h.holding)}
	out.Holding = slices.Clone(h.holding)
	return out, nil
}

func (h *hall) ShowCancellation(_ context.Context, in activities.ShowCancellationInput) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shown = append(h.shown, in.Phase)
	return nil
}

func (h *hall) RefundBatch(_ context.Context, in activities.RefundBatchInput) (activities.RefundBatchResult, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asked = append(h.asked, in)
	if h.batch != nil {
		if out, answered, err := h.batch(in); answered || err != nil {
			return out, err
		}
	}
	n := min(in.Limit, h.waiting[in.Provider])
	h.waiting[in.Provider] -= n
	return activities.RefundBatchResult{Taken: n, Done: n}, nil
}

// refund ends as soon as it has begun.
func (h *hall) refund(_ workflow.Context, in activities.RefundInput) (workflows.RefundOutcome, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.children, h.open = append(h.children, in.RefundID), max(0, h.open-1)
	return workflows.RefundOutcome{}, nil
}

func (h *hall) environment() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	for name, step := range map[string]any{
		"PrepareCancellation": h.PrepareCancellation, "SurveyCancellation": h.SurveyCancellation,
		"ShowCancellation": h.ShowCancellation, "RefundBatch": h.RefundBatch,
	} {
		env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
	env.RegisterWorkflowWithOptions(workflows.CancelEvent, workflow.RegisterOptions{Name: workflows.CancelEventType})
	env.RegisterWorkflowWithOptions(h.refund, workflow.RegisterOptions{Name: workflows.RefundType})
	env.OnRequestCancelExternalWorkflow(mock.Anything, mock.Anything, mock.Anything).Return(func(_, id, _ string) error {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ended, h.holding = append(h.ended, id), nil
		return nil
	})
	return env
}

func (h *hall) run(t *testing.T, env *testsuite.TestWorkflowEnvironment, state *workflows.CancelState) workflows.CancelResult {
	t.Helper()
	env.SetStartTime(start)
	env.ExecuteWorkflow(workflows.CancelEventType, workflows.CancelEventInput{EventID: "ev_1", State: state})
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	var r workflows.CancelResult
	require.NoError(t, env.GetWorkflowResult(&r))
	return r
}

// batches counts those of a provider.
func (h *hall) batches(p ticket.Provider) (n int) {
	for _, in := range h.asked {
		if in.Provider == p {
			n++
		}
	}
	return n
}

func TestACanceledEventIsRefundedToTheLastBooking(t *testing.T) {
	t.Parallel()
	h := newHall(250, 30)
	h.holding = []string{"bk_held"}
	env := h.environment()
	r := h.run(t, env, nil)
	require.Equal(t, 280, r.Figures.Refunded)
	require.Equal(t, []string{"purchase/bk_held"}, h.ended)
	require.Equal(t, ticket.CancelDone, h.shown[len(h.shown)-1])
	require.Equal(t, ticket.CancelRunning, h.shown[0])
	require.GreaterOrEqual(t, h.batches(ticket.Stripe), 3)
	require.Equal(t, "ill", h.asked[0].Reason)
	require.WithinRange(t, env.Now(), start.Add(75*time.Second), start.Add(3*time.Minute)) // a late hold would have come up
}

func TestAProviderThatIsAwayKeepsNobodyElseWaiting(t *testing.T) {
	t.Parallel()
	h := newHall(100, 300)
	tries := 0
	var left int
	h.batch = func(in activities.RefundBatchInput) (out activities.RefundBatchResult, answered bool, err error) {
		if in.Provider == ticket.PayPal || h.waiting[ticket.Stripe] == 0 {
			return out, false, nil
		}
		if tries++; tries <= 6 {
			left = h.waiting[ticket.PayPal]
			return activities.RefundBatchResult{Taken: 100, Away: "no answer"}, true, nil
		}
		return out, false, nil
	}
	env := h.environment()
	var note string
	env.RegisterDelayedCallback(func() {
		answer, err := env.QueryWorkflow(workflows.QueryStatus)
		require.NoError(t, err)
		var status workflows.CancelStatus
		require.NoError(t, answer.Get(&status))
		note = status.Note
	}, 12*time.Second)
	require.Equal(t, 400, h.run(t, env, nil).Figures.Refunded)
	require.Zero(t, left, "PayPal was through when Stripe was tried for the last time")
	require.Equal(t, "Refunds at stripe wait: no answer", note)
	require.Equal(t, 7, tries)
	require.Greater(t, env.Now().Sub(start), 2*time.Minute, "the pauses grow")
}

func TestWhatIsNotThroughGetsAWorkflowOfItsOwnOnce(t *testing.T) {
	t.Parallel()
	h := newHall(2, 0)
	h.batch = func(in activities.RefundBatchInput) (out activities.RefundBatchResult, answered bool, err error) {
		if in.Provider != ticket.Stripe || h.waiting[ticket.Stripe] == 0 {
			return out, false, nil
		}
		h.waiting[ticket.Stripe], h.open = 0, 1
		return activities.RefundBatchResult{Taken: 2, Done: 1, Open: []activities.OpenRefund{{RefundID: "rf_1", BookingID: "bk_1", BuyerID: "us_2"}}}, true, nil
	}
	r := h.run(t, h.environment(), nil)
	require.Equal(t, 1, r.Handed)
	require.Equal(t, []string{"rf_1"}, h.children)
	var handed [][]string
	for _, in := range h.asked {
		if len(in.Handed) > 0 {
			handed = append(handed, in.Handed)
		}
	}
	require.Equal(t, [][]string{{"rf_1"}}, handed, "it is written down with the next batch, once")
}

func TestWhatIsRefusedIsLeftToSupport(t *testing.T) {
	t.Parallel()
	h := newHall(1, 0)
	mended := false
	h.batch = func(in activities.RefundBatchInput) (out activities.RefundBatchResult, answered bool, err error) {
		switch {
		case in.Provider != ticket.Stripe || mended || h.waiting[ticket.Stripe] == 0:
			return out, false, nil
		case slices.Contains(in.Skip, "bk_1"):
			return out, true, nil
		}
		return activities.RefundBatchResult{Taken: 1, Refused: []activities.RefusedBooking{{BookingID: "bk_1", Reason: "more than was paid"}}}, true, nil
	}
	env := h.environment()
	env.RegisterDelayedCallback(func() {
		answer, err := env.QueryWorkflow(workflows.QueryStatus)
		require.NoError(t, err)
		var status workflows.CancelStatus
		require.NoError(t, answer.Get(&status))
		require.Equal(t, ticket.CancelWaiting, status.Phase)
		require.Contains(t, status.Note, "1 bookings cannot be refunded, such as bk_1: more than was paid")
		mended = true
		env.UpdateWorkflow(workflows.UpdateRetryPayment, "u", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(t, err) }, OnComplete: func(any, error) {},
		}, workflows.SupportRequest{By: "ann"})
	}, 30*time.Hour)
	require.Equal(t, 1, h.run(t, env, nil).Figures.Refunded)
	require.Less(t, len(h.asked), 20, "nothing is tried in vain meanwhile")
}

func TestAPausedCancellationBeginsNothing(t *testing.T) {
	t.Parallel()
	h := newHall(500, 0)
	env := h.environment()
	var paused, later int
	h.batch = func(activities.RefundBatchInput) (out activities.RefundBatchResult, answered bool, err error) {
		return out, false, nil
	}
	update := func(name string, refused bool) {
		env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
			OnAccept: func() { require.False(t, refused) }, OnReject: func(err error) { require.True(t, refused, err) }, OnComplete: func(any, error) {},
		}, workflows.SaleRequest{By: "ann"})
	}
	env.RegisterDelayedCallback(func() { update(workflows.UpdatePause, false) }, 0)
	env.RegisterDelayedCallback(func() { paused = len(h.asked); update(workflows.UpdatePause, true) }, 10*time.Second)
	env.RegisterDelayedCallback(func() { later = len(h.asked); update(workflows.UpdateResume, false) }, 10*time.Hour)
	require.Equal(t, 500, h.run(t, env, nil).Figures.Refunded)
	require.Equal(t, paused, later)
	require.Contains(t, h.shown, ticket.CancelPaused)
}

func TestABatchThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHall(3, 0)
	failures := 4
	h.batch = func(activities.RefundBatchInput) (out activities.RefundBatchResult, answered bool, err error) {
		if failures--; failures >= 0 {
			return out, false, errors.New("the database is away")
		}
		return out, false, nil
	}
	require.Equal(t, 3, h.run(t, h.environment(), nil).Figures.Refunded)
}

func TestALongCancellationContinuesAsNew(t *testing.T) {
	t.Parallel()
	h := newHall(1000, 1000)
	env := h.environment()
	env.SetStartTime(start)
	env.SetContinueAsNewSuggested(true)
	env.ExecuteWorkflow(workflows.CancelEventType, workflows.CancelEventInput{EventID: "ev_1"})
	require.True(t, env.IsWorkflowCompleted())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	require.Equal(t, workflows.CancelEventType, next.WorkflowType.Name)
}

func TestAnEventThatIsNotCanceledIsNotRefunded(t *testing.T) {
	t.Parallel()
	h := newHall(3, 0)
	h.refusal = &activities.Refusal{Code: ticket.CodeNotFound, Message: "There is no such canceled event."}
	r := h.run(t, h.environment(), nil)
	require.Equal(t, ticket.CodeNotFound, r.Problem.Code)
	require.Empty(t, h.asked)
	require.Empty(t, h.shown)
}
