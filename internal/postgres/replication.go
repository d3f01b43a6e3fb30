package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Position is a place in a database's write-ahead log. Positions rise with
// every commit; those of two databases have nothing to do with one another.
type Position uint64

// String gives the position as PostgreSQL writes it, such as 16/B374D848.
func (p Position) String() string { return pglogrepl.LSN(p).String() }

// Errors of a replication slot.
var (
	// ErrSlotInUse: another reader has the slot.
	ErrSlotInUse = errors.New("the replication slot is in use")
	// ErrSlotLost: the slot is not there, or its changes are not kept any more.
	ErrSlotLost = errors.New("the replication slot is lost")
)

// Capture is a database as change capture sees it: what changes, from which
// position on. Its user needs the REPLICATION attribute, the server
// wal_level=logical.
type Capture struct {
	url  string
	pool *pgxpool.Pool
}

// NewCapture makes a Capture of the database at url, which pool is connected to.
func NewCapture(url string, pool *pgxpool.Pool) *Capture { return &Capture{url: url, pool: pool} }

// SystemID identifies the database across addresses: two URLs lead to the same
// one exactly if this is the same.
func (c *Capture) SystemID(ctx context.Context) (id string, err error) {
	defer wrap(&err, "postgres.Capture.SystemID()")
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer hangUp(ctx, conn)
	system, err := pglogrepl.IdentifySystem(ctx, conn)
	return system.SystemID + "/" + system.DBName, err
}

// CheckSlot returns ErrSlotLost, ErrSlotInUse, or nil for a slot that waits for
// its reader.
func (c *Capture) CheckSlot(ctx context.Context, slot string) (err error) {
	defer wrap(&err, "postgres.CheckSlot(%s)", slot)
	var (
		active bool
		status *string
	)
	err = c.pool.QueryRow(ctx, `SELECT active, wal_status FROM pg_replication_slots WHERE slot_name = $1`, slot).Scan(&active, &status)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return ErrSlotLost
	case err != nil:
		return err
	case status != nil && *status == "lost":
		return ErrSlotLost
	case active:
		return ErrSlotInUse
	}
	return nil
}

// SlotName is that of the slot by which this database is followed. Slots are
// the server's, so the name has the database in it.
func (c *Capture) SlotName(ctx context.Context) (slot string, err error) {
	defer wrap(&err, "postgres.SlotName()")
	err = c.pool.QueryRow(ctx, `SELECT 'yourticket_cdc_' || oid FROM pg_database WHERE datname = current_database()`).Scan(&slot)
	return slot, err
}

// RenewSlot makes a slot that is lost anew, from now on, after lost has
// recorded that changes were missed. One that another process has made anew
// meanwhile is left as it is.
func (c *Capture) RenewSlot(ctx context.Context, slot string, lost func(ctx context.Context) error) (err error) {
	defer wrap(&err, "postgres.RenewSlot(%s)", slot)
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, slot); err != nil {
			return err
		}
		if err := c.CheckSlot(ctx, slot); !errors.Is(err, ErrSlotLost) {
			return err
		}
		if err := lost(ctx); err != nil {
			return err
		}
		if err := c.DropSlot(ctx, slot); err != nil {
			return err
		}
		return c.createSlot(ctx, slot)
	})
}

func (c *Capture) createSlot(ctx context.Context, slot string) error {
	conn, err := c.dial(ctx)
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	_, err = pglogrepl.CreateReplicationSlot(ctx, conn, slot, "pgoutput",
		pglogrepl.CreateReplicationSlotOptions{Mode: pglogrepl.LogicalReplication, SnapshotAction: "NOEXPORT_SNAPSHOT"})
	return slotError(err)
}

// DropSlot removes a slot that nobody uses; one that is not there is no error.
func (c *Capture) DropSlot(ctx context.Context, slot string) (err error) {
	defer wrap(&err, "postgres.DropSlot(%s)", slot)
	_, err = c.pool.Exec(ctx, `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1`, slot)
	return slotError(err)
}

// Behind tells how many bytes of changes are kept for the slot.
func (c *Capture) Behind(ctx context.Context, slot string) (bytes int64, err error) {
	defer wrap(&err, "postgres.Behind(%s)", slot)
	err = c.pool.QueryRow(ctx, `
		SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint
		FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn IS NOT NULL`, slot).Scan(&bytes)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrSlotLost
	}
	return bytes, err
}

// senderTimeout is after how long a silent reader loses its slot, so that
// another can take it.
const senderTimeout = "10s"

// dial opens a connection that speaks the replication protocol.
func (c *Capture) dial(ctx context.Context) (*pgconn.PgConn, error) {
	cfg, err := pgconn.ParseConfig(c.url)
	if err != nil {
		return nil, withoutSecrets(err)
	}
	cfg.ConnectTimeout = connectTimeout
	delete(cfg.RuntimeParams, poolBound)
	setDefaults(cfg.RuntimeParams, map[string]string{
		"application_name": "yourticket cdc", "timezone": "UTC", "wal_sender_timeout": senderTimeout,
	})
	cfg.RuntimeParams["replication"] = "database"
	return pgconn.ConnectConfig(ctx, cfg)
}

func hangUp(ctx context.Context, conn *pgconn.PgConn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
	defer cancel()
	_ = conn.Close(ctx) // the server notices in any case
}

// slotError sorts what the server says about a slot. Codes alone do not do:
// 55000 also is a server without logical decoding.
func slotError(err error) error {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	switch {
	case pg.Code == "55006", pg.Code == "42710": // in use; made by another a moment ago
		return fmt.Errorf("%w (%w)", ErrSlotInUse, err)
	case pg.Code == "42704" && strings.Contains(pg.Message, "slot"),
		pg.Code == "55000" && (strings.Contains(pg.Message, "can no longer") || strings.Contains(pg.Message, "cannot read from")):
		return fmt.Errorf("%w (%w)", ErrSlotLost, err)
	}
	return err
}
