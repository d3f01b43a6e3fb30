package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// BeginReconciliation writes down that a reconciliation is asked for. The same
// id again begins one anew that has failed, and changes nothing else.
func (c *Catalogue) BeginReconciliation(ctx context.Context, r ticket.Reconciliation) (err error) {
	defer wrap(&err, "postgres.BeginReconciliation(%s)", r.ID)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO reconciliations (id, providers, starts_at, ends_at, status, requested_by)
		VALUES ($1, $2, $3, $4, 'running', $5)
		ON CONFLICT (id) DO UPDATE SET status = 'running', failure = '', finished_at = NULL
		WHERE reconciliations.status = 'failed'`, r.ID, r.Providers, r.From, r.To, r.RequestedBy)
	return err
}

// Sides of a reconciliation.
const (
	SideOurs   = "ours"
	SideTheirs = "theirs"
)

// AddEntries gathers what one side says; entries that are there stay.
func (c *Catalogue) AddEntries(ctx context.Context, id string, p ticket.Provider, side string, entries []ticket.Movement) (err error) {
	defer wrap(&err, "postgres.AddEntries(%s, %s, %s, %d)", id, p, side, len(entries))
	if len(entries) == 0 {
		return nil
	}
	var b struct {
		ids, kinds, refs, parents, bookings, currencies []string
		amounts, fees                                   []int64
		attempts                                        []int
		times                                           []time.Time
	}
	for _, m := range entries {
		b.ids, b.kinds, b.refs = append(b.ids, m.ID), append(b.kinds, string(m.Kind)), append(b.refs, m.Ref)
		b.parents, b.bookings, b.currencies = append(b.parents, m.Parent), append(b.bookings, m.BookingID), append(b.currencies, m.Currency)
		b.amounts, b.fees, b.attempts, b.times = append(b.amounts, m.Amount), append(b.fees, m.Fee), append(b.attempts, m.Attempt), append(b.times, m.At)
	}
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO reconciliation_entries (reconciliation_id, provider, side, id, kind, ref, parent, booking_id, attempt, amount, fee, currency, at)
		SELECT $1, $13, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::bigint[], $10::bigint[],
		                             $11::text[], $12::timestamptz[])
		ON CONFLICT DO NOTHING`,
		id, side, b.ids, b.kinds, b.refs, b.parents, b.bookings, b.attempts, b.amounts, b.fees, b.currencies, b.times, p)
	return err
}

// matchEntries lays both sides side by side: by kind and the object that moved
// the money. A movement counts when either side has it inside the time; what
// only one side has is explained by time while the other's books are younger
// than it. The kinds that our books keep are $4.
const matchEntries = `
WITH r AS (SELECT starts_at, ends_at FROM reconciliations WHERE id = $1),
theirs AS (SELECT id, kind, ref, parent, booking_id, attempt, amount, fee, currency, at, row_number() OVER (PARTITION BY ref, kind ORDER BY at, id) AS nth
           FROM reconciliation_entries WHERE reconciliation_id = $1 AND provider = $5 AND side = 'theirs'),
ours AS (SELECT id, kind, ref, parent, booking_id, attempt, amount, fee, currency, at, row_number() OVER (PARTITION BY ref, kind ORDER BY at, id) AS nth
         FROM reconciliation_entries WHERE reconciliation_id = $1 AND provider = $5 AND side = 'ours'),
pairs AS (
	SELECT COALESCE(t.kind, o.kind) AS kind, COALESCE(t.ref, o.ref) AS ref, COALESCE(t.id, '') AS their_id, COALESCE(o.id, '') AS our_id,
	       COALESCE(t.parent, o.parent) AS parent, COALESCE(NULLIF(o.booking_id, ''), t.booking_id) AS booking_id,
	       COALESCE(NULLIF(t.attempt, 0), o.attempt, 0) AS attempt, t.amount AS their_amount, o.amount AS our_amount,
	       COALESCE(t.fee, 0) AS fee, COALESCE(t.currency, o.currency) AS currency, t.currency AS their_currency, o.currency AS our_currency,
	       COALESCE(t.at, o.at) AS at, t.at AS their_at, o.at AS our_at
	FROM theirs t FULL JOIN ours o ON o.ref = t.ref AND o.kind = t.kind AND o.nth = t.nth -- a capture may be disputed twice
)
INSERT INTO reconciliation_lines (reconciliation_id, provider, position, result, kind, their_id, our_id, ref, parent, booking_id, attempt,
                                  their_amount, our_amount, fee, currency, at)
SELECT $1, $5, $6 + row_number() OVER (ORDER BY p.at, p.ref, p.kind),
       CASE WHEN NOT p.kind = ANY($4) THEN 'not_ours'
            WHEN their_at IS NULL THEN CASE WHEN our_at > $2 THEN 'timing' ELSE 'ours_only' END
            WHEN our_at IS NULL THEN CASE WHEN their_at > $3 THEN 'timing' ELSE 'provider_only' END
            WHEN their_amount = our_amount AND their_currency = our_currency THEN 'matched'
            ELSE 'amount_differs' END,
       p.kind, p.their_id, p.our_id, p.ref, p.parent, p.booking_id, p.attempt, p.their_amount, p.our_amount, p.fee, p.currency, p.at
FROM pairs p, r
WHERE p.their_at >= r.starts_at AND p.their_at < r.ends_at OR p.our_at >= r.starts_at AND p.our_at < r.ends_at`

