package redis

import (
	"context"
	"fmt"
	"time"
)

const (
	// vitalsKey holds one field a process that takes bookings: p99|bookings|unanswered|at.
	vitalsKey = "{vitals}:bookings"
	// vitalsFresh is how old a report may be and still count.
	vitalsFresh = 10 * time.Second
)

// Vitals is how bookings went in the last seconds.
type Vitals struct {
	// P99 is how long all but one in a hundred took at the most.
	P99 time.Duration
	// Bookings is how many there were, Unanswered how many of those failed
	// because a part that they need was away.
	Bookings, Unanswered int64
}

// ReportVitals says how the bookings of one process went.
func (q *Queue) ReportVitals(ctx context.Context, process string, v Vitals) error {
	return q.report(ctx, vitalsKey, process, figures{v.P99.Milliseconds(), v.Bookings, v.Unanswered})
}

// Vitals sums up what all processes reported in the last seconds: the worst
// p99, and the counts together.
func (q *Queue) Vitals(ctx context.Context) (sum Vitals, err error) {
	err = q.reports(ctx, vitalsKey, func(f figures) {
		sum.P99 = max(sum.P99, time.Duration(f[0])*time.Millisecond)
		sum.Bookings, sum.Unanswered = sum.Bookings+f[1], sum.Unanswered+f[2]
	})
	return sum, err
}

// figures are what a process reports under a key; the key says what they are.
type figures [3]int64

// report notes the figures of one process, with the time.
func (q *Queue) report(ctx context.Context, key, process string, f figures) error {
	text := fmt.Sprintf("%d|%d|%d|%d", f[0], f[1], f[2], time.Now().UnixMilli())
	pipe := q.db.Pipeline()
	pipe.HSet(ctx, key, process, text)
	pipe.Expire(ctx, key, time.Minute)
	if _, err := pipe.Exec(ctx); err != nil {
		return queueUnavailable(err)
	}
	return nil
}

// reports gives what processes reported in the last seconds, and forgets those
// that are gone.
func (q *Queue) reports(ctx context.Context, key string, each func(f figures)) error {
	all, err := q.db.HGetAll(ctx, key).Result()
	if err != nil {
		return queueUnavailable(err)
	}
	for process, text := range all {
		var (
			f  figures
			at int64
		)
		if _, err := fmt.Sscanf(text, "%d|%d|%d|%d", &f[0], &f[1], &f[2], &at); err != nil {
			continue // of another version: it does not count
		}
		age := time.Since(time.UnixMilli(at))
		if age > 6*vitalsFresh { // the process is gone
			if err := q.db.HDel(ctx, key, process).Err(); err != nil {
				return queueUnavailable(err)
			}
		}
		if age <= vitalsFresh {
			each(f)
		}
	}
	return nil
}
