package rehearsal

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// record is everything that was seen, by second. It is safe for concurrent use.
type record struct {
	began time.Time

	mu      sync.Mutex
	seconds []second
	routes  map[string]*tally
	codes   map[string]int
	ended   map[outcome]int
	bought  map[string]int
	tickets int
	bots    map[string]int
	notes   map[string]int
	arrived int
	joined  int
	// findings are contradictions that were seen while the sale went on.
	findings []finding
}

// second is one second of the sale.
type second struct {
	latency histogram
	faults  Faults
	bought  map[string]int
	arrived int
	bots    int
	sight   *sight
}

// tally is what became of one kind of request.
type tally struct {
	Faults

	latency histogram
}

// Faults are answers that nobody wants.
type Faults struct {
	// Unanswered: the connection was refused or broke, or the time was over.
	Unanswered int `json:"unanswered"`
	// Failed is 500 and other answers of that kind, Away is 503: come back later.
	Failed int `json:"failed"`
	Away   int `json:"away"`
	// Limited is 429.
	Limited int `json:"limited"`
	// Rerouted are requests that the gateway could not pass to one instance of a
	// service; most are answered by another.
	Rerouted int `json:"rerouted"`
}

func (f *Faults) count(a *answer) {
	switch {
	case a == nil:
		f.Unanswered++
	case a.status == http.StatusServiceUnavailable:
		f.Away++
	case a.status == http.StatusTooManyRequests:
		f.Limited++
	case a.status >= http.StatusInternalServerError:
		f.Failed++
	}
}

func (f *Faults) add(o Faults) {
	f.Unanswered += o.Unanswered
	f.Failed += o.Failed
	f.Away += o.Away
	f.Limited += o.Limited
	f.Rerouted += o.Rerouted
}

// sight is what the organizer sees in a second.
type sight struct {
	Phase      string      `json:"phase"`
	Serving    int64       `json:"serving"`
	Issued     int64       `json:"issued"`
	Available  int         `json:"available"`
	Held       int         `json:"held"`
	Sold       int         `json:"sold"`
	Blocked    int         `json:"blocked"`
	State      string      `json:"state"`
	Indicators []Indicator `json:"indicators,omitempty"`
	Degraded   []string    `json:"degraded,omitempty"`
	hasSeats   bool
}

// finding is a contradiction with the check that it belongs to.
type finding struct{ check, text string }

func newRecord(now time.Time) *record {
	return &record{
		began: now, routes: map[string]*tally{}, codes: map[string]int{}, ended: map[outcome]int{},
		bought: map[string]int{}, bots: map[string]int{}, notes: map[string]int{},
	}
}

// restart forgets what was seen before the sale, and begins to count at now.
func (r *record) restart(now time.Time) {
	fresh := newRecord(now)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.seconds, r.routes, r.codes = fresh.began, fresh.seconds, fresh.routes, fresh.codes
	r.notes = fresh.notes
}

// in gives the second of a moment. The caller holds the lock.
func (r *record) in(at time.Time) *second {
	n := max(0, int(at.Sub(r.began)/time.Second))
	for len(r.seconds) <= n {
		r.seconds = append(r.seconds, second{bought: map[string]int{}})
	}
	return &r.seconds[n]
}

// request counts one try. It belongs to the second in which it was sent; what
// went wrong belongs to the second in which that was known.
func (r *record) request(route string, sent time.Time, took time.Duration, a *answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.routes[route]
	if t == nil {
		t = &tally{}
		r.routes[route] = t
	}
	t.latency.add(took)
	t.count(a)
	r.in(sent).latency.add(took)
	r.in(sent.Add(took)).faults.count(a)
	r.codes[codeOf(a)]++
}

// codeOf names an answer: its status, and its code when it is a refusal.
func codeOf(a *answer) string {
	if a == nil {
		return "no answer"
	}
	text := strconv.Itoa(a.status)
	if a.status >= http.StatusBadRequest {
		if code := a.problem().code(); code != "" {
			text += " " + code
		}
	}
	return text
}

// bot counts a request of a program and how it was answered.
func (r *record) bot(sent time.Time, a *answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bots[codeOf(a)]++
	r.in(sent).bots++
}

func (r *record) arrival() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived++
	r.in(time.Now()).arrived++
}

func (r *record) join() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.joined++
}

// end counts how a buyer's day ended.
func (r *record) end(o outcome) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended[o]++
}

// purchase counts an answer about a purchase: confirmed in some way, or not.
func (r *record) purchase(how string, tickets int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bought[how]++
	r.tickets += tickets
	r.in(time.Now()).bought[how]++
}

// note counts something that people did.
func (r *record) note(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes[what]++
}

func (r *record) find(check, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.findings = append(r.findings, finding{check, text})
}

// see records what the organizer sees; a nil change leaves what was seen before.
func (r *record) see(at time.Time, change func(*sight)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.in(at)
	if s.sight == nil {
		s.sight = &sight{}
	}
	change(s.sight)
}

// latest is what the organizer saw last.
func (r *record) latest() sight {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := sight{}
	for i := max(0, len(r.seconds)-10); i < len(r.seconds); i++ {
		if s := r.seconds[i].sight; s != nil {
			next := *s
			next.fill(&seen)
			seen = next
		}
	}
	return seen
}

// everybody tells whether all have come.
func (r *record) everybody(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.arrived >= n
}

// reroute counts requests that the gateway could not pass to an instance.
func (r *record) reroute(at time.Time, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in(at).faults.Rerouted += n
}
