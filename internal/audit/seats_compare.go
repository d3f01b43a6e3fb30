package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"yourticket.example/ticket"
)

// difference is a place, or a buyer's count, on which Redis and PostgreSQL do
// not agree.
type difference struct {
	id     string
	detail string
	// owner is the booking that would be at work on it; "" for none.
	owner string
	// excused says that a purchase at work explains it.
	excused bool
}

// compare lists where the map of Redis is not what the books say. Holds whose
// time is over count as free on both sides: the next script frees them.
func (l *eventLook) compare() []difference {
	want, holders := l.drawn()
	have := []byte(l.redis.Seats)
	if len(have) != len(want) {
		return []difference{{id: l.event.ID, detail: fmt.Sprintf("has %d places in Redis and %d in its plan", len(have), len(want))}}
	}
	keepers := map[int]string{}
	for id, h := range l.redis.Holds {
		if ends, timed := l.redis.Expiry[id]; timed && !l.redis.Now.Before(ends) {
			for _, seat := range h.Seats {
				if seat < len(have) && have[seat] == byte(ticket.SeatHeld) {
					have[seat] = byte(ticket.SeatAvailable)
				}
			}
			continue
		}
		for _, seat := range h.Seats {
			keepers[seat] = id
		}
	}
	var out []difference
	for seat := range want {
		if have[seat] == want[seat] {
			if want[seat] == byte(ticket.SeatHeld) && keepers[seat] != holders[seat] {
				out = append(out, l.differs(seat, "h", "h", keepers[seat], holders[seat]))
			}
			continue
		}
		out = append(out, l.differs(seat, string(have[seat]), string(want[seat]), keepers[seat], holders[seat]))
	}
	if len(out) > 0 {
		return out
	}
	return l.buyers()
}

func (l *eventLook) differs(seat int, have, want, keeper, holder string) difference {
	d := difference{
		id:     seatID(l.event.ID, seat),
		detail: fmt.Sprintf("is %q in Redis (%s) and %q in PostgreSQL (%s)", have, orNone(keeper), want, orNone(holder)),
		owner:  holder,
	}
	switch {
	case have == "h" && want == "a": // held before its row is written, or not released yet
		d.owner, d.excused = keeper, true
	case want == "s" && have != "s": // sold, and not shown yet
		d.excused = true
	}
	return d
}

// drawn is the map that the books say there must be, and whose each place is.
func (l *eventLook) drawn() (want []byte, holders map[int]string) {
	want, holders = make([]byte, l.places), map[int]string{}
	for i := range want {
		want[i] = byte(ticket.SeatAvailable)
	}
	set := func(seat int, s ticket.SeatState, holder string) {
		if seat >= 0 && seat < len(want) {
			want[seat], holders[seat] = byte(s), holder
		}
	}
	for _, seat := range l.book.Blocked {
		set(seat, ticket.SeatBlocked, "")
	}
	for _, h := range l.book.Holds {
		for _, seat := range h.Seats {
			set(seat, ticket.SeatHeld, h.BookingID)
		}
	}
	for _, sold := range l.book.Sold {
		set(sold.Seat, ticket.SeatSold, sold.BookingID)
	}
	return want, holders
}

// buyers compares how many places each buyer holds and owns.
func (l *eventLook) buyers() []difference {
	want := map[string]int{}
	for _, h := range l.book.Holds {
		want[h.BuyerID] += len(h.Seats)
	}
	for _, sold := range l.book.Sold {
		want[sold.BuyerID]++
	}
	have := maps.Clone(l.redis.Buyers)
	for id, h := range l.redis.Holds {
		if ends, timed := l.redis.Expiry[id]; timed && !l.redis.Now.Before(ends) {
			have[h.BuyerID] -= len(h.Seats)
		}
	}
	var out []difference
	for _, buyer := range slices.Sorted(maps.Keys(union(want, have))) {
		if want[buyer] != have[buyer] {
			out = append(out, difference{
				id:     l.event.ID + " buyer " + buyer,
				detail: fmt.Sprintf("holds and owns %d places in Redis and %d in PostgreSQL", have[buyer], want[buyer]),
			})
		}
	}
	return out
}

func union(a, b map[string]int) map[string]int {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// report keeps the differences that no purchase at work explains.
func (l *eventLook) report(ctx context.Context, differ []difference) error {
	working := map[string]bool{}
	for _, d := range differ {
		if d.excused && d.owner != "" {
			busy, asked := working[d.owner]
			if !asked && len(working) < mostOwners {
				var err error
				if busy, err = l.s.a.atWork(ctx, d.owner, nil); err != nil {
					return err
				}
				working[d.owner] = busy
			}
			if busy {
				l.s.inFlight[numberSeats]++
				continue
			}
		}
		l.s.add(numberSeats, d.id, "%s", d.detail)
		l.s.a.damage.seats(l.event.ID)
	}
	return nil
}

// mostOwners bounds how many purchases are asked for about one event.
const mostOwners = 200

// areas makes sure that in every area sold, held, blocked and free places make
// up its capacity, each place counted once.
func (l *eventLook) areas(ctx context.Context) error {
	taken := map[int]string{}
	standing, capacity := map[string]int{}, map[string]int{}
	for i := range l.plan.Seats {
		if seat := &l.plan.Seats[i]; seat.Standing() {
			capacity[seat.Zone]++
		}
	}
	for _, sold := range l.book.Sold {
		if l.place(sold.Seat, "sold to "+sold.BookingID) {
			if seat := &l.plan.Seats[sold.Seat]; seat.Standing() {
				standing[seat.Zone]++
			}
			taken[sold.Seat] = "sold to " + sold.BookingID
		}
	}
	for _, zone := range slices.Sorted(maps.Keys(standing)) {
		if standing[zone] > capacity[zone] {
			l.s.add(numberStanding, l.event.ID+" "+zone, "has %d live tickets for %d places", standing[zone], capacity[zone])
		}
	}
	for _, seat := range l.book.Blocked {
		if l.place(seat, "blocked") {
			if other := taken[seat]; other != "" {
				l.overlap(seat, "blocked", other)
			}
			taken[seat] = "blocked"
		}
	}
	return l.held(ctx, taken)
}

// held adds the places that are held. Two purchases may want one place after
// Redis lost its memory: the commit decides, and until then they are in flight.
func (l *eventLook) held(ctx context.Context, taken map[int]string) error {
	for _, h := range l.book.Holds {
		for _, seat := range h.Seats {
			if !l.place(seat, "held by "+h.BookingID) {
				continue
			}
			other := taken[seat]
			if other == "" {
				taken[seat] = "held by " + h.BookingID
				continue
			}
			busy, err := l.s.a.atWork(ctx, h.BookingID, nil)
			switch {
			case err != nil:
				return err
			case busy:
				l.s.inFlight[numberSeats]++
			default:
				l.overlap(seat, "held by "+h.BookingID, other)
			}
		}
	}
	return nil
}

func (l *eventLook) place(seat int, what string) bool {
	if seat >= 0 && seat < l.places {
		return true
	}
	l.s.add(numberSeats, seatID(l.event.ID, seat), "is %s, and the plan has %d places", what, l.places)
	return false
}

func (l *eventLook) overlap(seat int, what, other string) {
	l.s.add(numberSeats, seatID(l.event.ID, seat), "is %s and %s: the places of area %q do not add up", what, other, l.plan.Seats[seat].Zone)
}
