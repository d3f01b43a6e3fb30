package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// settles waits until nothing is under way, and says at the support desk of all
// that waits there what it was for, or that it was paid in another way.
func (m *month) settles(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	for quiet := 0; quiet < 3; {
		require.NoError(t, ctx.Err(), "it does not settle")
		time.Sleep(500 * time.Millisecond)
		quiet++
		for _, id := range m.waiting(t) {
			m.resolves(t, id, workflows.ResolveRefundRequest{By: "ann", Note: "the month's end"})
			quiet = 0
		}
		if m.busy(t) {
			quiet = 0
		}
	}
	require.NoError(t, m.Settle(ctx, time.Minute+time.Duration(monthOf())*5*time.Millisecond))
}

// waiting lists the refunds that wait for support.
func (m *month) waiting(t *testing.T) (ids []string) {
	t.Helper()
	for _, id := range m.running(t, "WorkflowType = 'Refund' AND NeedsAttention = true") {
		refund := id[len("refund/"):]
		shard, _ := ticket.ShardOf(refund)
		var status string
		require.NoError(t, m.Shards[shard].QueryRow(t.Context(), `SELECT status FROM refunds WHERE id = $1`, refund).Scan(&status))
		if status == string(ticket.RefundNeedsAttention) { // lists are a little late
			ids = append(ids, refund)
		}
	}
	return ids
}

// busy tells whether anything is at work, or on its way to us.
func (m *month) busy(t *testing.T) bool {
	t.Helper()
	return len(m.running(t, "WorkflowType IN ('Purchase', 'SettleCharge', 'Refund', 'ReviewCharge')")) > 0 || m.WebhooksWait(t.Context()) > 0
}

func (m *month) running(t *testing.T, which string) (ids []string) {
	t.Helper()
	list, err := m.TemporalSDK.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Query: "ExecutionStatus = 'Running' AND " + which, PageSize: 1000,
	})
	require.NoError(t, err)
	for _, e := range list.GetExecutions() {
		ids = append(ids, e.GetExecution().GetWorkflowId())
	}
	return ids
}

// reconciles runs a reconciliation and gives the differences that it found. What
// it starts to heal them runs in the system itself.
func (m *month) reconciles(t *testing.T) map[string]int {
	t.Helper()
	r, lines := reconciled(t, m.System)
	found := map[string]int{}
	for _, l := range lines {
		found[m.named(t, l)]++
	}
	for _, total := range r.Totals {
		t.Logf("%s %s %s: %d, theirs %d, ours %d, fees %d %s",
			total.Provider, total.Result, total.Kind, total.Count, total.Theirs, total.Ours, total.Fees, total.Currency)
	}
	return found
}

// named says of a difference what a plant says of itself. Stripe names the
// booking of what it did by itself through the charge only.
func (m *month) named(t *testing.T, l ticket.ReconciliationLine) string {
	t.Helper()
	booking := l.BookingID
	if booking == "" {
		var err error
		booking, err = postgres.NewSales(m.Shards).BookingOfCharge(t.Context(), l.Provider, "", l.Parent)
		require.NoError(t, err)
	}
	if l.Result != ticket.ResultProviderOnly || l.TheirAmount == nil {
		return fmt.Sprintf("%s %s %s", booking, l.Kind, l.Result)
	}
	return fmt.Sprintf("%s %s %d", booking, l.Kind, *l.TheirAmount)
}

// agree: what the providers have taken, less what they gave back and withhold, is
// what the live bookings cost, less what was withheld or given away, is what the
// journal has in its clearing accounts.
func (m *month) agree(t *testing.T) {
	t.Helper()
	agrees(t, m.System)
	ledger, err := m.Ledger(t.Context(), "")
	require.NoError(t, err)
	var provider, bookings, journal, unbalanced int64
	for _, s := range ledger.Summary {
		provider += s.Net
	}
	for _, db := range m.Shards {
		var live, apart, clearing, wrong int64
		require.NoError(t, db.QueryRow(t.Context(), `
			SELECT (SELECT COALESCE(sum(price + fee), 0) FROM tickets WHERE status IN ('live', 'used')),
			       (SELECT COALESCE(sum(amount), 0) FROM journal WHERE account LIKE 'disputes:%' OR account LIKE 'suspense:%'
			               OR account IN ('goodwill', 'settled:by-hand')),
			       (SELECT COALESCE(sum(amount), 0) FROM journal WHERE account LIKE 'clearing:%' OR account LIKE 'expense:fees:%'),
			       (SELECT count(*) FROM (SELECT FROM journal GROUP BY transaction_id, currency HAVING sum(amount) <> 0) x)`).
			Scan(&live, &apart, &clearing, &wrong))
		bookings, journal, unbalanced = bookings+live-apart, journal+clearing, unbalanced+wrong
	}
	require.Zero(t, unbalanced, "every transaction sums to zero")
	require.Equal(t, provider, bookings, "providers and bookings")
	require.Equal(t, provider, journal, "providers and journal")
	t.Logf("providers, bookings and journal: %d cents each", provider)
	report, code, err := m.Audit(t.Context(), "--settle", "20s")
	require.NoError(t, err)
	require.Zero(t, code, said(report))
}
