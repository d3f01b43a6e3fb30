package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// run is one rehearsal.
type run struct {
	o        Options
	web      *web
	record   *record
	progress *progress
	logins   []*login
	wasKept  map[string]bool
	stage    stage
	buyers   []*buyer
	// opens is when the sale begins, by our clock.
	opens time.Time

	mu       sync.Mutex
	watchers []*watcher
	lastSeen queueAnswer
	served   []served
}

// Run rehearses an on-sale. It ends when the last buyer is done, when
// o.Duration is over, or when ctx ends; in each case with the report so far.
// The error says why the rehearsal could not take place.
func Run(ctx context.Context, o Options) (*Report, error) {
	o = o.withDefaults()
	if err := o.Validate(); err != nil {
		return nil, err
	}
	rec := newRecord(time.Now())
	r := &run{o: o, record: rec, web: newWeb(o.APIs, rec), wasKept: map[string]bool{}}
	r.progress = newProgress(r, o.Out, o.Terminal)
	defer r.web.http.CloseIdleConnections()
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	interrupted := r.sell(ctx)
	return r.finish(ctx, interrupted)
}

// prepare does what comes before the sale: none of it is measured.
func (r *run) prepare(ctx context.Context) error {
	if err := r.findAPI(ctx); err != nil {
		return err
	}
	if err := r.findSandbox(ctx); err != nil {
		return err
	}
	if err := r.prepareAccounts(ctx); err != nil {
		return fmt.Errorf("prepare the buyers' accounts: %w", err)
	}
	if err := r.prepareStage(ctx); err != nil {
		return fmt.Errorf("prepare the event: %w", err)
	}
	for n := range r.o.Buyers {
		r.buyers = append(r.buyers, r.newBuyer(n))
	}
	return ctx.Err()
}

// startWithin is how long an address may take to answer at all.
const startWithin = 5 * time.Second

// findAPI makes sure that at least one address answers, before anything is made.
func (r *run) findAPI(ctx context.Context) error {
	a, err := r.web.client(nil).ask(ctx, request{method: http.MethodGet, path: "/healthz", silent: true, within: startWithin, patience: startWithin})
	if err != nil {
		return fmt.Errorf("the API at %s does not answer: %w", strings.Join(r.o.APIs, ", "), err)
	}
	if a.status != http.StatusOK {
		return a.refused("the API at " + strings.Join(r.o.APIs, ", "))
	}
	return nil
}

// What ends a sale before the last buyer is done.
var (
	errOver = errors.New("the time of the rehearsal is over")
	errGone = errors.New("nothing is left to sell")
)

// sell lets everybody come, and returns when they are gone. It tells whether
// it was interrupted.
func (r *run) sell(ctx context.Context) (interrupted bool) {
	r.record.restart(time.Now())
	r.opens = time.Now()
	if wait := time.Until(r.stage.OnSaleAt); wait > 0 {
		r.opens = r.opens.Add(wait)
	}
	timed, stop := context.WithDeadlineCause(ctx, r.opens.Add(r.o.Duration), errOver)
	defer stop()
	saleCtx, end := context.WithCancelCause(timed)
	defer end(nil)
	sights, blind := context.WithCancel(saleCtx)
	var around sync.WaitGroup
	around.Go(func() { r.lookOn(sights) })
	around.Go(func() { r.endWhenGone(sights, end) })
	around.Go(func() { r.progress.run(sights) })
	around.Go(func() { r.hammer(sights) })
	r.startWatchers(context.WithoutCancel(ctx))
	r.arrive(saleCtx)
	blind()
	around.Wait()
	return ctx.Err() != nil
}

// goneFor is how long nothing may have moved on a map without free places
// until the sale is taken to be over: what is still held then belongs to buyers
// who left, and comes back only at its deadline.
const goneFor = 20 * time.Second

// endWhenGone ends the sale when nothing is left to sell and nothing moves.
func (r *run) endWhenGone(ctx context.Context, end context.CancelCauseFunc) {
	var last sight
	since := time.Now()
	for sleep(ctx, time.Second) == nil {
		now, everybody := r.record.latest(), r.record.everybody(len(r.buyers))
		if !everybody || !now.hasSeats || now.Available > 0 || now.Sold != last.Sold || now.Held != last.Held {
			last, since = now, time.Now()
		}
		if time.Since(since) > goneFor {
			end(errGone)
			return
		}
	}
}

// arrive starts each buyer when it is due, whatever became of those before,
// and returns when all are gone.
func (r *run) arrive(ctx context.Context) {
	var wg sync.WaitGroup
	began := time.Now()
	for _, due := range arrivals(r.o.Seed, len(r.buyers), r.opens.Sub(began), r.o.Duration) {
		if sleep(ctx, time.Until(began.Add(due.after))) != nil {
			break
		}
		b := r.buyers[due.buyer]
		r.record.arrival()
		wg.Go(func() {
			o := b.live(ctx)
			b.ended = o
			r.record.end(o)
		})
	}
	wg.Wait()
	for _, b := range r.buyers {
		if b.ended == "" {
			b.ended = neverCame
			r.record.end(neverCame)
		}
	}
}
