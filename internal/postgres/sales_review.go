package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// PaidCharge is the payment of a booking and how far it is.
type PaidCharge struct {
	Charge  ticket.TakenCharge
	Status  ticket.PaymentStatus
	EventID string
	BuyerID string
}

// PaidCharge reads the payment of a booking; CodeNotFound when it has none.
func (s *Sales) PaidCharge(ctx context.Context, bookingID string) (p PaidCharge, err error) {
	defer wrap(&err, "postgres.PaidCharge(%s)", bookingID)
	db, err := s.shard(bookingID)
	if err != nil {
		return p, err
	}
	c := &p.Charge
	err = db.QueryRow(ctx, `
		SELECT p.provider, p.attempt, p.ref, p.order_ref, p.capture_ref, p.amount, p.currency, p.status, b.event_id, b.buyer_id
		FROM payments p JOIN bookings b ON b.id = p.booking_id WHERE p.booking_id = $1`, bookingID).
		Scan(&c.Provider, &c.Attempt, &c.Ref, &c.OrderRef, &c.CaptureRef, &c.Amount.Amount, &c.Amount.Currency, &p.Status, &p.EventID, &p.BuyerID)
	return p, notFound(err, "payment of booking", bookingID)
}

// BookingOfCharge finds the booking that a charge pays for, by the reference of
// its intent or authorization or by that of its capture; "" when our books know
// of none.
func (s *Sales) BookingOfCharge(ctx context.Context, p ticket.Provider, ref, captureRef string) (bookingID string, err error) {
	defer wrap(&err, "postgres.BookingOfCharge(%s, %s, %s)", p, ref, captureRef)
	if ref == "" && captureRef == "" {
		return "", nil
	}
	for _, db := range s.shards {
		err := db.QueryRow(ctx, `
			SELECT booking_id FROM payments WHERE ref = $2 AND $2 <> '' AND provider = $1
			UNION ALL
			SELECT booking_id FROM payments WHERE capture_ref = $3 AND capture_ref <> '' AND provider = $1 LIMIT 1`,
			p, ref, captureRef).Scan(&bookingID)
		if err == nil || !errors.Is(err, pgx.ErrNoRows) {
			return bookingID, err
		}
	}
	return "", nil
}

// Review is what a provider's own books say of the charge that pays for a booking.
type Review struct {
	BookingID string
	Refunds   []ticket.ProviderRefund
	Disputes  []ticket.ProviderDispute
}

// ReviewCharge brings our books in line with a provider's, in one transaction.
// Disputes freeze the booking's tickets and are booked; what was given back
// without our asking is booked, and ends the tickets that it is certainly for.
// It returns the refunds with which their workflows must go on: those that are
// new to us, and those of ours of which the provider says something new.
// Reviewed again with the same it changes nothing.
func (s *Sales) ReviewCharge(ctx context.Context, r Review) (follow []string, err error) {
	defer wrap(&err, "postgres.ReviewCharge(%s)", r.BookingID)
	err = s.inBooking(ctx, r.BookingID, func(tx pgx.Tx, b *paidBooking) error {
		follow = nil
		for _, found := range r.Refunds {
			id, err := b.reviewRefund(ctx, tx, found)
			if err != nil {
				return err
			}
			if id != "" {
				follow = append(follow, id)
			}
		}
		for _, found := range r.Disputes {
			id, err := b.reviewDispute(ctx, tx, found)
			if err != nil {
				return err
			}
			if id != "" {
				follow = append(follow, id)
			}
		}
		return b.settle(ctx, tx)
	})
	return follow, err
}

// reviewRefund looks at one refund in the provider's books and names the refund
// of ours that must be gone on with, "" for none.
func (b *paidBooking) reviewRefund(ctx context.Context, tx pgx.Tx, found ticket.ProviderRefund) (follow string, err error) {
	r, _, err := readRefund(tx.QueryRow(ctx, selectRefund+`
		WHERE r.booking_id = $1 AND (r.provider = $2 AND r.provider_ref = $3 OR r.id = $4)
		ORDER BY r.provider_ref = $3 DESC LIMIT 1`, b.id, b.provider, found.Ref, found.RefundID))
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		if follow, err := b.adoptRefund(ctx, tx, found); err != nil || follow != "" {
			return follow, err
		}
		return b.takeRefund(ctx, tx, found)
	case err != nil:
		return "", err
	case isNews(r, found):
		return r.ID, nil
	}
	return "", nil
}

