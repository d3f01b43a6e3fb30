package rehearsal

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows how the rehearsal goes: one block that is drawn anew on a
// terminal, a line now and then elsewhere.
type progress struct {
	r        *run
	terminal bool

	mu    sync.Mutex
	w     io.Writer
	drawn int // lines of the block
	last  time.Time
}

const (
	blockEvery = 500 * time.Millisecond
	lineEvery  = 5 * time.Second
)

func newProgress(r *run, w io.Writer, terminal bool) *progress {
	return &progress{r: r, w: w, terminal: terminal}
}

// say writes a line that stays.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.w, format+"\n", args...)
}

// clear takes the block away. The caller holds the lock.
func (p *progress) clear() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\x1b[J", p.drawn)
		p.drawn = 0
	}
}

// draw shows a block in place of the one before. A line must fit a terminal of
// 80 columns, or the block could not be taken away again.
func (p *progress) draw(lines ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		p.clear()
		fmt.Fprintln(p.w, strings.Join(lines, "\n"))
		p.drawn = len(lines)
		return
	}
	fmt.Fprintln(p.w, strings.Join(lines, " | "))
}

// due tells whether it is time for the next block or line.
func (p *progress) due() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	every := lineEvery
	if p.terminal {
		every = blockEvery
	}
	if time.Since(p.last) < every {
		return false
	}
	p.last = time.Now()
	return true
}

// preparing shows how many accounts are ready.
func (p *progress) preparing(done, of int) {
	if done == of || p.due() {
		lines := []string{fmt.Sprintf("accounts %d of %d", done, of)}
		if limited := p.r.record.limited(); limited > 0 {
			lines = append(lines, fmt.Sprintf("rate limits sent us away %d times: see RATE_LIMITS, --accounts", limited))
		}
		p.draw(lines...)
	}
}

// run shows the sale until ctx ends.
func (p *progress) run(ctx context.Context) {
	p.say("event %s, on sale %s; %d buyers and %d programs come for %d places", p.r.stage.Slug,
		p.r.opens.Format("15:04:05"), p.r.o.Buyers, p.r.o.Bots, len(p.r.stage.seats))
	tick := time.NewTicker(blockEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			p.mu.Lock()
			p.clear()
			p.mu.Unlock()
			return
		case <-tick.C:
		}
		if p.due() {
			p.draw(p.r.record.lines(time.Now(), p.r.opens)...)
		}
	}
}

// limited counts refusals by rate limits so far.
func (r *record) limited() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, t := range r.routes {
		n += t.Limited
	}
	return n
}

// lines tell how it stands.
func (r *record) lines(now, opens time.Time) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	clock := "on sale for " + inMinutes(now.Sub(opens).Seconds())
	if now.Before(opens) {
		clock = "on sale in " + inMinutes(opens.Sub(now).Seconds())
	}
	var recent histogram
	var faults Faults
	const window = 5
	r.in(now)
	seen := &sight{}
	for i := range r.seconds {
		s := &r.seconds[i]
		faults.add(s.faults)
		if i >= len(r.seconds)-1-window && i < len(r.seconds)-1 {
			recent.merge(&s.latency)
		}
		if s.sight != nil {
			next := *s.sight
			next.fill(seen)
			seen = &next
		}
	}
	done := 0
	for _, n := range r.ended {
		done += n
	}
	bought := 0
	for how, n := range r.bought {
		if strings.HasPrefix(how, "confirmed") {
			bought += n
		}
	}
	return []string{
		fmt.Sprintf("%s; state %s", clock, seen.State),
		fmt.Sprintf("buyers    %d came, %d done; queue serves %d of %d", r.arrived, done, seen.Serving, seen.Issued),
		fmt.Sprintf("places    %d sold, %d held, %d free; %d purchases", seen.Sold, seen.Held, seen.Available, bought),
		fmt.Sprintf("requests  %.0f/s, p50 %s, p99 %s; %d lost, %d errors, %d 503, %d 429", float64(recent.n)/window,
			inTime(recent.at(50)), inTime(recent.at(99)), faults.Unanswered, faults.Failed, faults.Away, faults.Limited),
	}
}
