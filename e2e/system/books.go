package system

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/ticket"
)

// row is a booking as Postgres has it.
type row struct {
	ID        string
	EventID   string
	BuyerID   string
	Status    string
	Seats     []int32
	Total     int64
	ExpiresAt time.Time
	Tickets   []int32 // seats of its live tickets
	Ended     []int32 // seats of its refunded tickets
	Live      int64   // what its live tickets cost
	Kept      int64   // what the journal has taken of it, wherever it is now
	Apart     int64   // what of it no provider keeps: withheld, or given away
	Provider  string  // "" without a payment
	Paid      string  // the payment's status
	Charged   int64   // the payment's amount
}

// books is everything that the shards say, read at one time each.
type books struct {
	bookings map[string]row
	blocked  map[string][]int32 // by event
	findings []string           // what is wrong within Postgres itself
}

const selectRows = `
SELECT b.id, b.event_id, b.buyer_id, b.status, b.seat_indexes, b.total, b.hold_expires_at,
       ARRAY(SELECT seat_index FROM tickets t WHERE t.booking_id = b.id AND t.status IN ('live', 'used') ORDER BY 1),
       ARRAY(SELECT seat_index FROM tickets t WHERE t.booking_id = b.id AND t.status = 'refunded' ORDER BY 1),
       (SELECT COALESCE(sum(price + fee), 0)::bigint FROM tickets t WHERE t.booking_id = b.id AND t.status IN ('live', 'used')),
       (SELECT COALESCE(sum(amount), 0)::bigint FROM journal j WHERE j.booking_id = b.id AND (j.account LIKE 'clearing:%' OR j.account LIKE 'expense:%'
            OR j.account LIKE 'disputes:%' OR j.account LIKE 'suspense:%' OR j.account IN ('goodwill', 'settled:by-hand'))),
       (SELECT COALESCE(sum(amount), 0)::bigint FROM journal j WHERE j.booking_id = b.id AND (j.account LIKE 'disputes:%' OR j.account LIKE 'suspense:%'
            OR j.account IN ('goodwill', 'settled:by-hand'))),
       COALESCE(p.provider, ''), COALESCE(p.status, ''), COALESCE(p.amount, 0)
FROM bookings b LEFT JOIN payments p ON p.booking_id = b.id
WHERE cardinality($1::text[]) = 0 OR b.event_id = ANY($1)`

// internalFaults are queries whose every row is a broken promise.
var internalFaults = map[string]string{
	"journal transactions that do not sum to zero": `
		SELECT transaction_id || ' ' || currency || ' ' || sum(amount) FROM journal GROUP BY transaction_id, currency HAVING sum(amount) <> 0`,
	"seats with more than one live ticket": `
		SELECT event_id || ' seat ' || seat_index || ' × ' || count(*) FROM tickets WHERE status IN ('live', 'used')
		GROUP BY event_id, seat_index HAVING count(*) > 1`,
	"live tickets without a confirmed booking": `
		SELECT t.id || ' of ' || t.booking_id || ' ' || COALESCE(b.status, 'missing') FROM tickets t LEFT JOIN bookings b ON b.id = t.booking_id
		WHERE t.status IN ('live', 'used') AND (b.id IS NULL OR b.confirmed_at IS NULL OR b.status NOT IN ('confirmed', 'refunding', 'needs_attention'))`,
	"payments of bookings that are not confirmed": `
		SELECT p.booking_id || ' ' || b.status || ' ' || p.status FROM payments p JOIN bookings b ON b.id = p.booking_id
		WHERE b.confirmed_at IS NULL OR b.status NOT IN ('confirmed', 'refunding', 'refunded', 'needs_attention')`,
	"refunds that are done and still owed, or owed and not there": `
		SELECT r.booking_id || ' owes ' || -COALESCE(j.owed, 0) || ', its open refunds are over ' || r.open
		FROM (SELECT booking_id, COALESCE(sum(amount) FILTER (WHERE status NOT IN ('succeeded', 'failed') 
		             AND NOT (source IN ('provider', 'dispute') AND cardinality(seat_indexes) = 0)), 0) AS open FROM refunds GROUP BY 1) r
		LEFT JOIN (SELECT booking_id, sum(amount) AS owed FROM journal WHERE account LIKE 'refunds:%' GROUP BY 1) j ON j.booking_id = r.booking_id
		WHERE -COALESCE(j.owed, 0) <> r.open`,
	"refunded payments of bookings that are not": `
		SELECT p.booking_id || ' is ' || b.status || ', its payment ' || p.status FROM payments p JOIN bookings b ON b.id = p.booking_id
		WHERE (b.status = 'refunded') <> (p.status = 'refunded')`,
	"counts of a buyer's tickets that are wrong": `
		SELECT c.event_id || ' ' || c.buyer_id || ' counts ' || c.tickets FROM buyer_tickets c
		WHERE c.tickets <> (SELECT count(*) FROM tickets t
		                    WHERE t.event_id = c.event_id AND t.buyer_id = c.buyer_id AND t.status IN ('live', 'used'))`,
	"confirmed bookings whose capture is not in the journal": `
		SELECT p.booking_id FROM payments p
		WHERE p.status IN ('captured', 'refunded') AND NOT EXISTS (
			SELECT 1 FROM journal j WHERE j.transaction_id = p.booking_id || '/capture' AND j.account = 'clearing:' || p.provider AND j.amount = p.amount)`,
}

