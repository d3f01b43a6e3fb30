package paypal

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 800 * time.Millisecond
)

// once makes one call under a request id.
func once[T any](ctx context.Context, p *Provider, key string, full bool, call func(context.Context) (T, error)) (T, fault) {
	ctx, rec, cancel := p.begin(ctx, key, full)
	defer cancel()
	out, err := call(ctx)
	return out, p.sorted(rec, err)
}

// replayed makes a call until there is an answer or ctx, the budget, is spent.
// touched says that an earlier call may have done something; a call that may
// have happened sets it too, and from then on the fault is never untouched.
func replayed[T any](ctx context.Context, p *Provider, key string, full, touched bool, call func(context.Context) (T, error)) (T, fault) {
	var doubt fault
	for pause, replays := firstPause, 0; ; pause = min(2*pause, maxPause) {
		out, f := once(ctx, p, key, full, call)
		if f.class == answered || f.class == untouched && !touched {
			return out, f
		}
		touched = true
		if f.class != untouched || !doubt.failed() {
			doubt = f
		}
		if f.class != running {
			replays++
		}
		if f.final || replays > p.replays || !rest(ctx, pause) {
			doubt.class = unknown
			return out, doubt
		}
	}
}

// rest pauses before a replay, by up to a half longer than asked so that many
// callers do not come back together. False means that no time is left.
func rest(ctx context.Context, pause time.Duration) bool {
	pause += rand.N(pause / 2) //nolint:gosec // spreads retries, guards nothing
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
