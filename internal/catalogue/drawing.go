package catalogue

import (
	"context"
	"fmt"

	"yourticket.example/internal/seatingplan"
	"yourticket.example/ticket"
)

// Drawing is a seating plan as a picture.
type Drawing struct {
	// VenueID is the venue that the plan is of.
	VenueID string
	// SVG is the picture, and SVGGzip the same compressed.
	SVG, SVGGzip []byte
	// ETag is SVG's strong entity tag, in quotes; GzipETag that of SVGGzip.
	ETag, GzipETag string
}

// Drawing gives a seating plan as a picture, which never changes. CodeNotFound
// when there is no such plan.
func (c *Cache) Drawing(ctx context.Context, planID string) (*Drawing, error) {
	if d, ok := c.drawings.Get(planID); ok {
		return d, nil
	}
	return inFlight(ctx, &c.flights, "drawing/"+planID, planTimeout, func(ctx context.Context) (*Drawing, error) {
		stored, err := c.store.Plan(ctx, planID)
		if err != nil {
			return nil, err
		}
		file, err := seatingplan.Parse(stored.Document)
		if err != nil {
			// It was valid when it was stored; the caller cannot help it.
			return nil, fmt.Errorf("catalogue: plan %s: %s", stored.ID, err.Error())
		}
		d := &Drawing{VenueID: stored.VenueID, SVG: file.SVG()}
		d.ETag, d.GzipETag = etags(d.SVG)
		if d.SVGGzip, err = compress(d.SVG); err != nil {
			return nil, err
		}
		c.drawings.Add(planID, d)
		return d, nil
	})
}

// PlanFile reads a plan with the file that was handed in. CodeNotFound when
// there is none.
func (c *Cache) PlanFile(ctx context.Context, planID string) (ticket.StoredPlan, error) {
	return c.store.Plan(ctx, planID)
}
