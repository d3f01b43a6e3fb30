package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// BeginCancellation writes down that an event is canceled, in the transaction
// that the context carries. Written again it changes nothing.
func (c *Catalogue) BeginCancellation(ctx context.Context, n ticket.Cancellation) (err error) {
	defer wrap(&err, "postgres.BeginCancellation(%s)", n.EventID)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO event_cancellations (event_id, reason, asked_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		n.EventID, n.Reason, n.By)
	return err
}

// Cancellation reads the cancellation of an event; CodeNotFound when it was not
// canceled.
func (c *Catalogue) Cancellation(ctx context.Context, eventID string) (n ticket.Cancellation, err error) {
	defer wrap(&err, "postgres.Cancellation(%s)", eventID)
	var ended *time.Time
	err = c.db(ctx).QueryRow(ctx, `
		SELECT event_id, reason, asked_by, asked_at, phase, note, ended_at FROM event_cancellations WHERE event_id = $1`, eventID).
		Scan(&n.EventID, &n.Reason, &n.By, &n.AskedAt, &n.Phase, &n.Note, &ended)
	n.AskedAt = n.AskedAt.UTC()
	if ended != nil {
		n.EndedAt = ended.UTC()
	}
	return n, notFound(err, "canceled event", eventID)
}

// ShowCancellation says how a cancellation stands.
func (c *Catalogue) ShowCancellation(ctx context.Context, eventID string, phase ticket.CancelPhase, note string) (err error) {
	defer wrap(&err, "postgres.ShowCancellation(%s, %s)", eventID, phase)
	_, err = c.db(ctx).Exec(ctx, `
		UPDATE event_cancellations
		SET phase = $2, note = $3, shown_at = now(), ended_at = CASE WHEN $2 = 'done' THEN COALESCE(ended_at, now()) END
		WHERE event_id = $1`, eventID, phase, cut(note))
	return err
}

// OpenCancellations lists events that were canceled and are not through.
func (c *Catalogue) OpenCancellations(ctx context.Context) (events []string, err error) {
	defer wrap(&err, "postgres.OpenCancellations()")
	rows, err := c.db(ctx).Query(ctx, `SELECT event_id FROM event_cancellations WHERE ended_at IS NULL ORDER BY event_id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// AddNotice writes down what is to be told, in the transaction that the context
// carries. Written again it changes nothing.
func (c *Catalogue) AddNotice(ctx context.Context, n ticket.Notice) (err error) {
	defer wrap(&err, "postgres.AddNotice(%s)", n.ID)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO event_notices (id, event_id, before, note) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		n.ID, n.EventID, n.Before, n.Note)
	return err
}

// OpenNotices lists what is to be told, oldest first.
func (c *Catalogue) OpenNotices(ctx context.Context) (list []ticket.Notice, err error) {
	defer wrap(&err, "postgres.OpenNotices()")
	rows, err := c.db(ctx).Query(ctx, `
		SELECT id, event_id, before, note, made_at FROM event_notices WHERE ended_at IS NULL ORDER BY made_at LIMIT 1000`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Notice])
}

// EndNotice says that everybody was told.
func (c *Catalogue) EndNotice(ctx context.Context, id string) (err error) {
	defer wrap(&err, "postgres.EndNotice(%s)", id)
	_, err = c.db(ctx).Exec(ctx, `UPDATE event_notices SET ended_at = now() WHERE id = $1`, id)
	return err
}
