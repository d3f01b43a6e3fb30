package postgres

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
)

// Obligations are what an account still has to do with sales.
type Obligations struct {
	// Bookings are under way, or with support.
	Bookings []string
	// Tickets counts the unused ones that the account has, by event.
	Tickets map[string]int
}

// Obligations reads what an account still has to do with sales, on all shards.
func (s *Sales) Obligations(ctx context.Context, userID string) (o Obligations, err error) {
	defer wrap(&err, "postgres.Obligations(%s)", userID)
	o.Tickets = map[string]int{}
	for _, db := range s.shards {
		rows, err := db.Query(ctx, `
			SELECT id FROM bookings WHERE buyer_id = $1 AND status IN ('pending', 'held', 'paying', 'action_required', 'needs_attention')`, userID)
		if err != nil {
			return o, err
		}
		some, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return o, err
		}
		o.Bookings = append(o.Bookings, some...)
		rows, err = db.Query(ctx, `
			SELECT event_id, count(*) FROM (
				SELECT t.event_id FROM bookings b JOIN tickets t ON t.booking_id = b.id
				WHERE b.buyer_id = $1 AND t.holder_id IS NULL AND t.status = 'live'
				UNION ALL
				SELECT event_id FROM tickets WHERE holder_id = $1 AND status = 'live') t GROUP BY 1`, userID)
		if err != nil {
			return o, err
		}
		var (
			event string
			n     int
		)
		if _, err := pgx.ForEachRow(rows, []any{&event, &n}, func() error { o.Tickets[event] += n; return nil }); err != nil {
			return o, err
		}
	}
	return o, nil
}

// ScrubUser forgets what is personal of an erased account on all shards: how it
// wanted to pay, what it and others wrote about its refunds, and mail that waits
// for it. Scrubbed again it stays as it is.
func (s *Sales) ScrubUser(ctx context.Context, userID string) (err error) {
	defer wrap(&err, "postgres.ScrubUser(%s)", userID)
	for _, db := range s.shards {
		_, err := db.Exec(ctx, `
			WITH mine AS (
				SELECT id, status IN ('pending', 'held', 'paying', 'action_required', 'needs_attention') AS live FROM bookings WHERE buyer_id = $1
			), paid AS (
				UPDATE bookings SET choice = NULL, next_action = NULL WHERE id IN (SELECT id FROM mine WHERE NOT live)
			), refund AS (
				UPDATE refunds SET reason = '', note = '' WHERE booking_id IN (SELECT id FROM mine) AND (reason <> '' OR note <> '')
			)
			UPDATE outbox
			SET facts = '{}', ended_at = COALESCE(ended_at, now()),
			    reason = CASE WHEN status = 'waiting' THEN 'the account was erased' ELSE reason END,
			    status = CASE WHEN status = 'waiting' THEN 'dropped' ELSE status END
			WHERE to_id = $1`, userID)
		if err != nil {
			return err
		}
	}
	return nil
}

// salesExports is all that a sales shard keeps of an account.
var salesExports = []exported{
	{"bookings", `
		SELECT id, event_id, status, seat_indexes, categories, prices, fees, total, currency, choice AS payment_methods, failure_code,
		       hold_expires_at, created_at, confirmed_at
		FROM bookings WHERE buyer_id = $1 ORDER BY created_at`},
	{"payments", `
		SELECT p.booking_id, p.provider, p.status, p.ref, p.capture_ref, p.amount, p.currency, p.created_at, p.captured_at
		FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE b.buyer_id = $1 ORDER BY p.created_at`},
	{"tickets", `
		SELECT t.id, t.booking_id, t.event_id, t.seat_index, t.status, t.price, t.fee, t.generation, t.frozen, t.created_at, t.used_at,
		       COALESCE(t.holder_id, t.buyer_id) = $1 AS mine, t.buyer_id = $1 AS bought
		FROM tickets t WHERE t.booking_id IN (SELECT id FROM bookings WHERE buyer_id = $1) OR t.holder_id = $1 ORDER BY t.created_at, t.id`},
	{"transfers", `
		SELECT ticket_id, event_id, generation, from_id = $1 AS given, to_id = $1 AS received, transferred_at
		FROM ticket_transfers WHERE from_id = $1 OR to_id = $1 ORDER BY transferred_at`},
	{"check_ins", `
		SELECT c.ticket_id, c.event_id, c.scanned_at, c.offline, c.outcome
		FROM checkins c WHERE c.ticket_id IN (
			SELECT id FROM tickets WHERE booking_id IN (SELECT id FROM bookings WHERE buyer_id = $1) OR holder_id = $1) ORDER BY c.scanned_at`},
	{"refunds", `
		SELECT id, booking_id, event_id, seat_indexes, amount, currency, reason, note, source, status, created_at, settled_at
		FROM refunds WHERE booking_id IN (SELECT id FROM bookings WHERE buyer_id = $1) ORDER BY created_at`},
	{"provider_refunds", `
		SELECT provider, ref, refund_id, booking_id, amount, currency, made_at, failed_at
		FROM provider_refunds WHERE booking_id IN (SELECT id FROM bookings WHERE buyer_id = $1) ORDER BY made_at`},
	{"disputes", `
		SELECT provider, ref, booking_id, event_id, amount, currency, reason, state, opened_at, closed_at
		FROM disputes WHERE booking_id IN (SELECT id FROM bookings WHERE buyer_id = $1) ORDER BY opened_at`},
	{"mails", `
		SELECT id, kind, event_id, booking_id, facts, status, created_at, ended_at FROM outbox WHERE to_id = $1 ORDER BY created_at`},
	{"house_seats", `SELECT event_id, what, seat_indexes, reason, made_at FROM block_changes WHERE made_by = $1 ORDER BY number`},
	{"scans", `SELECT event_id, count(*) AS scans, min(scanned_at) AS first, max(scanned_at) AS last FROM checkins WHERE door_id = $1 GROUP BY 1`},
}

// ExportUser gives what all shards keep of an account: lists by what it is.
func (s *Sales) ExportUser(ctx context.Context, userID string) (out map[string]json.RawMessage, err error) {
	defer wrap(&err, "postgres.Sales.ExportUser(%s)", userID)
	out = map[string]json.RawMessage{}
	for _, e := range salesExports {
		list := []json.RawMessage{}
		for _, db := range s.shards {
			rows, err := db.Query(ctx, `SELECT row_to_json(x) FROM (`+e.sql+`) x`, userID)
			if err != nil {
				return nil, err
			}
			some, err := pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
			if err != nil {
				return nil, err
			}
			list = append(list, some...)
		}
		if out[e.name], err = json.Marshal(list); err != nil {
			return nil, err
		}
	}
	return out, nil
}
