package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// CreateSession stores a session with its first refresh token's hash.
// CodeUnauthorized when the account was erased meanwhile.
func (c *Catalogue) CreateSession(ctx context.Context, sessionID, userID string, hash []byte, expires time.Time) (err error) {
	defer wrap(&err, "postgres.CreateSession(%s)", sessionID)
	made, err := c.db(ctx).Exec(ctx, `
		WITH session AS (INSERT INTO sessions (id, user_id) SELECT $1, id FROM users WHERE id = $2 AND erased_at IS NULL RETURNING id)
		INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT $3, id, $4 FROM session`,
		sessionID, userID, hash, expires)
	if err == nil && made.RowsAffected() == 0 {
		return ticket.Errorf(ticket.CodeUnauthorized, "The account is gone.")
	}
	return err
}

// refreshRow is a refresh token with its session and account.
type refreshRow struct {
	sessionID string
	user      ticket.User
	used      bool
	live      bool // neither expired nor revoked
}

// RotateSession uses a refresh token up and stores its successor. It is
// CodeUnauthorized when the token is unknown, expired or used; a used one also
// ends the session, for two hold the token then.
func (c *Catalogue) RotateSession(ctx context.Context, used, next []byte, expires time.Time) (sessionID string, u ticket.User, err error) {
	defer wrap(&err, "postgres.RotateSession()")
	var row refreshRow
	err = c.inTx(ctx, func(ctx context.Context) (err error) {
		row, err = c.lockRefreshToken(ctx, used)
		switch {
		case err != nil || !row.live:
			return err
		case row.used:
			_, err = c.db(ctx).Exec(ctx, `UPDATE sessions SET revoked_at = now() WHERE id = $1`, row.sessionID)
		default:
			_, err = c.db(ctx).Exec(ctx, `
				WITH spent AS (UPDATE refresh_tokens SET used_at = now() WHERE hash = $1)
				INSERT INTO refresh_tokens (hash, session_id, expires_at) VALUES ($2, $3, $4)`,
				used, next, row.sessionID, expires)
		}
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return "", u, ticket.Errorf(ticket.CodeUnauthorized, "The refresh token is not valid.")
	case err != nil:
		return "", u, err
	case row.used:
		return "", u, ticket.Errorf(ticket.CodeUnauthorized, "The refresh token was used before; its session has ended.")
	case !row.live:
		return "", u, ticket.Errorf(ticket.CodeUnauthorized, "The session has ended.")
	}
	return row.sessionID, row.user, nil
}

// lockRefreshToken reads a token and keeps others from using it meanwhile.
func (c *Catalogue) lockRefreshToken(ctx context.Context, hash []byte) (row refreshRow, err error) {
	err = c.db(ctx).QueryRow(ctx, `
		SELECT s.id, u.id, u.email, u.name, u.roles, t.used_at IS NOT NULL,
		       t.expires_at > now() AND s.revoked_at IS NULL
		FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
		WHERE t.hash = $1 AND u.erased_at IS NULL FOR UPDATE OF t`, hash).
		Scan(&row.sessionID, &row.user.ID, &row.user.Email, &row.user.Name, &row.user.Roles, &row.used, &row.live)
	return row, err
}

// EndSession makes every refresh token of the session useless. Ending what has
// ended, or never was, succeeds.
func (c *Catalogue) EndSession(ctx context.Context, sessionID string) (err error) {
	defer wrap(&err, "postgres.EndSession(%s)", sessionID)
	_, err = c.db(ctx).Exec(ctx, `UPDATE sessions SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL`, sessionID)
	return err
}

// Sweep deletes what has served its time: idempotency keys older than a day,
// expired refresh tokens and the sessions that have none left.
func (c *Catalogue) Sweep(ctx context.Context) (err error) {
	defer wrap(&err, "postgres.Sweep()")
	return c.inTx(ctx, func(ctx context.Context) error {
		for _, statement := range []string{
			`DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day'`,
			`DELETE FROM refresh_tokens WHERE expires_at < now()`,
			`DELETE FROM sessions s WHERE created_at < now() - interval '1 day'
			 AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = s.id)`,
		} {
			if _, err := c.db(ctx).Exec(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
}
