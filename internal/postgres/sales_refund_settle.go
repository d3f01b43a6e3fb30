package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// SendingRefund writes down that the provider is about to be asked, before it
// is, and gives the refund as it stands.
func (s *Sales) SendingRefund(ctx context.Context, id string) (r *ticket.Refund, err error) {
	defer wrap(&err, "postgres.SendingRefund(%s)", id)
	db, err := s.shard(id)
	if err != nil {
		return nil, err
	}
	_, err = db.Exec(ctx, `
		UPDATE refunds r SET status = 'sent', sent_at = COALESCE(r.sent_at, now()), updated_at = now()
		FROM payments p
		WHERE r.id = $1 AND r.status = 'requested' AND p.booking_id = r.booking_id AND p.capture_ref <> ''`, id)
	if err != nil {
		return nil, err
	}
	r, _, err = s.Refund(ctx, id)
	return r, err
}

// RefundNews is what has become of a refund.
type RefundNews struct {
	// Status is pending, succeeded, failed (settled by hand) or needs_attention.
	Status ticket.RefundStatus
	// Attempt is the one that the news is about; news of an older one is dropped.
	Attempt int
	Ref     string
	Note    string
	// Found is the refund in the provider's books, when it was looked at.
	Found *ticket.ProviderRefund
}

// after says what news makes of a refund: what is booked of it, "" for nothing,
// and whether it changes anything.
func (n RefundNews) after(r *ticket.Refund) (booked string, changes bool) {
	switch {
	case n.Attempt != r.Attempt, r.Status == n.Status && r.Ref == n.Ref, r.Status == ticket.RefundFailed:
		return "", false
	case r.Status == ticket.RefundSucceeded && n.Status != ticket.RefundSucceeded && (n.Found == nil || n.Found.State != ticket.RefundStateFailed):
		return "", false // only its provider takes a success back
	case r.Status == ticket.RefundSucceeded && n.Status == ticket.RefundSucceeded:
	case n.Status == ticket.RefundSucceeded:
		return "paid", true
	case r.Status == ticket.RefundSucceeded:
		return "returned", true
	case n.Status == ticket.RefundFailed:
		return "by-hand", true
	}
	return "", true
}

// SettleRefund books what has become of a refund, and what that makes of its
// booking. Told again it changes nothing. A success that the provider takes
// back is owed once more.
func (s *Sales) SettleRefund(ctx context.Context, id string, n RefundNews) (r *ticket.Refund, err error) {
	defer wrap(&err, "postgres.SettleRefund(%s, %s)", id, n.Status)
	return s.changeRefund(ctx, id, func(tx pgx.Tx, b *paidBooking, r *ticket.Refund) error {
		if n.Found != nil {
			if err := b.recordRefund(ctx, tx, r.ID, n.Attempt, *n.Found); err != nil {
				return err
			}
		}
		if r.Unattributed() {
			return settleUnattributed(ctx, tx, r, n)
		}
		booked, changes := n.after(r)
		if !changes {
			return nil
		}
		_, err := tx.Exec(ctx, `
			UPDATE refunds SET status = $2, provider_ref = CASE WHEN $3 = '' THEN provider_ref ELSE $3 END, note = $4,
			       updated_at = now(), settled_at = CASE WHEN $2 IN ('succeeded', 'failed') THEN now() END
			WHERE id = $1`, id, n.Status, n.Ref, cut(n.Note))
		if err != nil {
			return err
		}
		if err := bookRefund(ctx, tx, r, booked); err != nil || booked != "paid" {
			return err
		}
		return tellRefunded(ctx, tx, r)
	})
}

// recordRefund writes down a refund that the provider has in its books.
func (b *paidBooking) recordRefund(ctx context.Context, tx pgx.Tx, refundID string, attempt int, found ticket.ProviderRefund) error {
	failed := found.State == ticket.RefundStateFailed
	// Stripe's balance shows a failed refund twice, out and in; PayPal books
	// nothing for one that it declines at once.
	moved := !failed || b.provider == ticket.Stripe
	_, err := tx.Exec(ctx, `
		INSERT INTO provider_refunds AS p (provider, ref, refund_id, booking_id, attempt, amount, currency, moved, made_at, failed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, COALESCE($9, now()), CASE WHEN $10 THEN COALESCE($11, now()) END)
		ON CONFLICT (provider, ref) DO UPDATE
		SET moved = p.moved OR EXCLUDED.moved, failed_at = COALESCE(p.failed_at, EXCLUDED.failed_at)`,
		b.provider, found.Ref, refundID, b.id, attempt, found.Amount, b.currency, moved, nullTime(found.At), failed, nullTime(found.FailedAt))
	return err
}

