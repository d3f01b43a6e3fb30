package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Transfer gives a ticket to another account.
type Transfer struct {
	TicketID string
	FromID   string
	ToID     string
	// Limit is how many tickets of the event the receiver may then have.
	Limit int
}

// TransferTicket gives a ticket to another account: its code dies, the next
// generation's belongs to the receiver, both are told by mail, all at once or
// not at all. Done again it changes nothing. CodeNotFound when the giver does
// not have the ticket, CodeAlreadyUsed, CodeRefunded, CodeFrozen, and CodeTicketLimit when the
// receiver would have too many.
func (s *Sales) TransferTicket(ctx context.Context, t Transfer) (moved ticket.Ticket, err error) {
	defer wrap(&err, "postgres.TransferTicket(%s)", t.TicketID)
	db, err := s.shard(t.TicketID)
	if err != nil {
		return moved, err
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		row, err := lockTicket(ctx, tx, t.TicketID)
		if err != nil {
			return err
		}
		moved = row.checked().Ticket
		switch holder := moved.HeldBy(row.BuyerID); {
		case holder == t.ToID && holder != t.FromID:
			return transferredBefore(ctx, tx, t, row.Generation)
		case holder != t.FromID:
			return noTicket(t.TicketID)
		case row.Status == ticket.TicketUsed:
			return ticket.Errorf(ticket.CodeAlreadyUsed, "Somebody has come in with this ticket already.")
		case row.Status != ticket.TicketLive:
			return ticket.Errorf(ticket.CodeRefunded, "The ticket was refunded.")
		case row.Frozen:
			return errFrozen()
		}
		if err := mayReceive(ctx, tx, t, row.EventID); err != nil {
			return err
		}
		moved.Generation, moved.HolderID = row.Generation+1, t.ToID
		return writeTransfer(ctx, tx, t, moved)
	})
	return moved, err
}

func noTicket(id string) error {
	return ticket.Errorf(ticket.CodeNotFound, "There is no ticket %q.", id)
}

func lockTicket(ctx context.Context, tx pgx.Tx, id string) (row ticketRow, err error) {
	rows, err := tx.Query(ctx, selectTicket+` WHERE id = $1 FOR UPDATE`, id)
	if err != nil {
		return row, err
	}
	row, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[ticketRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return row, noTicket(id)
	}
	return row, err
}

// transferredBefore tells a transfer that is asked for again from one of
// somebody else's.
func transferredBefore(ctx context.Context, tx pgx.Tx, t Transfer, generation int) error {
	var ours bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM ticket_transfers WHERE ticket_id = $1 AND generation = $2 AND from_id = $3)`,
		t.TicketID, generation, t.FromID).Scan(&ours)
	if err == nil && !ours {
		return noTicket(t.TicketID)
	}
	return err
}

// mayReceive bounds what one account has, whatever it bought itself. The lock
// lets several transfers to it through one at a time.
func mayReceive(ctx context.Context, tx pgx.Tx, t Transfer, eventID string) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "transfer/"+eventID+"/"+t.ToID); err != nil {
		return err
	}
	var has int
	err := tx.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM bookings b JOIN tickets t ON t.booking_id = b.id
		        WHERE b.buyer_id = $1 AND b.event_id = $2 AND t.holder_id IS NULL AND t.status IN ('live', 'used'))
		     + (SELECT count(*) FROM tickets WHERE holder_id = $1 AND event_id = $2 AND status IN ('live', 'used'))`,
		t.ToID, eventID).Scan(&has)
	if err == nil && has >= t.Limit {
		return ticket.Errorf(ticket.CodeTicketLimit, "The account has as many tickets of this event as one may have.")
	}
	return err
}

func writeTransfer(ctx context.Context, tx pgx.Tx, t Transfer, moved ticket.Ticket) error {
	_, err := tx.Exec(ctx, `
		WITH moved AS (UPDATE tickets SET generation = $2, holder_id = NULLIF($4, buyer_id) WHERE id = $1 RETURNING event_id)
		INSERT INTO ticket_transfers (ticket_id, generation, event_id, from_id, to_id) SELECT $1, $2, event_id, $3, $4 FROM moved`,
		moved.ID, moved.Generation, t.FromID, t.ToID)
	if err != nil {
		return err
	}
	mail := ticket.Mail{EventID: moved.EventID, BookingID: moved.BookingID, TicketID: moved.ID}
	for kind, to := range map[ticket.MailKind]string{ticket.MailTransfer: t.ToID, ticket.MailTransferred: t.FromID} {
		mail.Kind, mail.ToID, mail.ID = kind, to, fmt.Sprintf("%s/%s/%d", moved.ID, kind, moved.Generation)
		if err := addMail(ctx, tx, mail); err != nil {
			return err
		}
	}
	return nil
}

// HeldTicket is a ticket with what it takes to show it to who has it.
type HeldTicket struct {
	ticket.Ticket
	BuyerID   string
	CreatedAt time.Time
}

// TicketsOf lists what an account has, bought and received, over all shards,
// newest first, after the cursor.
func (s *Sales) TicketsOf(ctx context.Context, userID string, after BookingsCursor, limit int) (list []HeldTicket, err error) {
	defer wrap(&err, "postgres.TicketsOf(%s)", userID)
	if after.CreatedAt.IsZero() {
		after = BookingsCursor{CreatedAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	}
	for _, db := range s.shards {
		rows, err := db.Query(ctx, `
			SELECT id, booking_id, event_id, seat_index, status, frozen, generation, holder_id, buyer_id, created_at FROM (
				SELECT t.id, t.booking_id, t.event_id, t.seat_index, t.status, t.frozen, t.generation, '' AS holder_id, t.buyer_id, t.created_at
				FROM bookings b JOIN tickets t ON t.booking_id = b.id WHERE b.buyer_id = $1 AND t.holder_id IS NULL
				UNION ALL
				SELECT id, booking_id, event_id, seat_index, status, frozen, generation, holder_id, buyer_id, created_at
				FROM tickets WHERE holder_id = $1) held
			WHERE (created_at, id) < ($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4`, userID, after.CreatedAt, after.ID, limit)
		if err != nil {
			return nil, err
		}
		some, err := pgx.CollectRows(rows, scanHeld)
		if err != nil {
			return nil, err
		}
		list = append(list, some...)
	}
	slices.SortFunc(list, func(x, y HeldTicket) int {
		return cmp.Or(y.CreatedAt.Compare(x.CreatedAt), strings.Compare(y.ID, x.ID))
	})
	return list[:min(limit, len(list))], nil
}

func scanHeld(row pgx.CollectableRow) (h HeldTicket, err error) {
	err = row.Scan(&h.ID, &h.BookingID, &h.EventID, &h.SeatIndex, &h.Status, &h.Frozen, &h.Generation, &h.HolderID, &h.BuyerID, &h.CreatedAt)
	return h, err
}

// Ticket reads a ticket with its buyer; CodeNotFound when there is none.
func (s *Sales) Ticket(ctx context.Context, id string) (h HeldTicket, err error) {
	defer wrap(&err, "postgres.Ticket(%s)", id)
	db, err := s.shard(id)
	if err != nil {
		return h, err
	}
	rows, err := db.Query(ctx, `
		SELECT id, booking_id, event_id, seat_index, status, frozen, generation, COALESCE(holder_id, ''), buyer_id, created_at
		FROM tickets WHERE id = $1`, id)
	if err != nil {
		return h, err
	}
	h, err = pgx.CollectExactlyOneRow(rows, scanHeld)
	if errors.Is(err, pgx.ErrNoRows) {
		return h, noTicket(id)
	}
	return h, err
}
