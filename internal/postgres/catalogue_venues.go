package postgres

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"yourticket.example/ticket"
)

// CreateVenue stores a venue in the name of an account.
func (c *Catalogue) CreateVenue(ctx context.Context, v ticket.Venue, createdBy string) (err error) {
	defer wrap(&err, "postgres.CreateVenue(%s)", v.ID)
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO venues (id, name, city, country, lat, lon, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		v.ID, v.Name, v.City, v.Country, v.Lat, v.Lon, createdBy)
	return err
}

// Venue reads a venue; CodeNotFound when there is none.
func (c *Catalogue) Venue(ctx context.Context, id string) (v ticket.Venue, err error) {
	defer wrap(&err, "postgres.Venue(%s)", id)
	err = c.db(ctx).QueryRow(ctx, `SELECT id, name, city, country, lat, lon FROM venues WHERE id = $1`, id).
		Scan(&v.ID, &v.Name, &v.City, &v.Country, &v.Lat, &v.Lon)
	return v, notFound(err, "venue", id)
}

// CreatePlan stores a seating plan. CodeNotFound when there is no such venue.
func (c *Catalogue) CreatePlan(ctx context.Context, p ticket.StoredPlan) (err error) {
	defer wrap(&err, "postgres.CreatePlan(%s)", p.ID)
	packed, err := pack(p.Document)
	if err != nil {
		return err
	}
	_, err = c.db(ctx).Exec(ctx, `
		INSERT INTO plans (id, venue_id, name, capacity, categories, document, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, COALESCE($8, now()))`,
		p.ID, p.VenueID, p.Name, p.Capacity, p.Categories, packed, p.CreatedBy, nullTime(p.CreatedAt))
	return err
}

// PlanInfo reads a plan without its document; CodeNotFound when there is none.
func (c *Catalogue) PlanInfo(ctx context.Context, id string) (p ticket.StoredPlan, err error) {
	defer wrap(&err, "postgres.PlanInfo(%s)", id)
	err = c.db(ctx).QueryRow(ctx, `
		SELECT id, venue_id, name, capacity, categories, created_by, created_at FROM plans WHERE id = $1`, id).
		Scan(&p.ID, &p.VenueID, &p.Name, &p.Capacity, &p.Categories, &p.CreatedBy, &p.CreatedAt)
	return p, notFound(err, "plan", id)
}

// Plan reads a plan whole; CodeNotFound when there is none.
func (c *Catalogue) Plan(ctx context.Context, id string) (p ticket.StoredPlan, err error) {
	defer wrap(&err, "postgres.Plan(%s)", id)
	var packed []byte
	err = c.db(ctx).QueryRow(ctx, `
		SELECT id, venue_id, name, capacity, categories, created_by, created_at, document FROM plans WHERE id = $1`, id).
		Scan(&p.ID, &p.VenueID, &p.Name, &p.Capacity, &p.Categories, &p.CreatedBy, &p.CreatedAt, &packed)
	if err != nil {
		return p, notFound(err, "plan", id)
	}
	p.Document, err = unpack(packed)
	return p, err
}

// pack compresses a document: five megabytes of seats become some hundred
// kilobytes.
func pack(document []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(document); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return out.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	document, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	return document, nil
}
