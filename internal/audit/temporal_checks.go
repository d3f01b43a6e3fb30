package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"

	"yourticket.example/internal/postgres"
)

// attributes reads search attributes, which are never encrypted.
var attributes = converter.GetDefaultDataConverter()

func legalStatus(ctx context.Context, a *audit, f *Finding) error {
	f.note("Rows keep no history of their status. Seen: that each status agrees with what else its row says, " +
		"and with what its purchase ended as.")
	if err := a.claims(ctx, f, postgres.ClaimStatus); err != nil {
		return err
	}
	p := a.readPurchases(ctx)
	f.take(p, p.strayed)
	return f.skip(p.err)
}

func acknowledgedSurvives(ctx context.Context, a *audit, f *Finding) error {
	p := a.readPurchases(ctx)
	f.take(p, p.lost)
	return p.err
}

// onePurchaseABooking looks for bookings that were bought twice by one key.
func (a *audit) onePurchaseABooking(ctx context.Context, f *Finding) error {
	p := a.readPurchases(ctx)
	f.take(p, p.twice)
	return p.err
}

func (f *Finding) take(p *purchaseAudit, faults []fault) {
	f.Checked += p.compared
	for _, x := range faults {
		f.breach(x.id, "%s", x.detail)
	}
	if p.more {
		f.note(fmt.Sprintf("Of the purchases that ended in the window the newest %d were compared.", mostPurchases))
	}
}

// Histories replays stored histories on this build.
type Histories interface {
	// Types are the workflow types that this build has.
	Types() []string
	// Replay replays one stored history.
	Replay(ctx context.Context, workflowID, runID string) error
}

// newestHistories is how many histories of each type are replayed.
const newestHistories = 20

func historiesReplay(ctx context.Context, a *audit, f *Finding) error {
	if a.Temporal == nil || a.Histories == nil {
		return a.without(PartTemporal)
	}
	f.note(fmt.Sprintf("The newest %d of each type were replayed.", newestHistories))
	for _, name := range a.Histories.Types() {
		query := fmt.Sprintf("WorkflowType = '%s'", name)
		var found []*workflow.WorkflowExecutionInfo
		_, err := a.list(ctx, query, newestHistories, func(e *workflow.WorkflowExecutionInfo) error {
			found = append(found, e)
			return nil
		})
		if err != nil {
			return err
		}
		for _, e := range found {
			f.Checked++
			id := e.GetExecution().GetWorkflowId()
			if err := a.Histories.Replay(ctx, id, e.GetExecution().GetRunId()); err != nil {
				f.breach(id, "run %s: %s", e.GetExecution().GetRunId(), firstLine(err))
			}
		}
	}
	return a.unknownTypes(ctx, f)
}

// unknownTypes looks for stored workflows that this build does not have at all.
func (a *audit) unknownTypes(ctx context.Context, f *Finding) error {
	names := a.Histories.Types()
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = "'" + name + "'"
	}
	slices.Sort(quoted)
	query := "ExecutionStatus = 'Running' AND WorkflowType NOT IN (" + strings.Join(quoted, ", ") + ") AND TemporalNamespaceDivision IS NULL"
	_, err := a.list(ctx, query, examples, func(e *workflow.WorkflowExecutionInfo) error {
		f.breach(e.GetExecution().GetWorkflowId(), "runs, and this build has no workflow type %s", e.GetType().GetName())
		return nil
	})
	return err
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
