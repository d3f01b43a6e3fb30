package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// queue takes a place, waits for the turn, and claims it.
func (b *buyer) queue(ctx context.Context) error {
	if err := b.join(ctx); err != nil {
		return err
	}
	arrived, etag := time.Now(), ""
	var q queueAnswer
	for {
		a, err := b.client.ask(ctx, request{
			route: "queue status", method: http.MethodGet, path: b.stage.path("/queue"), anonymous: true, etag: etag,
		})
		if err != nil {
			return err
		}
		if a.status == http.StatusOK {
			etag = a.header.Get("ETag")
			if err := a.read(&q); err != nil {
				return err
			}
			b.noteServing(&q, time.Now())
		}
		admitted, err := b.step(ctx, &q)
		if err != nil || admitted {
			return err
		}
		if time.Since(arrived) > b.patience {
			return b.leaveQueue(ctx)
		}
		wait := time.Duration(float64(max(q.PollAfterMS, 500)) * (0.9 + 0.2*b.rng.Float64()) * float64(time.Millisecond))
		if until := time.Until(b.opens); until > 0 {
			wait = min(wait, until+rand.N(time.Second)) //nolint:gosec // a person watches the clock
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// join takes the place, or finds it again.
func (b *buyer) join(ctx context.Context) error {
	a, err := b.client.ask(ctx, request{route: "join", method: http.MethodPost, path: b.stage.path("/queue")})
	if err != nil {
		return err
	}
	switch {
	case a.status == http.StatusConflict:
		return left{soldOut} // nothing is left to queue for
	case !a.ok():
		return a.refused("join the queue")
	}
	var p placeAnswer
	if err := a.read(&p); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.entry == 0 {
		b.record.join()
	} else if p.Entry != b.entry {
		b.record.find(checkPlaces, fmt.Sprintf("buyer %d had entry %d, and came back to entry %d", b.n, b.entry, p.Entry))
	}
	b.entry = p.Entry
	if p.Number != nil {
		return b.isNumber(*p.Number)
	}
	return nil
}

// isNumber remembers the number, which never changes. The caller holds the lock.
func (b *buyer) isNumber(number int64) error {
	if b.number != 0 && b.number != number {
		b.record.find(checkPlaces, fmt.Sprintf("buyer %d had number %d, and later %d", b.n, b.number, number))
	}
	b.number = number
	return nil
}

// step does what a look at the queue leads to: it learns the number, comes
// back with another device, or claims. It tells whether the buyer is admitted.
func (b *buyer) step(ctx context.Context, q *queueAnswer) (bool, error) {
	switch {
	case b.returns:
		b.returns = false
		b.record.note("closed the browser and came back to the same place")
		if err := b.think(ctx, 6*time.Second); err != nil {
			return false, err
		}
		return false, b.join(ctx)
	case b.switches:
		b.switches = false
		return false, b.switchDevice(ctx)
	case q.Phase == "closed" && time.Now().After(b.opens.Add(5*time.Second)):
		return false, left{soldOut}
	case q.Phase != "open":
		return false, nil
	case b.number == 0:
		if err := b.askPlace(ctx); err != nil || b.number == 0 {
			return false, err
		}
	}
	if b.number > q.Serving {
		return false, nil
	}
	return b.claim(ctx)
}

// switchDevice logs in on another device, which finds the same place.
func (b *buyer) switchDevice(ctx context.Context) error {
	account := b.client.login.now()
	if account.Email == "" {
		return nil // a token alone cannot log in anew
	}
	second := b.web.client(&login{account: Account{Email: account.Email, Password: account.Password}})
	second.address = b.client.address
	if err := second.logIn(ctx, patience); err != nil {
		return err
	}
	b.record.note("went on with another device, at the same place")
	b.client = second
	return b.join(ctx)
}

func (b *buyer) askPlace(ctx context.Context) error {
	a, err := b.client.ask(ctx, request{route: "my place", method: http.MethodGet, path: b.stage.path("/queue/me")})
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return a.refused("ask for the place")
	}
	var p placeAnswer
	if err := a.read(&p); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Entry != b.entry {
		b.record.find(checkPlaces, fmt.Sprintf("buyer %d has entry %d, and reads entry %d", b.n, b.entry, p.Entry))
	}
	if p.Number == nil {
		return nil
	}
	return b.isNumber(*p.Number)
}

// claim turns the turn into an admission.
func (b *buyer) claim(ctx context.Context) (bool, error) {
	a, err := b.client.ask(ctx, request{route: "claim", method: http.MethodPost, path: b.stage.path("/queue/claim")})
	if err != nil {
		return false, err
	}
	switch a.status {
	case http.StatusOK:
	case http.StatusTooEarly:
		return false, nil
	case http.StatusGone:
		return false, left{missedTurn}
	case http.StatusConflict:
		return false, left{soldOut}
	default:
		return false, a.refused("claim the turn")
	}
	var c claimAnswer
	if err := a.read(&c); err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.admission, b.expires, b.claimed = c.Admission, c.ExpiresAt, time.Now()
	b.sessions = append(b.sessions, span{b.claimed, c.ExpiresAt.Add(-clockMargin)})
	return true, nil
}

// clockMargin is how far our clock and the system's may differ.
const clockMargin = 2 * time.Second

// leaveSession notes that the admission may end from now on.
func (b *buyer) leaveSession() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.sessions); n > 0 && time.Now().Before(b.sessions[n-1].to) {
		b.sessions[n-1].to = time.Now()
	}
}

// keepsSession notes that the admission lives on after all.
func (b *buyer) keepsSession() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, until := time.Now(), b.expires.Add(-clockMargin)
	if n := len(b.sessions); n > 0 && !now.Before(b.sessions[n-1].to) && now.Before(until) {
		b.sessions = append(b.sessions, span{now, until})
	}
}

// leaveQueue gives the place up, as a button does; or only closes the browser.
func (b *buyer) leaveQueue(ctx context.Context) error {
	b.leaveSession()
	if chance(b.rng, 50) {
		a, err := b.client.ask(ctx, request{route: "leave", method: http.MethodDelete, path: b.stage.path("/queue")})
		if err != nil && !errors.Is(err, errGaveUp) {
			return err
		}
		if err == nil && !a.ok() {
			return a.refused("leave the queue")
		}
	}
	return left{leftWaiting}
}
