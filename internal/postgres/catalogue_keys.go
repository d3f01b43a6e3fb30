package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// SigningKeys lists all keys, newest first.
func (c *Catalogue) SigningKeys(ctx context.Context) (keys []ticket.SigningKey, err error) {
	defer wrap(&err, "postgres.SigningKeys()")
	rows, err := c.db(ctx).Query(ctx, `
		SELECT id, purpose, private_key, created_at, retired_at FROM signing_keys
		ORDER BY retired_at DESC NULLS FIRST, created_at DESC`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (k ticket.SigningKey, err error) {
		var retired *time.Time
		err = row.Scan(&k.ID, &k.Purpose, &k.PrivateKey, &k.CreatedAt, &retired)
		if retired != nil {
			k.RetiredAt = *retired
		}
		return k, err
	})
}

// AddSigningKey stores a key unless its purpose has an active one; of processes
// that start together only one thus makes the first.
func (c *Catalogue) AddSigningKey(ctx context.Context, k ticket.SigningKey) (err error) {
	defer wrap(&err, "postgres.AddSigningKey(%s)", k.Purpose)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO signing_keys (id, purpose, private_key) VALUES ($1, $2, $3)
		ON CONFLICT (purpose) WHERE retired_at IS NULL DO NOTHING`, k.ID, k.Purpose, k.PrivateKey)
	return err
}

// RotateSigningKey retires the active key of the purpose and stores this one in
// its place, in one transaction.
func (c *Catalogue) RotateSigningKey(ctx context.Context, k ticket.SigningKey) (err error) {
	defer wrap(&err, "postgres.RotateSigningKey(%s)", k.Purpose)
	return c.inTx(ctx, func(ctx context.Context) error {
		if _, err := c.db(ctx).Exec(ctx, `
			UPDATE signing_keys SET retired_at = now() WHERE purpose = $1 AND retired_at IS NULL`, k.Purpose); err != nil {
			return err
		}
		_, err := c.db(ctx).Exec(ctx, `
			INSERT INTO signing_keys (id, purpose, private_key) VALUES ($1, $2, $3)`, k.ID, k.Purpose, k.PrivateKey)
		return err
	})
}
