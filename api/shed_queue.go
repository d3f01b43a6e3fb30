package api

import (
	"context"
	"math"
	"sync"
	"time"
)

// bounds say how much of a class is let in at the same time, and how long its
// requests may wait. What is bounded is time: any number may wait that can be
// served in time.
type bounds struct {
	// initial, least and most requests under way.
	initial, least, most int
	// target is how long an answer may take before it is a sign of too much at once.
	target time.Duration
	// patience is how long a request may wait to be let in.
	patience time.Duration
	// pressure is how long the process may take to run what is ready to run,
	// before some requests of the class are refused.
	pressure time.Duration
}

// turnstile lets in as many requests as the parts behind can take, and lets
// the others wait in their order. How many that is it learns: fewer while
// answers are late, more while they are not and the turnstile is what holds
// requests up. It is safe for concurrent use.
type turnstile struct {
	bounds

	mu      sync.Mutex
	limit   int
	busy    int
	queue   []*waiter
	emptied time.Time // when the queue was last empty
	peak    int       // most busy since the last tick
	done    int       // answered since the last tick
	late    int       // of these, later than the target
	rate    float64   // answered in a second, smoothed; 0 unless it is known
	held    int       // ticks in a row in which the limit held requests up
	ticked  time.Time
}

// sureAfter is for how many ticks a turnstile must have been held up before it
// refuses by the rate that it learned.
const sureAfter = 4

type waiter struct {
	since time.Time
	let   chan struct{} // closed when it is let in
	gone  bool          // it has given up
}

func newTurnstile(b bounds, now time.Time) *turnstile {
	return &turnstile{bounds: b, limit: b.initial, emptied: now, ticked: now}
}

// enter waits to be let in; false when that takes, or would take, too long. Who
// was let in must leave.
func (t *turnstile) enter(ctx context.Context) bool {
	t.mu.Lock()
	if t.busy < t.limit && len(t.queue) == 0 {
		t.admit()
		t.mu.Unlock()
		return true
	}
	now := time.Now()
	patience := t.patienceAt(now)
	if t.held >= sureAfter && float64(len(t.queue)) > t.rate*patience.Seconds() {
		t.mu.Unlock()
		return false
	}
	w := &waiter{since: now, let: make(chan struct{})}
	t.queue = append(t.queue, w)
	t.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-w.let:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-w.let: // it was let in while it turned away
		return true
	default:
		w.gone = true
		return false
	}
}

// patienceAt is short while the queue has not been empty for long: those who
// are let in then are served in time, where a standing queue would make
// everybody late. The caller holds the lock.
func (t *turnstile) patienceAt(now time.Time) time.Duration {
	if len(t.queue) == 0 {
		t.emptied = now
	}
	if now.Sub(t.emptied) > 2*t.patience {
		return t.patience / 4
	}
	return t.patience
}

func (t *turnstile) admit() {
	t.busy++
	t.peak = max(t.peak, t.busy)
}

// leave ends a request that took so long after it was let in.
func (t *turnstile) leave(took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy--
	t.done++
	if took > t.target {
		t.late++
	}
	t.letIn()
}

// letIn lets in whoever has room. The caller holds the lock.
func (t *turnstile) letIn() {
	n := 0
	for ; n < len(t.queue); n++ {
		w := t.queue[n]
		if w.gone {
			continue
		}
		if t.busy >= t.limit {
			break
		}
		t.admit()
		close(w.let)
	}
	if n > 0 {
		clear(t.queue[:n])
		t.queue = t.queue[n:]
	}
	if len(t.queue) == 0 {
		t.queue = nil
		t.emptied = time.Now()
	}
}

// tick learns from what was answered since the last tick: when a tenth was
// late, a fifth fewer may be under way; when nobody was and the limit held
// requests up, more may. At rest the limit goes back to where it began.
func (t *turnstile) tick(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	since := now.Sub(t.ticked).Seconds()
	if since <= 0 {
		return
	}
	held := t.peak >= t.limit
	t.learnRate(held, float64(t.done)/since)
	switch {
	case t.done > 0 && 10*t.late > t.done:
		t.limit = max(t.least, min(t.limit, int(math.Ceil(0.8*float64(t.peak)))))
	case held:
		t.limit = min(t.most, t.limit+max(1, t.limit/10))
	case t.limit != t.initial && t.peak < t.limit/2:
		step := (t.initial - t.limit) / 8
		if step == 0 {
			step = t.initial - t.limit
		}
		t.limit += step
	}
	t.done, t.late, t.peak, t.ticked = 0, 0, t.busy, now
	t.letIn()
}

// learnRate takes what was answered in a second. Only what is held up by the
// limit shows how fast it can go.
func (t *turnstile) learnRate(held bool, rate float64) {
	switch {
	case !held:
		t.held, t.rate = 0, 0
	case t.held == 0:
		t.held, t.rate = 1, rate
	default:
		t.held++
		t.rate += (rate - t.rate) / 3
	}
}

// state gives the limit, the requests under way and those that wait.
func (t *turnstile) state() (limit, busy, waiting int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, w := range t.queue {
		if !w.gone {
			waiting++
		}
	}
	return t.limit, t.busy, waiting
}
