package system

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// A Step is a moment of a purchase in which a test can make it stand still.
type Step string

// The steps that a row in Postgres can stop: the purchase wants to write that
// row, and a transaction of the test that is still open has written it already.
const (
	// StepHold: the seats are locked in Redis, the booking is not yet written.
	StepHold Step = "hold"
	// StepCommit: the money is authorized, nothing is committed.
	StepCommit Step = "commit"
	// StepFinish: the money is taken, which is not yet written, and the seats
	// are not yet shown as sold.
	StepFinish Step = "finish"
)

// Parked is a purchase that stands still, or will when it comes to the step.
type Parked struct {
	tx        pgx.Tx
	conn      *pgx.Conn
	watch     func(ctx context.Context) (bool, error)
	BookingID string
}

// the rows by which a step is stopped; $1 is the booking, $2 its event.
var parkRows = map[Step]string{
	StepHold: `
		INSERT INTO bookings (id, event_id, buyer_id, status, fingerprint, seat_indexes, categories, prices, fees, total, currency, fence, hold_expires_at)
		VALUES ($1, $2, 'nobody', 'failed', '', '{0}', '{x}', '{0}', '{0}', 0, 'EUR', 0, now())`,
	StepCommit: `
		INSERT INTO payments (booking_id, provider, attempt, status, fallback, ref, amount, currency)
		VALUES ($1, 'stripe', 99, 'voided', false, $2, 0, 'EUR')`,
	StepFinish: `
		INSERT INTO journal (transaction_id, account, booking_id, event_id, amount, currency)
		VALUES ($1 || '/capture', 'clearing:stripe', $1, $2, 0, 'EUR')`,
}

// Park makes the purchase that a buyer is going to make under a key stand
// still in a step until Release.
func (s *System) Park(ctx context.Context, step Step, eventID, buyerID, key string) (*Parked, error) {
	id := ticket.DeriveBookingID(eventID, buyerID, key)
	shard, ok := ticket.ShardOf(id)
	if !ok || shard >= len(s.Shards) {
		return nil, fmt.Errorf("booking %s has no shard", id)
	}
	conn, err := pgx.Connect(ctx, s.urls[1+shard])
	if err != nil {
		return nil, err
	}
	tx, err := conn.Begin(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, parkRows[step], id, eventID); err != nil {
		return nil, err
	}
	pid := conn.PgConn().PID()
	watch := func(ctx context.Context) (stands bool, err error) {
		err = s.Shards[shard].QueryRow(ctx,
			`SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid)))`, int32(pid)).Scan(&stands)
		return stands, err
	}
	return &Parked{tx: tx, conn: conn, watch: watch, BookingID: id}, nil
}

// Await waits until the purchase stands in the step.
func (p *Parked) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for {
		stands, err := p.watch(ctx)
		if err == nil && stands {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("booking %s never came to the step: %w", p.BookingID, ctx.Err()), err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Release lets the purchase go on. It is no fault when Postgres was restarted
// meanwhile, which let it go, too.
func (p *Parked) Release(ctx context.Context) {
	_ = p.tx.Rollback(ctx)
	_ = p.conn.Close(ctx)
}