// adoptRefund takes money that somebody gave back at the provider for the refund of
// the same amount that waits with support, since that is what it was for: it is
// the refund's next attempt. "" when there is none.
func (b *paidBooking) adoptRefund(ctx context.Context, tx pgx.Tx, found ticket.ProviderRefund) (id string, err error) {
	if found.State == ticket.RefundStateFailed {
		return "", nil
	}
	err = tx.QueryRow(ctx, `
		UPDATE refunds SET status = 'pending', attempt = attempt + 1, provider_ref = $4, note = '', sent_at = COALESCE($5, now()), updated_at = now()
		WHERE id = (SELECT id FROM refunds WHERE booking_id = $1 AND provider = $2 AND amount = $3 AND status = 'needs_attention'
		                   AND cardinality(seat_indexes) > 0 AND source <> 'dispute' ORDER BY created_at, id LIMIT 1)
		RETURNING id`, b.id, b.provider, found.Amount, found.Ref, nullTime(found.At)).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// isNews tells whether a provider says of a refund what our books do not know. An
// earlier attempt has failed, which is why there is a later one; of what was
// settled by hand nothing is news.
func isNews(r *ticket.Refund, found ticket.ProviderRefund) bool {
	switch {
	case found.RefundID != "" && found.Attempt != r.Attempt, r.Status == ticket.RefundFailed:
		return false
	case found.State == ticket.RefundStateSucceeded:
		return r.Status != ticket.RefundSucceeded && !r.Unattributed()
	case found.State == ticket.RefundStateFailed:
		return r.Status != ticket.RefundNeedsAttention || r.Unattributed()
	}
	return false
}

// takeRefund books money that was given back at the provider without our asking.
// Of what failed before we heard of it nothing is left but its movements.
func (b *paidBooking) takeRefund(ctx context.Context, tx pgx.Tx, found ticket.ProviderRefund) (follow string, err error) {
	o := RefundOrder{
		ID: ticket.DeriveRefundID(b.id, string(b.provider)+"/"+found.Ref), BookingID: b.id, Source: ticket.RefundByProvider,
		Reason: "given back at " + string(b.provider), By: string(b.provider),
	}
	if found.State == ticket.RefundStateFailed {
		return "", b.recordRefund(ctx, tx, o.ID, 1, found)
	}
	note := fmt.Sprintf("%s were given back by hand at %s (%s), which fits no tickets of the booking: say what it is for.",
		ticket.Money{Amount: found.Amount, Currency: b.currency}, b.provider, found.Ref)
	if err := b.takeMoney(ctx, tx, o, found.Amount, note); err != nil {
		return "", err
	}
	if err := b.recordRefund(ctx, tx, o.ID, 1, found); err != nil {
		return "", err
	}
	status, booked := ticket.RefundSucceeded, "paid"
	if found.State == ticket.RefundStatePending {
		status, booked = ticket.RefundPending, ""
	}
	r, _, err := refundIn(ctx, tx, o.ID)
	if err != nil {
		return "", err
	}
	if r.Unattributed() {
		status, booked = ticket.RefundNeedsAttention, "unattributed"
	}
	_, err = tx.Exec(ctx, `
		UPDATE refunds SET status = $2, provider_ref = $3, sent_at = $4, settled_at = CASE WHEN $2 = 'succeeded' THEN now() END WHERE id = $1`,
		o.ID, status, found.Ref, nullTime(found.At))
	if err != nil {
		return "", err
	}
	if err := bookRefund(ctx, tx, r, booked); err != nil || booked != "paid" {
		return o.ID, err
	}
	return o.ID, tellRefunded(ctx, tx, r)
}

// takeMoney writes a refund that nobody here has asked for: with the tickets
// that it is certainly for, which end, or without any.
func (b *paidBooking) takeMoney(ctx context.Context, tx pgx.Tx, o RefundOrder, amount int64, note string) error {
	if chosen := b.coveredBy(amount); chosen != nil {
		o.Resell = true
		for _, t := range chosen {
			o.Resell = o.Resell && t.status == ticket.TicketLive // nobody is sold a place on which somebody sits
		}
		if err := b.endTickets(ctx, tx, o, chosen); err != nil {
			return err
		}
		b.ended(chosen)
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO refunds (id, booking_id, event_id, seat_indexes, amount, currency, reason, asked_by, source, provider, resell, status, note)
		VALUES ($1, $2, $3, '{}', $4, $5, $6, $7, $8, $9, true, 'needs_attention', $10)`,
		o.ID, b.id, b.eventID, amount, b.currency, o.Reason, o.By, o.Source, b.provider, cut(note))
	return err
}

// mostMatched bounds the tickets of which every combination is tried.
const mostMatched = 12

// coveredBy gives the tickets that an amount is certainly for: all that are
// left, or the only combination of them that costs as much. Nil when there is
// none, or more than one.
func (b *paidBooking) coveredBy(amount int64) []bookedTicket {
	var left []bookedTicket
	var sum int64
	for _, t := range b.tickets {
		if t.live() {
			left, sum = append(left, t), sum+t.price+t.fee
		}
	}
	if len(left) == 0 || amount > sum || amount == 0 {
		return nil
	}
	if amount == sum {
		return left
	}
	if len(left) > mostMatched {
		return nil
	}
	var fits [][]bookedTicket
	for set := 1; set < 1<<len(left)-1; set++ {
		var some []bookedTicket
		var cost int64
		for i, t := range left {
			if set&(1<<i) != 0 {
				some, cost = append(some, t), cost+t.price+t.fee
			}
		}
		if cost == amount {
			fits = append(fits, some)
		}
	}
	if len(fits) != 1 {
		return nil
	}
	return fits[0]
}

// ended notes which tickets have died under this lock.
func (b *paidBooking) ended(chosen []bookedTicket) {
	for i := range b.tickets {
		for _, t := range chosen {
			if b.tickets[i].id == t.id {
				b.tickets[i].status = ticket.TicketRefunded
			}
		}
	}
}
