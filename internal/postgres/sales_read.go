package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// selectBooking reads bookings whole: row, payment and tickets in one round trip.
const selectBooking = `
SELECT b.id, b.event_id, b.buyer_id, b.status, b.fingerprint, b.seat_indexes, b.categories, b.prices, b.fees,
       b.total, b.currency, b.fence, b.hold_expires_at, b.next_action, b.failure_code, b.failure_message,
       b.created_at, b.confirmed_at, p.provider, p.status, p.fallback,
       t.ids, t.seats, t.statuses, t.frozen, t.generations, t.holders
FROM bookings b
LEFT JOIN payments p ON p.booking_id = b.id
LEFT JOIN LATERAL (
	SELECT array_agg(id) AS ids, array_agg(seat_index) AS seats, array_agg(status) AS statuses, array_agg(frozen) AS frozen,
	       array_agg(generation) AS generations, array_agg(COALESCE(holder_id, '')) AS holders
	FROM tickets WHERE booking_id = b.id) t ON true`

func scanBooking(row pgx.CollectableRow) (*ticket.Booking, error) {
	var (
		b           ticket.Booking
		c           itemColumns
		confirmed   *time.Time
		provider    *ticket.Provider
		status      *ticket.PaymentStatus
		fallback    *bool
		ids         []string
		seats       []int32
		statuses    []string
		frozen      []bool
		generations []int32
		holders     []string
	)
	err := row.Scan(&b.ID, &b.EventID, &b.BuyerID, &b.Status, &b.Fingerprint, &c.seats, &c.categories, &c.prices, &c.fees,
		&b.Total.Amount, &b.Total.Currency, &b.Fence, &b.HoldExpiresAt, &b.NextAction, &b.FailureCode, &b.FailureMessage,
		&b.CreatedAt, &confirmed, &provider, &status, &fallback, &ids, &seats, &statuses, &frozen, &generations, &holders)
	if err != nil {
		return nil, err
	}
	b.Items = c.items()
	if confirmed != nil {
		b.ConfirmedAt = *confirmed
	}
	if provider != nil {
		b.Payment = &ticket.Payment{Provider: *provider, Status: *status, Fallback: *fallback}
	}
	for i, id := range ids {
		b.Tickets = append(b.Tickets, ticket.Ticket{
			ID: id, BookingID: b.ID, EventID: b.EventID, SeatIndex: int(seats[i]), Status: ticket.TicketStatus(statuses[i]),
			Generation: int(generations[i]), HolderID: holders[i], Frozen: frozen[i],
		})
	}
	slices.SortFunc(b.Tickets, func(x, y ticket.Ticket) int { return x.SeatIndex - y.SeatIndex })
	return &b, nil
}

// BookingsCursor is a place in a buyer's list: the last booking that was read.
type BookingsCursor struct {
	CreatedAt time.Time `json:"t"`
	ID        string    `json:"id"`
}

// BookingsOf lists a buyer's bookings over all shards, newest first, after the
// cursor (zero: from the start).
func (s *Sales) BookingsOf(ctx context.Context, buyerID string, after BookingsCursor, limit int) (list []*ticket.Booking, err error) {
	defer wrap(&err, "postgres.BookingsOf(%s)", buyerID)
	if after.CreatedAt.IsZero() {
		after = BookingsCursor{CreatedAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	for _, db := range s.shards {
		rows, err := db.Query(ctx, selectBooking+`
			WHERE b.buyer_id = $1 AND (b.created_at, b.id) < ($2, $3)
			ORDER BY b.created_at DESC, b.id DESC LIMIT $4`, buyerID, after.CreatedAt, after.ID, limit)
		if err != nil {
			return nil, interpret(err)
		}
		some, err := pgx.CollectRows(rows, scanBooking)
		if err != nil {
			return nil, interpret(err)
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, newestFirst)
	return list[:min(limit, len(list))], nil
}

func newestFirst(x, y *ticket.Booking) int {
	if c := y.CreatedAt.Compare(x.CreatedAt); c != 0 {
		return c
	}
	return strings.Compare(y.ID, x.ID)
}
