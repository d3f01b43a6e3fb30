package postgres

import (
	"context"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// SeatBook is the truth about an event's places, from which its live state is
// rebuilt when Redis has lost it.
type SeatBook struct {
	Blocked []int
	Sold    []SoldSeat
	Holds   []HeldSeats
}

// SoldSeat is a place with a live ticket.
type SoldSeat struct {
	Seat      int
	BuyerID   string
	BookingID string
}

// HeldSeats are the places of a booking that waits for its payment.
type HeldSeats struct {
	BookingID string
	BuyerID   string
	Fence     int64
	Seats     []int
	// ExpiresAt is zero for a hold that is being paid: only its purchase ends it.
	ExpiresAt time.Time
}

// SeatBook reads the state of every place that is not free, in one snapshot.
func (s *Sales) SeatBook(ctx context.Context, eventID string) (book SeatBook, err error) {
	defer wrap(&err, "postgres.SeatBook(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return book, err
	}
	err = pgx.BeginTxFunc(ctx, db, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		return readSeatBook(ctx, tx, eventID, &book)
	})
	return book, interpret(err)
}

func readSeatBook(ctx context.Context, tx pgx.Tx, eventID string, book *SeatBook) error {
	rows, err := tx.Query(ctx, `SELECT seat_index FROM blocks WHERE event_id = $1`, eventID)
	if err != nil {
		return err
	}
	if book.Blocked, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
		return err
	}
	rows, err = tx.Query(ctx, `
		SELECT seat_index, buyer_id, booking_id FROM tickets WHERE event_id = $1 AND status IN ('live', 'used')`, eventID)
	if err != nil {
		return err
	}
	if book.Sold, err = pgx.CollectRows(rows, pgx.RowToStructByPos[SoldSeat]); err != nil {
		return err
	}
	rows, err = tx.Query(ctx, `
		SELECT id, buyer_id, fence, seat_indexes,
		       CASE WHEN status = 'held' THEN hold_expires_at END
		FROM bookings WHERE event_id = $1 AND (status IN ('paying', 'action_required')
		                                       OR status = 'needs_attention' AND confirmed_at IS NULL
		                                       OR status = 'held' AND hold_expires_at > now())`, eventID)
	if err != nil {
		return err
	}
	book.Holds, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (HeldSeats, error) {
		var (
			h       HeldSeats
			expires *time.Time
		)
		err := row.Scan(&h.BookingID, &h.BuyerID, &h.Fence, &h.Seats, &expires)
		if expires != nil {
			h.ExpiresAt = *expires
		}
		return h, err
	})
	return err
}

// Unsellable counts, for each event, the places that are sold or blocked.
// Events of several shards may be asked for together.
func (s *Sales) Unsellable(ctx context.Context, eventIDs []string) (counts map[string]int, err error) {
	defer wrap(&err, "postgres.Unsellable(%d events)", len(eventIDs))
	counts = make(map[string]int, len(eventIDs))
	byShard := map[int][]string{}
	for _, id := range eventIDs {
		n, _ := ticket.ShardOf(id)
		byShard[n] = append(byShard[n], id)
	}
	for _, ids := range byShard {
		db, err := s.shard(ids[0])
		if err != nil {
			return nil, err
		}
		taken, err := countTaken(ctx, db, ids)
		if err != nil {
			return nil, interpret(err)
		}
		maps.Copy(counts, taken)
	}
	return counts, nil
}

// countTaken counts on one shard. Events with every place free have no count.
func countTaken(ctx context.Context, db querier, eventIDs []string) (map[string]int, error) {
	rows, err := db.Query(ctx, `
		SELECT event_id, count(*) FROM (
			SELECT event_id FROM tickets WHERE event_id = ANY($1) AND status IN ('live', 'used')
			UNION ALL SELECT event_id FROM blocks WHERE event_id = ANY($1)) taken
		GROUP BY event_id`, eventIDs)
	if err != nil {
		return nil, err
	}
	var (
		counts = make(map[string]int, len(eventIDs))
		id     string
		n      int
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &n}, func() error { counts[id] = n; return nil })
	return counts, err
}
