package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// EventRow is what an audit needs to know of an event.
type EventRow struct {
	ID           string
	Shard        int
	PlanID       string
	Capacity     int
	PlanCapacity int
	OnSaleAt     time.Time
	UpdatedAt    time.Time
	WaitingRoom  ticket.WaitingRoom
}

// EventRows pages through all events in the order of their ids, after one.
func (c *Catalogue) EventRows(ctx context.Context, after string, limit int) (page []EventRow, err error) {
	defer wrap(&err, "postgres.EventRows(%s)", after)
	rows, err := c.pool.Query(ctx, `
		SELECT e.id, e.shard, e.plan_id, e.capacity, p.capacity, e.on_sale_at, e.updated_at, e.waiting_room
		FROM events e JOIN plans p ON p.id = e.plan_id WHERE e.id > $1 ORDER BY e.id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[EventRow])
}

// SoldEvents gives, for each event that has bookings, tickets or blocks, the
// shard that they are on and the highest fence of its bookings.
func (s *Sales) SoldEvents(ctx context.Context, each func(shard int, eventID string, fence int64) error) (err error) {
	defer wrap(&err, "postgres.SoldEvents()")
	for n, db := range s.shards {
		err := readOnly(ctx, db, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, `
				SELECT event_id, max(fence) FROM (
					SELECT event_id, max(fence) AS fence FROM bookings GROUP BY event_id
					UNION ALL SELECT event_id, max(fence) FROM tickets GROUP BY event_id
					UNION ALL SELECT event_id, 0 FROM blocks GROUP BY event_id) all_of_them
				GROUP BY event_id`)
			if err != nil {
				return err
			}
			var (
				id    string
				fence int64
			)
			_, err = pgx.ForEachRow(rows, []any{&id, &fence}, func() error { return each(n, id, fence) })
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// OverdueHold is a booking that is still held although its time is over.
type OverdueHold struct {
	ID, EventID string
	ExpiresAt   time.Time
}

// OverdueHolds lists the holds that were over some time ago.
func (s *Sales) OverdueHolds(ctx context.Context, since time.Duration, limit int) (list []OverdueHold, err error) {
	defer wrap(&err, "postgres.OverdueHolds()")
	for _, db := range s.shards {
		rows, err := db.Query(ctx, `
			SELECT id, event_id, hold_expires_at FROM bookings
			WHERE status = 'held' AND hold_expires_at < now() - make_interval(secs => $1) LIMIT $2`, since.Seconds(), limit)
		if err != nil {
			return nil, err
		}
		some, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OverdueHold])
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	return list, nil
}
