package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// OfflineScan is what became of a scan that a door made without us.
type OfflineScan struct {
	CheckedTicket
	// Refusal is why the scan should not have let anybody in; "" when it was
	// right to.
	Refusal ticket.Code
	// Others are the other admissions on the ticket, by time.
	Others []Admission
}

// RecordScan writes a scan down that let somebody in while its door was
// offline. Recorded again it gives the same, as far as nothing was added since.
// The first admission by time is the ticket's, whenever it arrives.
func (s *Sales) RecordScan(ctx context.Context, scan Scan) (o OfflineScan, err error) {
	defer wrap(&err, "postgres.RecordScan(%s)", scan.TicketID)
	db, err := s.shard(scan.TicketID)
	if err != nil {
		return o, errNoTicket()
	}
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		o, err = recordScan(ctx, tx, scan)
		return err
	})
	return o, err
}

func recordScan(ctx context.Context, tx pgx.Tx, scan Scan) (o OfflineScan, err error) {
	rows, err := tx.Query(ctx, selectTicket+` WHERE id = $1 FOR UPDATE`, scan.TicketID)
	if err != nil {
		return o, err
	}
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByNameLax[ticketRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return o, errNoTicket()
	}
	if err != nil {
		return o, err
	}
	refusal := row.refusal(scan)
	outcome := "admitted"
	if refusal != "" {
		outcome = string(refusal)
	}
	tag, err := tx.Exec(ctx, `
		INSERT INTO checkins (ticket_id, device_id, scanned_at, event_id, door_id, offline, outcome)
		VALUES ($1, $2, $3, $4, $5, true, $6) ON CONFLICT DO NOTHING`,
		row.ID, scan.DeviceID, scan.At, row.EventID, scan.DoorID, outcome)
	if err != nil {
		return o, err
	}
	if refusal == "" || refusal == ticket.CodeAlreadyUsed && row.UsedAt != nil && scan.At.Before(*row.UsedAt) {
		row.Status, row.UsedAt, row.UsedDevice = ticket.TicketUsed, &scan.At, scan.DeviceID
		_, err = tx.Exec(ctx, `UPDATE tickets SET status = 'used', used_at = $2, used_device = $3 WHERE id = $1`,
			row.ID, scan.At, scan.DeviceID)
		if err != nil {
			return o, err
		}
	}
	o.CheckedTicket, o.Again = row.checked(), tag.RowsAffected() == 0
	if refusal != "" && refusal != ticket.CodeAlreadyUsed {
		o.Refusal = refusal
		return o, nil
	}
	if o.Used.DeviceID != scan.DeviceID || !o.Used.At.Equal(scan.At) {
		o.Refusal = ticket.CodeAlreadyUsed
	}
	o.Others, err = otherAdmissions(ctx, tx, scan)
	return o, err
}

func otherAdmissions(ctx context.Context, db querier, scan Scan) ([]Admission, error) {
	rows, err := db.Query(ctx, `
		SELECT device_id, scanned_at FROM checkins
		WHERE ticket_id = $1 AND outcome IN ('admitted', 'already-used') AND (device_id, scanned_at) <> ($2, $3)
		ORDER BY scanned_at, device_id LIMIT 20`, scan.TicketID, scan.DeviceID, scan.At)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (a Admission, err error) {
		err = r.Scan(&a.DeviceID, &a.At)
		a.At = a.At.UTC()
		return a, err
	})
}

// ListedTicket is a line of an event's check-in list.
type ListedTicket struct {
	ID         string
	Generation int
	SeatIndex  int
	Status     ticket.TicketStatus
	Frozen     bool
	UsedAt     time.Time
	UsedDevice string
}

// CheckinList is every ticket of an event as of one moment.
type CheckinList struct {
	// Version is the same as long as every line is.
	Version string
	Tickets []ListedTicket
}

// CheckinList reads every ticket of an event in one snapshot; without lines
// when the caller knows this version.
func (s *Sales) CheckinList(ctx context.Context, eventID string, known func(version string) bool) (list CheckinList, err error) {
	defer wrap(&err, "postgres.CheckinList(%s)", eventID)
	db, err := s.shard(eventID)
	if err != nil {
		return list, err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, db, snapshot, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `
			SELECT md5(count(*)::text || COALESCE(sum(hashtextextended(
				concat_ws('/', id, generation, seat_index, status, frozen, used_at, used_device), 0)::numeric), 0)::text)
			FROM tickets WHERE event_id = $1`, eventID).Scan(&list.Version)
		if err != nil || known(list.Version) {
			return err
		}
		rows, err := tx.Query(ctx, `
			SELECT id, generation, seat_index, status, frozen, COALESCE(used_at, 'epoch') AS used_at, COALESCE(used_device, '') AS used_device
			FROM tickets WHERE event_id = $1 ORDER BY seat_index, id`, eventID)
		if err != nil {
			return err
		}
		list.Tickets, err = pgx.CollectRows(rows, pgx.RowToStructByName[ListedTicket])
		return err
	})
	return list, err
}
