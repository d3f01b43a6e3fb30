package rehearsal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check is one thing that must hold, and whether it does.
type Check struct {
	Name string `json:"name"`
	// Passed is false when Findings say what is wrong, and when it was Skipped:
	// Note says then why.
	Passed   bool     `json:"passed"`
	Skipped  bool     `json:"skipped,omitempty"`
	Findings []string `json:"findings,omitempty"`
	// Note says what was compared, or why nothing was.
	Note string `json:"note,omitempty"`
}

// Broken tells whether it does not hold.
func (c Check) Broken() bool { return !c.Passed && !c.Skipped }

// What is checked. Each is shown in the report in these words.
const (
	checkSeats     = "no place was sold twice"
	checkKept      = "every confirmation is kept, with its tickets"
	checkCounts    = "the places by state add up"
	checkStreams   = "whoever followed the map ends with the system's map"
	checkBound     = "never more were admitted than the bound allows"
	checkOrder     = "turns came in order"
	checkPlaces    = "a place stays a place: one an account, whatever device"
	checkDraw      = "the draw can be recomputed"
	checkBots      = "nothing that programs tried worked"
	checkBuyers    = "every buyer was answered for"
	checkAudit     = "the system's own audit"
	mostFindings   = 10
	accountsToRead = 16
)

// verdict collects the findings of a check.
type verdict struct{ Check }

func (v *verdict) fault(format string, args ...any) {
	v.Findings = append(v.Findings, fmt.Sprintf(format, args...))
}

// checks judges everything that was seen.
func (r *run) checks(ctx context.Context, kept books) []Check {
	list := []func(context.Context, books) *verdict{
		r.checkSeats, r.checkKept, r.checkCounts, r.checkStreams, r.checkBuyers, r.checkBots,
	}
	if r.stage.WaitingRoom {
		list = append(list, r.checkPlaces, r.checkBound, r.checkOrder, r.checkDraw)
	}
	var out []Check
	for _, check := range list {
		v := check(ctx, kept)
		for _, f := range r.record.findings {
			if f.check == v.Name {
				v.fault("%s", f.text)
			}
		}
		out = append(out, v.done())
	}
	return out
}

func (v *verdict) done() Check {
	v.Passed = len(v.Findings) == 0 && !v.Skipped
	v.Skipped = v.Skipped && len(v.Findings) == 0
	if n := len(v.Findings); n > mostFindings {
		v.Findings = append(v.Findings[:mostFindings:mostFindings], fmt.Sprintf("and %d more", n-mostFindings))
	}
	return v.Check
}

func named(name string) *verdict { return &verdict{Check{Name: name}} }

// checkSeats compares all confirmed bookings of all buyers with one another.
func (r *run) checkSeats(_ context.Context, kept books) *verdict {
	v := named(checkSeats)
	owner := map[string]string{}
	for _, k := range kept.confirmed() {
		for _, seat := range k.seatIDs() {
			if other, taken := owner[seat]; taken {
				v.fault("place %s belongs to %s and %s", seat, other, k.ID)
			}
			owner[seat] = k.ID
		}
	}
	v.Note = fmt.Sprintf("%d places of %d confirmed bookings", len(owner), len(kept.confirmed()))
	return v
}

// checkKept compares what buyers were promised with what they have now.
func (r *run) checkKept(_ context.Context, kept books) *verdict {
	v, n := named(checkKept), 0
	for _, b := range r.buyers {
		for _, promised := range b.acked {
			n++
			k := kept.bookings[promised.ID]
			switch {
			case k == nil:
				v.fault("booking %s was confirmed and cannot be read", promised.ID)
			case k.Status != "confirmed":
				v.fault("booking %s was confirmed and is %s", k.ID, k.Status)
			case !sameSeats(k.seatIDs(), promised.seatIDs()) || k.Total != promised.Total:
				v.fault("booking %s was confirmed with other places or another price than it has now", k.ID)
			case len(k.Tickets) != len(k.Seats):
				v.fault("booking %s has %d places and %d tickets", k.ID, len(k.Seats), len(k.Tickets))
			}
		}
	}
	v.Note = fmt.Sprintf("%d confirmations", n)
	return v
}

