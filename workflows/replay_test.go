package workflows_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/workflows"
)

// TestStoredHistoriesReplay holds this build against the histories of released
// ones: a change that would break a running workflow shows here first. The
// files are recorded by e2e/histories from the last released commit.
func TestStoredHistoriesReplay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/replay/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			replayer := worker.NewWorkflowReplayer()
			replayer.RegisterWorkflowWithOptions(workflows.Purchase, workflow.RegisterOptions{Name: workflows.PurchaseType})
			replayer.RegisterWorkflowWithOptions(workflows.SettleCharge, workflow.RegisterOptions{Name: workflows.SettleType})
			replayer.RegisterWorkflowWithOptions(workflows.OnSale, workflow.RegisterOptions{Name: workflows.OnSaleType})
			replayer.RegisterWorkflowWithOptions(workflows.Refund, workflow.RegisterOptions{Name: workflows.RefundType})
			replayer.RegisterWorkflowWithOptions(workflows.ReviewCharge, workflow.RegisterOptions{Name: workflows.ReviewType})
			replayer.RegisterWorkflowWithOptions(workflows.CancelEvent, workflow.RegisterOptions{Name: workflows.CancelEventType})
			logger := log.NewStructuredLogger(slog.New(slog.DiscardHandler))
			require.NoError(t, replayer.ReplayWorkflowHistoryFromJSONFile(logger, file))
		})
	}
}
