package audit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// The invariants that are about places.
const (
	numberStanding = 3
	numberFence    = 4
	numberOverdue  = 14
	numberSeats    = 16
	numberStream   = 17
)

// seatAudit goes through all events once for all invariants about places.
type seatAudit struct {
	a        *audit
	checked  map[int]int64
	inFlight map[int]int64
	faults   []fault
	err      error
	liveErr  error
}

// eventPage is how many events are read at a time.
const eventPage = 500

func (a *audit) readSeats(ctx context.Context) *seatAudit {
	if a.seats == nil {
		a.seats = &seatAudit{a: a, checked: map[int]int64{}, inFlight: map[int]int64{}}
		a.seats.err = a.seats.run(ctx)
	}
	return a.seats
}

func (s *seatAudit) add(invariant int, id, format string, args ...any) {
	s.faults = append(s.faults, fault{invariant: invariant, id: id, detail: fmt.Sprintf(format, args...)})
}

func (s *seatAudit) run(ctx context.Context) error {
	if s.a.Seats == nil {
		s.liveErr = s.a.without(PartRedis)
	}
	fences := map[string]int64{}
	err := s.a.Sales.SoldEvents(ctx, func(shard int, id string, fence int64) error {
		if n, ok := ticket.ShardOf(id); !ok || n != shard {
			s.add(numberSeats, id, "has bookings, tickets or blocks on shard %d, where it does not live", shard)
		}
		fences[id] = fence
		return nil
	})
	if err != nil {
		return err
	}
	for after := ""; ; {
		page, err := s.a.Catalogue.EventRows(ctx, after, eventPage)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		after = page[len(page)-1].ID
		if err := s.page(ctx, page, fences); err != nil {
			return err
		}
	}
	for id := range fences { // what is left has no event
		s.add(numberSeats, id, "has bookings, tickets or blocks and is not in the catalogue")
	}
	return nil
}

// page looks at the events that were sold from or that Redis has loaded. Of any
// other every place is free, which needs no look.
func (s *seatAudit) page(ctx context.Context, page []postgres.EventRow, fences map[string]int64) error {
	ids := make([]string, len(page))
	for i := range page {
		ids[i] = page[i].ID
	}
	loaded := s.loaded(ctx, ids)
	for i := range page {
		e := &page[i]
		fence, sold := fences[e.ID]
		delete(fences, e.ID)
		s.checked[numberSeats]++
		if e.Capacity != e.PlanCapacity {
			s.add(numberSeats, e.ID, "has a capacity of %d, its plan of %d", e.Capacity, e.PlanCapacity)
		}
		if sold || loaded[i] {
			if err := s.event(ctx, e, fence, loaded[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// loaded tells of which events Redis has a map.
func (s *seatAudit) loaded(ctx context.Context, ids []string) []bool {
	out := make([]bool, len(ids))
	if s.liveErr != nil {
		return out
	}
	free, err := s.a.Seats.Available(ctx, ids)
	if err != nil {
		s.liveErr = err
		return out
	}
	for i := range free {
		out[i] = free[i] >= 0
	}
	return out
}

// event looks at one event.
func (s *seatAudit) event(ctx context.Context, e *postgres.EventRow, fence int64, loaded bool) error {
	plan, _, err := s.a.Plans.Places(ctx, e.PlanID)
	if err != nil {
		return err
	}
	look := eventLook{s: s, event: e, plan: plan, places: min(e.Capacity, len(plan.Seats))}
	if loaded && s.liveErr == nil {
		if err := look.live(ctx, fence); err != nil {
			return err
		}
	}
	if look.book.Sold == nil && look.book.Blocked == nil && look.book.Holds == nil {
		if look.book, err = s.a.Sales.SeatBook(ctx, e.ID); err != nil {
			return err
		}
	}
	s.checked[numberStanding]++
	return look.areas(ctx)
}

// eventLook is the look at one event.
type eventLook struct {
	s      *seatAudit
	event  *postgres.EventRow
	plan   *ticket.Plan
	places int
	redis  redis.Inspected
	book   postgres.SeatBook
}

// rounds is how often Redis and PostgreSQL are compared before a difference is
// believed, and between the pause between two.
const (
	rounds  = 3
	between = 400 * time.Millisecond
)

// live compares what Redis has with the books. Redis is read first.
func (l *eventLook) live(ctx context.Context, fence int64) (err error) {
	for round := 1; ; round++ {
		if l.redis, err = l.s.a.Seats.Inspect(ctx, l.event.ID); err != nil {
			if errors.Is(err, redis.ErrNoState) {
				return nil // lost since; whoever needs it rebuilds it
			}
			l.s.liveErr = err
			return nil
		}
		if l.book, err = l.s.a.Sales.SeatBook(ctx, l.event.ID); err != nil {
			return err
		}
		if round == 1 {
			l.itself(fence)
		}
		differ := l.compare()
		if len(differ) == 0 {
			return nil
		}
		if round == rounds {
			return l.report(ctx, differ)
		}
		if !pause(ctx, between) {
			return ctx.Err()
		}
	}
}

// itself looks for what contradicts itself within Redis, at one moment.
func (l *eventLook) itself(fence int64) {
	id, r, s := l.event.ID, &l.redis, l.s
	s.checked[numberFence]++
	s.checked[numberStream]++
	s.checked[numberOverdue] += int64(len(r.Holds))
	if r.Fence < fence {
		s.add(numberFence, id, "gives out fences from %d on in Redis; %d is in use", r.Fence, fence)
		s.a.damage.seats(id)
	}
	if r.Newest != r.Version {
		s.add(numberStream, id, "is at version %s in Redis; the newest change on its stream is %s", r.Version, orNone(r.Newest))
		s.a.damage.seats(id)
	}
	for seat, state := range r.Last {
		if seat >= len(r.Seats) || r.Seats[seat] != byte(state) {
			s.add(numberStream, seatID(id, seat), "ends as %q on the stream; the map has %q", string(rune(state)), charAt(r.Seats, seat))
			s.a.damage.seats(id)
		}
	}
	for hold, ends := range r.Expiry {
		if r.Now.Sub(ends) > lateBy {
			s.add(numberOverdue, hold, "was over at %s and still keeps its places in Redis", ends.Format(time.RFC3339Nano))
			s.a.damage.seats(id)
		}
	}
	if n := strings.Count(r.Seats, string(rune(ticket.SeatAvailable))); n != r.Available {
		s.add(numberSeats, id, "counts %d free places in Redis; its map there has %d", r.Available, n)
		s.a.damage.seats(id)
	}
}

// lateBy is how long a hold may outlive its deadline.
const lateBy = 2 * time.Second

func seatID(eventID string, seat int) string { return fmt.Sprintf("%s seat %d", eventID, seat) }

func charAt(seats string, i int) string {
	if i >= len(seats) {
		return ""
	}
	return seats[i : i+1]
}

// pause waits; false says that ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
