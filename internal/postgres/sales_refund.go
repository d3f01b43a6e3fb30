package postgres

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// RefundOrder asks for a refund.
type RefundOrder struct {
	ID        string
	BookingID string
	// Seats are the places to be given up; nil for all that are left.
	Seats  []int
	Reason string
	By     string
	Source ticket.RefundSource
	// Resell puts the places on sale again; else they are blocked.
	Resell bool
	// Fingerprint tells a repeated request from another one under the same key.
	Fingerprint string
}

// BeginRefund is the pivot of a refund, in one transaction: the tickets die,
// the buyer's count falls, the booking is refunding, and the journal owes the
// money. Begun again it finds the refund that it began. It refuses with
// CodeNotFound, CodeBookingState, CodeAlreadyUsed or CodeInvalid, and with
// CodeKeyReused when the id was used for another request.
func (s *Sales) BeginRefund(ctx context.Context, o RefundOrder) (r *ticket.Refund, err error) {
	defer wrap(&err, "postgres.BeginRefund(%s)", o.ID)
	err = s.inBooking(ctx, o.BookingID, func(tx pgx.Tx, b *paidBooking) error {
		found, fingerprint, err := refundIn(ctx, tx, o.ID)
		if err == nil {
			r = found
			if o.Fingerprint != "" && fingerprint != o.Fingerprint {
				return ticket.Errorf(ticket.CodeKeyReused, "This Idempotency-Key was used for another refund.")
			}
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		tickets, err := b.refundable(o)
		if err != nil {
			return err
		}
		if err := b.endTickets(ctx, tx, o, tickets); err != nil {
			return err
		}
		if r, _, err = refundIn(ctx, tx, o.ID); err != nil || o.Source != ticket.RefundByCancel {
			return err
		}
		return tellCanceled(ctx, tx, r, tickets)
	})
	return r, err
}

// paidBooking is a booking under lock with all that a refund has to look at.
type paidBooking struct {
	id, eventID, buyerID string
	status               ticket.BookingStatus
	currency             string
	provider             ticket.Provider
	paid                 int64 // the payment's amount
	returned             int64 // what refunds have taken of it, or are about to
	tickets              []bookedTicket
}

type bookedTicket struct {
	id     string
	seat   int
	status ticket.TicketStatus
	frozen bool
	holder string // who has it now, when that is not the buyer
	price  int64
	fee    int64
}

func (t bookedTicket) live() bool { return t.status != ticket.TicketRefunded }

// inBooking runs a transaction on a booking that was paid for, which it locks:
// whatever changes tickets and refunds of one booking happens in turn.
func (s *Sales) inBooking(ctx context.Context, bookingID string, do func(pgx.Tx, *paidBooking) error) error {
	db, err := s.shard(bookingID)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		b, err := lockBooking(ctx, tx, bookingID)
		if err != nil {
			return err
		}
		return do(tx, b)
	})
}

func lockBooking(ctx context.Context, tx pgx.Tx, id string) (*paidBooking, error) {
	b := &paidBooking{id: id}
	var provider *ticket.Provider
	err := tx.QueryRow(ctx, `
		SELECT b.event_id, b.buyer_id, b.status, b.currency, p.provider, COALESCE(p.amount, 0),
		       (SELECT COALESCE(sum(r.amount), 0)::bigint FROM refunds r
		        WHERE r.booking_id = b.id AND NOT (r.status = 'failed' AND r.seat_indexes = '{}')) -- a gift that came back
		FROM bookings b LEFT JOIN payments p ON p.booking_id = b.id WHERE b.id = $1 FOR UPDATE OF b`, id).
		Scan(&b.eventID, &b.buyerID, &b.status, &b.currency, &provider, &b.paid, &b.returned)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no booking %q.", id)
	}
	if err != nil {
		return nil, err
	}
	if provider == nil {
		return nil, ticket.Errorf(ticket.CodeBookingState, "The booking is %s and was never paid for.", b.status)
	}
	b.provider = *provider
	rows, err := tx.Query(ctx, `
		SELECT id, seat_index, status, frozen, COALESCE(holder_id, ''), price, fee FROM tickets WHERE booking_id = $1 ORDER BY seat_index FOR UPDATE`, id)
	if err != nil {
		return nil, err
	}
	b.tickets, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (t bookedTicket, err error) {
		err = row.Scan(&t.id, &t.seat, &t.status, &t.frozen, &t.holder, &t.price, &t.fee)
		return t, err
	})
	return b, err
}

