package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
)

const (
	// AuditType is the workflow type of Audit.
	AuditType = "Audit"
	// AuditID is the id of its schedule, with which those of its workflows begin.
	AuditID = "audit"
)

var audits *activities.Audits

const (
	// auditTime bounds one audit; a window of a million charges takes minutes.
	auditTime = 30 * time.Minute
	// auditAgain is when an audit that a worker did not finish is begun anew.
	auditAgain = 10 * time.Second
)

// Audit checks every invariant once and says what is broken.
func Audit(ctx workflow.Context) (activities.Audited, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: auditTime,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: auditAgain, MaximumAttempts: 3},
		Summary:             "check every invariant",
	})
	var found activities.Audited
	if err := workflow.ExecuteActivity(ctx, audits.AuditInvariants).Get(ctx, &found); err != nil {
		return found, err
	}
	workflow.SetCurrentDetails(ctx, auditDetails(&found))
	return found, nil
}

func auditDetails(found *activities.Audited) string {
	if len(found.Broken) == 0 && len(found.NotChecked) == 0 {
		return fmt.Sprintf("All %d invariants hold.", found.Checked)
	}
	var lines []string
	for _, x := range found.Broken {
		lines = append(lines, fmt.Sprintf("**Broken: %d.** %s: %d, first %s", x.Number, x.Name, x.Broken, x.First))
	}
	if len(found.NotChecked) > 0 {
		lines = append(lines, fmt.Sprintf("Could not be checked: %v", found.NotChecked))
	}
	return strings.Join(append(lines, "`yourticket audit` says more."), "\n\n")
}
