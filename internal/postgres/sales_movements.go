package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// MovementCursor is a place in a shard's movements: the last one read.
type MovementCursor struct {
	Shard int       `json:"shard"`
	At    time.Time `json:"at,omitzero"`
	ID    string    `json:"id,omitempty"`
}

// Movements reads what our books say that a provider took, gave back and
// withheld, by time, from the cursor's shard on. PayPal's report names a dispute
// by what it is about, so ours are named so, too. Next is nil behind the last shard.
func (s *Sales) Movements(ctx context.Context, p ticket.Provider, from, to time.Time, at MovementCursor, limit int) (
	list []ticket.Movement, next *MovementCursor, err error,
) {
	defer wrap(&err, "postgres.Movements(%s, shard %d)", p, at.Shard)
	if at.At.IsZero() {
		at.At = from
	}
	rows, err := s.shards[at.Shard].Query(ctx, `
		SELECT kind, id, capture_ref, ref, booking_id, attempt, amount, currency, at FROM (
			(SELECT 'capture' AS kind, booking_id || '/capture' AS id, capture_ref, ref, booking_id, attempt, amount, currency, captured_at AS at
			 FROM payments WHERE provider = $1 AND captured_at >= $2 AND captured_at < $3 AND (captured_at > $4 OR booking_id || '/capture' > $5)
			 ORDER BY captured_at, booking_id || '/capture' LIMIT $6)
			UNION ALL
			SELECT 'refund', concat_ws('/', r.refund_id, r.ref), r.ref, p.capture_ref, r.booking_id, p.attempt, -r.amount, r.currency, r.made_at
			FROM provider_refunds r JOIN payments p ON p.booking_id = r.booking_id
			WHERE r.provider = $1 AND r.made_at >= $2 AND r.made_at < $3 AND r.moved
			UNION ALL
			SELECT 'refund_failed', r.refund_id || '/' || r.ref || '/failed', r.ref, p.capture_ref, r.booking_id, p.attempt, r.amount, r.currency, r.failed_at
			FROM provider_refunds r JOIN payments p ON p.booking_id = r.booking_id
			WHERE r.provider = $1 AND r.failed_at >= $2 AND r.failed_at < $3 AND r.moved
			UNION ALL
			SELECT 'dispute', d.ref || '/opened', CASE WHEN d.provider = 'paypal' THEN p.capture_ref ELSE d.ref END, p.capture_ref, d.booking_id,
			       p.attempt, -d.amount, d.currency, d.opened_at
			FROM disputes d JOIN payments p ON p.booking_id = d.booking_id
			WHERE d.provider = $1 AND d.opened_at >= $2 AND d.opened_at < $3
			UNION ALL
			SELECT 'dispute_won', d.ref || '/won', CASE WHEN d.provider = 'paypal' THEN p.capture_ref ELSE d.ref END, p.capture_ref, d.booking_id,
			       p.attempt, d.amount, d.currency, d.closed_at
			FROM disputes d JOIN payments p ON p.booking_id = d.booking_id
			WHERE d.provider = $1 AND d.closed_at >= $2 AND d.closed_at < $3 AND d.state = 'won') m
		WHERE (at, id) > ($4, $5) ORDER BY at, id LIMIT $6`, p, at.At, to, at.At, at.ID, limit)
	if err != nil {
		return nil, nil, interpret(err)
	}
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (ticket.Movement, error) {
		var m ticket.Movement
		err := row.Scan(&m.Kind, &m.ID, &m.Ref, &m.Parent, &m.BookingID, &m.Attempt, &m.Amount, &m.Currency, &m.At)
		return m, err
	})
	switch {
	case err != nil:
		return nil, nil, interpret(err)
	case len(list) == limit:
		last := list[limit-1]
		return list, &MovementCursor{Shard: at.Shard, At: last.At, ID: last.ID}, nil
	case at.Shard+1 < len(s.shards):
		return list, &MovementCursor{Shard: at.Shard + 1}, nil
	}
	return list, nil, nil
}

// ChargeHome is what our books know of a charge at a provider.
type ChargeHome struct {
	// Known: it is the charge that pays for its booking; Captured: and we know
	// that its money was taken, by the capture of this reference.
	Known, Captured bool
	CaptureRef      string
	Amount          ticket.Money
}

// ChargeHome tells whether a charge pays for a booking. Ref is that of the
// intent or authorization.
func (s *Sales) ChargeHome(ctx context.Context, bookingID string, p ticket.Provider, ref string) (h ChargeHome, err error) {
	defer wrap(&err, "postgres.ChargeHome(%s)", bookingID)
	db, err := s.shard(bookingID)
	if err != nil {
		return h, err
	}
	err = db.QueryRow(ctx, `
		SELECT true, status <> 'authorized', capture_ref, amount, currency
		FROM payments WHERE booking_id = $1 AND provider = $2 AND ref = $3`, bookingID, p, ref).
		Scan(&h.Known, &h.Captured, &h.CaptureRef, &h.Amount.Amount, &h.Amount.Currency)
	if errors.Is(err, pgx.ErrNoRows) {
		return ChargeHome{}, nil
	}
	return h, interpret(err)
}

// BookFees writes what a provider kept of movements into the journal; a fee that
// is there stays, and so does that of a dispute, which was booked with it.
func (s *Sales) BookFees(ctx context.Context, p ticket.Provider, lines []ticket.ReconciliationLine) (err error) {
	defer wrap(&err, "postgres.BookFees(%s, %d)", p, len(lines))
	byShard := map[int][]ticket.ReconciliationLine{}
	for _, l := range lines {
		if n, ok := ticket.ShardOf(l.BookingID); ok && n < len(s.shards) && l.Fee != 0 {
			byShard[n] = append(byShard[n], l)
		}
	}
	for n, lines := range byShard {
		ids, bookings, currencies := make([]string, len(lines)), make([]string, len(lines)), make([]string, len(lines))
		refs := make([]string, len(lines))
		fees, times := make([]int64, len(lines)), make([]time.Time, len(lines))
		for i, l := range lines {
			ids[i], bookings[i], currencies[i], fees[i], times[i] = "fee/"+string(p)+"/"+l.TheirID, l.BookingID, l.Currency, l.Fee, l.At
			refs[i] = l.Ref
		}
		_, err := s.shards[n].Exec(ctx, `
			INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency, created_at)
			SELECT f.id, l.account, f.booking, COALESCE(b.event_id, ''), l.amount, f.currency, f.at
			FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[], $7::text[]) AS f (id, booking, fee, currency, at, ref)
			LEFT JOIN bookings b ON b.id = f.booking -- none has the charge of a booking that a restore has lost
			CROSS JOIN LATERAL (VALUES ('expense:fees:' || $1::text, f.fee), ('clearing:' || $1::text, -f.fee)) AS l (account, amount)
			WHERE NOT EXISTS (SELECT 1 FROM disputes d WHERE d.provider = $1 AND d.ref = f.ref AND d.fee <> 0)
			ON CONFLICT DO NOTHING`, p, ids, bookings, fees, currencies, times, refs)
		if err != nil {
			return interpret(err)
		}
	}
	return nil
}
