package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

// QueueTurn is a range of numbers whose turn came at the same time.
type QueueTurn struct {
	First, Last int64
	// Turns is how many of them may claim.
	Turns int
	// Lapsed says that their grace is over and the skips are recorded.
	Lapsed bool
}

// SaveTurn writes that the turn of these numbers comes, and answers what the
// first call for this First wrote: that is what must be served.
func (c *Catalogue) SaveTurn(ctx context.Context, eventID string, t QueueTurn) (saved QueueTurn, err error) {
	defer wrap(&err, "postgres.SaveTurn(%s, %d)", eventID, t.First)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO queue_turns (event_id, first, last, turns) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		eventID, t.First, t.Last, t.Turns)
	if err != nil {
		return saved, err
	}
	err = c.db(ctx).QueryRow(ctx, `
		SELECT first, last, turns, lapsed_at IS NOT NULL FROM queue_turns WHERE event_id = $1 AND first = $2`, eventID, t.First).
		Scan(&saved.First, &saved.Last, &saved.Turns, &saved.Lapsed)
	return saved, err
}

// OpenTurns lists the turns up to a number whose skips are not recorded yet.
func (c *Catalogue) OpenTurns(ctx context.Context, eventID string, upTo int64) (turns []QueueTurn, err error) {
	defer wrap(&err, "postgres.OpenTurns(%s)", eventID)
	rows, err := c.db(ctx).Query(ctx, `
		SELECT first, last, turns, false FROM queue_turns
		WHERE event_id = $1 AND last <= $2 AND lapsed_at IS NULL ORDER BY first LIMIT 200`, eventID, upTo)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[QueueTurn])
}

// LapseTurn records why numbers of a turn were passed over, and that its grace
// is over. Entries are those of the numbers first to last, in their order. An
// admitted number is no skip.
func (c *Catalogue) LapseTurn(ctx context.Context, eventID string, t QueueTurn, entries []int64) (err error) {
	defer wrap(&err, "postgres.LapseTurn(%s, %d)", eventID, t.First)
	_, err = c.db(ctx).Exec(ctx, `
		WITH turn AS (
			UPDATE queue_turns SET lapsed_at = now() WHERE event_id = $1 AND first = $2 AND lapsed_at IS NULL RETURNING first
		)
		INSERT INTO queue_skips (event_id, number, buyer_id, reason)
		SELECT $1, t.first + n.place - 1, e.buyer_id,
		       CASE WHEN e.buyer_id IS NULL THEN 'nobody' WHEN e.left_at IS NOT NULL THEN 'left' ELSE 'turn-expired' END
		FROM turn t
		CROSS JOIN unnest($3::bigint[]) WITH ORDINALITY AS n (entry, place)
		LEFT JOIN queue_entries e ON e.event_id = $1 AND e.entry = n.entry
		WHERE NOT EXISTS (SELECT 1 FROM queue_admissions a WHERE a.event_id = $1 AND a.number = t.first + n.place - 1)
		ON CONFLICT DO NOTHING`, eventID, t.First, entries)
	return err
}

// QueueAdmission is an admission as it is remembered.
type QueueAdmission struct {
	BuyerID    string
	Number     int64
	AdmittedAt time.Time
	ExpiresAt  time.Time
	// Held is for how long the sale had been held when it was given.
	Held time.Duration
}

// SaveAdmission writes an admission; again it changes nothing. Whoever is
// admitted was not skipped.
func (c *Catalogue) SaveAdmission(ctx context.Context, eventID string, a QueueAdmission) (err error) {
	defer wrap(&err, "postgres.SaveAdmission(%s, %d)", eventID, a.Number)
	_, err = c.db(ctx).Exec(ctx, `
		WITH skipped AS (DELETE FROM queue_skips WHERE event_id = $1 AND number = $3)
		INSERT INTO queue_admissions (event_id, buyer_id, number, admitted_at, expires_at, held_ms)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (event_id, buyer_id) DO NOTHING`,
		eventID, a.BuyerID, a.Number, a.AdmittedAt, a.ExpiresAt, a.Held.Milliseconds())
	return err
}

