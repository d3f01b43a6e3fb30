package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/ticket"
)

// Sales keeps bookings, tickets, payments and the journal. Every event lives
// on one of its shards, which the event's id names; no statement ever spans two.
type Sales struct {
	shards []*pgxpool.Pool
}

// NewSales makes a Sales over the shards in the order in which ids number them.
func NewSales(shards []*pgxpool.Pool) *Sales { return &Sales{shards: shards} }

// Shards is the number of shards.
func (s *Sales) Shards() int { return len(s.shards) }

// shard gives the database on which the thing named by the id lives.
func (s *Sales) shard(id string) (*pgxpool.Pool, error) {
	n, ok := ticket.ShardOf(id)
	if !ok || n >= len(s.shards) {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no %q.", id)
	}
	return s.shards[n], nil
}

// Ping tells whether every shard answers.
func (s *Sales) Ping(ctx context.Context) (err error) {
	defer wrap(&err, "postgres.Ping()")
	for _, pool := range s.shards {
		if err := pool.Ping(ctx); err != nil {
			return err
		}
	}
	return nil
}

// HoldRow is what is written when a purchase has got its places.
type HoldRow struct {
	ID          string
	EventID     string
	BuyerID     string
	Status      ticket.BookingStatus // held, or paying when payment follows at once
	Fingerprint string
	Items       []ticket.Item
	Total       ticket.Money
	Fence       int64
	ExpiresAt   time.Time
	CreatedAt   time.Time
	// Payment is the one that follows at once, if there is one.
	Payment *ticket.BegunPayment
}

// SaveHold writes the row of a new booking. Written again (a crash reruns the
// whole step) it takes the newer hold's places, unless the booking has gone on,
// and says so.
func (s *Sales) SaveHold(ctx context.Context, h HoldRow) (again bool, err error) {
	defer wrap(&err, "postgres.SaveHold(%s)", h.ID)
	db, err := s.shard(h.ID)
	if err != nil {
		return false, err
	}
	c := columnsOf(h.Items)
	attempt, choice, at := begun(h.Payment)
	err = db.QueryRow(ctx, `
		INSERT INTO bookings (id, event_id, buyer_id, status, fingerprint, seat_indexes, categories, prices, fees,
		                      total, currency, fence, hold_expires_at, created_at, attempt, choice,
		                      begun_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE
		SET seat_indexes = EXCLUDED.seat_indexes, categories = EXCLUDED.categories, prices = EXCLUDED.prices,
		    fees = EXCLUDED.fees, total = EXCLUDED.total, fence = EXCLUDED.fence,
		    hold_expires_at = EXCLUDED.hold_expires_at, updated_at = now()
		WHERE bookings.status IN ('held', 'paying') AND bookings.fence < EXCLUDED.fence
		RETURNING xmax <> 0`,
		h.ID, h.EventID, h.BuyerID, h.Status, h.Fingerprint, c.seats, c.categories, c.prices, c.fees,
		h.Total.Amount, h.Total.Currency, h.Fence, h.ExpiresAt, h.CreatedAt, attempt, choice, at).Scan(&again)
	if errors.Is(err, pgx.ErrNoRows) {
		return true, nil
	}
	return again, interpret(err)
}

// begun gives a payment as its columns.
func begun(p *ticket.BegunPayment) (attempt int, choice *ticket.PaymentChoice, at *time.Time) {
	if p == nil {
		return 0, nil, nil
	}
	return p.Attempt, &p.Choice, &p.At
}

// itemColumns are a booking's items as the parallel arrays that a row stores.
type itemColumns struct {
	seats      []int32
	categories []string
	prices     []int64
	fees       []int64
}

func columnsOf(items []ticket.Item) itemColumns {
	var c itemColumns
	for _, it := range items {
		c.seats = append(c.seats, int32(it.SeatIndex)) //nolint:gosec // a plan has at most 200,000 places
		c.categories = append(c.categories, it.Category)
		c.prices = append(c.prices, it.Price)
		c.fees = append(c.fees, it.Fee)
	}
	return c
}

func (c itemColumns) items() []ticket.Item {
	out := make([]ticket.Item, len(c.seats))
	for i := range c.seats {
		out[i] = ticket.Item{SeatIndex: int(c.seats[i]), Category: c.categories[i], Price: c.prices[i], Fee: c.fees[i]}
	}
	return out
}

// SeenWebhook tells whether a webhook was acted on before.
func (s *Sales) SeenWebhook(ctx context.Context, bookingID string, p ticket.Provider, eventID string) (seen bool, err error) {
	defer wrap(&err, "postgres.SeenWebhook(%s, %s)", p, eventID)
	db, err := s.shard(bookingID)
	if err != nil {
		return false, err
	}
	err = db.QueryRow(ctx, `SELECT EXISTS (SELECT 1 FROM webhooks WHERE provider = $1 AND event_id = $2)`, p, eventID).Scan(&seen)
	return seen, err
}

// RememberWebhook writes on the shard of its booking that a webhook was acted on.
func (s *Sales) RememberWebhook(ctx context.Context, bookingID string, p ticket.Provider, eventID string) (err error) {
	defer wrap(&err, "postgres.RememberWebhook(%s, %s)", p, eventID)
	db, err := s.shard(bookingID)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, `INSERT INTO webhooks (provider, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, p, eventID)
	return err
}

func nullTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Beat commits a small change on a shard, which lets the position of an idle
// one advance.
func (s *Sales) Beat(ctx context.Context, shard int) (err error) {
	defer wrap(&err, "postgres.Beat(%d)", shard)
	_, err = s.shards[shard].Exec(ctx, `UPDATE sales_capture SET beat_at = now()`)
	return interpret(err)
}
