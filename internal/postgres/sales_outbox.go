package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// addMail puts a mail into the outbox, in the transaction of what it tells of.
// The same id again changes nothing.
func addMail(ctx context.Context, tx querier, m ticket.Mail) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO outbox (id, kind, to_id, event_id, booking_id, ticket_id, facts) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO NOTHING`, m.ID, m.Kind, m.ToID, m.EventID, m.BookingID, m.TicketID, m.Facts)
	return err
}

// AddMail puts a mail into the outbox by itself.
func (s *Sales) AddMail(ctx context.Context, m ticket.Mail) (err error) {
	defer wrap(&err, "postgres.AddMail(%s)", m.ID)
	db, err := s.shard(m.EventID)
	if err != nil {
		return err
	}
	return addMail(ctx, db, m)
}

// DueMail is a mail that a sender has taken.
type DueMail struct {
	ticket.Mail
	// Attempt counts from 1.
	Attempt   int
	CreatedAt time.Time
}

// TakeMail gives a mail of the shard whose time has come, nil when there is
// none. Nobody else gets it for as long as the lease lasts; a sender that dies
// meanwhile has lost nothing.
func (s *Sales) TakeMail(ctx context.Context, shard int, lease time.Duration) (m *DueMail, err error) {
	defer wrap(&err, "postgres.TakeMail(%d)", shard)
	m = &DueMail{}
	err = s.shards[shard].QueryRow(ctx, `
		UPDATE outbox SET due_at = now() + $1, attempts = attempts + 1
		WHERE id = (SELECT id FROM outbox WHERE status = 'waiting' AND due_at <= now() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id, kind, to_id, event_id, booking_id, ticket_id, facts, attempts, created_at`, lease).
		Scan(&m.ID, &m.Kind, &m.ToID, &m.EventID, &m.BookingID, &m.TicketID, &m.Facts, &m.Attempt, &m.CreatedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return m, err
}

// EndMail says what became of a mail for good: sent, failed or dropped, the
// latter two with a reason that holds nothing personal.
func (s *Sales) EndMail(ctx context.Context, m *DueMail, status, reason string) (err error) {
	defer wrap(&err, "postgres.EndMail(%s, %s)", m.ID, status)
	db, err := s.shard(m.EventID)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `
		UPDATE outbox SET status = $2, reason = $3, ended_at = now() WHERE id = $1 AND status = 'waiting'`, m.ID, status, reason)
	return err
}

// PostponeMail has a mail tried again after a while. An attempt that never
// reached the mail itself does not count.
func (s *Sales) PostponeMail(ctx context.Context, m *DueMail, after time.Duration, reason string, counts bool) (err error) {
	defer wrap(&err, "postgres.PostponeMail(%s)", m.ID)
	db, err := s.shard(m.EventID)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `
		UPDATE outbox SET due_at = now() + $2, reason = $3, attempts = attempts - CASE WHEN $4 THEN 0 ELSE 1 END
		WHERE id = $1 AND status = 'waiting'`, m.ID, after, reason, counts)
	return err
}

// OutboxState is how the outboxes of all shards stand.
type OutboxState struct {
	Waiting, Failed int
	// Oldest is since when the oldest waiting mail waits; zero without any.
	Oldest time.Time
}

// Outbox counts what waits and what has failed.
func (s *Sales) Outbox(ctx context.Context) (o OutboxState, err error) {
	defer wrap(&err, "postgres.Outbox()")
	for _, db := range s.shards {
		var (
			waiting, failed int
			oldest          *time.Time
		)
		err := db.QueryRow(ctx, `
			SELECT count(*) FILTER (WHERE status = 'waiting'), count(*) FILTER (WHERE status = 'failed'),
			       min(created_at) FILTER (WHERE status = 'waiting')
			FROM outbox WHERE status = 'waiting' OR status = 'failed'`).Scan(&waiting, &failed, &oldest)
		if err != nil {
			return o, err
		}
		o.Waiting += waiting
		o.Failed += failed
		if oldest != nil && (o.Oldest.IsZero() || oldest.Before(o.Oldest)) {
			o.Oldest = *oldest
		}
	}
	return o, nil
}
