package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/e2e/system"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// hoursLater reads a provider's books when they are complete.
type hoursLater struct{ activities.MovementReader }

func (r hoursLater) Movements(ctx context.Context, from, to time.Time, cursor string) (ticket.MovementPage, error) {
	page, err := r.MovementReader.Movements(ctx, from, to, cursor)
	page.Until = time.Now().Add(time.Hour)
	return page, err
}

// reconciled runs a whole reconciliation as it would run hours later, when time
// explains nothing any more, and gives its differences. What it starts to heal
// them runs in the system itself.
func reconciled(t *testing.T, s *system.System) (r ticket.Reconciliation, differences []ticket.ReconciliationLine) {
	t.Helper()
	providers, err := s.Providers()
	require.NoError(t, err)
	catalogue := postgres.NewCatalogue(s.CatalogueDB)
	steps := &activities.Reconciliations{
		Books: catalogue, Money: postgres.NewSales(s.Shards), Providers: map[ticket.Provider]activities.MovementReader{},
		Pace: func(context.Context, ticket.Provider) error { return nil },
		Now:  func() time.Time { return time.Now().Add(2 * time.Hour) },
	}
	for name, p := range providers {
		steps.Providers[name] = hoursLater{p.(activities.MovementReader)}
	}
	time.Sleep(2 * time.Second) // PayPal reports whole seconds that are over
	const queue = "hours-later"
	w := worker.New(s.TemporalSDK, queue, worker.Options{})
	w.RegisterWorkflowWithOptions(workflows.Reconcile, workflow.RegisterOptions{Name: workflows.ReconcileType})
	w.RegisterActivity(steps)
	require.NoError(t, w.Start())
	defer w.Stop()
	id := fmt.Sprint("rc_later_", time.Now().UnixNano())
	run, err := s.TemporalSDK.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: workflows.ReconcileID(id), TaskQueue: queue},
		workflows.ReconcileType, workflows.ReconcileInput{
			ID: id, Providers: []ticket.Provider{ticket.Stripe, ticket.PayPal}, RequestedBy: "e2e",
			From: time.Now().Add(-2 * time.Hour), To: time.Now().Add(time.Minute),
		})
	require.NoError(t, err)
	require.NoError(t, run.Get(t.Context(), &r))
	for after := int64(0); ; {
		lines, err := catalogue.ReconciliationLines(t.Context(), id, after, 1000, true)
		require.NoError(t, err)
		differences = append(differences, lines...)
		if len(lines) < 1000 {
			return r, differences
		}
		after = lines[len(lines)-1].Position
	}
}
