package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// RoomRow is what is remembered of a waiting room.
type RoomRow struct {
	EventID  string
	Seed     []byte
	TokenKey []byte
	// DrawnAt is zero and Entries -1 before the draw.
	DrawnAt time.Time
	Entries int64
	Phase   string
	Reason  string
	Held    time.Duration
	// Unseen is how long ago the sale was last seen to go on; 0 before it did.
	Unseen time.Duration
}

// roomColumns are those that scanRoom reads.
const roomColumns = `seed, token_key, drawn_at, COALESCE(entries, -1), phase, reason, held_ms,
	COALESCE(extract(epoch FROM now() - ticked_at), 0)::float8`

// MakeRoom gives the waiting room of an event; the first call makes it with the
// seed and the key, which later calls do not change.
func (c *Catalogue) MakeRoom(ctx context.Context, eventID string, seed, tokenKey []byte) (r RoomRow, err error) {
	defer wrap(&err, "postgres.MakeRoom(%s)", eventID)
	const read = `SELECT ` + roomColumns + ` FROM waiting_rooms WHERE event_id = $1`
	r, err = c.scanRoom(ctx, eventID, read, eventID)
	if err == nil || !isNoRows(err) {
		return r, err
	}
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO waiting_rooms (event_id, seed, token_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, eventID, seed, tokenKey)
	if err != nil {
		return r, err
	}
	return c.scanRoom(ctx, eventID, read, eventID)
}

func (c *Catalogue) scanRoom(ctx context.Context, eventID, sql string, args ...any) (RoomRow, error) {
	r := RoomRow{EventID: eventID}
	var drawn *time.Time
	var held int64
	var unseen float64
	err := c.db(ctx).QueryRow(ctx, sql, args...).
		Scan(&r.Seed, &r.TokenKey, &drawn, &r.Entries, &r.Phase, &r.Reason, &held, &unseen)
	if drawn != nil {
		r.DrawnAt = drawn.UTC()
	}
	r.Held = time.Duration(held) * time.Millisecond
	r.Unseen = time.Duration(unseen * float64(time.Second))
	return r, err
}

// SaveDraw writes over how many entries the draw is, and answers what the first
// call wrote. From then on the seed is public.
func (c *Catalogue) SaveDraw(ctx context.Context, eventID string, entries int64) (r RoomRow, err error) {
	defer wrap(&err, "postgres.SaveDraw(%s, %d)", eventID, entries)
	return c.scanRoom(ctx, eventID, `
		UPDATE waiting_rooms
		SET drawn_at = COALESCE(drawn_at, now()), entries = COALESCE(entries, $2),
		    phase = CASE WHEN drawn_at IS NULL THEN 'open' ELSE phase END
		WHERE event_id = $1
		RETURNING `+roomColumns, eventID, entries)
}

// SavePhase writes how a sale stands and for how long it was held in all.
func (c *Catalogue) SavePhase(ctx context.Context, eventID, phase, reason string, held time.Duration) (err error) {
	defer wrap(&err, "postgres.SavePhase(%s, %s)", eventID, phase)
	_, err = c.db(ctx).Exec(ctx, `
		UPDATE waiting_rooms SET phase = $2, reason = $3, held_ms = GREATEST(held_ms, $4) WHERE event_id = $1`,
		eventID, phase, reason, held.Milliseconds())
	return err
}

// TouchRoom writes that the sale goes on, and for how long it was held in all.
func (c *Catalogue) TouchRoom(ctx context.Context, eventID string, held time.Duration) (err error) {
	defer wrap(&err, "postgres.TouchRoom(%s)", eventID)
	_, err = c.db(ctx).Exec(ctx, `
		UPDATE waiting_rooms SET ticked_at = now(), held_ms = GREATEST(held_ms, $2) WHERE event_id = $1`,
		eventID, held.Milliseconds())
	return err
}

// QueueOrder is what somebody told a sale to do.
type QueueOrder struct {
	EventID, OrderID string
	What, By, Reason string
	PerMinute        float64
	GivenAt          time.Time
}

// SaveQueueOrder writes down who told a sale what; the same order id again
// changes nothing.
func (c *Catalogue) SaveQueueOrder(ctx context.Context, o QueueOrder) (err error) {
	defer wrap(&err, "postgres.SaveQueueOrder(%s, %s)", o.EventID, o.OrderID)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO queue_orders (event_id, order_id, what, given_by, reason, per_minute, given_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
		o.EventID, o.OrderID, o.What, o.By, o.Reason, o.PerMinute, o.GivenAt)
	return err
}