// QueueBook is all that a waiting room is rebuilt from, but for its places.
type QueueBook struct {
	// Serving is the last number of the last turn, Passed that of the last one
	// whose skips are recorded.
	Serving, Passed int64
	Skipped         int64
	// LastEntry is the highest entry there is.
	LastEntry int64
	// Turns are those that are open.
	Turns      []QueueTurn
	Admissions []QueueAdmission
	// LeftEntries are the entries that were given up.
	LeftEntries []int64
}

// QueueBook reads what a waiting room is rebuilt from, as of one moment.
func (c *Catalogue) QueueBook(ctx context.Context, eventID string) (b QueueBook, err error) {
	defer wrap(&err, "postgres.QueueBook(%s)", eventID)
	err = pgx.BeginTxFunc(ctx, c.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return b.read(ctx, tx, eventID)
	})
	return b, err
}

func (b *QueueBook) read(ctx context.Context, tx pgx.Tx, eventID string) error {
	err := tx.QueryRow(ctx, `
		SELECT COALESCE((SELECT max(last) FROM queue_turns WHERE event_id = $1), 0),
		       COALESCE((SELECT max(last) FROM queue_turns WHERE event_id = $1 AND lapsed_at IS NOT NULL), 0),
		       (SELECT count(*) FROM queue_skips WHERE event_id = $1),
		       COALESCE((SELECT max(entry) FROM queue_entries WHERE event_id = $1), 0)`, eventID).
		Scan(&b.Serving, &b.Passed, &b.Skipped, &b.LastEntry)
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, `
		SELECT first, last, turns, false FROM queue_turns WHERE event_id = $1 AND lapsed_at IS NULL ORDER BY first`, eventID)
	if err != nil {
		return err
	}
	if b.Turns, err = pgx.CollectRows(rows, pgx.RowToStructByPos[QueueTurn]); err != nil {
		return err
	}
	rows, err = tx.Query(ctx, `
		SELECT buyer_id, number, admitted_at, expires_at, held_ms FROM queue_admissions WHERE event_id = $1`, eventID)
	if err != nil {
		return err
	}
	b.Admissions, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (a QueueAdmission, err error) {
		var held int64
		err = row.Scan(&a.BuyerID, &a.Number, &a.AdmittedAt, &a.ExpiresAt, &held)
		a.Held = time.Duration(held) * time.Millisecond
		return a, err
	})
	if err != nil {
		return err
	}
	rows, err = tx.Query(ctx, `SELECT entry FROM queue_entries WHERE event_id = $1 AND left_at IS NOT NULL`, eventID)
	if err != nil {
		return err
	}
	b.LeftEntries, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return err
}

// QueueBooking is a booking that has to do with its buyer's admission.
type QueueBooking struct {
	BuyerID   string
	BookingID string
	// Confirmed says that it used the admission up; else it is going on.
	Confirmed bool
	CreatedAt time.Time
}

// QueueBookings lists the bookings of an event that carry, or used up, the
// admission of one of these buyers: those that were confirmed, whatever became
// of them, and those that are going on.
func (s *Sales) QueueBookings(ctx context.Context, eventID string, buyers []string) (list []QueueBooking, err error) {
	defer wrap(&err, "postgres.QueueBookings(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil || len(buyers) == 0 {
		return nil, err
	}
	rows, err := db.Query(ctx, `
		SELECT buyer_id, id, confirmed_at IS NOT NULL, created_at FROM bookings
		WHERE buyer_id = ANY($2) AND event_id = $1
		  AND (confirmed_at IS NOT NULL OR status IN ('held', 'paying', 'action_required', 'needs_attention'))
		ORDER BY created_at`, eventID, buyers)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[QueueBooking])
}
