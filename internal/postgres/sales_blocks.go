package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// SaveBlocks keeps places from the sale and writes down who did it; those that
// are blocked stay so. It says which were not before. CodeSeatsUnavailable, with
// the places in Extra "unavailable_indexes", when one is sold.
//
// live does the same to the live state, within the transaction: when it fails
// nothing is stored. Blocks of one event are changed one after the other.
func (s *Sales) SaveBlocks(ctx context.Context, eventID string, o ticket.SeatsOrder, live func(context.Context) error) (saved []int, err error) {
	defer wrap(&err, "postgres.SaveBlocks(%s)", eventID)
	err = s.changeBlocks(ctx, eventID, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT seat_index FROM tickets
			WHERE event_id = $1 AND seat_index = ANY($2) AND status IN ('live', 'used') ORDER BY seat_index`, eventID, o.Seats)
		if err != nil {
			return err
		}
		sold, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		if len(sold) > 0 {
			e := ticket.Errorf(ticket.CodeSeatsUnavailable, "%d of the seats are not available any more.", len(sold))
			e.Extra = map[string]any{"unavailable_indexes": sold}
			return e
		}
		rows, err = tx.Query(ctx, `
			INSERT INTO blocks (event_id, seat_index, reason) SELECT $1, unnest($2::int[]), $3
			ON CONFLICT DO NOTHING RETURNING seat_index`, eventID, o.Seats, o.Reason)
		if err != nil {
			return err
		}
		if saved, err = pgx.CollectRows(rows, pgx.RowTo[int]); err != nil {
			return err
		}
		if err := recordBlocks(ctx, tx, eventID, ticket.ChangeSeatsBlocked, saved, o); err != nil {
			return err
		}
		return live(ctx)
	})
	return saved, err
}

// DeleteBlocks gives places back to the sale and writes down who did it; what is
// not blocked stays as it is. For live see SaveBlocks.
func (s *Sales) DeleteBlocks(ctx context.Context, eventID string, o ticket.SeatsOrder, live func(context.Context) error) (err error) {
	defer wrap(&err, "postgres.DeleteBlocks(%s)", eventID)
	return s.changeBlocks(ctx, eventID, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			DELETE FROM blocks WHERE event_id = $1 AND seat_index = ANY($2) RETURNING seat_index`, eventID, o.Seats)
		if err != nil {
			return err
		}
		freed, err := pgx.CollectRows(rows, pgx.RowTo[int])
		if err != nil {
			return err
		}
		if err := recordBlocks(ctx, tx, eventID, ticket.ChangeSeatsReleased, freed, o); err != nil {
			return err
		}
		return live(ctx)
	})
}

// changeBlocks runs work in a transaction that no other one of the event's
// blocks overlaps with.
func (s *Sales) changeBlocks(ctx context.Context, eventID string, work func(tx pgx.Tx) error) error {
	db, err := s.shard(eventID)
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended('blocks/' || $1, 0))`, eventID); err != nil {
			return err
		}
		return work(tx)
	})
}

func recordBlocks(ctx context.Context, tx pgx.Tx, eventID, what string, seats []int, o ticket.SeatsOrder) error {
	if len(seats) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO block_changes (event_id, what, seat_indexes, made_by, request_id, reason)
		SELECT $1, $2, array_agg(seat ORDER BY seat), $4, $5, $6 FROM unnest($3::int[]) seat`,
		eventID, what, seats, o.By, o.RequestID, o.Reason)
	return err
}

// Blocks lists the places of an event that are kept from the sale, by index,
// after one of them (-1: from the first).
func (s *Sales) Blocks(ctx context.Context, eventID string, after, limit int) (list []ticket.Block, err error) {
	defer wrap(&err, "postgres.Blocks(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query(ctx, `
		SELECT seat_index, reason, created_at FROM blocks WHERE event_id = $1 AND seat_index > $2
		ORDER BY seat_index LIMIT $3`, eventID, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Block])
}

// BlockChanges reads who blocked and released places of an event, newest first,
// after the cursor.
func (s *Sales) BlockChanges(ctx context.Context, eventID string, after ticket.ChangeCursor, limit int) (list []ticket.Change, err error) {
	defer wrap(&err, "postgres.BlockChanges(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return nil, err
	}
	at, id := changesAfter(after)
	rows, err := db.Query(ctx, `
		SELECT number, what, seat_indexes, made_by, request_id, reason, made_at FROM block_changes
		WHERE event_id = $1 AND made_at <= $2 AND (made_at, 'b' || lpad(number::text, 19, '0') COLLATE "C") < ($2, $3)
		ORDER BY made_at DESC, number DESC LIMIT $4`, eventID, at, id, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (ch ticket.Change, err error) {
		var number int64
		ch.SubjectID = eventID
		err = row.Scan(&number, &ch.What, &ch.Seats, &ch.By, &ch.RequestID, &ch.Reason, &ch.At)
		ch.ID = fmt.Sprintf("b%019d", number)
		return ch, err
	})
}