// firstPosition keeps the lines of the providers apart and in order.
var firstPosition = map[ticket.Provider]int64{ticket.Stripe: 0, ticket.PayPal: 1_000_000_000_000}

// MatchEntries writes the lines of a provider anew from what was gathered.
// CompleteTo is until when the provider's books were complete, settled until
// when ours are: what is younger on the other side is a matter of time.
func (c *Catalogue) MatchEntries(ctx context.Context, id string, p ticket.Provider, completeTo, settled time.Time) (err error) {
	defer wrap(&err, "postgres.MatchEntries(%s, %s)", id, p)
	kept := []ticket.MovementKind{
		ticket.MovementCapture, ticket.MovementRefund, ticket.MovementRefundFailed, ticket.MovementDispute, ticket.MovementDisputeWon,
	}
	if err := c.learnEntries(ctx); err != nil {
		return err
	}
	return c.inLongTx(ctx, func(ctx context.Context) error {
		_, err := c.db(ctx).Exec(ctx, `DELETE FROM reconciliation_lines WHERE reconciliation_id = $1 AND provider = $2`, id, p)
		if err == nil {
			_, err = c.db(ctx).Exec(ctx, matchEntries, id, completeTo, settled, kept, p, firstPosition[p])
		}
		return err
	})
}

// learnEntries tells the planner of what was just gathered. Until it knows of a
// new id it takes it for one row, and reads a million to find one.
func (c *Catalogue) learnEntries(ctx context.Context) error {
	return c.inLongTx(ctx, func(ctx context.Context) error {
		_, err := c.db(ctx).Exec(ctx, `ANALYZE reconciliation_entries`)
		return err
	})
}

// inLongTx runs a transaction whose statements have the time and the memory that
// a million entries need, where others have ten seconds.
func (c *Catalogue) inLongTx(ctx context.Context, do func(context.Context) error) error {
	return c.inTx(ctx, func(ctx context.Context) error {
		_, err := c.db(ctx).Exec(ctx, `SELECT set_config('statement_timeout', '9min', true), set_config('work_mem', '64MB', true)`)
		if err != nil {
			return err
		}
		return do(ctx)
	})
}

// FinishReconciliation ends one, done or failed for the reason given, and drops
// what was gathered.
func (c *Catalogue) FinishReconciliation(ctx context.Context, id, failure string) (err error) {
	defer wrap(&err, "postgres.FinishReconciliation(%s)", id)
	return c.inLongTx(ctx, func(ctx context.Context) error {
		_, err := c.db(ctx).Exec(ctx, `
			UPDATE reconciliations SET status = CASE WHEN $2 = '' THEN 'done' ELSE 'failed' END, failure = $2, finished_at = now()
			WHERE id = $1 AND status = 'running'`, id, failure)
		if err == nil {
			_, err = c.db(ctx).Exec(ctx, `DELETE FROM reconciliation_entries WHERE reconciliation_id = $1`, id)
		}
		return err
	})
}

// StrayCapture is a capture that only its provider has.
type StrayCapture struct {
	Ref       string
	BookingID string // as the provider remembers it
	Parent    string // the intent or authorization that it was made from
	Amount    int64
	GivenBack int64 // by refunds in the same books; negative
	Undone    bool  // by an earlier reconciliation
}

// strayCaptures reads by the indexes of what it asks for: a page of references
// against a million entries.
const strayCaptures = `
WITH asked AS MATERIALIZED (SELECT DISTINCT ref FROM unnest($3::text[]) AS a (ref)),
captures AS (
	SELECT e.ref, e.booking_id, e.parent, e.amount, false AS undone
	FROM asked JOIN reconciliation_entries e ON e.ref = asked.ref
	WHERE e.reconciliation_id = $1 AND e.provider = $2 AND e.side = 'theirs' AND e.kind = 'capture'
	UNION ALL
	SELECT l.ref, l.booking_id, l.parent, l.their_amount, true
	FROM asked JOIN reconciliation_lines l ON l.ref = asked.ref
	WHERE l.action <> '' AND starts_with(l.action, $4) AND l.provider = $2 AND l.kind = 'capture' AND l.reconciliation_id <> $1
),
back AS (
	SELECT e.parent AS ref, sum(e.amount)::bigint AS amount
	FROM asked JOIN reconciliation_entries e ON e.parent = asked.ref
	WHERE e.reconciliation_id = $1 AND e.provider = $2 AND e.side = 'theirs' AND e.kind IN ('refund', 'refund_failed')
	GROUP BY e.parent
)
SELECT c.ref, max(c.booking_id), max(c.parent), max(c.amount), COALESCE(min(back.amount), 0), bool_or(c.undone)
FROM captures c LEFT JOIN back ON back.ref = c.ref GROUP BY c.ref`

