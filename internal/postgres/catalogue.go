package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Catalogue keeps accounts, keys, venues, plans, events, the directory of
// shards and idempotency keys, all in the catalogue database.
type Catalogue struct {
	pool *pgxpool.Pool
}

// NewCatalogue makes a Catalogue over its database.
func NewCatalogue(pool *pgxpool.Pool) *Catalogue { return &Catalogue{pool: pool} }

// Ping tells whether the database answers.
func (c *Catalogue) Ping(ctx context.Context) (err error) {
	defer wrap(&err, "postgres.Catalogue.Ping()")
	return c.pool.Ping(ctx)
}

// querier is what pools and transactions have in common.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

type txKey struct{}

// db gives the transaction that the context carries, else the pool.
func (c *Catalogue) db(ctx context.Context) querier {
	if tx, ok := ctx.Value(txKey{}).(pgx.Tx); ok {
		return tx
	}
	return c.pool
}

// inTx runs work in a transaction, which its context carries to every method of
// the Catalogue. Inside another it takes part in that one.
func (c *Catalogue) inTx(ctx context.Context, work func(ctx context.Context) error) error {
	if _, inside := ctx.Value(txKey{}).(pgx.Tx); inside {
		return work(ctx)
	}
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		return work(context.WithValue(ctx, txKey{}, tx))
	})
}
