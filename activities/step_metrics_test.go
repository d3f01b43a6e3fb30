package activities_test

import (
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

func TestStepsAreCountedByWhatCameOfThem(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.ErrorInterceptor(), activities.StepMetrics(registry)}})
	steps := map[string]any{
		"HoldSeats": func(context.Context) (activities.HeldSeats, error) {
			return activities.HeldSeats{Refusal: &activities.Refusal{Code: ticket.CodeSeatsUnavailable}}, nil
		},
		"AuthorizeCharge": func(context.Context) (ticket.Charge, error) {
			return ticket.Charge{Outcome: ticket.OutcomeUnanswered}, nil
		},
		"CommitBooking": func(context.Context) (activities.Committed, error) { return activities.Committed{}, nil },
		"FinishSale":    func(context.Context) error { return ticket.Errorf(ticket.CodeUnavailable, "away") },
		"VoidCharge":    func(context.Context) error { return context.DeadlineExceeded },
	}
	for name, step := range steps {
		env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name})
		_, _ = env.ExecuteActivity(step) // what it answers is not what is asked here
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP yourticket_saga_steps_total Steps of workflows by what came of them: done, the code of a refusal or error, or the outcome of a charge.
# TYPE yourticket_saga_steps_total counter
yourticket_saga_steps_total{outcome="done",step="CommitBooking"} 1
yourticket_saga_steps_total{outcome="out_of_time",step="VoidCharge"} 1
yourticket_saga_steps_total{outcome="seats-unavailable",step="HoldSeats"} 1
yourticket_saga_steps_total{outcome="unanswered",step="AuthorizeCharge"} 1
yourticket_saga_steps_total{outcome="unavailable",step="FinishSale"} 1
`), "yourticket_saga_steps_total"))
}
