package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// MoneyRow is what the books say of a booking's money.
type MoneyRow struct {
	ID        string
	EventID   string
	Status    ticket.BookingStatus
	Confirmed bool // it was, whatever became of it
	Total     int64
	Currency  string
	ExpiresAt time.Time
	UpdatedAt time.Time
	// Live is what its live tickets cost, Owed what was promised back to its
	// buyer and is not booked as given back yet.
	Live, Owed int64
	// Apart is what our books say the provider does not keep of what the live
	// tickets cost, or keeps although they have ended: withheld by a dispute,
	// given back for nothing that we know of, or settled by hand.
	Apart int64
	// Provider is empty without a payment.
	Provider ticket.Provider
	Paid     ticket.PaymentStatus
	Attempt  int
	Ref      string
	OrderRef string
}

const selectMoney = `
SELECT b.id, b.event_id, b.status, b.confirmed_at IS NOT NULL, b.total, b.currency, b.hold_expires_at, b.updated_at,
       COALESCE(t.live, 0), COALESCE(o.owed, 0), COALESCE(o.apart, 0), COALESCE(p.provider, ''), COALESCE(p.status, ''), COALESCE(p.attempt, 0), COALESCE(p.ref, ''),
       COALESCE(p.order_ref, '')
FROM bookings b
LEFT JOIN payments p ON p.booking_id = b.id
LEFT JOIN LATERAL (SELECT sum(price + fee) AS live FROM tickets
                   WHERE booking_id = b.id AND status IN ('live', 'used')) t ON true
LEFT JOIN (SELECT booking_id, -COALESCE(sum(amount) FILTER (WHERE account LIKE 'refunds:%'), 0) AS owed,
                  COALESCE(sum(amount) FILTER (WHERE account NOT LIKE 'refunds:%'), 0) AS apart
           FROM journal WHERE account LIKE 'refunds:%' OR account LIKE 'disputes:%' OR account LIKE 'suspense:%'
                           OR account IN ('goodwill', 'settled:by-hand')
           GROUP BY booking_id HAVING bool_or(amount <> 0)) o ON o.booking_id = b.id`

