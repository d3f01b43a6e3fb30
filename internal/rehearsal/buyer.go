package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// outcome is how a buyer's day ended.
type outcome string

const (
	confirmed   outcome = "has tickets"
	soldOut     outcome = "came too late: sold out"
	leftWaiting outcome = "left while waiting"
	leftLooking outcome = "left while choosing"
	leftHolding outcome = "left with places held"
	gaveUpHold  outcome = "gave held places back"
	refusedPay  outcome = "no card worked"
	missedTurn  outcome = "missed the turn"
	overTaken   outcome = "places always taken by others"
	stillThere  outcome = "still there when time was over"
	neverCame   outcome = "never came"
	failed      outcome = "failed"
)

// buyer is one who wants tickets.
type buyer struct {
	*run
	traits
	n      int
	rng    *rand.Rand
	client *client
	ended  outcome

	// What the buyer was told, for the checks.
	mu        sync.Mutex
	entry     int64
	number    int64
	admission string
	expires   time.Time
	acked     []bookingAnswer // confirmed, as answered
	sessions  []span
	claimed   time.Time
}

// span is a time in which a buyer was certainly admitted.
type span struct{ from, to time.Time }

func (r *run) newBuyer(n int) *buyer {
	t, rng := r.drawTraits(n)
	t.quantity = max(1, min(t.quantity, r.stage.MaxTicketsPerBuyer))
	b := &buyer{run: r, traits: t, n: n, rng: rng, client: r.web.client(r.logins[n])}
	if r.o.Addresses {
		b.client.address = addressOf(n)
	}
	return b
}

// addressOf gives each buyer an address of the block for benchmarks (RFC 2544),
// and of private ones beyond.
func addressOf(n int) string {
	if n < 1<<17 {
		return fmt.Sprintf("198.%d.%d.%d", 18+n>>16, n>>8&0xff, n&0xff)
	}
	return fmt.Sprintf("10.%d.%d.%d", n>>16&0xff, n>>8&0xff, n&0xff)
}

// left ends a story from the inside.
type left struct{ how outcome }

// Error says how it ended.
func (l left) Error() string { return string(l.how) }

// live is a buyer's day.
func (b *buyer) live(ctx context.Context) outcome {
	err := b.story(ctx)
	if end, ok := errors.AsType[left](err); ok {
		return end.how
	}
	switch {
	case err == nil:
		return confirmed
	case errors.Is(context.Cause(ctx), errGone):
		return soldOut
	case ctx.Err() != nil:
		return stillThere
	}
	b.record.note("failed: " + err.Error())
	return failed
}

func (b *buyer) story(ctx context.Context) error {
	if err := b.look(ctx); err != nil {
		return err
	}
	wait := b.await
	if b.stage.WaitingRoom {
		wait = b.queue
	}
	if err := wait(ctx); err != nil {
		return err
	}
	if err := b.shop(ctx); err != nil {
		return err
	}
	return b.enjoy(ctx)
}

// look opens the event's page, and loads it again for no reason. Some search for
// it first.
func (b *buyer) look(ctx context.Context) error {
	if b.searches {
		if err := b.search(ctx); err != nil {
			return err
		}
	}
	for range 1 + b.reloads {
		if _, err := b.page(ctx); err != nil {
			return err
		}
		if err := b.think(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}

func (b *buyer) search(ctx context.Context) error {
	path := "/v1/search?" + url.Values{"q": {b.stage.Name}}.Encode()
	a, err := b.client.ask(ctx, request{route: "search", method: http.MethodGet, path: path, anonymous: true})
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		return a.refused("search for the event")
	}
	return b.think(ctx, time.Second)
}

func (b *buyer) page(ctx context.Context) (e eventAnswer, err error) {
	a, err := b.client.ask(ctx, request{route: "event page", method: http.MethodGet, path: b.stage.path(""), anonymous: true})
	if err != nil {
		return e, err
	}
	if a.status != http.StatusOK {
		return e, a.refused("look at the event")
	}
	return e, a.read(&e)
}

// await waits for the sale of an event without a waiting room: by loading its
// page again.
func (b *buyer) await(ctx context.Context) error {
	for {
		e, err := b.page(ctx)
		switch {
		case err != nil:
			return err
		case e.Status == "on_sale":
			return nil
		case e.Status == "sold_out":
			return left{soldOut}
		}
		if wait := time.Until(b.opens); wait > 0 {
			err = sleep(ctx, min(wait, 2*time.Second)+rand.N(500*time.Millisecond)) //nolint:gosec // it need not be secret
		} else {
			err = b.think(ctx, time.Second)
		}
		if err != nil {
			return err
		}
	}
}

// enjoy looks at the tickets.
func (b *buyer) enjoy(ctx context.Context) error {
	if err := b.think(ctx, time.Second); err != nil {
		return nil //nolint:nilerr // the tickets are bought; there is only no time left to look at them
	}
	b.mu.Lock()
	id := b.acked[len(b.acked)-1].ID
	b.mu.Unlock()
	a, err := b.client.ask(ctx, request{route: "booking", method: http.MethodGet, path: "/v1/bookings/" + id})
	if err == nil && a.status != http.StatusOK {
		b.record.find(checkKept, fmt.Sprintf("booking %s was confirmed, and reading it is answered %s", id, codeOf(a)))
	}
	return nil
}

// think passes the time of a person: about d, and twice as long at most.
func (b *buyer) think(ctx context.Context, d time.Duration) error {
	d = time.Duration(float64(d) * b.o.Pace * (0.4 + 1.2*b.rng.Float64()))
	return sleep(ctx, d)
}
