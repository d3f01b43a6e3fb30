package redis

import (
	"context"
	"errors"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/ticket"
)

// Cursor says how far the changes of an event were read.
type Cursor struct {
	EventID string
	// After is the version that was read last, as Snapshot and Change give it.
	After string
}

// Change is one change of an event's map: some places that went to one state.
type Change struct {
	// Version of the map after the change; a stream id, "milliseconds-number".
	Version string
	State   ticket.SeatState
	Seats   []int
}

// Changes is what happened to an event's map after a version.
type Changes struct {
	// List has the changes in their order.
	List []Change
	// More says that the limit cut the list off: read on after its last version.
	More bool
	// Gap says that the changes after the cursor are not all known: its version
	// is not (or no longer) on the stream, the live state is lost, or it was
	// rebuilt since. Only a Snapshot helps then. List is empty.
	Gap bool
	// Err is why this event could not be read; ticket.CodeUnavailable.
	Err error
}

// Changes reads what happened to events after what was read before, at most
// limit changes of each; in the order of the cursors. It asks for all events in
// one round trip to each node.
//
// The reading begins with the version of the cursor itself: it must still be
// there. A stream that a failover has shortened, or that began anew after a
// loss, would otherwise be continued as if nothing had happened, with places in
// states that no longer hold.
func (s *Seats) Changes(ctx context.Context, cursors []Cursor, limit int) []Changes {
	pipe := s.db.Pipeline()
	alive := make([]*goredis.IntCmd, len(cursors))
	ranges := make([]*goredis.XMessageSliceCmd, len(cursors))
	for i, c := range cursors {
		k := keys(c.EventID)
		alive[i] = pipe.Exists(ctx, k[0])
		ranges[i] = pipe.XRangeN(ctx, k[5], c.After, "+", int64(limit)+1)
	}
	out := make([]Changes, len(cursors))
	_, _ = pipe.Exec(ctx) // each command keeps its own error
	for i, c := range cursors {
		if err := errors.Join(alive[i].Err(), ranges[i].Err()); err != nil {
			out[i].Err = fmt.Errorf("redis.Changes(%s): %w", c.EventID, unavailable(err))
			continue
		}
		out[i] = parseChanges(ranges[i].Val(), c.After, limit, alive[i].Val() == 1)
	}
	return out
}

// parseChanges reads the entries of a stream from a cursor's version on.
func parseChanges(entries []goredis.XMessage, after string, limit int, alive bool) Changes {
	if !alive || len(entries) == 0 || entries[0].ID != after {
		return Changes{Gap: true}
	}
	out := Changes{More: len(entries) > limit}
	if len(entries) > 1 {
		out.List = make([]Change, 0, len(entries)-1)
	}
	for _, e := range entries[1:] {
		for field, value := range e.Values {
			if field == "reset" {
				return Changes{Gap: true}
			}
			list, _ := value.(string)
			out.List = append(out.List, Change{Version: e.ID, State: ticket.SeatState(field[0]), Seats: parseSeats(list)})
		}
	}
	return out
}
