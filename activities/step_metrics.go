package activities

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"yourticket.example/ticket"
)

// StepMetrics counts and times the steps of all workflows, by what came of them.
func StepMetrics(r prometheus.Registerer) interceptor.WorkerInterceptor {
	m := &stepMetrics{
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yourticket_saga_steps_total",
			Help: "Steps of workflows by what came of them: done, the code of a refusal or error, or the outcome of a charge.",
		}, []string{"step", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "yourticket_saga_step_duration_seconds", Help: "Time that a step took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"step"}),
	}
	r.MustRegister(m.steps, m.took)
	return m
}

type stepMetrics struct {
	interceptor.WorkerInterceptorBase

	steps *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (m *stepMetrics) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &countedStep{metrics: m}
	i.Next = next
	return i
}

type countedStep struct {
	interceptor.ActivityInboundInterceptorBase

	metrics *stepMetrics
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (i *countedStep) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	start := time.Now()
	result, err := i.Next.ExecuteActivity(ctx, in)
	step := activity.GetInfo(ctx).ActivityType.Name
	i.metrics.steps.WithLabelValues(step, outcomeOf(result, err)).Inc()
	i.metrics.took.WithLabelValues(step).Observe(time.Since(start).Seconds())
	return result, err
}

// outcomeOf says in a word what came of a step. A refusal is a result, not an
// error: the step did what it was to do.
func outcomeOf(result any, err error) string {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return "out_of_time"
	}
	if err != nil {
		return string(ticket.CodeOf(err))
	}
	var refusal *Refusal
	switch r := result.(type) {
	case HeldSeats:
		refusal = r.Refusal
	case KeptSeats:
		refusal = r.Refusal
	case TakenSlot:
		refusal = r.Refusal
	case Committed:
		refusal = r.Refusal
	case ticket.Charge:
		return string(r.Outcome)
	}
	if refusal != nil {
		return string(refusal.Code)
	}
	return "done"
}
