package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Recorded does a change and writes down what its work says of it, in one
// transaction: there is never one without the other. A change without a What was
// none, and leaves no entry.
func (c *Catalogue) Recorded(ctx context.Context, work func(ctx context.Context) (ticket.Change, error)) (err error) {
	defer wrap(&err, "postgres.Recorded()")
	return c.inTx(ctx, func(ctx context.Context) error {
		change, err := work(ctx)
		if err != nil || change.What == "" {
			return err
		}
		_, err = c.db(ctx).Exec(ctx, `
			INSERT INTO event_changes (subject_id, what, made_by, request_id, reason, before, after)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			change.SubjectID, change.What, change.By, change.RequestID, change.Reason, change.Before, change.After)
		return err
	})
}

// Changes reads what was done to an event, and what its sale was told to do,
// newest first, after the cursor.
func (c *Catalogue) Changes(ctx context.Context, eventID string, after ticket.ChangeCursor, limit int) (list []ticket.Change, err error) {
	defer wrap(&err, "postgres.Changes(%s)", eventID)
	at, id := changesAfter(after)
	rows, err := c.db(ctx).Query(ctx, `
		(SELECT 'c' || lpad(number::text, 19, '0') AS id, what, made_by, request_id, reason, before, after, made_at
		 FROM event_changes
		 WHERE subject_id = $1 AND made_at <= $2 AND (made_at, 'c' || lpad(number::text, 19, '0') COLLATE "C") < ($2, $3)
		 ORDER BY made_at DESC, id DESC LIMIT $4)
		UNION ALL
		(SELECT 'q' || order_id, 'sale-' || lower(what), given_by, '', reason, NULL,
		        jsonb_strip_nulls(jsonb_build_object('per_minute', per_minute)), given_at
		 FROM queue_orders
		 WHERE event_id = $1 AND (given_at, 'q' || order_id COLLATE "C") < ($2, $3)
		 ORDER BY given_at DESC, 'q' || order_id COLLATE "C" DESC LIMIT $4)
		ORDER BY made_at DESC, id DESC LIMIT $4`, eventID, at, id, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ch ticket.Change, err error) {
		ch.SubjectID = eventID
		err = row.Scan(&ch.ID, &ch.What, &ch.By, &ch.RequestID, &ch.Reason, &ch.Before, &ch.After, &ch.At)
		return ch, err
	})
}

// changesAfter gives a cursor as what the statements compare with; the zero one
// is later than anything.
func changesAfter(c ticket.ChangeCursor) (at time.Time, id string) {
	if c.At.IsZero() {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ""
	}
	return c.At, c.ID
}

// Names gives the names of accounts; those that are gone are left out.
func (c *Catalogue) Names(ctx context.Context, accounts []string) (names map[string]string, err error) {
	defer wrap(&err, "postgres.Names(%d)", len(accounts))
	rows, err := c.db(ctx).Query(ctx, `SELECT id, name FROM users WHERE id = ANY($1)`, accounts)
	if err != nil {
		return nil, err
	}
	names = map[string]string{}
	var id, name string
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error { names[id] = name; return nil })
	return names, err
}
