package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// SalesOf adds up the tickets of an event by day and category, and counts its
// bookings by status, in one snapshot of its shard.
func (s *Sales) SalesOf(ctx context.Context, eventID string) (figures ticket.SalesFigures, err error) {
	defer wrap(&err, "postgres.SalesOf(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return figures, err
	}
	err = pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT date_trunc('day', t.created_at AT TIME ZONE 'UTC') AS day,
			       b.categories[array_position(b.seat_indexes, t.seat_index)] AS category, b.currency,
			       count(*) FILTER (WHERE t.status IN ('live', 'used')), count(*) FILTER (WHERE t.status = 'refunded'),
			       COALESCE(sum(t.price) FILTER (WHERE t.status IN ('live', 'used')), 0)::bigint,
			       COALESCE(sum(t.fee) FILTER (WHERE t.status IN ('live', 'used')), 0)::bigint,
			       COALESCE(sum(t.price) FILTER (WHERE t.status = 'refunded'), 0)::bigint,
			       COALESCE(sum(t.fee) FILTER (WHERE t.status = 'refunded'), 0)::bigint
			FROM tickets t JOIN bookings b ON b.id = t.booking_id
			WHERE t.event_id = $1
			GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, eventID)
		if err != nil {
			return err
		}
		if figures.Lines, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.SalesLine]); err != nil {
			return err
		}
		figures.Bookings = map[ticket.BookingStatus]int{}
		rows, err = tx.Query(ctx, `SELECT status, count(*) FROM bookings WHERE event_id = $1 GROUP BY status`, eventID)
		if err != nil {
			return err
		}
		var (
			status ticket.BookingStatus
			n      int
		)
		_, err = pgx.ForEachRow(rows, []any{&status, &n}, func() error { figures.Bookings[status] = n; return nil })
		return err
	})
	return figures, err
}