func sameSeats(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

// checkCounts compares the map with the bookings of all buyers. Others buy
// too at an event that is not the rehearsal's own.
func (r *run) checkCounts(_ context.Context, kept books) *verdict {
	v := named(checkCounts)
	if kept.seats == "" {
		v.fault("the map could not be read")
		return v
	}
	counts := countStates(kept.seats)
	if sum := counts['a'] + counts['h'] + counts['s'] + counts['b']; sum != len(r.stage.seats) || len(kept.seats) != sum {
		v.fault("%d places by state, and %d in the plan", sum, len(r.stage.seats))
	}
	sold, held := 0, 0
	for _, k := range kept.bookings {
		switch {
		case k.Status == "confirmed":
			sold += len(k.Seats)
			for _, id := range k.seatIDs() {
				if i, ok := r.stage.byID[id]; !ok || i >= len(kept.seats) || kept.seats[i] != 's' {
					v.fault("place %s of booking %s is not shown as sold", id, k.ID)
				}
			}
		case k.isOpen() || k.Status == "needs_attention":
			held += len(k.Seats)
		}
	}
	if r.stage.own && (sold != counts['s'] || held != counts['h']) {
		v.fault("the map shows %d sold and %d held, the bookings have %d and %d", counts['s'], counts['h'], sold, held)
	}
	v.Note = fmt.Sprintf("%d sold, %d held, %d free, %d blocked of %d", counts['s'], counts['h'], counts['a'], counts['b'], len(r.stage.seats))
	return v
}

// checkStreams compares the map of everybody who followed it with the answer.
func (r *run) checkStreams(_ context.Context, kept books) *verdict {
	v := named(checkStreams)
	resumed := 0
	for i, seats := range kept.followed {
		if seats != kept.seats {
			v.fault("watcher %d ends with a map that differs in %d places", i+1, differences(seats, kept.seats))
		}
		resumed += r.watchers[i].resumed
	}
	v.Note = fmt.Sprintf("%d watchers, who resumed their stream %d times", len(kept.followed), resumed)
	return v
}

func differences(a, b string) int {
	n := max(len(a), len(b)) - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// checkBuyers looks for bookings that never came to an end, and for buyers who
// could not be read.
func (r *run) checkBuyers(_ context.Context, kept books) *verdict {
	v := named(checkBuyers)
	for _, text := range kept.unread {
		v.fault("%s", text)
	}
	for _, k := range kept.bookings {
		switch {
		case k.isOpen():
			v.fault("booking %s is still %s", k.ID, k.Status)
		case k.Status == "needs_attention":
			v.fault("booking %s needs attention", k.ID)
		}
	}
	failures := 0
	for _, b := range r.buyers {
		if b.ended == failed {
			failures++
		}
	}
	v.Note = fmt.Sprintf("%d buyers with %d bookings; %d buyers gave up over failures", len(r.buyers), len(kept.bookings), failures)
	return v
}

func (r *run) checkBots(context.Context, books) *verdict {
	v, n := named(checkBots), 0
	for _, count := range r.record.bots {
		n += count
	}
	v.Note = fmt.Sprintf("%d requests of %d programs", n, r.o.Bots)
	return v
}

// checkPlaces looks for entries that two accounts have.
func (r *run) checkPlaces(context.Context, books) *verdict {
	v, n := named(checkPlaces), 0
	byEntry, byNumber := map[int64]int{}, map[int64]int{}
	for _, b := range r.buyers {
		if b.entry == 0 {
			continue
		}
		n++
		if other, twice := byEntry[b.entry]; twice {
			v.fault("buyers %d and %d both have entry %d", other, b.n, b.entry)
		}
		byEntry[b.entry] = b.n
		if other, twice := byNumber[b.number]; twice && b.number != 0 {
			v.fault("buyers %d and %d both have number %d", other, b.n, b.number)
		}
		byNumber[b.number] = b.n
	}
	v.Note = fmt.Sprintf("%d places", n)
	return v
}

// checkBound counts the admissions that were certainly alive at the same time:
// from when the claim was answered until the first request that may have ended it.
func (r *run) checkBound(context.Context, books) *verdict {
	v := named(checkBound)
	type edge struct {
		at    time.Time
		delta int
	}
	var edges []edge
	for _, b := range r.buyers {
		for _, s := range b.sessions {
			if s.to.After(s.from) {
				edges = append(edges, edge{s.from, 1}, edge{s.to, -1})
			}
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.delta, b.delta)) })
	live, most := 0, 0
	for _, e := range edges {
		live += e.delta
		most = max(most, live)
	}
	switch {
	case r.stage.bound == 0:
		v.Skipped, v.Note = true, fmt.Sprintf("%d at a time as seen; the event's bound is not public", most)
	case most > r.stage.bound:
		v.fault("%d were admitted at the same time, and the bound is %d", most, r.stage.bound)
	default:
		v.Note = fmt.Sprintf("%d at a time as seen, the bound is %d", most, r.stage.bound)
	}
	return v
}

