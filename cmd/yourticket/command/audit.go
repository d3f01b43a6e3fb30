package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"yourticket.example/internal/app"
	"yourticket.example/internal/audit"
	"yourticket.example/internal/config"
)

// auditCommand checks what must always hold.
type auditCommand struct {
	config.Config
	JSON   bool          `name:"json" env:"AUDIT_JSON" help:"Print the whole report as JSON."`
	Repair bool          `env:"AUDIT_REPAIR" help:"Rebuild what is derived and wrong (Redis, Elasticsearch) from PostgreSQL, and check again."`
	Settle time.Duration `env:"AUDIT_SETTLE" default:"0s" help:"Wait up to this long for what is under way to end (default: ${default})."`
	Since  time.Duration `env:"AUDIT_SINCE" default:"24h" help:"How far back the providers' books are read, besides everything that is open (default: ${default})."`
	Looks  int           `env:"AUDIT_LOOKS" default:"5000" help:"How many bookings that seem wrong are looked at again one by one, by their provider (default: ${default})."`
}

// Run prints a line for each invariant. It fails when one is broken, or could
// not be checked because something did not answer.
func (c *auditCommand) Run(ctx context.Context, s streams) error {
	switch {
	case c.Settle < 0:
		return usageError{errors.New("--settle must not be negative")}
	case c.Since <= 0:
		return usageError{errors.New("--since must be more than nothing")}
	case c.Looks <= 0:
		return usageError{errors.New("--looks must be at least 1")}
	}
	if err := prepare(c.Config, s.err, config.Migrating...); err != nil {
		return err
	}
	report, err := app.Audit(ctx, c.Config, app.AuditOptions{Since: c.Since, Settle: c.Settle, Looks: c.Looks, Repair: c.Repair})
	if err != nil {
		return err
	}
	if c.JSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.WriteText(s.out)
	}
	if err != nil {
		return err
	}
	return verdict(&report)
}

// verdict is nil when every invariant that could be checked holds.
func verdict(r *audit.Report) error {
	var faults []error
	if broken := r.Broken(); len(broken) > 0 {
		faults = append(faults, fmt.Errorf("broken: %s", list(broken)))
	}
	if failed := r.Failed(); len(failed) > 0 {
		faults = append(faults, fmt.Errorf("could not be checked: %s", list(failed)))
	}
	return errors.Join(faults...)
}

func list(numbers []int) string {
	return strings.Join(strings.Fields(strings.Trim(fmt.Sprint(numbers), "[]")), ", ")
}