// bookRefund writes where the money of a refund has gone.
func bookRefund(ctx context.Context, tx pgx.Tx, r *ticket.Refund, what string) error {
	provider := string(r.Charge.Provider)
	amount, account, against := r.Amount.Amount, "refunds:"+provider, "clearing:"+provider
	switch what {
	case "":
		return nil
	case "returned":
		amount = -amount
	case "by-hand":
		against = "settled:by-hand"
	case "unattributed":
		account = "suspense:" + provider
	case "unattributed-returned":
		amount, account = -amount, "suspense:"+provider
	case "goodwill":
		account, against = "goodwill", "suspense:"+provider
	case "goodwill-returned":
		amount, account = -amount, "goodwill"
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
		SELECT $1 || '/' || $2 || '/' || $3::int, l.account, $4, $5, l.amount, $6
		FROM (VALUES ($7::text, $8::bigint), ($9, -$8::bigint)) AS l (account, amount)
		WHERE l.amount <> 0
		ON CONFLICT DO NOTHING`,
		r.ID, what, r.Attempt, r.BookingID, r.EventID, r.Amount.Currency, account, amount, against)
	return err
}

// RetryRefund lets the provider be asked anew, under another key: support has
// said that what failed may be tried again.
func (s *Sales) RetryRefund(ctx context.Context, id string) (r *ticket.Refund, err error) {
	defer wrap(&err, "postgres.RetryRefund(%s)", id)
	return s.changeRefund(ctx, id, func(tx pgx.Tx, _ *paidBooking, r *ticket.Refund) error {
		if r.Status != ticket.RefundNeedsAttention || r.Unattributed() || r.Source == ticket.RefundByDispute {
			return nil // what was paid out already is never sent
		}
		_, err := tx.Exec(ctx, `
			UPDATE refunds SET status = 'requested', attempt = attempt + 1, provider_ref = '', note = '', sent_at = NULL, updated_at = now()
			WHERE id = $1`, id)
		return err
	})
}

// changeRefund changes a refund under the lock of its booking and gives the
// booking the status that follows.
func (s *Sales) changeRefund(ctx context.Context, id string, change func(pgx.Tx, *paidBooking, *ticket.Refund) error) (*ticket.Refund, error) {
	r, _, err := s.Refund(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.inBooking(ctx, r.BookingID, func(tx pgx.Tx, b *paidBooking) error {
		if r, _, err = refundIn(ctx, tx, id); err != nil {
			return err
		}
		if err := change(tx, b, r); err != nil {
			return err
		}
		if err := b.settle(ctx, tx); err != nil {
			return err
		}
		r, _, err = refundIn(ctx, tx, id)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no refund %q.", id)
	}
	return r, err
}

// settle gives a booking the status that its tickets and refunds make: with
// support while one of them is, refunding while one is open, refunded when no
// ticket is left, confirmed otherwise. Refunded is final, but for a provider that
// takes the money back: then the buyer is owed it again. Its tickets are frozen
// as its disputes want it.
func (b *paidBooking) settle(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `
		WITH facts AS (
			SELECT EXISTS (SELECT 1 FROM refunds WHERE booking_id = $1 AND status = 'needs_attention') AS attention,
			       EXISTS (SELECT 1 FROM refunds WHERE booking_id = $1 AND status IN ('requested', 'sent', 'pending')) AS open,
			       EXISTS (SELECT 1 FROM tickets WHERE booking_id = $1 AND status <> 'refunded') AS live
		), booking AS (
			UPDATE bookings b
			SET status = CASE WHEN f.attention THEN 'needs_attention' WHEN f.open THEN 'refunding' WHEN f.live THEN 'confirmed' ELSE 'refunded' END,
			    updated_at = now()
			FROM facts f WHERE b.id = $1 AND (b.status IN ('confirmed', 'refunding') OR b.status = 'refunded' AND f.attention OR b.status = 'needs_attention'
			      AND EXISTS (SELECT 1 FROM payments WHERE booking_id = $1 AND status <> 'authorized')) -- else its purchase is with support
			RETURNING b.status
		)
		UPDATE payments p SET status = CASE booking.status WHEN 'refunded' THEN 'refunded' ELSE 'captured' END FROM booking
		WHERE p.booking_id = $1 AND p.status IN ('captured', 'refunded') AND (p.status = 'refunded') <> (booking.status = 'refunded')`, b.id)
	if err != nil {
		return err
	}
	return b.freeze(ctx, tx)
}