// QueueEntry is a place as it is remembered.
type QueueEntry struct {
	EventID, BuyerID string
	Entry            int64
	JoinedAt         time.Time
	LeftAt           time.Time // zero while it is not given up
}

// SaveQueueEntries writes places, of any events, in one statement. What it
// returns, in the order of the input, is the truth: the place that the buyer has
// by now, or one with Entry 0 when the entry belongs to another buyer.
func (c *Catalogue) SaveQueueEntries(ctx context.Context, entries []QueueEntry) (truth []QueueEntry, err error) {
	defer wrap(&err, "postgres.SaveQueueEntries(%d)", len(entries))
	events, buyers := make([]string, len(entries)), make([]string, len(entries))
	numbers, joined := make([]int64, len(entries)), make([]time.Time, len(entries))
	for i, e := range entries {
		events[i], buyers[i], numbers[i], joined[i] = e.EventID, e.BuyerID, e.Entry, e.JoinedAt
	}
	tag, err := c.db(ctx).Exec(ctx, `
		INSERT INTO queue_entries (event_id, buyer_id, entry, joined_at)
		SELECT event_id, buyer_id, entry, joined_at
		FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[]) AS n (event_id, buyer_id, entry, joined_at)
		ON CONFLICT DO NOTHING`,
		events, buyers, numbers, joined)
	if err != nil {
		return nil, err
	}
	if int(tag.RowsAffected()) == len(entries) {
		return entries, nil
	}
	rows, err := c.db(ctx).Query(ctx, `
		SELECT n.event_id, n.buyer_id, COALESCE(e.entry, 0), COALESCE(e.joined_at, n.joined_at), e.left_at
		FROM unnest($1::text[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS n (event_id, buyer_id, joined_at, place)
		LEFT JOIN queue_entries e ON e.event_id = n.event_id AND e.buyer_id = n.buyer_id
		ORDER BY n.place`, events, buyers, joined)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanQueueEntry)
}

func scanQueueEntry(row pgx.CollectableRow) (e QueueEntry, err error) {
	var left *time.Time
	err = row.Scan(&e.EventID, &e.BuyerID, &e.Entry, &e.JoinedAt, &left)
	if left != nil {
		e.LeftAt = left.UTC()
	}
	e.JoinedAt = e.JoinedAt.UTC()
	return e, err
}

// QueueEntryOf reads a buyer's place; Entry 0 when there is none.
func (c *Catalogue) QueueEntryOf(ctx context.Context, eventID, buyerID string) (e QueueEntry, err error) {
	defer wrap(&err, "postgres.QueueEntryOf(%s, %s)", eventID, buyerID)
	rows, err := c.db(ctx).Query(ctx, `
		SELECT event_id, buyer_id, entry, joined_at, left_at FROM queue_entries WHERE event_id = $1 AND buyer_id = $2`,
		eventID, buyerID)
	if err != nil {
		return e, err
	}
	e, err = pgx.CollectExactlyOneRow(rows, scanQueueEntry)
	if isNoRows(err) {
		return QueueEntry{}, nil
	}
	return e, err
}

// QueueEntries pages through the places of an event in the order of their
// entries, after the given one.
func (c *Catalogue) QueueEntries(ctx context.Context, eventID string, after int64, limit int) (page []QueueEntry, err error) {
	defer wrap(&err, "postgres.QueueEntries(%s, %d)", eventID, after)
	rows, err := c.db(ctx).Query(ctx, `
		SELECT event_id, buyer_id, entry, joined_at, left_at FROM queue_entries
		WHERE event_id = $1 AND entry > $2 ORDER BY entry LIMIT $3`, eventID, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanQueueEntry)
}

// LastQueueEntry is the highest entry of those who joined before a time; 0 for none.
func (c *Catalogue) LastQueueEntry(ctx context.Context, eventID string, before time.Time) (last int64, err error) {
	defer wrap(&err, "postgres.LastQueueEntry(%s)", eventID)
	err = c.db(ctx).QueryRow(ctx, `
		SELECT COALESCE(max(entry), 0) FROM queue_entries WHERE event_id = $1 AND joined_at < $2`, eventID, before).Scan(&last)
	return last, err
}

// LeaveQueue writes that a buyer gave the place up.
func (c *Catalogue) LeaveQueue(ctx context.Context, eventID, buyerID string) (err error) {
	defer wrap(&err, "postgres.LeaveQueue(%s, %s)", eventID, buyerID)
	_, err = c.db(ctx).Exec(ctx, `
		UPDATE queue_entries SET left_at = COALESCE(left_at, now()) WHERE event_id = $1 AND buyer_id = $2`, eventID, buyerID)
	return err
}
