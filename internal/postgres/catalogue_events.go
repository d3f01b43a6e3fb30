package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

const (
	// selectEvent reads events with their venue and prices in one round trip.
	selectEvent  = `SELECT ` + eventColumns + eventTables
	eventColumns = `
       e.id, e.slug, e.name, e.artist, e.genre, e.description, e.plan_id, e.organizer_id,
       e.starts_at, e.doors_at, e.on_sale_at, e.status, e.status_reason, e.max_tickets_per_buyer, e.waiting_room, e.refund_until_hours, e.refunds_until,
       e.currency, e.capacity, e.version, e.updated_at,
       v.id, v.name, v.city, v.country, v.lat, v.lon, p.categories, p.prices, p.fees`
	eventTables = `
FROM events e
JOIN venues v ON v.id = e.venue_id
CROSS JOIN LATERAL (
	SELECT array_agg(category ORDER BY position) AS categories, array_agg(price ORDER BY position) AS prices,
	       array_agg(fee ORDER BY position) AS fees
	FROM prices WHERE event_id = e.id) p`
)

func scanEvent(row pgx.CollectableRow) (*ticket.Event, error) { return scanEventAnd(row) }

// scanEventAnd reads an event and what the query selects after its columns.
func scanEventAnd(row pgx.CollectableRow, more ...any) (*ticket.Event, error) {
	var (
		e            ticket.Event
		refundsUntil *time.Time
		categories   []string
		prices, fees []int64
	)
	err := row.Scan(append([]any{
		&e.ID, &e.Slug, &e.Name, &e.Artist, &e.Genre, &e.Description, &e.PlanID, &e.OrganizerID,
		&e.StartsAt, &e.DoorsAt, &e.OnSaleAt, &e.Status, &e.StatusReason, &e.MaxTicketsPerBuyer, &e.WaitingRoom, &e.Refunds.UntilHours, &refundsUntil,
		&e.Currency, &e.Capacity, &e.Version, &e.UpdatedAt,
		&e.Venue.ID, &e.Venue.Name, &e.Venue.City, &e.Venue.Country, &e.Venue.Lat, &e.Venue.Lon,
		&categories, &prices, &fees,
	}, more...)...)
	if err != nil {
		return nil, err
	}
	for i, category := range categories {
		e.Prices = append(e.Prices, ticket.Price{
			Category: category,
			Price:    ticket.Money{Amount: prices[i], Currency: e.Currency},
			Fee:      ticket.Money{Amount: fees[i], Currency: e.Currency},
		})
	}
	if refundsUntil != nil {
		e.RefundsUntil = refundsUntil.UTC()
	}
	e.StartsAt, e.DoorsAt, e.OnSaleAt = e.StartsAt.UTC(), e.DoorsAt.UTC(), e.OnSaleAt.UTC()
	return &e, nil
}

// Event reads an event by id or slug; CodeNotFound when there is none.
func (c *Catalogue) Event(ctx context.Context, idOrSlug string) (e *ticket.Event, err error) {
	defer wrap(&err, "postgres.Event(%s)", idOrSlug)
	where := ` WHERE e.slug = $1`
	if ticket.IsID(ticket.KindEvent, idOrSlug) {
		where = ` WHERE e.id = $1`
	}
	rows, err := c.db(ctx).Query(ctx, selectEvent+where, idOrSlug)
	if err != nil {
		return nil, err
	}
	e, err = pgx.CollectExactlyOneRow(rows, scanEvent)
	return e, notFound(err, "event", idOrSlug)
}

// UpcomingEvents lists events that are announced and start after now, by start,
// after the cursor.
func (c *Catalogue) UpcomingEvents(ctx context.Context, now time.Time, after ticket.EventCursor, limit int) (list []*ticket.Event, err error) {
	defer wrap(&err, "postgres.UpcomingEvents()")
	if after.StartsAt.Before(now) {
		after = ticket.EventCursor{StartsAt: now}
	}
	rows, err := c.db(ctx).Query(ctx, selectEvent+`
		WHERE e.status IN ('scheduled', 'postponed') AND (e.starts_at, e.id) > ($1, $2)
		ORDER BY e.starts_at, e.id LIMIT $3`, after.StartsAt, after.ID, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEvent)
}
