package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// CancelFigures counts what has become of the bookings of a canceled event, in
// one snapshot of its shard. A booking counts once, by what it waits for.
func (s *Sales) CancelFigures(ctx context.Context, eventID string) (f ticket.CancelFigures, err error) {
	defer wrap(&err, "postgres.CancelFigures(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return f, err
	}
	var currency *string
	err = db.QueryRow(ctx, `
		WITH sold AS (
			SELECT b.status, b.currency, b.confirmed_at,
			       b.status = 'confirmed' AND EXISTS (SELECT 1 FROM tickets t WHERE t.booking_id = b.id AND t.frozen) AS disputed
			FROM bookings b WHERE b.event_id = $1
		), money AS (
			SELECT COALESCE(sum(amount) FILTER (WHERE status IN ('succeeded', 'failed')), 0)::bigint AS paid,
			       COALESCE(sum(amount) FILTER (WHERE status NOT IN ('succeeded', 'failed')), 0)::bigint AS owed
			FROM refunds WHERE event_id = $1
		), kept AS (
			SELECT COALESCE(sum(price + fee), 0)::bigint AS kept FROM tickets WHERE event_id = $1 AND status IN ('live', 'used')
		)
		SELECT count(*) FILTER (WHERE confirmed_at IS NOT NULL), count(*) FILTER (WHERE status = 'refunded'),
		       count(*) FILTER (WHERE status = 'refunding'), count(*) FILTER (WHERE status = 'confirmed' AND NOT disputed),
		       count(*) FILTER (WHERE disputed), count(*) FILTER (WHERE status = 'needs_attention'),
		       count(*) FILTER (WHERE status IN ('pending', 'held', 'paying', 'action_required')),
		       max(currency), (SELECT paid FROM money), (SELECT owed FROM money), (SELECT kept FROM kept)
		FROM sold`, eventID).
		Scan(&f.Sold, &f.Refunded, &f.Refunding, &f.Waiting, &f.Disputed, &f.Attention, &f.Holding, &currency,
			&f.Paid.Amount, &f.Owed.Amount, &f.Kept.Amount)
	if currency != nil {
		f.Paid.Currency, f.Owed.Currency, f.Kept.Currency = *currency, *currency, *currency
	}
	return f, err
}

// HoldingBookings lists bookings of an event that are not confirmed and not over.
func (s *Sales) HoldingBookings(ctx context.Context, eventID string, limit int) (ids []string, err error) {
	defer wrap(&err, "postgres.HoldingBookings(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `
		SELECT id FROM bookings WHERE event_id = $1 AND status IN ('held', 'paying', 'action_required')
		ORDER BY updated_at LIMIT $2`, eventID, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// DueRefund is a refund of a canceled event that is to be begun, or to be sent.
type DueRefund struct {
	BookingID string
	// RefundID is empty for one that was not begun.
	RefundID string
}

// DueRefunds lists what is to be done next for a canceled event at a provider:
// refunds that were begun and are not through, before bookings that still have
// live tickets. Bookings with support or in dispute are left out, and those to
// be skipped. There is no cursor: whatever is done is not listed any more.
func (s *Sales) DueRefunds(ctx context.Context, eventID string, p ticket.Provider, skip []string, limit int) (due []DueRefund, err error) {
	defer wrap(&err, "postgres.DueRefunds(%s, %s)", eventID, p)
	db, err := s.shard(eventID)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `
		SELECT booking_id, id FROM refunds
		WHERE event_id = $1 AND provider = $2 AND source = 'event_canceled' AND NOT handed
		  AND status IN ('requested', 'sent', 'pending', 'needs_attention')
		ORDER BY id LIMIT $3`, eventID, p, limit)
	if err != nil {
		return nil, err
	}
	if due, err = pgx.CollectRows(rows, pgx.RowToStructByPos[DueRefund]); err != nil || len(due) == limit {
		return due, err
	}
	if skip == nil {
		skip = []string{}
	}
	rows, err = db.Query(ctx, `
		SELECT t.booking_id, '' FROM tickets t
		JOIN bookings b ON b.id = t.booking_id JOIN payments p ON p.booking_id = t.booking_id
		WHERE t.event_id = $1 AND t.status IN ('live', 'used') AND NOT t.frozen AND p.provider = $2
		  AND b.status IN ('confirmed', 'refunding') AND t.booking_id <> ALL($3)
		ORDER BY t.seat_index LIMIT $4`, eventID, p, skip, 4*limit)
	if err != nil {
		return nil, err
	}
	tickets, err := pgx.CollectRows(rows, pgx.RowToStructByPos[DueRefund])
	for _, t := range tickets {
		if len(due) < limit && !slices.Contains(due, t) {
			due = append(due, t)
		}
	}
	return due, err
}

// HandOver says that workflows of their own see to these refunds.
func (s *Sales) HandOver(ctx context.Context, eventID string, refunds []string) (err error) {
	defer wrap(&err, "postgres.HandOver(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil || len(refunds) == 0 {
		return err
	}
	_, err = db.Exec(ctx, `UPDATE refunds SET handed = true WHERE id = ANY($1)`, refunds)
	return err
}

// TellPostponement puts a mail into the outbox for everybody who has a valid
// ticket of a moved event. Told again it reaches only those who have got one since.
func (s *Sales) TellPostponement(ctx context.Context, n ticket.Notice) (told int, err error) {
	defer wrap(&err, "postgres.TellPostponement(%s)", n.ID)
	db, err := s.shard(n.EventID)
	if err != nil {
		return 0, err
	}
	tag, err := db.Exec(ctx, `
		INSERT INTO outbox (id, kind, to_id, event_id, booking_id, facts)
		SELECT $2 || '/' || t.booking_id || '/' || t.has, 'postponement', t.has, $1, t.booking_id,
		       $3::jsonb || jsonb_build_object('seats', jsonb_agg(t.seat_index ORDER BY t.seat_index))
		FROM (SELECT booking_id, COALESCE(holder_id, buyer_id) AS has, seat_index FROM tickets
		      WHERE event_id = $1 AND status = 'live') t
		GROUP BY t.booking_id, t.has
		ON CONFLICT (id) DO NOTHING`, n.EventID, n.ID, ticket.MailFacts{Before: n.Before, Note: n.Note})
	return int(tag.RowsAffected()), err
}
