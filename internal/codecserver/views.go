package codecserver

import (
	"net/url"
	"time"
)

// view is a list of workflows that support looks at often. Its address makes the
// Temporal UI keep it among its saved views.
type view struct {
	Name    string
	Address string
}

// lingers is how long nothing of a purchase takes that goes well: hold, its one
// extension, and what a provider needs.
const lingers = time.Hour

// views are the lists as they stand in docs/support.md, of the UI at an address.
func views(ui, namespace string, now time.Time) []view {
	running := ` AND ExecutionStatus = "Running"`
	lists := []struct{ name, query string }{
		{"Needs attention", `NeedsAttention = true`},
		{"Stuck", `ExecutionStatus = "Running" AND TemporalReportedProblems IS NOT NULL`},
		{"Takes long", `WorkflowType IN ("Purchase", "SettleCharge")` + running +
			` AND StartTime < "` + now.Add(-lingers).UTC().Format(time.RFC3339) + `"`},
		{"Being bought", `WorkflowType = "Purchase"` + running},
		{"Paid by PayPal", `WorkflowType = "Purchase" AND PaymentProvider = "paypal"`},
		{"Refunds under way", `WorkflowType = "Refund"` + running},
		{"Settlements under way", `WorkflowType = "SettleCharge"` + running},
	}
	out := make([]view, len(lists))
	for i, l := range lists {
		q := url.Values{"query": {l.query}, "savedQuery": {l.name}}
		out[i] = view{l.name, ui + "/namespaces/" + url.PathEscape(namespace) + "/workflows?" + q.Encode()}
	}
	return out
}
