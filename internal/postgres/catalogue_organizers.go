package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// Venues lists venues, newest first, after one of them ("": from the newest);
// only those that an account has made, unless it is "".
func (c *Catalogue) Venues(ctx context.Context, createdBy, after string, limit int) (list []ticket.Venue, err error) {
	defer wrap(&err, "postgres.Venues(%s)", createdBy)
	rows, err := c.db(ctx).Query(ctx, `
		SELECT id, name, city, country, lat, lon FROM venues
		WHERE ($1 = '' OR created_by = $1) AND ($2 = '' OR id < $2)
		ORDER BY id DESC LIMIT $3`, createdBy, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.Venue])
}

// PlansOf lists the plans of a venue without their documents, newest first,
// after one of them.
func (c *Catalogue) PlansOf(ctx context.Context, venueID, after string, limit int) (list []ticket.StoredPlan, err error) {
	defer wrap(&err, "postgres.PlansOf(%s)", venueID)
	rows, err := c.db(ctx).Query(ctx, `
		SELECT id, venue_id, name, capacity, categories, NULL::bytea, created_by, created_at FROM plans
		WHERE venue_id = $1 AND ($2 = '' OR id < $2)
		ORDER BY id DESC LIMIT $3`, venueID, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[ticket.StoredPlan])
}

// EventsOf lists an organizer's events, drafts and past ones too, the latest
// start first, after the cursor. Every organizer's when organizerID is "".
func (c *Catalogue) EventsOf(ctx context.Context, organizerID string, after ticket.EventCursor, limit int) (list []*ticket.Event, err error) {
	defer wrap(&err, "postgres.EventsOf(%s)", organizerID)
	if after.StartsAt.IsZero() {
		after.StartsAt = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	rows, err := c.db(ctx).Query(ctx, selectEvent+`
		WHERE ($1 = '' OR e.organizer_id = $1) AND (e.starts_at, e.id) < ($2, $3)
		ORDER BY e.starts_at DESC, e.id DESC LIMIT $4`, organizerID, after.StartsAt, after.ID, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanEvent)
}
