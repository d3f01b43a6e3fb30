package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// What the records of every waiting room must fulfil at any moment.
var (
	// ClaimTurns: turns follow one another without a gap.
	ClaimTurns = Claim{
		Count: `SELECT count(*) FROM queue_turns`,
		Broken: `
			SELECT event_id || ' numbers ' || first || ' to ' || last, 'follow on ' || before
			FROM (SELECT event_id, first, last, COALESCE(lag(last) OVER (PARTITION BY event_id ORDER BY first), 0) AS before
			      FROM queue_turns) t
			WHERE first <> before + 1 OR last < first`,
	}

	// ClaimPassed: a number whose turn is over was admitted or is recorded as
	// skipped, not both and not neither, with a reason that fits.
	ClaimPassed = Claim{
		Count: `SELECT COALESCE(sum(last - first + 1), 0)::bigint FROM queue_turns WHERE lapsed_at IS NOT NULL`,
		Broken: `
			SELECT t.event_id || ' numbers ' || t.first || ' to ' || t.last,
			       'are over: ' || a.n || ' admitted and ' || s.n || ' skipped make ' || a.n + s.n || ' of ' || t.last - t.first + 1
			FROM queue_turns t
			CROSS JOIN LATERAL (SELECT count(*) AS n FROM queue_admissions
			                    WHERE event_id = t.event_id AND number BETWEEN t.first AND t.last) a
			CROSS JOIN LATERAL (SELECT count(*) AS n FROM queue_skips
			                    WHERE event_id = t.event_id AND number BETWEEN t.first AND t.last) s
			WHERE t.lapsed_at IS NOT NULL AND a.n + s.n <> t.last - t.first + 1
			UNION ALL
			SELECT s.event_id || ' number ' || s.number, 'is skipped for ' || s.reason || CASE
				WHEN a.number IS NOT NULL THEN ' and admitted'
				WHEN t.lapsed_at IS NULL THEN ' before its turn was over'
				ELSE ' and belongs to ' || COALESCE(s.buyer_id, 'nobody') END
			FROM queue_skips s
			LEFT JOIN queue_admissions a ON a.event_id = s.event_id AND a.number = s.number
			LEFT JOIN LATERAL (SELECT lapsed_at FROM queue_turns t
			                   WHERE t.event_id = s.event_id AND s.number BETWEEN t.first AND t.last) t ON true
			WHERE a.number IS NOT NULL OR t.lapsed_at IS NULL OR (s.reason = 'nobody') <> (s.buyer_id IS NULL)`,
	}

	// ClaimAdmissions: whoever was admitted has a place, and its turn had come.
	// Turns are dated by this database, admissions by Redis.
	ClaimAdmissions = Claim{
		Count: `SELECT count(*) FROM queue_admissions`,
		Broken: `
			SELECT a.event_id || ' buyer ' || a.buyer_id, 'was admitted with number ' || a.number || CASE
				WHEN e.entry IS NULL THEN ' without a place' ELSE ' before its turn came' END
			FROM queue_admissions a
			LEFT JOIN queue_entries e ON e.event_id = a.event_id AND e.buyer_id = a.buyer_id
			LEFT JOIN LATERAL (SELECT opened_at FROM queue_turns t
			                   WHERE t.event_id = a.event_id AND a.number BETWEEN t.first AND t.last) t ON true
			WHERE e.entry IS NULL OR t.opened_at IS NULL OR a.admitted_at < t.opened_at - interval '5 seconds'`,
	}
)

// AuditRoom is a waiting room as it is remembered.
type AuditRoom struct {
	EventID   string
	Seed      []byte
	Drawn     bool
	Entries   int64
	Held      time.Duration
	Unseen    time.Duration
	CreatedAt time.Time
	// Served is the last number whose turn has come, Last the highest entry.
	Served, Last int64
}

// Rooms lists all waiting rooms.
func (c *Catalogue) Rooms(ctx context.Context) (list []AuditRoom, err error) {
	defer wrap(&err, "postgres.Rooms()")
	rows, err := c.pool.Query(ctx, `
		SELECT event_id, seed, drawn_at IS NOT NULL, COALESCE(entries, 0), held_ms,
		       COALESCE(extract(epoch FROM now() - ticked_at), 0)::float8, created_at,
		       COALESCE((SELECT max(last) FROM queue_turns t WHERE t.event_id = r.event_id), 0),
		       COALESCE((SELECT max(entry) FROM queue_entries e WHERE e.event_id = r.event_id), 0)
		FROM waiting_rooms r ORDER BY event_id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r AuditRoom, err error) {
		var held int64
		var unseen float64
		err = row.Scan(&r.EventID, &r.Seed, &r.Drawn, &r.Entries, &held, &unseen, &r.CreatedAt, &r.Served, &r.Last)
		r.Held, r.Unseen = time.Duration(held)*time.Millisecond, time.Duration(unseen*float64(time.Second))
		return r, err
	})
}

// AuditAdmission is an admission, or a skip, with the entry that it is for.
type AuditAdmission struct {
	QueueAdmission
	Entry int64
	// Skipped is why the number was passed over; empty for an admission.
	Skipped string
	LeftAt  *time.Time
}

// Admitted gives the admissions and skips of an event that somebody's place is
// behind, in no order.
func (c *Catalogue) Admitted(ctx context.Context, eventID string, each func(AuditAdmission) error) (err error) {
	defer wrap(&err, "postgres.Admitted(%s)", eventID)
	return readOnly(ctx, c.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT a.buyer_id, a.number, a.admitted_at, a.expires_at, a.held_ms, COALESCE(e.entry, 0), '', e.left_at
			FROM queue_admissions a LEFT JOIN queue_entries e USING (event_id, buyer_id) WHERE a.event_id = $1
			UNION ALL
			SELECT s.buyer_id, s.number, s.skipped_at, s.skipped_at AS ends, 0, COALESCE(e.entry, 0), s.reason, e.left_at
			FROM queue_skips s LEFT JOIN queue_entries e USING (event_id, buyer_id)
			WHERE s.event_id = $1 AND s.buyer_id IS NOT NULL`, eventID)
		if err != nil {
			return err
		}
		var (
			a    AuditAdmission
			held int64
		)
		_, err = pgx.ForEachRow(rows, []any{
			&a.BuyerID, &a.Number, &a.AdmittedAt, &a.ExpiresAt, &held, &a.Entry, &a.Skipped, &a.LeftAt,
		}, func() error {
			a.Held = time.Duration(held) * time.Millisecond
			return each(a)
		})
		return err
	})
}

// RoomBooking is a booking of an event with a waiting room.
type RoomBooking struct {
	BuyerID     string
	ID          string
	CreatedAt   time.Time
	ConfirmedAt *time.Time
}

// RoomBookings gives all bookings of an event that were made since a time.
func (s *Sales) RoomBookings(ctx context.Context, eventID string, since time.Time, each func(RoomBooking)) (err error) {
	defer wrap(&err, "postgres.RoomBookings(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return err
	}
	return readOnly(ctx, db, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT buyer_id, id, created_at, confirmed_at FROM bookings WHERE event_id = $1 AND created_at >= $2`, eventID, since)
		if err != nil {
			return err
		}
		var b RoomBooking
		_, err = pgx.ForEachRow(rows, []any{&b.BuyerID, &b.ID, &b.CreatedAt, &b.ConfirmedAt}, func() error { each(b); return nil })
		return err
	})
}
