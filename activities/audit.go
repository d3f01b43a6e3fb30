package activities

import "context"

// Audited is what came of an audit, short enough for a history.
type Audited struct {
	// Checked counts the invariants that were checked.
	Checked int               `json:"checked"`
	Broken  []BrokenInvariant `json:"broken,omitempty"`
	// NotChecked lists those that could not be checked because something did not
	// answer.
	NotChecked []int `json:"not_checked,omitempty"`
	Seconds    int   `json:"seconds"`
}

// BrokenInvariant is one that does not hold.
type BrokenInvariant struct {
	Number int    `json:"invariant"`
	Name   string `json:"name"`
	Broken int64  `json:"broken"`
	// First is the first thing that breaks it.
	First string `json:"first,omitempty"`
}

// Audits are the steps of the scheduled audit.
type Audits struct {
	Check func(ctx context.Context) (Audited, error)
}

// AuditInvariants checks everything once. What is broken is its result, no error.
func (a *Audits) AuditInvariants(ctx context.Context) (Audited, error) { return a.Check(ctx) }