// refundable chooses the tickets that the order is about, or says why they
// cannot be refunded. A show that is canceled refunds those too who were let in.
func (b *paidBooking) refundable(o RefundOrder) ([]bookedTicket, error) {
	if b.status != ticket.BookingConfirmed && b.status != ticket.BookingRefunding {
		return nil, ticket.Errorf(ticket.CodeBookingState, "The booking is %s and cannot be refunded.", b.status)
	}
	var chosen []bookedTicket
	for _, t := range b.tickets {
		named := slices.Contains(o.Seats, t.seat)
		if !named && (o.Seats != nil || !t.live()) {
			continue
		}
		if err := t.refusal(o.Source); err != nil {
			return nil, err
		}
		chosen = append(chosen, t)
	}
	switch {
	case len(chosen) < len(o.Seats):
		return nil, ticket.Invalid("seats", "has a place that is not the booking's")
	case len(chosen) == 0:
		return nil, ticket.Errorf(ticket.CodeBookingState, "Nothing of the booking is left to be refunded.")
	}
	return chosen, nil
}

// refusal says why a ticket cannot be refunded by this source.
func (t bookedTicket) refusal(source ticket.RefundSource) error {
	switch {
	case !t.live():
		return ticket.Errorf(ticket.CodeBookingState, "One of the tickets was refunded before.")
	case t.frozen:
		return ticket.Errorf(ticket.CodeBookingState, "The payment is disputed: nothing can be refunded until that is decided.")
	case t.holder != "" && source == ticket.RefundByBuyer:
		return ticket.Errorf(ticket.CodeBookingState, "One of the tickets was transferred: take it back, or ask support.")
	case t.status == ticket.TicketUsed && source != ticket.RefundByCancel:
		return ticket.Errorf(ticket.CodeAlreadyUsed, "One of the tickets was used at the door.")
	}
	return nil
}

// endTickets writes the pivot. Debits are positive: what the organizer and our
// fees lose, the buyer is owed until the provider has paid it out. Money that was
// given before without a ticket having ended for it counts towards what is owed.
func (b *paidBooking) endTickets(ctx context.Context, tx pgx.Tx, o RefundOrder, chosen []bookedTicket) error {
	var (
		ids      []string
		seats    []int
		net, fee int64
	)
	for _, t := range chosen {
		ids, seats = append(ids, t.id), append(seats, t.seat)
		net, fee = net+t.price, fee+t.fee
	}
	given := int64(0)
	if o.Source != ticket.RefundByProvider && o.Source != ticket.RefundByDispute { // whose money has gone as it has gone
		given = max(0, net+fee-(b.paid-b.returned))
	}
	_, err := tx.Exec(ctx, `
		WITH ended AS (
			UPDATE tickets SET status = 'refunded', frozen = false WHERE id = ANY($3)
		), counted AS (
			UPDATE buyer_tickets SET tickets = tickets - cardinality($3::text[]) WHERE event_id = $4 AND buyer_id = $5
		), booking AS (
			UPDATE bookings SET status = 'refunding', updated_at = now() WHERE id = $2
		), kept AS (
			INSERT INTO blocks (event_id, seat_index, reason) SELECT $4, unnest($6::int[]), 'refunded' WHERE NOT $7
			ON CONFLICT DO NOTHING
		), refund AS (
			INSERT INTO refunds (id, booking_id, event_id, seat_indexes, amount, currency, reason, asked_by, source, provider,
			                     resell, status, fingerprint)
			VALUES ($1, $2, $4, $6, $8::bigint + $9 - $16, $10, $11, $12, $13, $14, $7, 'requested', $15)
		)
		INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
		SELECT $1 || '/refund', l.account, $2, $4, l.amount, $10
		FROM (VALUES ('payable:organizer', $8::bigint), ('revenue:fees', $9::bigint), ('refunds:' || $14, $16 - $8::bigint - $9),
		             ('goodwill', -$16::bigint)) AS l (account, amount)
		WHERE l.amount <> 0`,
		o.ID, b.id, ids, b.eventID, b.buyerID, seats, o.Resell, net, fee, b.currency, o.Reason, o.By, o.Source, string(b.provider), o.Fingerprint, given)
	return err
}

