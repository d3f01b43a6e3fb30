package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// temporalTime bounds one request to Temporal.
const temporalTime = 10 * time.Second

// atWork tells whether a workflow is at work on a booking or on one of its
// charges; false when Temporal cannot be asked.
func (a *audit) atWork(ctx context.Context, bookingID string, charges []ticket.ChargeBalance) (bool, error) {
	if a.Temporal == nil {
		return false, nil
	}
	ids := []string{workflows.PurchaseID(bookingID)}
	for _, c := range charges {
		ids = append(ids, workflows.SettleID(bookingID, c.Provider, c.Attempt))
	}
	for _, id := range ids {
		if running, err := a.running(ctx, id); running || err != nil {
			return running, err
		}
	}
	return false, nil
}

// running asks Temporal itself, whose lists are a little late.
func (a *audit) running(ctx context.Context, workflowID string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	d, err := a.Temporal.DescribeWorkflowExecution(ctx, workflowID, "")
	if _, none := errors.AsType[*serviceerror.NotFound](err); none {
		return false, nil
	}
	return err == nil && d.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING, err
}

// list gives up to most workflows that a query finds, newest first, and tells
// whether there are more.
func (a *audit) list(ctx context.Context, query string, most int, each func(*workflow.WorkflowExecutionInfo) error) (more bool, err error) {
	for n, token := 0, []byte(nil); ; {
		page, err := a.listPage(ctx, query, min(1000, most-n), token)
		if err != nil {
			return false, err
		}
		for _, e := range page.GetExecutions() {
			if n++; n > most {
				return true, nil
			}
			if err := each(e); err != nil {
				return false, err
			}
		}
		if token = page.GetNextPageToken(); len(token) == 0 {
			return false, nil
		}
		if n >= most {
			return true, nil
		}
	}
}

func (a *audit) listPage(ctx context.Context, query string, size int, token []byte) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	return a.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		Namespace: a.Namespace, Query: query, PageSize: int32(size), NextPageToken: token, //nolint:gosec // at most 1000
	})
}

// count asks how many workflows a query finds.
func (o *Options) count(ctx context.Context, query string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, temporalTime)
	defer cancel()
	n, err := o.Temporal.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: o.Namespace, Query: query})
	return n.GetCount(), err
}

// mostPurchases bounds how many closed purchases are compared with their rows.
const mostPurchases = 20_000

// purchaseAudit compares purchases that have ended with their bookings' rows.
type purchaseAudit struct {
	compared int64
	more     bool
	// lost are those that were acknowledged as confirmed and are not.
	lost []fault
	// strayed have a row in a status that does not follow theirs.
	strayed []fault
	// twice were run to their end more than once.
	twice []fault
	err   error
}

// readPurchases compares once for all. Temporal is read first: what a purchase
// says of its end was in the books before.
func (a *audit) readPurchases(ctx context.Context) *purchaseAudit {
	if a.purchases == nil {
		a.purchases = &purchaseAudit{}
		a.purchases.err = a.purchases.run(ctx, a)
	}
	return a.purchases
}

func (p *purchaseAudit) run(ctx context.Context, a *audit) error {
	if a.Temporal == nil {
		return a.without(PartTemporal)
	}
	query := fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Completed' AND CloseTime >= '%s'",
		workflows.PurchaseType, a.since.Format(time.RFC3339))
	ended := map[string]ticket.BookingStatus{}
	var err error
	p.more, err = a.list(ctx, query, mostPurchases, func(e *workflow.WorkflowExecutionInfo) error {
		id := e.GetExecution().GetWorkflowId()[len(workflows.PurchaseID("")):]
		if _, again := ended[id]; again {
			p.twice = append(p.twice, fault{id: id, detail: "has purchases that both ran to their end"})
		}
		ended[id] = statusOf(e)
		return nil
	})
	if err != nil {
		return err
	}
	return p.compare(ctx, a, ended)
}

// statusOf reads the search attribute that a purchase leaves behind.
func statusOf(e *workflow.WorkflowExecutionInfo) ticket.BookingStatus {
	var status string
	payload, ok := e.GetSearchAttributes().GetIndexedFields()[workflows.BookingStatusKey.GetName()]
	if !ok || attributes.FromPayload(payload, &status) != nil {
		return ""
	}
	return ticket.BookingStatus(status)
}

// compare looks for rows that contradict what their purchases ended with. A
// booking may go on after its purchase, as far as the table of changes allows.
func (p *purchaseAudit) compare(ctx context.Context, a *audit, ended map[string]ticket.BookingStatus) error {
	ids := make([]string, 0, len(ended))
	for id := range ended {
		ids = append(ids, id)
	}
	rows, err := a.Sales.Statuses(ctx, ids)
	if err != nil {
		return err
	}
	p.compared = int64(len(ids))
	for id, end := range ended {
		row, known := rows[id]
		switch {
		case end == "", end == ticket.BookingHeld: // it was never written
		case end == ticket.BookingConfirmed && (!known || !row.Confirmed):
			p.lost = append(p.lost, fault{id: id, detail: "was acknowledged as confirmed and is " + orRow(row.Status)})
		case !known && end == ticket.BookingFailed: // nothing was held, so nothing was written
		case !known || !reachable(end, row.Status):
			p.strayed = append(p.strayed, fault{id: id, detail: fmt.Sprintf("ended as %s and is %s", end, orRow(row.Status))})
		}
	}
	return nil
}

func orRow(s ticket.BookingStatus) string {
	if s == "" {
		return "in no row"
	}
	return string(s)
}

// reachable tells whether legal changes lead from one status to another.
func reachable(from, to ticket.BookingStatus) bool {
	seen := map[ticket.BookingStatus]bool{}
	next := []ticket.BookingStatus{to}
	for len(next) > 0 {
		s := next[0]
		next = next[1:]
		if s == from {
			return true
		}
		if !seen[s] {
			seen[s] = true
			next = append(next, s.Predecessors()...)
		}
	}
	return false
}
