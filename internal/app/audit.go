package app

import (
	"context"
	"time"

	"yourticket.example/internal/audit"
	"yourticket.example/internal/config"
)

// AuditOptions say how an audit is made.
type AuditOptions struct {
	// Since is how far back the providers' books are read, besides everything
	// that is open; 0 for a day.
	Since time.Duration
	// Settle is how long to wait, at most, for what is under way to end.
	Settle time.Duration
	// Repair rebuilds what is derived and found wrong, and checks again.
	Repair bool
}

// Audit checks every invariant over all that the configuration names. What
// cannot be reached is said in the findings that need it; the error is about the
// catalogue and the sales databases, without which nothing can be said.
func Audit(ctx context.Context, cfg config.Config, o AuditOptions) (audit.Report, error) {
	s := &stores{}
	if err := s.openDatabases(ctx, cfg, "audit"); err != nil {
		return audit.Report{}, err
	}
	defer s.close()
	return audit.Run(ctx, audit.Options{Window: o.Since, Settle: o.Settle})
}