const selectRefund = `
SELECT r.id, r.booking_id, r.event_id, b.buyer_id, r.seat_indexes, r.amount, r.currency, r.reason, r.asked_by, r.source,
       r.resell, r.status, r.attempt, r.provider_ref, r.note, r.created_at, r.sent_at, r.fingerprint,
       p.provider, p.attempt, p.ref, p.order_ref, p.capture_ref, p.amount
FROM refunds r JOIN bookings b ON b.id = r.booking_id JOIN payments p ON p.booking_id = r.booking_id`

// readRefund scans a refund and its request's fingerprint.
func readRefund(row pgx.Row) (r *ticket.Refund, fingerprint string, err error) {
	r = &ticket.Refund{}
	var sent *time.Time
	err = row.Scan(&r.ID, &r.BookingID, &r.EventID, &r.BuyerID, &r.Seats, &r.Amount.Amount, &r.Amount.Currency, &r.Reason, &r.By, &r.Source,
		&r.Resell, &r.Status, &r.Attempt, &r.Ref, &r.Note, &r.CreatedAt, &sent, &fingerprint,
		&r.Charge.Provider, &r.Charge.Attempt, &r.Charge.Ref, &r.Charge.OrderRef, &r.Charge.CaptureRef, &r.Charge.Amount.Amount)
	r.Charge.Amount.Currency, r.CreatedAt = r.Amount.Currency, r.CreatedAt.UTC()
	if sent != nil {
		r.SentAt = sent.UTC()
	}
	return r, fingerprint, err
}

func refundIn(ctx context.Context, tx pgx.Tx, id string) (*ticket.Refund, string, error) {
	return readRefund(tx.QueryRow(ctx, selectRefund+` WHERE r.id = $1`, id))
}

// Refund reads a refund, and the fingerprint of the request that made it.
// CodeNotFound when there is none.
func (s *Sales) Refund(ctx context.Context, id string) (r *ticket.Refund, fingerprint string, err error) {
	defer wrap(&err, "postgres.Refund(%s)", id)
	db, err := s.shard(id)
	if err != nil {
		return nil, "", err
	}
	r, fingerprint, err = readRefund(db.QueryRow(ctx, selectRefund+` WHERE r.id = $1`, id))
	return r, fingerprint, notFound(err, "refund", id)
}

// RefundsOf lists the refunds of a booking, oldest first.
func (s *Sales) RefundsOf(ctx context.Context, bookingID string) (list []*ticket.Refund, err error) {
	defer wrap(&err, "postgres.RefundsOf(%s)", bookingID)
	db, err := s.shard(bookingID)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, selectRefund+` WHERE r.booking_id = $1 ORDER BY r.created_at, r.id`, bookingID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*ticket.Refund, error) {
		r, _, err := readRefund(row)
		return r, err
	})
}

// cut keeps a text that comes from elsewhere to what a note may have.
func cut(text string) string {
	text = strings.ToValidUTF8(text, "�")
	if r := []rune(text); len(r) > 500 {
		return string(r[:500])
	}
	return text
}
