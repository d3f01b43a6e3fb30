package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// RegisterShards makes sure that the directory has the shards 0 to n-1. One
// that is known stays as it is, closed ones closed.
func (c *Catalogue) RegisterShards(ctx context.Context, n int) (err error) {
	defer wrap(&err, "postgres.RegisterShards(%d)", n)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO shards (number) SELECT generate_series(0, $1 - 1) ON CONFLICT DO NOTHING`, n)
	return err
}

// CreateEvent stores an event with its prices on the open shard that has the
// fewest events. It fills in the id, which names the shard, and the version.
// CodeConflict when the slug is taken, after which a transaction can go on.
func (c *Catalogue) CreateEvent(ctx context.Context, e *ticket.Event) (err error) {
	defer wrap(&err, "postgres.CreateEvent(%s)", e.Slug)
	var shard int
	err = c.db(ctx).QueryRow(ctx, `
		SELECT s.number FROM shards s WHERE s.open
		ORDER BY (SELECT count(*) FROM events e WHERE e.shard = s.number), s.number LIMIT 1`).Scan(&shard)
	if errors.Is(err, pgx.ErrNoRows) {
		return ticket.Errorf(ticket.CodeUnavailable, "No sales database takes new events.")
	}
	if err != nil {
		return err
	}
	e.ID = ticket.NewID(ticket.KindEvent, shard)
	return c.inTx(ctx, func(ctx context.Context) error {
		err := c.db(ctx).QueryRow(ctx, `
			INSERT INTO events (id, shard, slug, name, artist, genre, description, venue_id, plan_id, organizer_id,
			                    starts_at, doors_at, on_sale_at, status, max_tickets_per_buyer, waiting_room, currency, capacity, refund_until_hours,
			                    refunds_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
			ON CONFLICT (slug) DO NOTHING
			RETURNING version, updated_at`,
			e.ID, shard, e.Slug, e.Name, e.Artist, e.Genre, e.Description, e.Venue.ID, e.PlanID, e.OrganizerID,
			e.StartsAt, e.DoorsAt, e.OnSaleAt, e.Status, e.MaxTicketsPerBuyer, e.WaitingRoom, e.Currency, e.Capacity, e.Refunds.UntilHours,
			nullTime(e.RefundsUntil)).
			Scan(&e.Version, &e.UpdatedAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return ticket.Errorf(ticket.CodeConflict, "There is an event with the slug %q.", e.Slug)
		}
		if err != nil {
			return err
		}
		return c.insertPrices(ctx, e)
	})
}

// UpdateEvent writes the changed event over the version that it was read as,
// and raises e.Version. CodePreconditionFailed when it was changed meanwhile;
// id, slug, venue, plan, organizer and capacity never change.
func (c *Catalogue) UpdateEvent(ctx context.Context, e *ticket.Event) (err error) {
	defer wrap(&err, "postgres.UpdateEvent(%s)", e.ID)
	return c.inTx(ctx, func(ctx context.Context) error {
		err := c.db(ctx).QueryRow(ctx, `
			UPDATE events
			SET name = $3, artist = $4, genre = $5, description = $6, starts_at = $7, doors_at = $8, on_sale_at = $9,
			    status = $10, max_tickets_per_buyer = $11, waiting_room = $12, currency = $13, status_reason = $14, refund_until_hours = $15,
			    refunds_until = $16,
			    version = version + 1, updated_at = now()
			WHERE id = $1 AND version = $2
			RETURNING version, updated_at`,
			e.ID, e.Version, e.Name, e.Artist, e.Genre, e.Description, e.StartsAt, e.DoorsAt, e.OnSaleAt,
			e.Status, e.MaxTicketsPerBuyer, e.WaitingRoom, e.Currency, e.StatusReason, e.Refunds.UntilHours, nullTime(e.RefundsUntil)).
			Scan(&e.Version, &e.UpdatedAt)
		if errors.Is(err, pgx.ErrNoRows) {
			return ticket.Errorf(ticket.CodePreconditionFailed, "The event was changed in the meantime; read it again.")
		}
		if err != nil {
			return err
		}
		if _, err := c.db(ctx).Exec(ctx, `DELETE FROM prices WHERE event_id = $1`, e.ID); err != nil {
			return err
		}
		return c.insertPrices(ctx, e)
	})
}

func (c *Catalogue) insertPrices(ctx context.Context, e *ticket.Event) error {
	var (
		categories   []string
		prices, fees []int64
	)
	for _, p := range e.Prices {
		categories = append(categories, p.Category)
		prices, fees = append(prices, p.Price.Amount), append(fees, p.Fee.Amount)
	}
	_, err := c.db(ctx).Exec(ctx, `
		INSERT INTO prices (event_id, position, category, price, fee)
		SELECT $1, position, category, price, fee
		FROM unnest($2::text[], $3::bigint[], $4::bigint[]) WITH ORDINALITY AS p (category, price, fee, position)`,
		e.ID, categories, prices, fees)
	return err
}
