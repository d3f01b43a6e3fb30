package audit

import (
	"context"
	"fmt"
	"time"

	"yourticket.example/internal/postgres"
)

// fromSeats gives what was found of one invariant to its finding. Needs says
// that nothing of it can be seen without Redis.
func (a *audit) fromSeats(ctx context.Context, f *Finding, needsRedis bool) error {
	s := a.readSeats(ctx)
	f.Checked += s.checked[f.Number]
	f.InFlight += s.inFlight[f.Number]
	for _, x := range s.faults {
		if x.invariant == f.Number {
			f.breach(x.id, "%s", x.detail)
		}
	}
	switch {
	case s.err != nil:
		return s.err
	case s.liveErr != nil && needsRedis:
		return s.liveErr
	}
	return f.skip(s.liveErr)
}

func standingWithinCapacity(ctx context.Context, a *audit, f *Finding) error {
	s := a.readSeats(ctx)
	f.Checked += s.checked[numberStanding]
	for _, x := range s.faults {
		if x.invariant == numberStanding {
			f.breach(x.id, "%s", x.detail)
		}
	}
	return s.err
}

func fencesRise(ctx context.Context, a *audit, f *Finding) error {
	if err := a.claims(ctx, f, postgres.ClaimFences); err != nil {
		return err
	}
	f.note("Seen: that tickets have their booking's fence, that they were made under rising fences, and that Redis gives out higher ones.")
	return a.fromSeats(ctx, f, false)
}

func streamEndsInMap(ctx context.Context, a *audit, f *Finding) error {
	f.note("Older maps are not kept. Seen, at one moment an event: that every place which the stream names ends on it as the map has it, " +
		"and that the map's version is the newest on the stream, from which each client resumes.")
	return a.fromSeats(ctx, f, true)
}

// rowPatience is how late the row of a hold may be that keeps no places any more.
const rowPatience = time.Minute

// holdsEnd looks for holds that Redis still keeps, and for rows that nobody ends.
func holdsEnd(ctx context.Context, a *audit, f *Finding) error {
	overdue, err := a.overdue(ctx)
	if err != nil {
		return err
	}
	f.Checked += int64(len(overdue))
	for _, h := range overdue {
		late := a.Now().Sub(h.ExpiresAt)
		kept, err := a.keeps(ctx, h)
		switch {
		case err != nil:
			return err
		case kept:
			f.breach(h.ID, "was over at %s and still keeps its places in Redis", h.ExpiresAt.Format(time.RFC3339))
			a.damage.seats(h.EventID)
		case late > rowPatience:
			f.breach(h.ID, "was over at %s and is still held in its row", h.ExpiresAt.Format(time.RFC3339))
		default:
			f.InFlight++
		}
	}
	f.note("A row that is overdue while its places are free again in Redis is in flight for a minute.")
	return a.fromSeats(ctx, f, false)
}

// mostOverdue bounds how many holds that nobody has ended are listed.
const mostOverdue = 5000

// overdue lists the holds that are overdue twice, some time apart.
func (a *audit) overdue(ctx context.Context) ([]postgres.OverdueHold, error) {
	list, err := a.Sales.OverdueHolds(ctx, lateBy, mostOverdue)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	if !pause(ctx, between) {
		return nil, ctx.Err()
	}
	return a.Sales.OverdueHolds(ctx, lateBy, mostOverdue)
}

// keeps tells whether Redis still keeps places for a hold.
func (a *audit) keeps(ctx context.Context, h postgres.OverdueHold) (bool, error) {
	if a.Seats == nil {
		return false, nil
	}
	held, err := a.Seats.Held(ctx, h.EventID, h.ID)
	late := held.ExpiresAt.IsZero() || a.Now().Sub(held.ExpiresAt) > lateBy
	return len(held.Seats) > 0 && late, err
}

func placesAddUp(ctx context.Context, a *audit, f *Finding) error {
	if err := a.fromSeats(ctx, f, false); err != nil {
		return err
	}
	if a.Search == nil {
		return f.skip(a.without(PartSearch))
	}
	c, err := a.Search.Compare(ctx)
	if err != nil {
		return err
	}
	f.Checked += int64(c.Events)
	f.note(fmt.Sprintf("Elasticsearch: %d events and %d documents compared, %d of them refused for what is in them.", c.Events, c.Documents, c.Refused))
	if c.Equal() {
		return nil
	}
	a.damage.search = true
	for _, d := range c.Examples {
		f.breach(d.EventID, "in search: %s", d.What)
	}
	f.Broken += int64(c.Missing + c.Surplus + c.Different + c.Stock - len(c.Examples))
	return nil
}
