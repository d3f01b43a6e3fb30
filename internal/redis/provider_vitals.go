package redis

import (
	"context"
	"fmt"
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
	text := fmt.Sprintf("%d|%d|%d|%d", v.P99.Milliseconds(), v.Calls, v.Away, time.Now().UnixMilli())
	pipe := q.db.Pipeline()
	pipe.HSet(ctx, providersKey, process, text)
	pipe.Expire(ctx, providersKey, time.Minute)
	if _, err := pipe.Exec(ctx); err != nil {
		return queueUnavailable(err)
	}
	return nil
}

// Providers gives the worst of what processes reported in the last seconds, and
// all their calls.
func (q *Queue) Providers(ctx context.Context) (worst ProviderVitals, err error) {
	reports, err := q.db.HGetAll(ctx, providersKey).Result()
	if err != nil {
		return worst, queueUnavailable(err)
	}
	for process, text := range reports {
		var (
			ms, calls, at int64
			away          int
		)
		if _, err := fmt.Sscanf(text, "%d|%d|%d|%d", &ms, &calls, &away, &at); err != nil {
			continue // of another version: it does not count
		}
		age := time.Since(time.UnixMilli(at))
		if age > 6*vitalsFresh { // the process is gone
			if err := q.db.HDel(ctx, providersKey, process).Err(); err != nil {
				return worst, queueUnavailable(err)
			}
		}
		if age > vitalsFresh {
			continue
		}
		worst.P99 = max(worst.P99, time.Duration(ms)*time.Millisecond)
		worst.Calls, worst.Away = worst.Calls+calls, max(worst.Away, away)
	}
	return worst, nil
}
