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
	text := fmt.Sprintf("%d|%d|%d|%d", v.P99.Milliseconds(), v.Bookings, v.Unanswered, time.Now().UnixMilli())
	pipe := q.db.Pipeline()
	pipe.HSet(ctx, vitalsKey, process, text)
	pipe.Expire(ctx, vitalsKey, time.Minute)
	if _, err := pipe.Exec(ctx); err != nil {
		return queueUnavailable(err)
	}
	return nil
}

// Vitals sums up what all processes reported in the last seconds: the worst
// p99, and the counts together.
func (q *Queue) Vitals(ctx context.Context) (sum Vitals, err error) {
	reports, err := q.db.HGetAll(ctx, vitalsKey).Result()
	if err != nil {
		return sum, queueUnavailable(err)
	}
	for process, text := range reports {
		var ms, bookings, unanswered, at int64
		if _, err := fmt.Sscanf(text, "%d|%d|%d|%d", &ms, &bookings, &unanswered, &at); err != nil {
			continue // of another version: it does not count
		}
		age := time.Since(time.UnixMilli(at))
		if age > 6*vitalsFresh { // the process is gone
			if err := q.db.HDel(ctx, vitalsKey, process).Err(); err != nil {
				return sum, queueUnavailable(err)
			}
		}
		if age > vitalsFresh {
			continue
		}
		sum.P99 = max(sum.P99, time.Duration(ms)*time.Millisecond)
		sum.Bookings, sum.Unanswered = sum.Bookings+bookings, sum.Unanswered+unanswered
	}
	return sum, nil
}
