package workflows_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/workflows"
)

// liveSale is a sale on a real server whose world lives in this process.
type liveSale struct {
	c       client.Client
	queue   string
	steps   map[string]any
	serving atomic.Int64
	ticks   atomic.Int64
	phase   atomic.Value
	ends    time.Time
}

func newLiveSale(t *testing.T, open, last time.Duration) *liveSale {
	t.Helper()
	s := &liveSale{c: dial(t), queue: "sales-" + uuid.NewString(), ends: time.Now().Add(open + last)}
	opens := time.Now().Add(open)
	terms := func() activities.SaleTerms {
		t := activities.SaleTerms{Name: "Night", OnSaleAt: opens, StartsAt: s.ends, MaxSessions: 1000}
		if time.Now().After(s.ends) {
			t.Over = "past"
		}
		return t
	}
	s.steps = map[string]any{
		"PrepareSale": func(context.Context, activities.SaleInput) (activities.SaleTerms, error) { return terms(), nil },
		"OpenSale": func(context.Context, activities.SaleInput) (activities.OpenedSale, error) {
			return activities.OpenedSale{Entries: 9, Wait: max(0, time.Until(opens))}, nil
		},
		"MeasureSale": func(context.Context, activities.MeasureInput) (activities.SaleMeasures, error) {
			s.ticks.Add(1)
			return activities.SaleMeasures{SaleTerms: terms(), Serving: s.serving.Load(), Issued: 1e6, Free: 1e6, PaymentRoom: 1, BacklogMs: []int64{0, 0}}, nil
		},
		"AdmitBuyers": func(_ context.Context, in activities.AdmitInput) (activities.Admitted, error) {
			s.serving.Add(int64(in.Count))
			s.phase.Store(in.Phase)
			return activities.Admitted{Served: in.Count}, nil
		},
		"RecordSaleOrder": func(context.Context, activities.SaleOrder) error { return nil },
	}
	return s
}

func (s *liveSale) worker(t *testing.T) worker.Worker {
	t.Helper()
	wk := worker.New(s.c, s.queue, worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.ErrorInterceptor()}})
	for name, step := range s.steps {
		wk.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
	wk.RegisterWorkflowWithOptions(workflows.OnSale, workflow.RegisterOptions{Name: workflows.OnSaleType})
	require.NoError(t, wk.Start())
	return wk
}

func (s *liveSale) update(t *testing.T, id, name string, arg any) workflows.SaleStatus {
	t.Helper()
	handle, err := s.c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: name, Args: []any{arg}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(t, err)
	var status workflows.SaleStatus
	require.NoError(t, handle.Get(t.Context(), &status))
	return status
}

// TestOnARealServerALostWorkerIsNotNoticed stops the worker that runs a sale;
// the other one goes on. Its orders come by update, and its history replays.
func TestOnARealServerALostWorkerIsNotNoticed(t *testing.T) {
	t.Parallel()
	s := newLiveSale(t, 2*time.Second, 20*time.Second)
	first, second := s.worker(t), s.worker(t)
	t.Cleanup(second.Stop)
	eventID := "ev_" + uuid.NewString()
	run, err := s.c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: workflows.OnSaleID(eventID), TaskQueue: s.queue, TypedSearchAttributes: workflows.OnSaleAttributes(eventID),
	}, workflows.OnSaleType, workflows.OnSaleInput{EventID: eventID})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return s.serving.Load() > 0 }, 20*time.Second, 20*time.Millisecond)
	first.Stop()
	called := s.serving.Load()
	require.Eventually(t, func() bool { return s.serving.Load() > called }, 20*time.Second, 20*time.Millisecond)

	status := s.update(t, run.GetID(), workflows.UpdatePause, workflows.SaleRequest{By: "ann", Reason: "drill"})
	require.Equal(t, "paused", status.Phase)
	require.Equal(t, "paused", s.phase.Load())
	called = s.serving.Load()
	time.Sleep(4 * time.Second)
	require.Equal(t, called, s.serving.Load())
	require.Equal(t, "open", s.update(t, run.GetID(), workflows.UpdateResume, workflows.SaleRequest{By: "ann"}).Phase)
	var r workflows.OnSaleResult
	require.NoError(t, run.Get(t.Context(), &r))
	require.Equal(t, "past", r.Reason)
	require.Equal(t, "closed", s.phase.Load())

	var events []*history.HistoryEvent
	for all := s.c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); all.HasNext(); {
		e, err := all.Next()
		require.NoError(t, err)
		events = append(events, e)
	}
	t.Logf("%d events in %d ticks", len(events), s.ticks.Load())
	require.Less(t, len(events), 8*int(s.ticks.Load())+40)
	replayer := worker.NewWorkflowReplayer()
	replayer.RegisterWorkflowWithOptions(workflows.OnSale, workflow.RegisterOptions{Name: workflows.OnSaleType})
	require.NoError(t, replayer.ReplayWorkflowHistory(log.NewStructuredLogger(slog.New(slog.DiscardHandler)), &history.History{Events: events}))
}
