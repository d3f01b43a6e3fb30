package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Claim is something that all rows of a database must fulfil. Broken selects
// an id and a description for each that does not; Count counts all.
type Claim struct {
	Count  string
	Broken string
}

// Breach is a row that breaks a claim.
type Breach struct {
	ID     string
	Detail string
}

// Checked is what came of a claim.
type Checked struct {
	Rows   int64
	Broken int64
	// First are some of the broken ones.
	First []Breach
}

// auditTime bounds one statement of an audit, which reads whole tables.
const auditTime = 5 * time.Minute

// readOnly runs work in a transaction that sees one moment, cannot change
// anything, and may take its time.
func readOnly(ctx context.Context, db *pgxpool.Pool, work func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = `+milliseconds(auditTime)); err != nil {
			return err
		}
		return work(tx)
	})
}

// Check counts the rows of every shard that break a claim, as of one moment a
// shard, and names up to limit of them.
func (s *Sales) Check(ctx context.Context, c Claim, limit int) (out Checked, err error) {
	defer wrap(&err, "postgres.Check()")
	for _, db := range s.shards {
		if err := c.check(ctx, db, limit, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Check counts the rows of the catalogue that break a claim.
func (c *Catalogue) Check(ctx context.Context, claim Claim, limit int) (out Checked, err error) {
	defer wrap(&err, "postgres.Catalogue.Check()")
	err = claim.check(ctx, c.pool, limit, &out)
	return out, err
}

func (c Claim) check(ctx context.Context, db *pgxpool.Pool, limit int, out *Checked) error {
	return readOnly(ctx, db, func(tx pgx.Tx) error {
		var rows int64
		if c.Count != "" {
			if err := tx.QueryRow(ctx, c.Count).Scan(&rows); err != nil {
				return err
			}
		}
		out.Rows += rows
		found, err := tx.Query(ctx, `SELECT id, detail, count(*) OVER () FROM (`+c.Broken+`) AS broken (id, detail) LIMIT $1`, limit)
		if err != nil {
			return err
		}
		var (
			b     Breach
			total int64
		)
		_, err = pgx.ForEachRow(found, []any{&b.ID, &b.Detail, &total}, func() error {
			if len(out.First) < limit {
				out.First = append(out.First, b)
			}
			return nil
		})
		out.Broken += total
		return err
	})
}

// guards lists those of the named unique indexes and constraints that a
// database is without, or that are not valid.
func guards(ctx context.Context, db *pgxpool.Pool, names []string) (missing []string, err error) {
	rows, err := db.Query(ctx, `
		SELECT name FROM unnest($1::text[]) name
		WHERE NOT EXISTS (SELECT 1 FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
		                  WHERE c.relname = name AND pg_table_is_visible(c.oid) AND i.indisunique AND i.indisvalid)
		  AND NOT EXISTS (SELECT 1 FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
		                  WHERE k.conname = name AND pg_table_is_visible(c.oid) AND k.convalidated)`, names)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// MissingGuards lists, for each shard, those of the named unique indexes and
// constraints that it is without.
func (s *Sales) MissingGuards(ctx context.Context, names ...string) (missing map[int][]string, err error) {
	defer wrap(&err, "postgres.MissingGuards(%v)", names)
	missing = map[int][]string{}
	for n, db := range s.shards {
		some, err := guards(ctx, db, names)
		if err != nil {
			return nil, err
		}
		if len(some) > 0 {
			missing[n] = some
		}
	}
	return missing, nil
}

// MissingGuards lists those of the named unique indexes and constraints that
// the catalogue is without.
func (c *Catalogue) MissingGuards(ctx context.Context, names ...string) (missing []string, err error) {
	defer wrap(&err, "postgres.Catalogue.MissingGuards(%v)", names)
	return guards(ctx, c.pool, names)
}

// webhookPage is how many deliveries are looked for on other shards at a time.
const webhookPage = 5000

// WebhooksOnTwoShards gives the deliveries that more than one shard took for new.
func (s *Sales) WebhooksOnTwoShards(ctx context.Context, each func(provider, eventID string) error) (err error) {
	defer wrap(&err, "postgres.WebhooksOnTwoShards()")
	for n, db := range s.shards[:max(0, len(s.shards)-1)] {
		err := readOnly(ctx, db, func(tx pgx.Tx) error {
			for after := [2]string{}; ; {
				rows, err := tx.Query(ctx, `
					SELECT provider, event_id FROM webhooks WHERE (provider, event_id) > ($1, $2)
					ORDER BY provider, event_id LIMIT $3`, after[0], after[1], webhookPage)
				if err != nil {
					return err
				}
				var providers, events []string
				_, err = pgx.ForEachRow(rows, []any{&after[0], &after[1]}, func() error {
					providers, events = append(providers, after[0]), append(events, after[1])
					return nil
				})
				if err != nil || len(events) == 0 {
					return err
				}
				if err := webhooksAmong(ctx, s.shards[n+1:], providers, events, each); err != nil {
					return err
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func webhooksAmong(ctx context.Context, shards []*pgxpool.Pool, providers, events []string, each func(provider, eventID string) error) error {
	for _, db := range shards {
		rows, err := db.Query(ctx, `
			SELECT w.provider, w.event_id FROM webhooks w
			JOIN unnest($1::text[], $2::text[]) AS n (provider, event_id) USING (provider, event_id)`, providers, events)
		if err != nil {
			return err
		}
		var provider, event string
		if _, err := pgx.ForEachRow(rows, []any{&provider, &event}, func() error { return each(provider, event) }); err != nil {
			return err
		}
	}
	return nil
}
