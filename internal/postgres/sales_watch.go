package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Standing is what the books have open, and how the journal grows.
type Standing struct {
	// Bookings counts those that have places and are not confirmed.
	Bookings map[ticket.BookingStatus]int64
	// JournalLines were written since the server's statistics began.
	// JournalAltered were changed or deleted: the journal is append-only.
	JournalLines, JournalAltered int64
}

// Standing reads what the books of all shards have open. It reads an index that
// has nothing else, and statistics of the server.
func (s *Sales) Standing(ctx context.Context) (all Standing, err error) {
	defer wrap(&err, "postgres.Standing()")
	all.Bookings = map[ticket.BookingStatus]int64{
		ticket.BookingHeld: 0, ticket.BookingPaying: 0, ticket.BookingActionRequired: 0, ticket.BookingNeedsAttention: 0,
	}
	for _, shard := range s.shards {
		rows, _ := shard.Query(ctx, `
			SELECT status, count(*) FROM bookings
			WHERE status IN ('held', 'paying', 'action_required', 'needs_attention') GROUP BY status`)
		var (
			status ticket.BookingStatus
			n      int64
		)
		if _, err := pgx.ForEachRow(rows, []any{&status, &n}, func() error { all.Bookings[status] += n; return nil }); err != nil {
			return all, err
		}
		var lines, altered int64
		err := shard.QueryRow(ctx, `
			SELECT coalesce(sum(n_tup_ins), 0)::bigint, coalesce(sum(n_tup_upd + n_tup_del), 0)::bigint
			FROM pg_stat_user_tables WHERE relname = 'journal'`).Scan(&lines, &altered)
		if err != nil {
			return all, err
		}
		all.JournalLines, all.JournalAltered = all.JournalLines+lines, all.JournalAltered+altered
	}
	return all, nil
}

// Reconciled is the last reconciliation of a provider that came to its end.
type Reconciled struct {
	Provider ticket.Provider `db:"provider"`
	// Age in seconds. A day that was left out makes it as old as if nothing was
	// reconciled since that day was due.
	Age         float64 `db:"age"`
	Differences int64   `db:"differences"`
}

// lastReconciliations takes the days from the first that the schedule has
// reconciled in a month until the last that was due, at four o'clock of the day
// behind it; a day counts when one reconciliation has all of it, whoever asked.
const lastReconciliations = `
WITH done AS (
	SELECT p.provider, r.* FROM (
		SELECT id, providers, starts_at, ends_at, requested_by, finished_at, created_at FROM reconciliations
		WHERE status = 'done' ORDER BY created_at DESC LIMIT 200) r, unnest(r.providers) AS p (provider)
), missed AS (
	SELECT s.provider, min(day) + interval '28 hours' AS due
	FROM (SELECT provider, min(starts_at) AS first FROM done
	      WHERE requested_by = 'schedule' AND starts_at > now() - interval '31 days' GROUP BY provider) s,
	     generate_series(s.first, date_trunc('day', now() - interval '28 hours', 'UTC'), interval '24 hours') AS day
	WHERE NOT EXISTS (SELECT 1 FROM done d WHERE d.provider = s.provider AND d.starts_at <= day AND d.ends_at >= day + interval '24 hours')
	GROUP BY s.provider
)
SELECT l.provider, extract(epoch FROM now() - LEAST(l.finished_at, missed.due))::float8 AS age,
	(SELECT count(*) FROM reconciliation_lines d WHERE d.reconciliation_id = l.id AND d.provider = l.provider
		AND d.result IN ('amount_differs', 'provider_only', 'ours_only') AND d.action = '') AS differences
FROM (SELECT DISTINCT ON (provider) provider, id, finished_at FROM done ORDER BY provider, created_at DESC) l
LEFT JOIN missed ON missed.provider = l.provider`

// LastReconciliations gives the last one of each provider, with the lines that
// are for people.
func (c *Catalogue) LastReconciliations(ctx context.Context) (list []Reconciled, err error) {
	defer wrap(&err, "postgres.LastReconciliations()")
	rows, _ := c.pool.Query(ctx, lastReconciliations)
	return pgx.CollectRows(rows, pgx.RowToStructByName[Reconciled])
}
