package audit

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// The invariants that are about waiting rooms.
const (
	numberBound = 11
	numberOrder = 12
)

// roomAudit goes through all waiting rooms once for both invariants.
type roomAudit struct {
	a       *audit
	checked map[int]int64
	faults  []fault
	err     error
	liveErr error
}

func (a *audit) readRooms(ctx context.Context) *roomAudit {
	if a.rooms == nil {
		a.rooms = &roomAudit{a: a, checked: map[int]int64{}}
		if a.Queue == nil {
			a.rooms.liveErr = a.without(PartRedis)
		}
		a.rooms.err = a.rooms.run(ctx)
	}
	return a.rooms
}

func (r *roomAudit) add(invariant int, id, format string, args ...any) {
	r.faults = append(r.faults, fault{invariant: invariant, id: id, detail: fmt.Sprintf(format, args...)})
}

func (r *roomAudit) run(ctx context.Context) error {
	rooms, err := r.a.Catalogue.Rooms(ctx)
	if err != nil {
		return err
	}
	for i := range rooms {
		event, err := r.a.Catalogue.Event(ctx, rooms[i].EventID)
		if err != nil {
			return err
		}
		if err := r.room(ctx, &rooms[i], event); err != nil {
			return err
		}
	}
	return nil
}

// room looks at one waiting room: what Redis shows, the draw, the admissions.
func (r *roomAudit) room(ctx context.Context, room *postgres.AuditRoom, event *ticket.Event) error {
	if r.liveErr == nil {
		r.live(ctx, room, event)
	}
	bookings, err := r.bookings(ctx, room, event)
	if err != nil {
		return err
	}
	draw := waitingroom.NewDraw(room.Seed, room.Entries)
	var stays []stay
	err = r.a.Catalogue.Admitted(ctx, room.EventID, func(a postgres.AuditAdmission) error {
		r.drawn(room, &draw, &a)
		if a.Skipped == "" {
			stays = append(stays, r.admission(room, &a, bookings[a.BuyerID]))
			delete(bookings, a.BuyerID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for buyer, list := range bookings {
		for _, b := range list {
			r.add(numberBound, b.ID, "was made by %s, who was never admitted to %s", buyer, room.EventID)
		}
	}
	r.bound(event, stays)
	return nil
}

// live compares what Redis shows of a room with what is remembered.
func (r *roomAudit) live(ctx context.Context, room *postgres.AuditRoom, event *ticket.Event) {
	notice, err := r.a.Queue.Notice(ctx, room.EventID)
	if errors.Is(err, redis.ErrNoState) {
		return // nobody has asked for it; whoever does rebuilds it
	}
	if err != nil {
		r.liveErr = err
		return
	}
	state, _, _, err := r.a.Queue.Look(ctx, room.EventID, "")
	if err != nil {
		if !errors.Is(err, redis.ErrNoState) {
			r.liveErr = err
		}
		return
	}
	wrong := func(invariant int, format string, args ...any) {
		r.add(invariant, room.EventID, format, args...)
		r.a.damage.room(room.EventID)
	}
	commitment := waitingroom.Commitment(room.Seed)
	switch {
	case notice.Commitment != hex.EncodeToString(commitment[:]):
		wrong(numberOrder, "shows a commitment that is not that of its seed")
	case notice.Seed != "" && notice.Seed != hex.EncodeToString(room.Seed):
		wrong(numberOrder, "shows a seed that is not the one that was committed to")
	case notice.Seed != "" && !room.Drawn:
		wrong(numberOrder, "shows its seed before the draw")
	case state.Drawn && notice.Entries != room.Entries:
		wrong(numberOrder, "shows a draw over %d entries; it was over %d", notice.Entries, room.Entries)
	}
	if served := r.served(ctx, room, notice.Serving); notice.Serving > served {
		wrong(numberOrder, "serves up to %d; turns are recorded up to %d", notice.Serving, served)
	}
	if bound := int64(waitingroom.MaxSessions(event)); state.Live > bound && settledBound(event, r.a.Now()) {
		wrong(numberBound, "has %d sessions; the bound is %d", state.Live, bound)
	}
}

// served reads anew how far turns are recorded, when Redis seems to be ahead:
// they are written before Redis serves them.
func (r *roomAudit) served(ctx context.Context, room *postgres.AuditRoom, serving int64) int64 {
	if serving <= room.Served {
		return room.Served
	}
	book, err := r.a.Catalogue.QueueBook(ctx, room.EventID)
	if err != nil {
		return serving // not to be known now
	}
	return book.Serving
}

// settledBound tells whether the bound has held for as long as any session
// lasts: sessions that were given under a wider one may live on.
func settledBound(e *ticket.Event, now time.Time) bool {
	return now.Sub(e.UpdatedAt) > 2*time.Hour || e.Version == 1
}

// bookings gives those that need an admission, by their buyers.
func (r *roomAudit) bookings(ctx context.Context, room *postgres.AuditRoom, e *ticket.Event) (map[string][]postgres.RoomBooking, error) {
	out := map[string][]postgres.RoomBooking{}
	if !e.WaitingRoom.Enabled {
		return out, nil
	}
	err := r.a.Sales.RoomBookings(ctx, room.EventID, room.CreatedAt.Add(stale), func(b postgres.RoomBooking) {
		r.checked[numberBound]++
		out[b.BuyerID] = append(out[b.BuyerID], b)
	})
	for _, list := range out {
		slices.SortFunc(list, func(x, y postgres.RoomBooking) int { return x.CreatedAt.Compare(y.CreatedAt) })
	}
	return out, err
}

const (
	// stale is how long a process may sell by the version of an event that had
	// no waiting room yet.
	stale = time.Minute
	// skew is how far the clocks of Redis, PostgreSQL and the workers may be apart.
	skew = 5 * time.Second
	// stall is how long nobody must have ticked for a sale to count as
	// interrupted, which prolongs its admissions.
	stall = 45 * time.Second
)

// drawn makes sure that a number is the one that the draw gave to its entry.
func (r *roomAudit) drawn(room *postgres.AuditRoom, draw *waitingroom.Draw, a *postgres.AuditAdmission) {
	r.checked[numberOrder]++
	id := fmt.Sprintf("%s number %d", room.EventID, a.Number)
	what := "was admitted"
	if a.Skipped != "" {
		what = "was skipped"
	}
	switch {
	case !room.Drawn:
		r.add(numberOrder, id, "%s before the draw", what)
	case a.Entry == 0: // said of admissions by a claim
	case draw.Number(a.Entry) != a.Number:
		r.add(numberOrder, id, "%s for entry %d of %s, whose number is %d", what, a.Entry, a.BuyerID, draw.Number(a.Entry))
	}
}

// stay is the time for which an admission surely was a live session.
type stay struct{ from, to time.Time }

// admission looks at the bookings of an admitted buyer, in the order in which
// they were made.
func (r *roomAudit) admission(room *postgres.AuditRoom, a *postgres.AuditAdmission, bookings []postgres.RoomBooking) stay {
	r.checked[numberBound]++
	s := stay{from: a.AdmittedAt, to: a.ExpiresAt}
	if a.LeftAt != nil && a.LeftAt.Before(s.to) {
		s.to = *a.LeftAt
	}
	ends := a.ExpiresAt.Add(room.Held - a.Held + skew)
	if room.Unseen > stall {
		ends = ends.Add(room.Unseen)
	}
	used := ""
	for _, b := range bookings {
		switch {
		case b.CreatedAt.Before(a.AdmittedAt.Add(-skew)):
			r.add(numberBound, b.ID, "was made before its buyer was admitted at %s", a.AdmittedAt.Format(time.RFC3339))
		case b.CreatedAt.After(ends):
			r.add(numberBound, b.ID, "was made after its buyer's admission had ended at %s", ends.Format(time.RFC3339))
		}
		if b.ConfirmedAt == nil {
			continue
		}
		if used != "" {
			r.add(numberBound, b.ID, "was confirmed under the admission that %s had used", used)
		}
		used = b.ID
		if b.ConfirmedAt.Before(s.to) {
			s.to = *b.ConfirmedAt
		}
	}
	return s
}

// bound makes sure that at no admission there were more sessions than allowed.
// Pauses and purchases prolong sessions, which no record tells; so it counts
// those that surely lived, and finds no fault where there may be none.
func (r *roomAudit) bound(e *ticket.Event, stays []stay) {
	most := waitingroom.MaxSessions(e)
	slices.SortFunc(stays, func(x, y stay) int { return x.from.Compare(y.from) })
	ends := make([]time.Time, len(stays))
	for i := range stays {
		ends[i] = stays[i].to
	}
	slices.SortFunc(ends, time.Time.Compare)
	over := 0
	for i := range stays {
		at := stays[i].from
		for over < len(ends) && !ends[over].After(at) {
			over++
		}
		if live := i + 1 - over; live > most && at.After(e.UpdatedAt.Add(stale)) {
			r.add(numberBound, e.ID, "had %d sessions at %s; the bound is %d", live, at.Format(time.RFC3339), most)
			return
		}
	}
}

func (a *audit) fromRooms(ctx context.Context, f *Finding, claims ...postgres.Claim) error {
	for _, c := range claims {
		found, err := a.Catalogue.Check(ctx, c, examples)
		if err != nil {
			return err
		}
		f.Checked += found.Rows
		f.add(found)
	}
	r := a.readRooms(ctx)
	f.Checked += r.checked[f.Number]
	for _, x := range r.faults {
		if x.invariant == f.Number {
			f.breach(x.id, "%s", x.detail)
		}
	}
	if r.err != nil {
		return r.err
	}
	return f.skip(r.liveErr)
}

func admittedWithinBound(ctx context.Context, a *audit, f *Finding) error {
	missing, err := a.Catalogue.MissingGuards(ctx, "queue_admissions_pkey", "queue_admissions_number", "queue_entries_pkey", "queue_entries_number")
	if err != nil {
		return err
	}
	for _, name := range missing {
		f.breach("catalogue", "is without a valid %s", name)
	}
	f.note("Sessions are counted by admissions, from each to the earliest moment at which it can have ended, against the bound of the event's present version; " +
		"and by what Redis has now.")
	return a.fromRooms(ctx, f)
}

func admittedInOrder(ctx context.Context, a *audit, f *Finding) error {
	return a.fromRooms(ctx, f, postgres.ClaimTurns, postgres.ClaimPassed, postgres.ClaimAdmissions)
}