// staleFor is how old a status may be that a cache or another process gives.
const staleFor = 3 * time.Second

// checkOrder makes sure that serving rose, and that nobody was admitted before
// the turn. What was seen within staleFor counts as one moment.
func (r *run) checkOrder(context.Context, books) *verdict {
	v := named(checkOrder)
	highest := int64(0)
	for i, j := 0, 0; i < len(r.served); i++ {
		for ; r.served[j].at.Before(r.served[i].at.Add(-staleFor)); j++ {
			highest = max(highest, r.served[j].serving)
		}
		if r.served[i].serving < highest {
			v.fault("serving fell from %d to %d", highest, r.served[i].serving)
		}
	}
	for _, b := range r.buyers {
		if b.claimed.IsZero() {
			continue
		}
		allowed := int64(0)
		for _, s := range r.served {
			if s.at.Before(b.claimed.Add(staleFor)) {
				allowed = max(allowed, s.serving)
			}
		}
		if b.number > allowed {
			v.fault("number %d was admitted while %d were served", b.number, allowed)
		}
	}
	v.Note = fmt.Sprintf("up to number %d", r.lastSeen.Serving)
	return v
}

// checkDraw recomputes every buyer's number from what is public.
func (r *run) checkDraw(context.Context, books) *verdict {
	v := named(checkDraw)
	d := r.lastSeen.Draw
	switch {
	case r.stage.commitment == "":
		v.Skipped, v.Note = true, "there was no commitment to note down"
		return v
	case d.Seed == nil || d.Commitment == nil:
		v.Skipped, v.Note = true, "the draw has not taken place"
		return v
	case !strings.EqualFold(*d.Commitment, r.stage.commitment):
		v.fault("the commitment was %s before the draw and is %s after it", r.stage.commitment, *d.Commitment)
	}
	seed, err := hex.DecodeString(*d.Seed)
	if sum := sha256.Sum256(seed); err != nil || !strings.EqualFold(hex.EncodeToString(sum[:]), r.stage.commitment) {
		v.fault("the seed %s is not the one that was committed to", *d.Seed)
		return v
	}
	checked := 0
	for _, b := range r.buyers {
		if b.number == 0 || r.o.Number == nil {
			continue
		}
		checked++
		if want := r.o.Number(seed, d.Entries, b.entry); want != b.number {
			v.fault("entry %d has number %d, and the draw gives %d", b.entry, b.number, want)
		}
	}
	v.Note = fmt.Sprintf("the seed is the one that was committed to; %d numbers of %d entries recomputed", checked, d.Entries)
	return v
}
