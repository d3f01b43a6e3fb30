package workflows_test

import (
	"context"
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
	"yourticket.example/workflows"
)

// saleWorld stands for everything a sale touches. Time is that of the workflow.
type saleWorld struct {
	env *testsuite.TestWorkflowEnvironment

	mu       sync.Mutex
	terms    activities.SaleTerms
	measures activities.SaleMeasures
	// measure may change what is measured at a tick.
	measure func(n int, m *activities.SaleMeasures) error
	ticks   int
	early   int // how often the opening is put off
	opened  time.Time
	admits  []activities.AdmitInput
	at      []time.Time
	orders  []activities.SaleOrder
}

// newSaleWorld has 1000 waiting buyers, 100 sessions, and an event that opens in
// an hour and begins a day later.
func newSaleWorld(t *testing.T) *saleWorld {
	t.Helper()
	w := &saleWorld{terms: activities.SaleTerms{
		Name: "Night", OnSaleAt: start.Add(time.Hour), StartsAt: start.Add(25 * time.Hour), MaxSessions: 100,
	}}
	w.measures = activities.SaleMeasures{Issued: 1000, Free: 500, PaymentRoom: 1}
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetStartTime(start)
	w.env.SetTestTimeout(time.Minute)
	for name, step := range map[string]any{
		"PrepareSale": w.prepare, "OpenSale": w.open, "MeasureSale": w.measureSale, "AdmitBuyers": w.admit, "RecordSaleOrder": w.record,
	} {
		w.env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
	}
	w.env.RegisterWorkflowWithOptions(workflows.OnSale, workflow.RegisterOptions{Name: workflows.OnSaleType})
	return w
}

func (w *saleWorld) now() activities.SaleTerms {
	t := w.terms
	if t.Over == "" && !w.env.Now().Before(t.StartsAt) {
		t.Over = "past"
	}
	return t
}

func (w *saleWorld) prepare(context.Context, activities.SaleInput) (activities.SaleTerms, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now(), nil
}

func (w *saleWorld) open(context.Context, activities.SaleInput) (activities.OpenedSale, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.early > 0 {
		w.early--
		return activities.OpenedSale{Wait: time.Second}, nil
	}
	w.opened = w.env.Now().UTC()
	return activities.OpenedSale{Entries: 900}, nil
}

func (w *saleWorld) measureSale(_ context.Context, in activities.MeasureInput) (activities.SaleMeasures, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ticks++
	m := w.measures
	m.BacklogMs = make([]int64, len(in.Queues))
	if w.measure != nil {
		if err := w.measure(w.ticks, &m); err != nil {
			return m, err
		}
	}
	terms := w.now()
	terms.Postponed = terms.Postponed || m.Postponed
	m.SaleTerms = terms
	return m, nil
}

func (w *saleWorld) admit(_ context.Context, in activities.AdmitInput) (activities.Admitted, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.admits, w.at = append(w.admits, in), append(w.at, w.env.Now())
	w.measures.Serving += int64(in.Count)
	return activities.Admitted{Served: in.Count}, nil
}

func (w *saleWorld) record(_ context.Context, o activities.SaleOrder) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orders = append(w.orders, o)
	return nil
}

func (w *saleWorld) run(t *testing.T) (r workflows.OnSaleResult) {
	t.Helper()
	w.env.ExecuteWorkflow(workflows.OnSaleType, workflows.OnSaleInput{EventID: "ev_1"})
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	require.NoError(t, w.env.GetWorkflowResult(&r))
	return r
}

// stopAfter ends the event some time after the sale opened.
func (w *saleWorld) stopAfter(d time.Duration) *saleWorld {
	w.terms.StartsAt = w.terms.OnSaleAt.Add(d)
	return w
}

// tell sends an update some time after the opening.
func (w *saleWorld) tell(after time.Duration, name string, arg any) *saleAnswer {
	a := &saleAnswer{}
	w.env.RegisterDelayedCallback(func() {
		w.env.UpdateWorkflow(name, fmt.Sprint(name, after), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { a.err = err },
			OnComplete: func(result any, err error) {
				a.status, _ = result.(workflows.SaleStatus)
				a.err = err
				a.at = w.env.Now().UTC()
			},
		}, arg)
	}, time.Hour+after)
	return a
}

type saleAnswer struct {
	status workflows.SaleStatus
	err    error
	at     time.Time
}

// between sums up who was called in a span after the opening.
func (w *saleWorld) between(from, to time.Duration) (called int) {
	for i, in := range w.admits {
		if since := w.at[i].Sub(w.opened); since >= from && since < to {
			called += in.Count
		}
	}
	return called
}

func (w *saleWorld) phases() (out []string) {
	for _, in := range w.admits {
		if len(out) == 0 || out[len(out)-1] != in.Phase {
			out = append(out, in.Phase)
		}
	}
	return out
}
