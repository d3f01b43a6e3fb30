package audit

import (
	"context"
	"time"
)

// examples is how many broken things a finding names.
const examples = 10

// Options say what is audited and how.
type Options struct {
	// Window is how far back the providers' books and Temporal's lists are read,
	// besides everything that is open; default a day.
	Window time.Duration
	// Settle is how long to wait, at most, for what is under way to end.
	Settle time.Duration
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// audit is one run.
type audit struct {
	Options
	report *Report
}

// Run checks every invariant. It returns an error only when ctx ends: whatever
// else goes wrong is in the findings.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Window <= 0 {
		o.Window = 24 * time.Hour
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	started := o.Now().UTC()
	a := &audit{Options: o, report: &Report{StartedAt: started, Since: started.Add(-o.Window)}}
	for i := range invariants {
		a.report.Findings = append(a.report.Findings, a.check(ctx, i+1, &invariants[i]))
		if err := ctx.Err(); err != nil {
			return *a.report, err
		}
	}
	a.report.FinishedAt = o.Now().UTC()
	return *a.report, nil
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

// leave says why an invariant was not checked.
func (f *Finding) leave(reason string) {
	f.Status, f.Reason = StatusNotChecked, reason
}

// fail says that a check could not be carried through. What it had found broken
// before stays so.
func (f *Finding) fail(err error) {
	f.Failed, f.Reason = true, err.Error()
	if f.Status != StatusBroken {
		f.Status = StatusNotChecked
	}
}

// breach adds a thing that breaks the invariant.
func (f *Finding) breach(id, detail string) {
	f.Status = StatusBroken
	f.Broken++
	if len(f.Examples) < examples {
		f.Examples = append(f.Examples, Example{ID: id, Detail: detail})
	}
}

// note says what was compared, or what cannot be seen.
func (f *Finding) note(text string) { f.Notes = append(f.Notes, text) }
