package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yourticket.example/ticket"
)

// CommitRow is what confirms a booking: the charge that pays for it and the
// limit that its buyer must keep.
type CommitRow struct {
	BookingID string
	Fence     int64
	// Limit is the most live tickets of the event that the buyer may have.
	Limit    int
	Charge   ticket.Charge
	Fallback bool
	Tickets  []string // the ticket ids, in the order of the booking's items
	At       time.Time
}

// commitBooking confirms a booking whole or not at all: status, tickets,
// payment and journal in one statement, hence one transaction and one round
// trip. It matches no row when the booking is not waiting to be paid, its fence
// was outrun, a newer hold has sold one of the seats, or one is kept from the sale.
const commitBooking = `
WITH booking AS (
	UPDATE bookings b
	SET status = 'confirmed', confirmed_at = $10, updated_at = now(), next_action = NULL
	WHERE b.id = $1 AND b.fence = $2 AND b.confirmed_at IS NULL
	  AND b.status IN ('held', 'paying', 'action_required', 'needs_attention')
	  AND NOT EXISTS (SELECT 1 FROM tickets t
	                  WHERE t.event_id = b.event_id AND t.seat_index = ANY(b.seat_indexes) AND t.fence >= b.fence)
	  AND NOT EXISTS (SELECT 1 FROM blocks k WHERE k.event_id = b.event_id AND k.seat_index = ANY(b.seat_indexes))
	RETURNING *
), counted AS (
	INSERT INTO buyer_tickets AS bt (event_id, buyer_id, tickets, maximum)
	SELECT event_id, buyer_id, cardinality(seat_indexes), $3 FROM booking
	ON CONFLICT (event_id, buyer_id) DO UPDATE SET tickets = bt.tickets + EXCLUDED.tickets, maximum = EXCLUDED.maximum
), ticket AS (
	INSERT INTO tickets (id, booking_id, event_id, buyer_id, seat_index, status, price, fee, fence)
	SELECT i.id, b.id, b.event_id, b.buyer_id, i.seat, 'live', i.price, i.fee, b.fence
	FROM booking b, unnest($4::text[], b.seat_indexes, b.prices, b.fees) AS i (id, seat, price, fee)
), payment AS (
	INSERT INTO payments (booking_id, provider, attempt, status, fallback, ref, order_ref, amount, currency)
	SELECT id, $5, $6, 'authorized', $7, $8, $9, total, currency FROM booking
), mail AS (
	INSERT INTO outbox (id, kind, to_id, event_id, booking_id)
	SELECT id || '/confirmation', 'confirmation', buyer_id, event_id, id FROM booking
), line AS (
	INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
	SELECT b.id || '/sale', l.account, b.id, b.event_id, l.amount, b.currency
	FROM booking b
	CROSS JOIN LATERAL (SELECT sum(p)::bigint AS net FROM unnest(b.prices) p) n
	CROSS JOIN LATERAL (VALUES ('receivable:' || $5::text, b.total),
	                           ('payable:organizer', -n.net),
	                           ('revenue:fees', n.net - b.total)) AS l (account, amount)
)
SELECT confirmed_at FROM booking`

// Commit confirms a booking. Committing what is committed succeeds. It returns
// CodeSeatsUnavailable when another ticket owns one of the seats, CodeStaleHold
// when the booking no longer waits for payment under this fence, and
// CodeTicketLimit when the buyer would have too many tickets.
func (s *Sales) Commit(ctx context.Context, c CommitRow) (err error) {
	defer wrap(&err, "postgres.Commit(%s)", c.BookingID)
	db, err := s.shard(c.BookingID)
	if err != nil {
		return err
	}
	rows, err := db.Query(ctx, commitBooking, c.BookingID, c.Fence, c.Limit, c.Tickets,
		c.Charge.Provider, c.Charge.Attempt, c.Fallback, c.Charge.Ref, c.Charge.OrderRef, c.At)
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	if err != nil {
		return interpretCommit(err)
	}
	if rows.CommandTag().RowsAffected() == 1 {
		return nil
	}
	return s.committedBefore(ctx, c)
}

// committedBefore tells a repeated commit from one that came too late.
func (s *Sales) committedBefore(ctx context.Context, c CommitRow) error {
	db, err := s.shard(c.BookingID)
	if err != nil {
		return err
	}
	var ours bool
	err = db.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM payments WHERE booking_id = $1 AND provider = $2 AND ref = $3)`,
		c.BookingID, c.Charge.Provider, c.Charge.Ref).Scan(&ours)
	if err != nil {
		return interpret(err)
	}
	if !ours {
		return ticket.Errorf(ticket.CodeStaleHold, "The hold of booking %s was outrun.", c.BookingID)
	}
	return nil
}

func interpretCommit(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.ConstraintName {
		case "tickets_one_live_a_seat":
			return ticket.Errorf(ticket.CodeSeatsUnavailable, "Another booking has got one of the seats.")
		case "buyer_tickets_limit":
			return ticket.Errorf(ticket.CodeTicketLimit, "The buyer has as many tickets of this event as one may have.")
		}
	}
	return interpret(err)
}

// RecordCapture books that the money of a booking was taken. Recorded again it
// changes nothing.
func (s *Sales) RecordCapture(ctx context.Context, bookingID, captureRef string) error {
	return s.RecordCaptureAt(ctx, bookingID, captureRef, time.Time{})
}

// RecordCaptureAt books a capture of which we have heard later than it was made;
// the zero time is now. Reconciliation compares it with the provider's own time.
func (s *Sales) RecordCaptureAt(ctx context.Context, bookingID, captureRef string, at time.Time) (err error) {
	defer wrap(&err, "postgres.RecordCaptureAt(%s)", bookingID)
	db, err := s.shard(bookingID)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `
		WITH payment AS (
			UPDATE payments SET status = 'captured', capture_ref = $2, captured_at = COALESCE($3, now())
			WHERE booking_id = $1 AND status = 'authorized'
			RETURNING *
		)
		INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
		SELECT p.booking_id || '/capture', l.account, p.booking_id, b.event_id, l.amount, p.currency
		FROM payment p JOIN bookings b ON b.id = p.booking_id
		CROSS JOIN LATERAL (VALUES ('clearing:' || p.provider, p.amount),
		                           ('receivable:' || p.provider, -p.amount)) AS l (account, amount)`,
		bookingID, captureRef, nullTime(at))
	return err
}

// Booking reads one booking with its tickets and payment. CodeNotFound when
// there is none.
func (s *Sales) Booking(ctx context.Context, id string) (b *ticket.Booking, err error) {
	defer wrap(&err, "postgres.Booking(%s)", id)
	db, err := s.shard(id)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, selectBooking+` WHERE b.id = $1`, id)
	if err != nil {
		return nil, interpret(err)
	}
	b, err = pgx.CollectExactlyOneRow(rows, scanBooking)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no booking %q.", id)
	}
	return b, interpret(err)
}
