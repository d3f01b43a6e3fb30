package rehearsal

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// lookEvery is how often the organizer looks.
const lookEvery = time.Second

// served is what the queue said at a moment.
type served struct {
	at      time.Time
	serving int64
}

// lookOn records what the organizer sees, once a second, until ctx ends. None of
// it counts as a request of the crowd.
func (r *run) lookOn(ctx context.Context) {
	looks := []func(context.Context){r.lookAtSeats, r.lookAtStatus}
	if r.stage.WaitingRoom {
		looks = append(looks, r.lookAtQueue)
	}
	for _, api := range r.o.APIs {
		looks = append(looks, r.reroutes(api))
	}
	var wg sync.WaitGroup
	for _, look := range looks {
		wg.Go(func() {
			tick := time.NewTicker(lookEvery)
			defer tick.Stop()
			for {
				look(ctx)
				select {
				case <-tick.C:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	wg.Wait()
}

// glance asks once; nil when there is no good answer.
func (r *run) glance(ctx context.Context, path string) *answer {
	c := r.web.client(nil)
	a, err := c.once(ctx, request{method: http.MethodGet, path: path, silent: true, within: 5 * time.Second})
	if err != nil || a.status != http.StatusOK {
		return nil
	}
	return a
}

func (r *run) lookAtSeats(ctx context.Context) {
	at := time.Now()
	var m mapAnswer
	if a := r.glance(ctx, r.stage.path("/availability")); a == nil || a.read(&m) != nil {
		return
	}
	counts := countStates(m.Seats)
	r.record.see(at, func(s *sight) {
		s.Available, s.Held, s.Sold, s.Blocked, s.hasSeats = counts['a'], counts['h'], counts['s'], counts['b'], true
	})
	if sum := counts['a'] + counts['h'] + counts['s'] + counts['b']; sum != len(r.stage.seats) {
		r.record.find(checkCounts, fmt.Sprintf("the map has %d known states for %d places", sum, len(r.stage.seats)))
	}
}

func countStates(seats string) map[rune]int {
	counts := map[rune]int{}
	for _, state := range seats {
		counts[state]++
	}
	return counts
}

func (r *run) lookAtQueue(ctx context.Context) {
	at := time.Now()
	var q queueAnswer
	if a := r.glance(ctx, r.stage.path("/queue")); a == nil || a.read(&q) != nil {
		return
	}
	r.noteServing(&q, time.Now())
	r.record.see(at, func(s *sight) { s.Phase, s.Serving, s.Issued = q.Phase, q.Serving, q.Issued })
}

// noteServing remembers what the queue said.
func (r *run) noteServing(q *queueAnswer, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.Serving >= r.lastSeen.Serving {
		r.lastSeen = *q
	}
	if n := len(r.served); n == 0 || r.served[n-1].serving != q.Serving {
		r.served = append(r.served, served{at, q.Serving})
	}
}

func (r *run) lookAtStatus(ctx context.Context) {
	at := time.Now()
	var st statusAnswer
	if a := r.glance(ctx, "/v1/status"); a == nil || a.read(&st) != nil {
		r.record.see(at, func(s *sight) { s.State = "unknown" })
		return
	}
	r.record.see(at, func(s *sight) { s.State, s.Indicators, s.Degraded = st.State, st.Indicators, st.Degraded })
}

// reroutes gives a look at how many requests a gateway could not pass to an
// instance of a service, where its metrics can be read.
func (r *run) reroutes(api string) func(context.Context) {
	c := &client{web: &web{apis: []string{api}, http: r.web.http, record: r.record}}
	last := -1.0
	return func(ctx context.Context) {
		at := time.Now()
		a, err := c.once(ctx, request{method: http.MethodGet, path: "/metrics", silent: true, within: 5 * time.Second})
		if err != nil || a.status != http.StatusOK {
			return
		}
		now := sumMetric(string(a.body), "yourticket_upstream_failures_total")
		if last >= 0 && now > last {
			r.record.reroute(at, int(now-last))
		}
		last = now
	}
}

// sumMetric adds up a counter over its labels.
func sumMetric(text, name string) float64 {
	sum := 0.0
	for line := range strings.Lines(text) {
		rest, ours := strings.CutPrefix(line, name)
		if !ours || rest == "" || rest[0] != '{' && rest[0] != ' ' {
			continue
		}
		fields := strings.Fields(rest[strings.LastIndexByte(rest, '}')+1:])
		if len(fields) > 0 {
			if v, err := strconv.ParseFloat(fields[0], 64); err == nil {
				sum += v
			}
		}
	}
	return sum
}
