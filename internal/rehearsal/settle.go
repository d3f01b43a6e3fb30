package rehearsal

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// books are what the API says when everything is over.
type books struct {
	bookings map[string]*bookingAnswer
	seats    string
	followed []string // the maps of the watchers
	unread   []string // what could not be read
}

func (b *books) confirmed() []*bookingAnswer {
	var out []*bookingAnswer
	for _, id := range slices.Sorted(maps.Keys(b.bookings)) {
		if k := b.bookings[id]; k.Status == "confirmed" {
			out = append(out, k)
		}
	}
	return out
}

const (
	// endsWithin bounds what is done after an interruption.
	endsWithin = 10 * time.Second
	// auditWithin bounds an audit, beyond the time to settle.
	auditWithin = 2 * time.Minute
)

// finish gives up what is still held, waits until things have settled, checks,
// and writes the report.
func (r *run) finish(ctx context.Context, interrupted bool) (*Report, error) {
	over := time.Now()
	settle := r.o.Settle
	if interrupted {
		settle = min(settle, endsWithin)
	}
	// Who left without a word is tidied up after, also when we were told to stop.
	endCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settle+2*endsWithin)
	defer cancel()
	r.progress.say("the sale is over; settling")
	b := r.settle(endCtx, time.Now().Add(settle))
	for _, w := range r.watchers {
		w.stop()
	}
	checks := r.checks(endCtx, b)
	if r.o.Audit != nil && !interrupted {
		r.progress.say("auditing")
		auditCtx, stop := context.WithTimeout(ctx, settle+auditWithin)
		found, err := r.o.Audit(auditCtx)
		stop()
		if err != nil {
			found = append(found, Check{Name: checkAudit, Findings: []string{err.Error()}})
		}
		checks = append(checks, found...)
	}
	return r.report(over, checks, b, interrupted), r.keepAccounts()
}

// forBuyers does something for every buyer, some at a time.
func forBuyers(buyers []*buyer, do func(*buyer)) {
	turns := make(chan struct{}, accountsToRead)
	var wg sync.WaitGroup
	for _, b := range buyers {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			do(b)
		})
	}
	wg.Wait()
}

// settle reads everything until nothing is under way any more and the watchers
// have the map. What those who left still hold is given up for them, so that
// nothing waits for a deadline.
func (r *run) settle(ctx context.Context, until time.Time) books {
	b := books{bookings: map[string]*bookingAnswer{}}
	pending := r.buyers
	for {
		pending = r.read(ctx, pending, &b)
		quiet := len(pending) == 0 && len(b.unread) == 0
		for _, seats := range b.followed {
			quiet = quiet && seats == b.seats
		}
		if r.stage.own {
			counts, sold := countStates(b.seats), 0
			for _, k := range b.confirmed() {
				sold += len(k.Seats)
			}
			quiet = quiet && counts['s'] == sold && counts['h'] == 0
		}
		if quiet || time.Now().After(until) {
			return b
		}
		forBuyers(pending, func(buyer *buyer) { buyer.giveUp(ctx, b) })
		if sleep(ctx, 500*time.Millisecond) != nil {
			return b
		}
	}
}

// read asks for the bookings of buyers, and for the map. It gives the buyers
// of whom something is still under way.
func (r *run) read(ctx context.Context, buyers []*buyer, b *books) (pending []*buyer) {
	var mu sync.Mutex
	b.unread, b.followed = nil, nil
	forBuyers(buyers, func(buyer *buyer) {
		list, err := buyer.bookings(ctx)
		mu.Lock()
		defer mu.Unlock()
		open := err != nil
		if err != nil {
			b.unread = append(b.unread, fmt.Sprintf("the bookings of buyer %d cannot be read: %s", buyer.n, err))
		}
		for i := range list {
			list[i].buyer = buyer.n
			b.bookings[list[i].ID] = &list[i]
			open = open || list[i].isOpen()
		}
		if open {
			pending = append(pending, buyer)
		}
	})
	var m mapAnswer
	if err := r.web.client(nil).get(ctx, "", r.stage.path("/availability"), &m); err != nil {
		b.unread = append(b.unread, err.Error())
	}
	b.seats = m.Seats
	for _, w := range r.watchers {
		b.followed = append(b.followed, w.now())
	}
	return pending
}

// giveUp cancels what the buyer holds. When that is not answered, settling
// shows what has become of it.
func (b *buyer) giveUp(ctx context.Context, kept books) {
	for id, k := range kept.bookings {
		if k.buyer != b.n || !k.isOpen() {
			continue
		}
		_, _ = b.client.ask(ctx, request{
			method: http.MethodPost, path: "/v1/bookings/" + id + "/cancel", within: workTime, patience: endsWithin, silent: true,
		})
	}
}

// bookings reads the buyer's bookings of the event.
func (b *buyer) bookings(ctx context.Context) ([]bookingAnswer, error) {
	var out []bookingAnswer
	for cursor := ""; ; {
		a, err := b.client.ask(ctx, request{
			method: http.MethodGet, path: "/v1/me/bookings?limit=100&cursor=" + url.QueryEscape(cursor), silent: true, patience: endsWithin,
		})
		if err != nil {
			return out, err
		}
		if a.status != http.StatusOK {
			return out, a.refused("my bookings")
		}
		var page struct {
			Items      []bookingAnswer `json:"items"`
			NextCursor string          `json:"next_cursor"`
		}
		if err := a.read(&page); err != nil {
			return out, err
		}
		for _, k := range page.Items {
			if k.EventID == b.stage.ID {
				out = append(out, k)
			}
		}
		if cursor = page.NextCursor; cursor == "" {
			return out, nil
		}
	}
}
