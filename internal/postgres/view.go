package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// View is one moment of a database: what it reads belongs together.
type View struct{ tx pgx.Tx }

var viewOptions = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

// View runs work on the database as it is now.
func (c *Capture) View(ctx context.Context, work func(ctx context.Context, v *View) error) (err error) {
	defer wrap(&err, "postgres.Capture.View()")
	return pgx.BeginTxFunc(ctx, c.pool, viewOptions, func(tx pgx.Tx) error { return work(ctx, &View{tx: tx}) })
}

// Snapshot runs work on the database as it was at a position: the view has
// everything that was committed before it and nothing else. The server keeps
// old row versions for as long as work takes.
func (c *Capture) Snapshot(ctx context.Context, work func(ctx context.Context, v *View, at Position) error) (err error) {
	defer wrap(&err, "postgres.Capture.Snapshot()")
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn) // and with it the temporary slot
	exported, err := pglogrepl.CreateReplicationSlot(ctx, conn, "yourticket_snapshot_"+strings.ToLower(rand.Text()[:10]), "pgoutput",
		pglogrepl.CreateReplicationSlotOptions{Temporary: true, Mode: pglogrepl.LogicalReplication, SnapshotAction: "EXPORT_SNAPSHOT"})
	if err != nil {
		return err
	}
	at, err := pglogrepl.ParseLSN(exported.ConsistentPoint)
	if err != nil {
		return err
	}
	return pgx.BeginTxFunc(ctx, c.pool, viewOptions, func(tx pgx.Tx) error {
		if err := importSnapshot(ctx, tx, exported.SnapshotName); err != nil {
			return err
		}
		hangUp(ctx, conn) // once imported the snapshot lives in the transaction
		return work(ctx, &View{tx: tx}, Position(at))
	})
}

func importSnapshot(ctx context.Context, tx pgx.Tx, name string) error {
	for _, sql := range []string{
		"SET TRANSACTION SNAPSHOT '" + strings.ReplaceAll(name, "'", "''") + "'",
		"SET LOCAL idle_in_transaction_session_timeout = 0", // whoever takes the rows may have to wait
	} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// Sees tells whether the view includes all of these transactions. The stream of
// changes may be quicker than the end of the commit itself.
func (v *View) Sees(ctx context.Context, xids map[uint32]struct{}) (sees bool, err error) {
	defer wrap(&err, "postgres.View.Sees()")
	var text string
	if err := v.tx.QueryRow(ctx, `SELECT pg_current_snapshot()::text`).Scan(&text); err != nil {
		return false, err
	}
	s, err := parseSnapshot(text)
	if err != nil {
		return false, err
	}
	for xid := range xids {
		if !s.includes(xid) {
			return false, nil
		}
	}
	return true, nil
}

// snapshot says which transactions had ended: those before end that are not in
// running.
type snapshot struct {
	end     uint64
	running map[uint64]struct{}
}

// parseSnapshot reads xmin:xmax:xip,xip and so on.
func parseSnapshot(text string) (s snapshot, err error) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		return s, fmt.Errorf("the snapshot %q is not xmin:xmax:xip", text)
	}
	if s.end, err = strconv.ParseUint(parts[1], 10, 64); err != nil {
		return s, fmt.Errorf("the snapshot %q: %w", text, err)
	}
	s.running = map[uint64]struct{}{}
	for xip := range strings.SplitSeq(parts[2], ",") {
		if xip == "" {
			continue
		}
		n, err := strconv.ParseUint(xip, 10, 64)
		if err != nil {
			return s, fmt.Errorf("the snapshot %q: %w", text, err)
		}
		s.running[n] = struct{}{}
	}
	return s, nil
}

// includes completes the transaction's number, of which the stream has the
// lower half, to the one that is nearest to the end of the snapshot.
func (s snapshot) includes(xid uint32) bool {
	full := s.end + uint64(int64(int32(xid-uint32(s.end)))) //nolint:gosec // arithmetic modulo 2^32 is the point
	_, running := s.running[full]
	return full < s.end && !running
}

// SearchRow is an event as search shows it.
type SearchRow struct {
	ID      string
	Event   *ticket.Event
	SoldOut bool
	// Fault says why the row cannot be read; Event is nil then.
	Fault error
}

const selectSearchRows = `SELECT ` + eventColumns + `, coalesce(s.sold_out, false)` + eventTables + `
LEFT JOIN event_stock s ON s.event_id = e.id `

func scanSearchRow(row pgx.CollectableRow) (r SearchRow, err error) {
	r.Event, err = scanEventAnd(row, &r.SoldOut)
	if err == nil {
		r.ID = r.Event.ID
	}
	return r, err
}

// Published reads a page of the events that buyers may see, by id, after one.
func (v *View) Published(ctx context.Context, after string, limit int) (rows []SearchRow, err error) {
	defer wrap(&err, "postgres.View.Published(%s)", after)
	ids, err := v.ids(ctx, `
		SELECT id FROM events WHERE id > $1 AND status IN ('scheduled', 'postponed', 'canceled') ORDER BY id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	return v.Events(ctx, ids)
}

// EventsOfVenue lists a page of the ids of a venue's events, after one.
func (v *View) EventsOfVenue(ctx context.Context, venueID, after string, limit int) (ids []string, err error) {
	defer wrap(&err, "postgres.View.EventsOfVenue(%s)", venueID)
	return v.ids(ctx, `SELECT id FROM events WHERE venue_id = $1 AND id > $2 ORDER BY id LIMIT $3`, venueID, after, limit)
}

func (v *View) ids(ctx context.Context, sql string, args ...any) ([]string, error) {
	rows, err := v.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Events reads events by id, in the order of ids; those that are not there are
// left out. A row that no program can read, such as one at the end of time, is
// a row with a Fault and keeps no other from being read.
func (v *View) Events(ctx context.Context, ids []string) (list []SearchRow, err error) {
	defer wrap(&err, "postgres.View.Events(%d)", len(ids))
	list, err = v.events(ctx, ids)
	if err == nil || !unreadable(err) {
		return list, err
	}
	list = list[:0]
	for _, id := range ids {
		one, err := v.events(ctx, []string{id})
		switch {
		case err == nil:
			list = append(list, one...)
		case unreadable(err):
			list = append(list, SearchRow{ID: id, Fault: err})
		default:
			return nil, err
		}
	}
	return list, nil
}

func (v *View) events(ctx context.Context, ids []string) ([]SearchRow, error) {
	rows, err := v.tx.Query(ctx, selectSearchRows+`WHERE e.id = ANY($1) ORDER BY e.id`, ids)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSearchRow)
}

// unreadable tells a value that cannot be scanned from a query that failed.
func unreadable(err error) bool {
	_, scan := errors.AsType[pgx.ScanArgError](err)
	return scan
}

// Taken counts, for each of these events, the places that are sold or blocked.
func (v *View) Taken(ctx context.Context, eventIDs []string) (taken map[string]int, err error) {
	defer wrap(&err, "postgres.View.Taken(%d)", len(eventIDs))
	return countTaken(ctx, v.tx, eventIDs)
}
