package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Account reads an account with its password's hash; CodeNotFound when there is
// none, or it was erased.
func (c *Catalogue) Account(ctx context.Context, id string) (a ticket.Account, err error) {
	defer wrap(&err, "postgres.Account(%s)", id)
	err = c.db(ctx).QueryRow(ctx, `
		SELECT id, email, name, password_hash, roles FROM users WHERE id = $1 AND erased_at IS NULL`, id).
		Scan(&a.ID, &a.Email, &a.Name, &a.PasswordHash, &a.Roles)
	return a, notFound(err, "user", id)
}

// EraseUser takes the person from an account: name, address, password, roles,
// sessions, and the answers that were kept for requests sent again. Its id stays,
// for the books name it. The address can be registered anew at once. Erased again
// it stays as it is.
func (c *Catalogue) EraseUser(ctx context.Context, id string) (err error) {
	defer wrap(&err, "postgres.EraseUser(%s)", id)
	return c.inTx(ctx, func(ctx context.Context) error {
		for _, statement := range []string{
			`UPDATE users SET email = id || '@accounts.invalid', name = 'Erased account', password_hash = '', roles = '{}', erased_at = now()
			 WHERE id = $1 AND erased_at IS NULL`,
			`DELETE FROM sessions WHERE user_id = $1`,
			`DELETE FROM idempotency_keys WHERE scope = $1`,
		} {
			if _, err := c.db(ctx).Exec(ctx, statement, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// ErasedSince lists the accounts that were erased since a time.
func (c *Catalogue) ErasedSince(ctx context.Context, since time.Time) (ids []string, err error) {
	defer wrap(&err, "postgres.ErasedSince()")
	return c.idsOf(ctx, `SELECT id FROM users WHERE erased_at >= $1`, since)
}

// Unscrubbed lists some accounts that were erased that long ago, and of which
// the sales shards may still keep something.
func (c *Catalogue) Unscrubbed(ctx context.Context, age time.Duration) (ids []string, err error) {
	defer wrap(&err, "postgres.Unscrubbed()")
	return c.idsOf(ctx, `SELECT id FROM users WHERE erased_at < now() - $1::interval AND scrubbed_at IS NULL ORDER BY erased_at LIMIT 100`, age)
}

// UserScrubbed writes down that the sales shards have forgotten a person.
func (c *Catalogue) UserScrubbed(ctx context.Context, id string) (err error) {
	defer wrap(&err, "postgres.UserScrubbed(%s)", id)
	_, err = c.db(ctx).Exec(ctx, `UPDATE users SET scrubbed_at = now() WHERE id = $1 AND erased_at IS NOT NULL`, id)
	return err
}

func (c *Catalogue) idsOf(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := c.db(ctx).Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Organizes counts the published events of an organizer that begin after a time
// and are not canceled.
func (c *Catalogue) Organizes(ctx context.Context, id string, since time.Time) (n int, err error) {
	defer wrap(&err, "postgres.Organizes(%s)", id)
	err = c.db(ctx).QueryRow(ctx, `
		SELECT count(*) FROM events WHERE organizer_id = $1 AND starts_at > $2 AND status IN ('scheduled', 'postponed')`, id, since).Scan(&n)
	return n, err
}

// EventTime is when an event is.
type EventTime struct {
	ID, Name string
	StartsAt time.Time
	Status   ticket.EventStatus
}

// EventTimes tells when events are, as far as there are any of these ids.
func (c *Catalogue) EventTimes(ctx context.Context, ids []string) (out map[string]EventTime, err error) {
	defer wrap(&err, "postgres.EventTimes(%d)", len(ids))
	rows, err := c.db(ctx).Query(ctx, `SELECT id, name, starts_at, status FROM events WHERE id = ANY($1)`, ids)
	if err != nil {
		return nil, err
	}
	out = map[string]EventTime{}
	var e EventTime
	_, err = pgx.ForEachRow(rows, []any{&e.ID, &e.Name, &e.StartsAt, &e.Status}, func() error { out[e.ID] = e; return nil })
	return out, err
}

// exported is a kind of thing that is kept of an account, and where it is: a
// statement over the account's id.
type exported struct{ name, sql string }

// catalogueExports is all that the catalogue keeps of an account, but for what
// proves the right to use it.
var catalogueExports = []exported{
	{"account", `SELECT id, email, name, roles, created_at, password_hash <> '' AS has_password FROM users WHERE id = $1`},
	{"sessions", `SELECT id, created_at, revoked_at FROM sessions WHERE user_id = $1 ORDER BY created_at`},
	{"waiting_room_places", `
		SELECT q.event_id, q.entry, q.joined_at, q.left_at, a.number, a.admitted_at, a.expires_at
		FROM waiting_rooms w
		JOIN LATERAL (SELECT * FROM queue_entries WHERE event_id = w.event_id AND buyer_id = $1) q ON true
		LEFT JOIN queue_admissions a ON a.event_id = w.event_id AND a.buyer_id = $1 ORDER BY q.joined_at`},
	{"organized_venues", `SELECT id, name, city, country, created_at FROM venues WHERE created_by = $1 ORDER BY created_at`},
	{"organized_plans", `SELECT id, venue_id, name, created_at FROM plans WHERE created_by = $1 ORDER BY created_at`},
	{"organized_events", `SELECT id, slug, name, status, starts_at, created_at FROM events WHERE organizer_id = $1 ORDER BY created_at`},
	{"changes", `SELECT subject_id, what, reason, before, after, made_at FROM event_changes WHERE made_by = $1 ORDER BY number`},
	{"sale_orders", `SELECT event_id, what, reason, per_minute, given_at FROM queue_orders WHERE given_by = $1 ORDER BY given_at`},
	{"reconciliations", `SELECT id, starts_at, ends_at, status, created_at FROM reconciliations WHERE requested_by = $1 ORDER BY created_at`},
}

// ExportUser gives what the catalogue keeps of an account, by what it is: each a
// list but account, which is one.
func (c *Catalogue) ExportUser(ctx context.Context, id string) (out map[string]json.RawMessage, err error) {
	defer wrap(&err, "postgres.Catalogue.ExportUser(%s)", id)
	out = map[string]json.RawMessage{}
	for _, e := range catalogueExports {
		shape := `SELECT coalesce(json_agg(x), '[]') FROM (`
		if e.name == "account" {
			shape = `SELECT row_to_json(x) FROM (`
		}
		var rows json.RawMessage
		if err := c.db(ctx).QueryRow(ctx, shape+e.sql+`) x`, id).Scan(&rows); err != nil {
			return nil, err
		}
		out[e.name] = rows
	}
	return out, nil
}
