package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yourticket.example/internal/postgres"
)

// examples is how many broken things a finding names.
const examples = 10

// Options say what is audited and how.
type Options struct {
	Sources
	// Window is how far back the providers' books and Temporal's lists are read,
	// besides everything that is open; default a day.
	Window time.Duration
	// Settle is how long to wait, at most, for what is under way to end.
	Settle time.Duration
	// Looks bounds how many bookings that seem wrong are looked at again one by
	// one; default Looks.
	Looks int
	// Repair, when set, rebuilds what is derived and was found wrong. The checks
	// run again after it.
	Repair Repairer
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// audit is one run.
type audit struct {
	Options
	started time.Time
	since   time.Time
	// What was read once for several invariants.
	money     *moneyAudit
	purchases *purchaseAudit
	seats     *seatAudit
	rooms     *roomAudit
	// damage is what a repair would rebuild.
	damage damage
}

// Run checks every invariant. It returns an error only when ctx ends: whatever
// else goes wrong is in the findings.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Window <= 0 {
		o.Window = 24 * time.Hour
	}
	if o.Looks <= 0 {
		o.Looks = Looks
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	report := Report{StartedAt: o.Now().UTC()}
	var err error
	if report.Settled, err = o.settle(ctx); err != nil {
		return report, err
	}
	a := o.run(ctx, &report)
	if o.Repair != nil && !a.damage.none() && ctx.Err() == nil {
		report.Repairs = a.repair(ctx)
		o.run(ctx, &report)
	}
	report.FinishedAt = o.Now().UTC()
	return report, ctx.Err()
}

// run checks everything once.
func (o *Options) run(ctx context.Context, report *Report) *audit {
	now := o.Now().UTC()
	a := &audit{Options: *o, started: now, since: now.Add(-o.Window)}
	report.Since, report.Findings = a.since, nil
	for i := range invariants {
		report.Findings = append(report.Findings, a.check(ctx, i+1, &invariants[i]))
	}
	return a
}

func (a *audit) check(ctx context.Context, number int, inv *invariant) Finding {
	f := Finding{Number: number, Name: inv.name, Holds: inv.holds, Status: StatusOK}
	began := a.Now()
	if err := inv.check(ctx, a, &f); err != nil {
		f.fail(err)
	}
	f.TookMS = a.Now().Sub(began).Milliseconds()
	return f
}

// fail says that a check could not be carried through. What it had found broken
// before stays so.
func (f *Finding) fail(err error) {
	f.Failed, f.Reason = true, err.Error()
	if missing, ok := errors.AsType[missingError](err); ok {
		f.Failed = missing.Failed
	}
	if f.Status != StatusBroken {
		f.Status = StatusNotChecked
	}
}

// skip says that a part of a check was left out for want of a part of the
// system. That the part should be there fails the check.
func (f *Finding) skip(err error) error {
	if missing, ok := errors.AsType[missingError](err); ok && !missing.Failed {
		f.note(notCompared + err.Error())
		return nil
	}
	return err
}

// breach adds a thing that breaks the invariant.
func (f *Finding) breach(id, format string, args ...any) {
	f.Status = StatusBroken
	f.Broken++
	if len(f.Examples) < examples {
		f.Examples = append(f.Examples, Example{ID: id, Detail: fmt.Sprintf(format, args...)})
	}
}

// note says what was compared, or what cannot be seen.
func (f *Finding) note(text string) { f.Notes = append(f.Notes, text) }

// claims checks what all rows of the sales shards must fulfil.
func (a *audit) claims(ctx context.Context, f *Finding, claims ...postgres.Claim) error {
	for _, c := range claims {
		found, err := a.Sales.Check(ctx, c, examples)
		if err != nil {
			return err
		}
		f.Checked += found.Rows
		f.add(found)
	}
	return nil
}

func (f *Finding) add(found postgres.Checked) {
	if found.Broken == 0 {
		return
	}
	for _, b := range found.First {
		f.breach(b.ID, "%s", b.Detail)
	}
	f.Broken += found.Broken - int64(len(found.First))
}

// guards makes sure that the sales shards have the indexes and constraints by
// which they refuse what must not be.
func (a *audit) guards(ctx context.Context, f *Finding, names ...string) error {
	missing, err := a.Sales.MissingGuards(ctx, names...)
	for shard, names := range missing {
		for _, name := range names {
			f.breach(fmt.Sprintf("sales shard %d", shard), "is without a valid %s", name)
		}
	}
	return err
}
