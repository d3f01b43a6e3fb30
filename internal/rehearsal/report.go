package rehearsal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what a rehearsal has shown. Its JSON is stable: fields are added,
// not renamed.
type Report struct {
	StartedAt   time.Time `json:"started_at"`
	Took        float64   `json:"took_s"`
	Interrupted bool      `json:"interrupted"`
	// Passed: every check did.
	Passed bool `json:"passed"`
	// Verdict says in plain words how it went.
	Verdict []string `json:"verdict"`

	Event  EventReport `json:"event"`
	Buyers int         `json:"buyers"`
	Bots   int         `json:"bots"`
	Seed   uint64      `json:"seed"`

	Arrived   int     `json:"arrived"`
	Joined    int     `json:"joined_queue"`
	Tickets   int     `json:"tickets_sold"`
	Outcomes  []Count `json:"outcomes"`
	Purchases []Count `json:"purchases"`
	Notes     []Count `json:"notes"`

	Requests int     `json:"requests"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
	Faults   Faults  `json:"faults"`
	Routes   []Route `json:"routes"`
	Answers  []Count `json:"answers"`
	BotCalls []Count `json:"bot_answers"`

	Checks   []Check  `json:"checks"`
	Timeline []Second `json:"timeline"`
	// OpensAt is the second of the timeline in which the sale opened.
	OpensAt float64 `json:"opens_at_s"`
}

// EventReport is the event that was rehearsed.
type EventReport struct {
	ID          string `json:"id"`
	Slug        string `json:"slug"`
	Name        string `json:"name"`
	Capacity    int    `json:"capacity"`
	WaitingRoom bool   `json:"waiting_room"`
	Sessions    int    `json:"sessions,omitempty"`
	Own         bool   `json:"made_for_the_rehearsal"`
}

// Count is how often something was.
type Count struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Route is one kind of request.
type Route struct {
	Name     string  `json:"name"`
	Requests int     `json:"requests"`
	P50      float64 `json:"p50_ms"`
	P99      float64 `json:"p99_ms"`
	Max      float64 `json:"max_ms"`
	Faults   Faults  `json:"faults"`
}

// Second is one second of the sale. Seen is nil when the organizer saw nothing.
type Second struct {
	At        int            `json:"at_s"`
	Arrived   int            `json:"arrived"`
	Requests  int            `json:"requests"`
	Bots      int            `json:"bot_requests"`
	P50       float64        `json:"p50_ms"`
	P99       float64        `json:"p99_ms"`
	Faults    Faults         `json:"faults"`
	Purchases map[string]int `json:"purchases,omitempty"`
	Seen      *sight         `json:"seen,omitempty"`
}

// counts lists a map, the most frequent first.
func counts[K ~string](m map[K]int) []Count {
	out := []Count{}
	for name, n := range m {
		out = append(out, Count{string(name), n})
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name)) })
	return out
}

func (r *run) report(over time.Time, checks []Check, b books, interrupted bool) *Report {
	rec := r.record
	rec.mu.Lock()
	defer rec.mu.Unlock()
	out := &Report{
		StartedAt: rec.began.UTC(), Took: over.Sub(rec.began).Seconds(), Interrupted: interrupted,
		Event: EventReport{
			ID: r.stage.ID, Slug: r.stage.Slug, Name: r.stage.Name, Capacity: len(r.stage.seats), WaitingRoom: r.stage.WaitingRoom,
			Sessions: r.stage.bound, Own: r.stage.own,
		},
		Buyers: r.o.Buyers, Bots: r.o.Bots, Seed: r.o.Seed, Arrived: rec.arrived, Joined: rec.joined,
		Outcomes: counts(rec.ended), Purchases: counts(rec.bought), Notes: counts(rec.notes), Answers: counts(rec.codes),
		BotCalls: counts(rec.bots), Checks: checks, OpensAt: r.opens.Sub(rec.began).Seconds(),
	}
	for _, k := range b.confirmed() {
		out.Tickets += len(k.Seats)
	}
	out.addRoutes(rec)
	out.addTimeline(rec, over)
	out.judge()
	return out
}

func (out *Report) addRoutes(rec *record) {
	var all histogram
	for _, name := range slices.Sorted(maps.Keys(rec.routes)) {
		t := rec.routes[name]
		h := &t.latency
		out.Routes = append(out.Routes, Route{name, h.n, h.at(50), h.at(99), milliseconds(h.max), t.Faults})
		all.merge(h)
		out.Faults.add(t.Faults)
	}
	slices.SortStableFunc(out.Routes, func(a, b Route) int { return cmp.Compare(b.Requests, a.Requests) })
	out.Requests, out.P50, out.P99, out.Max = all.n, all.at(50), all.at(99), milliseconds(all.max)
}

// addTimeline lists every second up to the end of the sale. What was not seen
// in a second is as it was in the one before.
func (out *Report) addTimeline(rec *record, over time.Time) {
	last := int(over.Sub(rec.began) / time.Second)
	rec.in(over)
	var seen *sight
	for i := range rec.seconds[:last+1] {
		s := &rec.seconds[i]
		if s.sight != nil {
			now := *s.sight
			if seen != nil {
				now.fill(seen)
			}
			seen = &now
		}
		out.Faults.Rerouted += s.faults.Rerouted
		out.Timeline = append(out.Timeline, Second{
			At: i, Arrived: s.arrived, Requests: s.latency.n, Bots: s.bots, P50: s.latency.at(50), P99: s.latency.at(99),
			Faults: s.faults, Purchases: s.bought, Seen: seen,
		})
	}
}

// fill takes what was not looked at from an earlier sight.
func (s *sight) fill(before *sight) {
	if s.Phase == "" {
		s.Phase, s.Serving, s.Issued = before.Phase, before.Serving, before.Issued
	}
	if !s.hasSeats {
		s.Available, s.Held, s.Sold, s.Blocked, s.hasSeats = before.Available, before.Held, before.Sold, before.Blocked, before.hasSeats
	}
	if s.State == "" {
		s.State, s.Indicators, s.Degraded = before.State, before.Indicators, before.Degraded
	}
}

// judge puts the report into plain words.
func (out *Report) judge() {
	var broken []string
	made := 0
	for _, c := range out.Checks {
		if c.Broken() {
			broken = append(broken, c.Name)
		}
		if !c.Skipped {
			made++
		}
	}
	out.Passed = len(broken) == 0
	say := func(format string, args ...any) { out.Verdict = append(out.Verdict, fmt.Sprintf(format, args...)) }
	switch {
	case out.Passed && !out.Interrupted:
		say("The sale held: all %d checks passed.", made)
	case out.Passed:
		say("Interrupted; up to then all %d checks passed.", made)
	default:
		say("The sale did not hold: %d of %d checks failed.", len(broken), made)
		for _, name := range broken {
			say("Not so: %s.", name)
		}
	}
	if skipped := len(out.Checks) - made; skipped > 0 {
		say("%d more checks could not be made; the table says why.", skipped)
	}
	say("%s of %s buyers came, and %s of %s places were sold in %s.", thousands(out.Arrived), thousands(out.Buyers),
		thousands(out.Tickets), thousands(out.Event.Capacity), inMinutes(out.Took-out.OpensAt))
	if rest := out.Event.Capacity - out.Tickets; out.Event.Own && !out.Interrupted && rest > 0 && out.Outcome(string(soldOut)) > 0 {
		say("The last %d places were held by buyers who left without a word; they come free again when their holds end.", rest)
	}
	if n := out.Outcome(string(stillThere)); n > 0 {
		say("%s buyers were still there when the time was over.", thousands(n))
	}
	say("Half of all %s requests were answered within %s, and 99 of 100 within %s.", thousands(out.Requests), inTime(out.P50), inTime(out.P99))
	out.judgeFaults(say)
	out.judgeStates(say)
}

func (out *Report) judgeFaults(say func(string, ...any)) {
	f := out.Faults
	bad := f.Unanswered + f.Failed + f.Away
	switch {
	case bad == 0 && f.Rerouted == 0:
		say("No request failed.")
	case bad == 0:
		say("No request failed; %d were passed to another instance of a service.", f.Rerouted)
	default:
		say("%s of 100 requests failed at first: %d had no answer, %d an error, %d were asked to come back later%s.",
			percent(bad, out.Requests), f.Unanswered, f.Failed, f.Away, rerouted(f.Rerouted))
	}
	if f.Limited > 0 {
		say("%d requests of buyers met a rate limit.", f.Limited)
	}
}

func rerouted(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %d were passed to another instance of a service", n)
}

func (out *Report) judgeStates(say func(string, ...any)) {
	states := map[string]int{}
	for _, s := range out.Timeline {
		if s.Seen != nil {
			states[s.Seen.State]++
		}
	}
	if states["warning"]+states["alarm"]+states["unknown"] == 0 {
		say("The system's state was normal all the time.")
		return
	}
	var words []string
	for _, w := range [][2]string{{"normal", "normal"}, {"warning", "a warning"}, {"alarm", "an alarm"}, {"unknown", "not to be had"}} {
		if n := states[w[0]]; n > 0 {
			words = append(words, fmt.Sprintf("%s for %d s", w[1], n))
		}
	}
	say("The system's state was %s.", strings.Join(words, ", "))
}

// Outcome gives how many buyers ended like this.
func (out *Report) Outcome(name string) int {
	for _, c := range out.Outcomes {
		if c.Name == name {
			return c.Count
		}
	}
	return 0
}