// StrayCaptures gives those with these references that the provider's books as
// they were gathered have, or that an earlier reconciliation had undone.
func (c *Catalogue) StrayCaptures(ctx context.Context, id string, p ticket.Provider, refs []string) (list []StrayCapture, err error) {
	defer wrap(&err, "postgres.StrayCaptures(%s, %d)", id, len(refs))
	if len(refs) == 0 {
		return nil, nil
	}
	err = c.inLongTx(ctx, func(ctx context.Context) error {
		rows, err := c.db(ctx).Query(ctx, strayCaptures, id, p, refs, ticket.UndoneBy)
		if err == nil {
			list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[StrayCapture])
		}
		return err
	})
	return list, err
}

// RecordUndone says of a line that it is no difference, and why.
func (c *Catalogue) RecordUndone(ctx context.Context, id string, position int64, why string) (err error) {
	defer wrap(&err, "postgres.RecordUndone(%s, %d)", id, position)
	_, err = c.db(ctx).Exec(ctx, `
		UPDATE reconciliation_lines SET result = 'undone', action = $3
		WHERE reconciliation_id = $1 AND position = $2 AND result = 'provider_only'`, id, position, why)
	return err
}

// RecordAction notes at a line what was done about its difference.
func (c *Catalogue) RecordAction(ctx context.Context, id string, position int64, action string) (err error) {
	defer wrap(&err, "postgres.RecordAction(%s, %d)", id, position)
	_, err = c.db(ctx).Exec(ctx, `
		UPDATE reconciliation_lines SET action = $3 WHERE reconciliation_id = $1 AND position = $2`, id, position, action)
	return err
}

const selectReconciliation = `
SELECT r.id, r.providers, r.starts_at, r.ends_at, r.status, r.requested_by, r.failure, r.created_at, r.finished_at
FROM reconciliations r`

func scanReconciliation(row pgx.CollectableRow) (r ticket.Reconciliation, err error) {
	err = row.Scan(&r.ID, &r.Providers, &r.From, &r.To, &r.Status, &r.RequestedBy, &r.Failure, &r.CreatedAt, &r.FinishedAt)
	return r, err
}

// Reconciliation reads one with its totals; CodeNotFound when there is none.
func (c *Catalogue) Reconciliation(ctx context.Context, id string) (r ticket.Reconciliation, err error) {
	defer wrap(&err, "postgres.Reconciliation(%s)", id)
	rows, err := c.db(ctx).Query(ctx, selectReconciliation+` WHERE r.id = $1`, id)
	if err != nil {
		return r, err
	}
	r, err = pgx.CollectExactlyOneRow(rows, scanReconciliation)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, ticket.Errorf(ticket.CodeNotFound, "There is no reconciliation %q.", id)
	}
	if err != nil {
		return r, err
	}
	rows, err = c.db(ctx).Query(ctx, `
		SELECT provider, result, kind, currency, count(*), COALESCE(sum(their_amount), 0)::bigint, COALESCE(sum(our_amount), 0)::bigint, sum(fee)::bigint
		FROM reconciliation_lines WHERE reconciliation_id = $1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 4, 3, 2`, id)
	if err != nil {
		return r, err
	}
	if r.Totals, err = pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.ReconciliationTotal]); err != nil {
		return r, err
	}
	for _, t := range r.Totals {
		switch t.Result {
		case ticket.ResultAmountDiffers, ticket.ResultProviderOnly, ticket.ResultOursOnly:
			r.Differences += t.Count
		case ticket.ResultMatched, ticket.ResultTiming, ticket.ResultNotOurs, ticket.ResultUndone:
		}
	}
	return r, nil
}

// ReconciliationCursor is a place in the list: the last one read.
type ReconciliationCursor struct {
	CreatedAt time.Time `json:"t"`
	ID        string    `json:"id"`
}

// Reconciliations lists them without totals, newest first, after the cursor.
func (c *Catalogue) Reconciliations(ctx context.Context, after ReconciliationCursor, limit int) (list []ticket.Reconciliation, err error) {
	defer wrap(&err, "postgres.Reconciliations()")
	if after.CreatedAt.IsZero() {
		after.CreatedAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	rows, err := c.db(ctx).Query(ctx, selectReconciliation+`
		WHERE (r.created_at, r.id) < ($1, $2) ORDER BY r.created_at DESC, r.id DESC LIMIT $3`, after.CreatedAt, after.ID, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanReconciliation)
}

// ReconciliationLines reads lines after a position, those that differ only when
// asked for.
func (c *Catalogue) ReconciliationLines(ctx context.Context, id string, after int64, limit int, differences bool) (list []ticket.ReconciliationLine, err error) {
	defer wrap(&err, "postgres.ReconciliationLines(%s)", id)
	only := ""
	if differences {
		only = ` AND result IN ('amount_differs', 'provider_only', 'ours_only')`
	}
	rows, err := c.db(ctx).Query(ctx, `
		SELECT position, provider, result, kind, their_id, our_id, ref, parent, booking_id, attempt, their_amount, our_amount, fee, currency, at, action
		FROM reconciliation_lines WHERE reconciliation_id = $1 AND position > $2`+only+` ORDER BY position LIMIT $3`, id, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.ReconciliationLine])
}
