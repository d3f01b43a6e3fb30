package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/ticket"
)

// Inspected is all that Redis has of an event's places, as of one moment.
type Inspected struct {
	Seats     string
	Version   string
	Fence     int64
	Available int
	// Holds by their ids; Expiry is when the index of deadlines says that they end.
	Holds  map[string]InspectedHold
	Expiry map[string]time.Time
	// Buyers counts the places that each buyer holds and owns.
	Buyers map[string]int
	// Newest is the version of the newest change on the stream, and Last the
	// state to which the changes since the map was last loaded brought each place
	// that they touched.
	Newest string
	Last   map[int]ticket.SeatState
	// Now is the time of Redis.
	Now time.Time
}

// InspectedHold is a hold as Redis has it.
type InspectedHold struct {
	Hold
	BuyerID string
}

// Inspect reads everything there is of an event. ErrNoState when it is not loaded.
func (s *Seats) Inspect(ctx context.Context, eventID string) (out Inspected, err error) {
	k := keys(eventID)
	pipe := s.db.TxPipeline()
	seats, meta, holds := pipe.Get(ctx, k[0]), pipe.HGetAll(ctx, k[3]), pipe.HGetAll(ctx, k[1])
	expiry, buyers, changes := pipe.ZRangeWithScores(ctx, k[2], 0, -1), pipe.HGetAll(ctx, k[4]), pipe.XRange(ctx, k[5], "-", "+")
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return out, fmt.Errorf("redis.Inspect(%s): %w", eventID, unavailable(err))
	}
	if errors.Is(seats.Err(), goredis.Nil) {
		return out, ErrNoState
	}
	if out.Now, err = s.db.Time(ctx).Result(); err != nil {
		return out, fmt.Errorf("redis.Inspect(%s): %w", eventID, unavailable(err))
	}
	out.Seats, out.Version = seats.Val(), meta.Val()["version"]
	out.Fence, out.Available = integer(meta.Val()["fence"]), int(integer(meta.Val()["available"]))
	out.Holds, out.Expiry, out.Buyers = map[string]InspectedHold{}, map[string]time.Time{}, map[string]int{}
	for id, record := range holds.Val() {
		if out.Holds[id], err = parseRecord(record); err != nil {
			return out, err
		}
	}
	for _, z := range expiry.Val() {
		id, _ := z.Member.(string)
		out.Expiry[id] = time.UnixMilli(int64(z.Score)).UTC()
	}
	for id, n := range buyers.Val() {
		out.Buyers[id], _ = strconv.Atoi(n) // the scripts write integers only
	}
	out.replay(changes.Val())
	return out, nil
}

// replay follows the stream to its end.
func (i *Inspected) replay(entries []goredis.XMessage) {
	i.Last = map[int]ticket.SeatState{}
	for _, e := range entries {
		i.Newest = e.ID
		for field, value := range e.Values {
			if field == "reset" {
				clear(i.Last)
				continue
			}
			list, _ := value.(string)
			for _, seat := range parseSeats(list) {
				i.Last[seat] = ticket.SeatState(field[0])
			}
		}
	}
}

// Forget drops the map of an event: whoever needs it next rebuilds it.
func (s *Seats) Forget(ctx context.Context, eventID string) error {
	if err := s.db.Del(ctx, keys(eventID)[0]).Err(); err != nil {
		return fmt.Errorf("redis.Forget(%s): %w", eventID, unavailable(err))
	}
	return nil
}

// Forget drops a waiting room: whoever needs it next rebuilds it.
func (q *Queue) Forget(ctx context.Context, eventID string) error {
	if err := q.db.Del(ctx, queueKeys(eventID, "")[0]).Err(); err != nil {
		return fmt.Errorf("redis.Queue.Forget(%s): %w", eventID, queueUnavailable(err))
	}
	return nil
}
