package redis

import (
	"context"
	"time"
)

// providersKey holds one field a process that asks payment providers:
// p99|calls|away|at.
const providersKey = "{vitals}:providers"

// ProviderVitals is how payment providers answered in the last minute.
type ProviderVitals struct {
	// P99 is how long all but one in a hundred of Calls took at the most.
	P99   time.Duration
	Calls int64
	// Away is how many are not asked because they were in trouble.
	Away int
}

// ReportProviders says how the providers answered one process.
func (q *Queue) ReportProviders(ctx context.Context, process string, v ProviderVitals) error {
	return q.report(ctx, providersKey, process, figures{v.P99.Milliseconds(), v.Calls, int64(v.Away)})
}

// Providers gives the worst of what processes reported in the last seconds, and
// all their calls.
func (q *Queue) Providers(ctx context.Context) (worst ProviderVitals, err error) {
	err = q.reports(ctx, providersKey, func(f figures) {
		worst.P99 = max(worst.P99, time.Duration(f[0])*time.Millisecond)
		worst.Calls, worst.Away = worst.Calls+f[1], max(worst.Away, int(f[2]))
	})
	return worst, err
}
