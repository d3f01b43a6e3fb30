package waitingroom

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"sync"
	"time"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

const (
	// vitalsWindow is how far back a report looks.
	vitalsWindow = 10 * time.Second
	reportEvery  = 2 * time.Second
	reportTime   = time.Second
	// vitalsKept bounds the bookings that a process remembers.
	vitalsKept = 4096
)

// Reporter tells the sales how the bookings of this process go, so that they
// admit no faster than the system can bear. Safe for concurrent use.
type Reporter struct {
	live    *redis.Queue
	process string

	mu      sync.Mutex
	samples []sample // a ring
	next    int
}

type sample struct {
	at         time.Time
	took       time.Duration
	unanswered bool
}

// NewReporter makes a Reporter for this process.
func NewReporter(live *redis.Queue) *Reporter {
	return &Reporter{live: live, process: rand.Text()[:12]}
}

// Observe tells how long a request to book took and how it ended. Only
// CodeUnavailable, CodePaymentsUnavailable and CodeInternal say that something
// that is needed is away.
func (r *Reporter) Observe(took time.Duration, err error) {
	code := ticket.CodeOf(err)
	s := sample{at: time.Now(), took: took}
	s.unanswered = code == ticket.CodeUnavailable || code == ticket.CodePaymentsUnavailable || code == ticket.CodeInternal
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.samples) < vitalsKept {
		r.samples = append(r.samples, s)
		return
	}
	r.samples[r.next] = s
	r.next = (r.next + 1) % vitalsKept
}

// Run reports every two seconds until ctx ends. A process that takes no
// bookings reports nothing.
func (r *Reporter) Run(ctx context.Context) {
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	quiet := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		v := r.Vitals(time.Now())
		if v.Bookings == 0 && quiet {
			continue
		}
		quiet = v.Bookings == 0
		reporting, cancel := context.WithTimeout(ctx, reportTime)
		if err := r.live.ReportVitals(reporting, r.process, v); err != nil && ctx.Err() == nil {
			slog.DebugContext(ctx, "how bookings go is not reported", "error", err)
		}
		cancel()
	}
}

// Vitals sums up the last ten seconds.
func (r *Reporter) Vitals(now time.Time) (v redis.Vitals) {
	r.mu.Lock()
	var took []time.Duration
	for _, s := range r.samples {
		if now.Sub(s.at) > vitalsWindow {
			continue
		}
		took = append(took, s.took)
		if s.unanswered {
			v.Unanswered++
		}
	}
	r.mu.Unlock()
	if v.Bookings = int64(len(took)); v.Bookings > 0 {
		slices.Sort(took)
		v.P99 = took[(len(took)*99+99)/100-1]
	}
	return v
}
