package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Attribution says what money was for that went back without our asking.
type Attribution struct {
	// Seats are those whose tickets end for it; none: it was a gift, and all stay.
	Seats []int
	Note  string
}

// AttributeRefund books what money was for of which that was not known. A
// difference to the price of the tickets is ours to bear, or to keep. Told again
// it changes nothing. CodeInvalid when a place is not the booking's,
// CodeBookingState when its ticket has ended before.
func (s *Sales) AttributeRefund(ctx context.Context, id string, a Attribution) (r *ticket.Refund, err error) {
	defer wrap(&err, "postgres.AttributeRefund(%s)", id)
	return s.changeRefund(ctx, id, func(tx pgx.Tx, b *paidBooking, r *ticket.Refund) error {
		if !r.Unattributed() || r.Status != ticket.RefundNeedsAttention {
			return nil
		}
		_, err := tx.Exec(ctx, `
			UPDATE refunds SET status = 'succeeded', seat_indexes = $2, note = $3, settled_at = now(), updated_at = now() WHERE id = $1`,
			id, append([]int{}, a.Seats...), cut(a.Note))
		if err != nil {
			return err
		}
		if len(a.Seats) == 0 {
			return bookRefund(ctx, tx, r, "goodwill")
		}
		return b.attribute(ctx, tx, r, a.Seats)
	})
}

// attribute ends the tickets of some places for money that went back before.
func (b *paidBooking) attribute(ctx context.Context, tx pgx.Tx, r *ticket.Refund, seats []int) error {
	var ids []string
	var net, fee int64
	seated := false
	for _, t := range b.tickets {
		if !slices.Contains(seats, t.seat) {
			continue
		}
		if !t.live() {
			return ticket.Errorf(ticket.CodeBookingState, "One of the tickets was refunded before.")
		}
		ids, net, fee = append(ids, t.id), net+t.price, fee+t.fee
		seated = seated || t.status == ticket.TicketUsed
	}
	if len(ids) < len(seats) {
		return ticket.Invalid("seats", "has a place that is not the booking's")
	}
	_, err := tx.Exec(ctx, `
		WITH ended AS (
			UPDATE tickets SET status = 'refunded', frozen = false WHERE id = ANY($3)
		), counted AS (
			UPDATE buyer_tickets SET tickets = tickets - cardinality($3::text[]) WHERE event_id = $4 AND buyer_id = $5
		), kept AS (
			UPDATE refunds SET resell = false WHERE id = $1 AND $11 -- nobody is sold a place on which somebody sits
		)
		INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
		SELECT $1 || '/attributed', l.account, $2, $4, l.amount, $6
		FROM (VALUES ('payable:organizer', $7::bigint), ('revenue:fees', $8::bigint), ('suspense:' || $9, -$10::bigint),
		             ('goodwill', $10::bigint - $7 - $8)) AS l (account, amount)
		WHERE l.amount <> 0`,
		r.ID, b.id, ids, b.eventID, b.buyerID, b.currency, net, fee, string(b.provider), r.Amount.Amount, seated)
	return err
}

// settleUnattributed books what a provider says of money of which nobody has
// said what it is for: only that it came back is news.
func settleUnattributed(ctx context.Context, tx pgx.Tx, r *ticket.Refund, n RefundNews) error {
	if n.Found == nil || n.Found.State != ticket.RefundStateFailed || r.Status == ticket.RefundFailed {
		return nil
	}
	booked := "unattributed-returned"
	if r.Status == ticket.RefundSucceeded {
		booked = "goodwill-returned"
	}
	_, err := tx.Exec(ctx, `UPDATE refunds SET status = 'failed', note = $2, settled_at = now(), updated_at = now() WHERE id = $1`, r.ID, cut(n.Note))
	if err != nil {
		return err
	}
	return bookRefund(ctx, tx, r, booked)
}