// readBooks reads the bookings of the events, of all without any, from all shards.
func (s *System) readBooks(ctx context.Context, events []*Event) (books, error) {
	b := books{bookings: map[string]row{}, blocked: map[string][]int32{}}
	ids := eventIDs(events)
	for _, db := range s.Shards {
		if err := b.read(ctx, db, ids); err != nil {
			return b, err
		}
	}
	return b, nil
}

func (b *books) read(ctx context.Context, db *pgxpool.Pool, events []string) error {
	rows, err := db.Query(ctx, selectRows, events)
	if err != nil {
		return err
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return err
	}
	for _, r := range list {
		b.bookings[r.ID] = r
	}
	rows, err = db.Query(ctx, `SELECT event_id, seat_index FROM blocks`)
	if err != nil {
		return err
	}
	var (
		event string
		seat  int32
	)
	_, err = pgx.ForEachRow(rows, []any{&event, &seat}, func() error {
		b.blocked[event] = append(b.blocked[event], seat)
		return nil
	})
	if err != nil {
		return err
	}
	for what, query := range internalFaults {
		rows, err := db.Query(ctx, query)
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, f := range found {
			b.findings = append(b.findings, fmt.Sprintf("Postgres has %s: %s", what, f))
		}
	}
	return nil
}

// seats draws the map of an event from the books: what Redis must say.
func (b *books) seats(eventID string, places int) string {
	drawn := make([]byte, places)
	for i := range drawn {
		drawn[i] = byte(ticket.SeatAvailable)
	}
	for _, i := range b.blocked[eventID] {
		drawn[i] = byte(ticket.SeatBlocked)
	}
	for _, r := range b.bookings {
		if r.EventID != eventID {
			continue
		}
		if r.holds() {
			for _, i := range r.Seats {
				drawn[i] = byte(ticket.SeatHeld)
			}
		}
		for _, i := range r.Tickets {
			drawn[i] = byte(ticket.SeatSold)
		}
	}
	return string(drawn)
}

// holds tells whether a booking keeps others off places that it does not own.
func (r row) holds() bool {
	status := ticket.BookingStatus(r.Status)
	return status.HoldsSeats() && (status != ticket.BookingHeld || time.Now().Before(r.ExpiresAt))
}

// sold tells whether a booking was sold, whatever became of its tickets since.
func (r row) sold() bool {
	return r.Status == string(ticket.BookingConfirmed) || r.Status == string(ticket.BookingRefunded)
}

// final tells whether nothing is left to happen by itself.
func (r row) final() bool { return final(ticket.BookingStatus(r.Status)) }

// final tells whether nothing is left to happen by itself to a booking.
func final(s ticket.BookingStatus) bool { return s == ticket.BookingConfirmed || s.Terminal() }
