package api

import (
	"context"
	"time"
)

// Turnstile lets tests drive a turnstile alone.
type Turnstile struct{ t *turnstile }

// NewTurnstile makes one with these bounds.
func NewTurnstile(initial, least, most int, target, patience time.Duration) Turnstile {
	return Turnstile{newTurnstile(bounds{initial: initial, least: least, most: most, target: target, patience: patience}, time.Now())}
}

// NewBookingTurnstile makes one with the bounds of bookings.
func NewBookingTurnstile() Turnstile {
	return Turnstile{newTurnstile(shedBounds[classBooking], time.Now())}
}

// Enter, Leave, Tick and State are the turnstile's own.
func (t Turnstile) Enter(ctx context.Context) bool { return t.t.enter(ctx) }

// Leave ends a request.
func (t Turnstile) Leave(took time.Duration) { t.t.leave(took) }

// Tick lets it learn.
func (t Turnstile) Tick() { t.t.tick(time.Now()) }

// State gives the limit, the requests under way and those that wait.
func (t Turnstile) State() (limit, busy, waiting int) { return t.t.state() }

// Pressure lets tests drive what the CPU's pressure refuses.
type Pressure struct{ p *pressure }

// NewPressure makes one.
func NewPressure() Pressure { return Pressure{newPressure()} }

// Adjust takes the wait of a tick.
func (p Pressure) Adjust(waited time.Duration) { p.p.adjust(waited) }

// Refused counts the refusals of a thousand requests.
func (p Pressure) Refused(method, path string) int {
	c, _ := classify(method, path)
	n := 0
	for range 1000 {
		if p.p.refuses(c) {
			n++
		}
	}
	return n
}

// Classify gives a request's class and lane.
func Classify(method, path string) (class, lane string) {
	c, lane := classify(method, path)
	return c.String(), lane
}
