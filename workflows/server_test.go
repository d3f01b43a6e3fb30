package workflows_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

func TestMain(m *testing.M) {
	if os.Getenv(refundWorkerOf) != "" {
		if err := refundWorker(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	partstest.Main(m)
}

// dial connects to the process's real Temporal server.
func dial(t *testing.T) client.Client {
	t.Helper()
	address, namespace := partstest.Temporal(t)
	c, err := client.Dial(client.Options{
		HostPort: address, Namespace: namespace, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// serve runs purchases in this world on a real Temporal server, where
// cancellation behaves as it will in earnest.
func (w *world) serve(t *testing.T) client.Client {
	t.Helper()
	c := dial(t)
	for _, queue := range []string{workflows.QueuePurchases, workflows.QueuePayments} {
		wk := worker.New(c, queue+t.Name(), worker.Options{})
		for name, step := range w.steps() {
			wk.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
		}
		wk.RegisterWorkflowWithOptions(workflows.Purchase, workflow.RegisterOptions{Name: workflows.PurchaseType})
		require.NoError(t, wk.Start())
		t.Cleanup(wk.Stop)
	}
	return c
}

// awaitHold returns when the task that held the seats has ended.
func (w *world) awaitHold(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.log()) == 1 }, 10*time.Second, 20*time.Millisecond)
	time.Sleep(200 * time.Millisecond)
}

// TestCancellationOnARealServer cancels inside each step. The steps of a
// payment run in one workflow task; the server throws that task's result away
// when a cancellation comes meanwhile, and has it run again. So a payment that
// has begun is carried to its outcome, by the same steps under the same keys.
func TestCancellationOnARealServer(t *testing.T) {
	t.Parallel()
	chain := []string{"hold [3 4]", "authorize stripe 1", "commit", "capture stripe 1", `finish "ch_1"`}
	for _, during := range []string{"hold", "authorize", "commit", "capture"} {
		t.Run("during "+during, func(t *testing.T) {
			t.Parallel()
			s := &strike{during: during, id: "purchase/" + uuid.NewString()}
			w := s.world()
			s.c = w.serve(t)
			run, err := s.c.ExecuteWorkflow(t.Context(), s.options(t), workflows.PurchaseType, input(&byStripe))
			require.NoError(t, err)
			var r workflows.PurchaseResult
			require.NoError(t, run.Get(t.Context(), &r))
			require.Equal(t, ticket.BookingConfirmed, r.Status)
			require.Equal(t, append(append([]string{}, chain...), chain...), w.log())
		})
	}
}

func TestCancellationWhileAHoldWaits(t *testing.T) {
	t.Parallel()
	s := &strike{id: "purchase/" + uuid.NewString()}
	w := s.world()
	s.c = w.serve(t)
	run, err := s.c.ExecuteWorkflow(t.Context(), s.options(t), workflows.PurchaseType, input(nil))
	require.NoError(t, err)
	w.awaitHold(t)
	require.NoError(t, s.c.CancelWorkflow(t.Context(), s.id, ""))
	var r workflows.PurchaseResult
	require.NoError(t, run.Get(t.Context(), &r))
	require.Equal(t, ticket.BookingCanceled, r.Status)
	require.Equal(t, []string{"hold [3 4]", "close canceled", "release"}, w.log())
}

// TestCancellationDuringALaterPaymentFindsWhatItDid: the payment of a held
// booking has confirmed it when the task's result is thrown away. Whether the
// rerun sees the payment or the cancellation first, it must not undo it.
func TestCancellationDuringALaterPaymentFindsWhatItDid(t *testing.T) {
	t.Parallel()
	s := &strike{during: "commit", id: "purchase/" + uuid.NewString()}
	w := s.world()
	s.c = w.serve(t)
	run, err := s.c.ExecuteWorkflow(t.Context(), s.options(t), workflows.PurchaseType, input(nil))
	require.NoError(t, err)
	w.awaitHold(t)
	handle, err := s.c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: s.id, UpdateName: workflows.UpdatePay, Args: []any{workflows.PayRequest{Choice: byStripe}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil { // heard again in the rerun
		var o workflows.Outcome
		require.NoError(t, handle.Get(t.Context(), &o))
		require.Equal(t, ticket.BookingConfirmed, o.Booking.Status)
	} else { // forgotten with the task that was lost
		var lost *serviceerror.WorkflowNotReady
		require.ErrorAs(t, err, &lost)
	}
	var r workflows.PurchaseResult
	require.NoError(t, run.Get(t.Context(), &r))
	require.Equal(t, ticket.BookingConfirmed, r.Status)
	require.NotContains(t, w.log(), "void stripe 1")
	require.NotContains(t, w.log(), "release")
}

// strike cancels a purchase inside one of its steps.
type strike struct {
	during, id string
	c          client.Client
	committed  atomic.Bool
}

func (s *strike) options(t *testing.T) client.StartWorkflowOptions {
	t.Helper()
	return client.StartWorkflowOptions{ID: s.id, TaskQueue: workflows.QueuePurchases + t.Name()}
}

func (s *strike) at(step string) {
	if step == s.during {
		_ = s.c.CancelWorkflow(context.Background(), s.id, "") // seen in the result
		time.Sleep(300 * time.Millisecond)
	}
}

// world is one whose books remember the commit.
func (s *strike) world() *world {
	return &world{
		hold: func() (activities.HeldSeats, error) {
			s.at("hold")
			h := heldSeats()
			h.ExpiresAt = time.Now().Add(time.Minute)
			return h, nil
		},
		authorize: func(in activities.ChargeInput) (ticket.Charge, error) {
			s.at("authorize")
			return charge(in, ticket.OutcomeAuthorized), nil
		},
		commit: func() (activities.Committed, error) {
			s.committed.Store(true)
			s.at("commit")
			return activities.Committed{}, nil
		},
		capture: func() (string, error) { s.at("capture"); return "ch_1", nil },
		closing: func(activities.CloseBookingInput) (found activities.ClosedBooking) {
			if s.committed.Load() {
				found.Confirmed = &activities.ConfirmedBy{
					Charge: ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Ref: "pi_1"}, At: time.Now(),
				}
			}
			return found
		},
	}
}