// MoneySince gives every booking that was made or confirmed since a time, and
// besides those every one whose end or money is still to come.
func (s *Sales) MoneySince(ctx context.Context, since time.Time, each func(MoneyRow) error) (err error) {
	defer wrap(&err, "postgres.MoneySince()")
	for _, db := range s.shards {
		err := readOnly(ctx, db, func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, selectMoney+`
				WHERE b.created_at >= $1 OR b.confirmed_at >= $1 OR p.status = 'authorized'
				   OR b.status IN ('pending', 'held', 'paying', 'action_required', 'refunding', 'needs_attention')`, since)
			if err != nil {
				return err
			}
			return eachMoney(rows, each)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// MoneyOf gives the bookings of these ids, as far as there are any.
func (s *Sales) MoneyOf(ctx context.Context, ids []string, each func(MoneyRow) error) (err error) {
	defer wrap(&err, "postgres.MoneyOf(%d bookings)", len(ids))
	byShard := map[int][]string{}
	for _, id := range ids {
		if n, ok := ticket.ShardOf(id); ok && n < len(s.shards) {
			byShard[n] = append(byShard[n], id)
		}
	}
	for n, some := range byShard {
		err := readOnly(ctx, s.shards[n], func(tx pgx.Tx) error {
			rows, err := tx.Query(ctx, selectMoney+` WHERE b.id = ANY($1)`, some)
			if err != nil {
				return err
			}
			return eachMoney(rows, each)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func eachMoney(rows pgx.Rows, each func(MoneyRow) error) error {
	var r MoneyRow
	_, err := pgx.ForEachRow(rows, []any{
		&r.ID, &r.EventID, &r.Status, &r.Confirmed, &r.Total, &r.Currency, &r.ExpiresAt, &r.UpdatedAt, &r.Live, &r.Owed, &r.Apart,
		&r.Provider, &r.Paid, &r.Attempt, &r.Ref, &r.OrderRef,
	}, func() error { return each(r) })
	return err
}

// ClaimLedger is that what the journal has taken of a booking, less what it owes
// the buyer, is what its live tickets cost, once its capture is booked, and
// nothing if it was never confirmed. What the provider kept as its fee was taken,
// too, and so was what a dispute withholds, and what went back without a ticket
// having ended for it. Those that are being refunded, or are with support, are
// left out, and so is the fee of a charge whose booking a restore has lost.
var ClaimLedger = Claim{
	Count: `SELECT count(*) FROM bookings`,
	Broken: `
		SELECT b.id, 'is ' || b.status || ' with a ' || COALESCE(p.status, 'missing') || ' payment and live tickets for ' || COALESCE(t.live, 0)
		       || ' ' || b.currency || '; the journal has taken ' || COALESCE(j.net, 0)
		FROM bookings b
		LEFT JOIN payments p ON p.booking_id = b.id
		LEFT JOIN (SELECT booking_id, sum(price + fee) AS live FROM tickets WHERE status IN ('live', 'used')
		           GROUP BY booking_id) t ON t.booking_id = b.id
		LEFT JOIN (SELECT booking_id, sum(amount) AS net FROM journal
		           WHERE account LIKE 'clearing:%' OR account LIKE 'expense:%' OR account LIKE 'refunds:%'
		              OR account LIKE 'disputes:%' OR account LIKE 'suspense:%' OR account IN ('goodwill', 'settled:by-hand')
		           GROUP BY booking_id) j ON j.booking_id = b.id
		WHERE b.status NOT IN ('refunding', 'needs_attention')
		  AND COALESCE(j.net, 0) <> CASE WHEN p.status IN ('captured', 'refunded') THEN COALESCE(t.live, 0) ELSE 0 END
		UNION ALL
		SELECT COALESCE(j.booking_id, '') || ' ' || j.transaction_id, 'is in the journal and in no booking'
		FROM journal j LEFT JOIN bookings b ON b.id = j.booking_id
		WHERE b.id IS NULL AND NOT (j.transaction_id LIKE 'fee/%' AND j.event_id = '')`,
}

// ClaimDisputes is that nobody is let in with a ticket whose payment is disputed,
// nor kept out by a dispute that there is not, and that each dispute is in the
// journal as it stands.
var ClaimDisputes = Claim{
	Count: `SELECT count(*) FROM disputes`,
	Broken: `
		SELECT t.id, 'of ' || t.booking_id || ' is ' || CASE WHEN t.frozen THEN 'frozen without' ELSE 'not frozen in spite of' END || ' a dispute'
		FROM tickets t
		CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM disputes d WHERE d.booking_id = t.booking_id AND d.state = 'open')
		                        OR EXISTS (SELECT 1 FROM refunds r WHERE r.booking_id = t.booking_id AND r.source = 'dispute'
		                                   AND r.status = 'needs_attention') AS disputed) f
		WHERE t.status <> 'refunded' AND t.frozen <> f.disputed
		UNION ALL
		SELECT d.booking_id, 'is disputed by ' || d.ref || ' over ' || d.amount || ', which is ' || d.state || '; the journal withholds ' || COALESCE(j.held, 0)
		FROM disputes d
		LEFT JOIN LATERAL (SELECT sum(amount) AS held FROM journal
		                   WHERE booking_id = d.booking_id AND account = 'disputes:' || d.provider
		                     AND transaction_id LIKE 'dispute/' || d.provider || '/' || d.ref || '/%') j ON true
		WHERE COALESCE(j.held, 0) <> CASE WHEN d.state = 'open' THEN d.amount ELSE 0 END`,
}

// StatusRow is how a booking stands.
type StatusRow struct {
	Status    ticket.BookingStatus
	Confirmed bool
}

// Statuses reads how the bookings of these ids stand, as far as there are any.
func (s *Sales) Statuses(ctx context.Context, ids []string) (out map[string]StatusRow, err error) {
	defer wrap(&err, "postgres.Statuses(%d bookings)", len(ids))
	out = make(map[string]StatusRow, len(ids))
	for n, db := range s.shards {
		var some []string
		for _, id := range ids {
			if shard, ok := ticket.ShardOf(id); ok && shard == n {
				some = append(some, id)
			}
		}
		rows, err := db.Query(ctx, `SELECT id, status, confirmed_at IS NOT NULL FROM bookings WHERE id = ANY($1)`, some)
		if err != nil {
			return nil, err
		}
		var (
			id string
			r  StatusRow
		)
		if _, err := pgx.ForEachRow(rows, []any{&id, &r.Status, &r.Confirmed}, func() error { out[id] = r; return nil }); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// UnderWay counts the bookings with which something is going on: being paid,
// waiting for their buyer's act, overdue, or with money that is still to be
// taken; and those that are merely held.
func (s *Sales) UnderWay(ctx context.Context) (busy, held int64, err error) {
	defer wrap(&err, "postgres.UnderWay()")
	for _, db := range s.shards {
		var b, h int64
		err := db.QueryRow(ctx, `
			SELECT (SELECT count(*) FROM bookings WHERE status IN ('paying', 'action_required') OR status = 'held' AND hold_expires_at < now())
			       + (SELECT count(*) FROM bookings WHERE status IN ('pending', 'refunding'))
			       + (SELECT count(*) FROM payments p JOIN bookings b ON b.id = p.booking_id
			          WHERE p.status = 'authorized' AND b.status = 'confirmed'),
			       (SELECT count(*) FROM bookings WHERE status IN ('held', 'needs_attention'))`).Scan(&b, &h)
		if err != nil {
			return 0, 0, err
		}
		busy, held = busy+b, held+h
	}
	return busy, held, nil
}
