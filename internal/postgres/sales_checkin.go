package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"yourticket.example/ticket"
)

// Scan is a code that a door has read and that carries our signature.
type Scan struct {
	TicketID   string
	Generation int
	// EventID is the event of the door, "" for any.
	EventID  string
	DeviceID string
	DoorID   string // the account
	Key      string // the Idempotency-Key, "" for none
	At       time.Time
	// Window is how long the same device may ask again without a key.
	Window time.Duration
}

// Admission is where and when a ticket let somebody in.
type Admission struct {
	DeviceID string    `json:"device_id"`
	At       time.Time `json:"at"`
}

// CheckedTicket is a ticket after a scan.
type CheckedTicket struct {
	ticket.Ticket
	// Used is the first admission by time; zero while there was none.
	Used Admission
	// Again says that the scan had been taken before.
	Again bool
}

// ticketRow is what a scan needs to know of a ticket.
const selectTicket = `SELECT id, booking_id, event_id, seat_index, status, generation, frozen, COALESCE(holder_id, '') AS holder_id,
	buyer_id, used_at, COALESCE(used_device, '') AS used_device FROM tickets`

type ticketRow struct {
	ID, BookingID, EventID string
	SeatIndex              int
	Status                 ticket.TicketStatus
	Generation             int
	Frozen                 bool
	HolderID, BuyerID      string
	UsedAt                 *time.Time
	UsedDevice             string
}

func (r *ticketRow) checked() CheckedTicket {
	c := CheckedTicket{Ticket: ticket.Ticket{
		ID: r.ID, BookingID: r.BookingID, EventID: r.EventID, SeatIndex: r.SeatIndex, Status: r.Status, Generation: r.Generation, HolderID: r.HolderID,
		Frozen: r.Frozen,
	}}
	if r.UsedAt != nil {
		c.Used = Admission{DeviceID: r.UsedDevice, At: r.UsedAt.UTC()}
	}
	return c
}

// refusal says why the ticket lets nobody in on this scan, "" when it does.
func (r *ticketRow) refusal(s Scan) ticket.Code {
	switch {
	case s.EventID != "" && r.EventID != s.EventID, r.Generation != s.Generation:
		return ticket.CodeInvalidTicket
	case r.Status == ticket.TicketRefunded:
		return ticket.CodeRefunded
	case r.Status == ticket.TicketUsed:
		return ticket.CodeAlreadyUsed
	case r.Frozen:
		return ticket.CodeFrozen
	}
	return ""
}

// CheckIn lets the holder of a ticket in, once: of any number of scans at the
// same time one succeeds. The same scan sent again succeeds again. What the
// ticket is comes back with the refusals too: CodeAlreadyUsed, CodeRefunded,
// CodeFrozen while its payment is disputed, CodeInvalidTicket when there is no such ticket, it is another event's, or it
// was transferred since.
func (s *Sales) CheckIn(ctx context.Context, scan Scan) (c CheckedTicket, err error) {
	defer wrap(&err, "postgres.CheckIn(%s)", scan.TicketID)
	db, err := s.shard(scan.TicketID)
	if err != nil {
		return c, errNoTicket()
	}
	rows, err := db.Query(ctx, `
		WITH used AS (
			UPDATE tickets SET status = 'used', used_at = $4, used_device = $5
			WHERE id = $1 AND generation = $2 AND status = 'live' AND NOT frozen AND ($3 = '' OR event_id = $3)
			RETURNING *
		), written AS (
			INSERT INTO checkins (ticket_id, device_id, scanned_at, event_id, door_id, request_key, offline, outcome)
			SELECT id, $5, $4, event_id, $6, NULLIF($7, ''), false, 'admitted' FROM used
		)
		SELECT id, booking_id, event_id, seat_index, status, generation, frozen, COALESCE(holder_id, '') AS holder_id,
		       buyer_id, used_at, COALESCE(used_device, '') AS used_device FROM used`,
		scan.TicketID, scan.Generation, scan.EventID, scan.At, scan.DeviceID, scan.DoorID, scan.Key)
	if err != nil {
		return c, interpretScan(err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[ticketRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return checkedBefore(ctx, db, scan)
	}
	return row.checked(), interpretScan(err)
}

// checkedBefore tells a scan that was sent again from one that comes too late.
func checkedBefore(ctx context.Context, db querier, scan Scan) (c CheckedTicket, err error) {
	rows, err := db.Query(ctx, selectTicket+` WHERE id = $1`, scan.TicketID)
	if err != nil {
		return c, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[ticketRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return c, errNoTicket()
	}
	if err != nil {
		return c, err
	}
	c = row.checked()
	code := row.refusal(scan)
	if code != ticket.CodeAlreadyUsed {
		return c, refuseScan(code)
	}
	err = db.QueryRow(ctx, `
		SELECT EXISTS (SELECT 1 FROM checkins WHERE ticket_id = $1 AND device_id = $2 AND outcome = 'admitted'
			AND (scanned_at = $3 OR request_key = NULLIF($4, '') OR $4 = '' AND scanned_at > $3 - $5::interval AND scanned_at <= $3))`,
		scan.TicketID, scan.DeviceID, scan.At, scan.Key, scan.Window).Scan(&c.Again)
	if err == nil && !c.Again {
		err = refuseScan(code)
	}
	return c, err
}

func errNoTicket() error {
	return ticket.Errorf(ticket.CodeInvalidTicket, "The code is for a ticket that does not exist.")
}

func refuseScan(code ticket.Code) error {
	switch code {
	case ticket.CodeAlreadyUsed:
		return ticket.Errorf(code, "Somebody has come in with this ticket already.")
	case ticket.CodeRefunded:
		return ticket.Errorf(code, "The ticket was refunded.")
	case ticket.CodeFrozen:
		return errFrozen()
	case ticket.CodeInvalidTicket:
		return ticket.Errorf(code, "The code is not valid here: it is for another event, or the ticket was transferred and has a new code.")
	case "": // The ticket changed between two looks at it.
		return ticket.Errorf(ticket.CodeUnavailable, "The ticket is being changed; scan it again.")
	}
	return ticket.Errorf(code, "The ticket is not valid at the moment.")
}

func errFrozen() error {
	return ticket.Errorf(ticket.CodeFrozen, "The payment of the ticket is disputed: it is not valid until that is decided.")
}

func interpretScan(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.ConstraintName == "checkins_request" {
		return ticket.Errorf(ticket.CodeKeyReused, "The Idempotency-Key was used for another ticket; use a new one.")
	}
	return interpret(err)
}
