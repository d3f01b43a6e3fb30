package postgres

import (
	"bytes"
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"yourticket.example/ticket"
)

// Once does the work of a request the first time it comes, and gives the
// first answer ever after. The work runs in the transaction that also stores
// its answer, so that there is never one without the other; when it fails,
// nothing is stored and the request may be tried anew.
//
// CodeKeyReused when the key was used for another request, CodeKeyInProgress
// when the first one is still running after some seconds.
func (c *Catalogue) Once(ctx context.Context, k ticket.RequestKey, work func(ctx context.Context) ([]byte, error)) (answer []byte, err error) {
	defer wrap(&err, "postgres.Once(%s, %s)", k.Scope, k.Route)
	err = c.inTx(ctx, func(ctx context.Context) error {
		first, err := c.claimKey(ctx, k)
		if err != nil {
			return err
		}
		if !first {
			answer, err = c.storedAnswer(ctx, k)
			return err
		}
		if answer, err = work(ctx); err != nil {
			return err
		}
		_, err = c.db(ctx).Exec(ctx, `
			UPDATE idempotency_keys SET answer = $4 WHERE scope = $1 AND route = $2 AND key = $3`,
			k.Scope, k.Route, k.Key, answer)
		return err
	})
	return answer, err
}

// claimKey is true for the first request with the key. A second one waits here,
// on the index, until the first has ended.
func (c *Catalogue) claimKey(ctx context.Context, k ticket.RequestKey) (bool, error) {
	if _, err := c.db(ctx).Exec(ctx, `SELECT set_config('lock_timeout', '9s', true)`); err != nil {
		return false, err
	}
	tag, err := c.db(ctx).Exec(ctx, `
		INSERT INTO idempotency_keys (scope, route, key, fingerprint) VALUES ($1, $2, $3, $4)
		ON CONFLICT DO NOTHING`, k.Scope, k.Route, k.Key, k.Fingerprint)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "55P03" {
		return false, ticket.Errorf(ticket.CodeKeyInProgress, "The first request with this Idempotency-Key has not ended yet.")
	}
	return err == nil && tag.RowsAffected() == 1, err
}

func (c *Catalogue) storedAnswer(ctx context.Context, k ticket.RequestKey) (answer []byte, err error) {
	var fingerprint []byte
	err = c.db(ctx).QueryRow(ctx, `
		SELECT fingerprint, answer FROM idempotency_keys WHERE scope = $1 AND route = $2 AND key = $3`,
		k.Scope, k.Route, k.Key).Scan(&fingerprint, &answer)
	if err == nil && !bytes.Equal(fingerprint, k.Fingerprint) {
		return nil, ticket.Errorf(ticket.CodeKeyReused, "The Idempotency-Key was used for another request; use a new one.")
	}
	return answer, err
}
