package workflows_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
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

// refundWorkerOf names the variable that makes this program a worker of one
// refund at that address of Temporal; its steps are done by its parent. Workers
// of one process share their cache of workflows, so only a process can be lost.
const (
	refundWorkerOf = "YOURTICKET_TEST_REFUND_WORKER"
	refundQueue    = "YOURTICKET_TEST_REFUND_QUEUE"
	refundStepsAt  = "YOURTICKET_TEST_REFUND_STEPS"
)

func refundWorker() error {
	c, err := client.Dial(client.Options{
		HostPort: os.Getenv(refundWorkerOf), Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return err
	}
	defer c.Close()
	w := worker.New(c, os.Getenv(refundQueue), worker.Options{})
	for name := range refundSteps(nil) {
		w.RegisterActivityWithOptions(func(ctx context.Context, in any) (json.RawMessage, error) {
			return callRefundStep(ctx, name, in)
		}, activity.RegisterOptions{Name: name})
	}
	w.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{Name: workflows.RefundType})
	return w.Run(worker.InterruptCh())
}

func callRefundStep(ctx context.Context, name string, in any) (json.RawMessage, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, os.Getenv(refundStepsAt)+"/"+name, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", name, response.Status)
	}
	var out json.RawMessage
	return out, json.NewDecoder(response.Body).Decode(&out)
}

// lostRefund is a refund whose worker is lost in the step at, which has done its
// work by then and of which nobody hears.
type lostRefund struct {
	*refundWorld
	at      string
	support string // the update that support sends
	arg     any
	status  ticket.RefundStatus
	want    []string

	inside chan struct{}
	reach  sync.Once

	out workflows.RefundOutcome
	err error
}

// ServeHTTP does a step for a worker. The first that is struck never answers.
func (l *lostRefund) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	step := reflect.ValueOf(refundSteps(func(string) *refundWorld { return l.refundWorld })[name])
	in := reflect.New(step.Type().In(1))
	if err := json.NewDecoder(r.Body).Decode(in.Interface()); err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	out := step.Call([]reflect.Value{reflect.ValueOf(context.Background()), in.Elem()})
	if err, failed := reflect.TypeAssert[error](out[len(out)-1]); failed {
		http.Error(rw, err.Error(), http.StatusInternalServerError)
		return
	}
	struck := false
	if name == l.at {
		l.reach.Do(func() { struck = true })
	}
	if struck {
		close(l.inside)
		<-r.Context().Done() // the worker is gone
		return
	}
	if err := json.NewEncoder(rw).Encode(out[0].Interface()); err != nil {
		panic(http.ErrAbortHandler) // the worker asks again
	}
}

// TestARefundOutlivesItsWorker kills the worker of a refund inside each step that
// is a part of a workflow task; the step at the provider is killed in e2e. The
// next worker does the steps of that task again and sends no money twice.
func TestARefundOutlivesItsWorker(t *testing.T) {
	t.Parallel()
	address, _ := partstest.Temporal(t)
	c := dial(t)
	paid := []ticket.RefundStatus{ticket.RefundSucceeded}
	failing := []ticket.RefundStatus{ticket.RefundNeedsAttention, ticket.RefundSucceeded}
	inOrder := []string{"begin", "return seats", "send 1"}
	retried := append(append([]string{}, inOrder...), "flag", "retry", "send 2")
	var wg sync.WaitGroup
	var lost []*lostRefund
	worlds := map[string]*refundWorld{}
	for _, l := range []*lostRefund{
		{at: "BeginRefund", refundWorld: newRefundWorld(paid...), want: inOrder, status: ticket.RefundSucceeded},
		{
			at: "ReturnSeats", refundWorld: newRefundWorld(paid...), status: ticket.RefundSucceeded,
			want: append([]string{"begin", "return seats"}, inOrder...), // the whole task again
		},
		{
			at: "FlagRefund", refundWorld: newRefundWorld(failing...), want: retried, status: ticket.RefundSucceeded,
			support: workflows.UpdateRetryPayment, arg: workflows.SupportRequest{By: "ann"},
		},
		{
			at: "RetryRefund", refundWorld: newRefundWorld(failing...), want: retried, status: ticket.RefundSucceeded,
			support: workflows.UpdateRetryPayment, arg: workflows.SupportRequest{By: "ann"},
		},
		{
			at: "ResolveRefund", refundWorld: newRefundWorld(failing...), status: ticket.RefundFailed,
			want:    append(append([]string{}, inOrder...), "flag", "resolve []"),
			support: workflows.UpdateResolve, arg: workflows.ResolveRefundRequest{By: "ann", Note: "in cash"},
		},
	} {
		l.refund.ID, l.inside = "rf_"+l.at, make(chan struct{})
		worlds[l.refund.ID] = l.refundWorld
		lost = append(lost, l)
		wg.Go(func() { l.err = l.loses(t.Context(), c, address) }) // all at once: each takes 12 s, most of them idle
	}
	fleet := worker.New(c, workflows.QueuePayments, worker.Options{})
	send := refundSteps(func(id string) *refundWorld { return worlds[id] })["SendRefund"]
	fleet.RegisterActivityWithOptions(send, activity.RegisterOptions{Name: "SendRefund"})
	require.NoError(t, fleet.Start())
	wg.Wait()
	fleet.Stop()
	for _, l := range lost {
		require.NoError(t, l.err, l.at)
		require.Equal(t, l.status, l.out.Refund.Status, l.at)
		require.Equal(t, l.want, l.log(), l.at)
	}
}

// loses runs the refund, kills its worker when it is inside the step, and has
// another one carry it to its end.
func (l *lostRefund) loses(ctx context.Context, c client.Client, address string) error {
	steps := httptest.NewServer(l)
	defer steps.Close()
	queue := "lost-" + uuid.NewString()
	first, err := startRefundWorker(ctx, address, queue, steps.URL)
	if err != nil {
		return err
	}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: queue, TaskQueue: queue,
	}, workflows.RefundType, activities.RefundInput{BookingID: "bk_1", RefundID: l.refund.ID})
	if err != nil {
		return err
	}
	asked := make(chan error, 1)
	go func() { asked <- asks(ctx, c, queue, l.support, l.arg) }()
	select {
	case <-l.inside:
	case <-time.After(time.Minute):
		return fmt.Errorf("never came there: %q", l.log())
	}
	if err := first.Process.Kill(); err != nil {
		return err
	}
	if _, err := startRefundWorker(ctx, address, queue, steps.URL); err != nil {
		return err
	}
	return errors.Join(run.Get(ctx, &l.out), <-asked)
}

// startRefundWorker starts a process that lives no longer than ctx.
func startRefundWorker(ctx context.Context, temporal, queue, steps string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Env = append(os.Environ(), refundWorkerOf+"="+temporal, refundQueue+"="+queue, refundStepsAt+"="+steps)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() { _ = cmd.Wait() }() // it is killed, here or with ctx
	return cmd, nil
}

// asks is support, which tries until its update is done. One whose task died
// with its worker was never taken.
func asks(ctx context.Context, c client.Client, id, update string, arg any) error {
	for update != "" {
		try, cancel := context.WithTimeout(ctx, 2*time.Second)
		handle, err := c.UpdateWorkflow(try, client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: update, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(try, nil) // a refusal is heard here
		}
		cancel()
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}
