package api

import (
	"context"
	"fmt"

	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

// PlacesBody names places of an event.
type PlacesBody struct {
	Seats    []string `json:"seats,omitempty" minItems:"1" maxItems:"20000" doc:"Ids of seats."`
	Zone     string   `json:"zone,omitempty" maxLength:"190" doc:"All places of a zone or standing area, instead of seats."`
	Row      string   `json:"row,omitempty" maxLength:"190" doc:"All places of a row of the zone."`
	Category string   `json:"category,omitempty" maxLength:"190" doc:"All places of a category."`
}

// named tells whether the places are named one by one.
func (b PlacesBody) named() bool { return len(b.Seats) > 0 }

// placesOfOwnEvent reads an event that the caller may change, and finds the
// indexes of the places that are named.
func (s *Server) placesOfOwnEvent(ctx context.Context, idOrSlug string, b PlacesBody) (*ticket.Event, *catalogue.Plan, []int, error) {
	e, err := s.ownEvent(ctx, idOrSlug)
	if err != nil {
		return nil, nil, nil, err
	}
	plan, err := s.deps.Events.Plan(ctx, e.PlanID)
	if err != nil {
		return nil, nil, nil, err
	}
	var (
		f     faults
		seats []int
	)
	described := b.Zone != "" || b.Row != "" || b.Category != ""
	switch {
	case b.named() == described:
		f.add("seats", "name places either by seats, or by zone, row and category")
	case b.Row != "" && b.Zone == "":
		f.add("zone", "is needed with a row")
	case b.named():
		seats = f.seats(plan.Places, b.Seats)
	default:
		seats = f.described(plan.Places, b)
	}
	return e, plan, seats, f.err()
}

// seats finds the indexes of seats by their ids; each id must be there and come once.
func (f *faults) seats(plan *ticket.Plan, ids []string) []int {
	seen, indexes := make(map[int]bool, len(ids)), make([]int, 0, len(ids))
	for i, id := range ids {
		index, ok := plan.IndexOf(id)
		switch {
		case !ok:
			f.add(fmt.Sprintf("seats[%d]", i), "is not a seat of this event")
		case seen[index]:
			f.add(fmt.Sprintf("seats[%d]", i), "comes twice")
		}
		seen[index] = true
		indexes = append(indexes, index)
	}
	return indexes
}

// described finds the places of a zone, row and category. It names the first of
// the three that has none.
func (f *faults) described(plan *ticket.Plan, b PlacesBody) []int {
	var indexes []int
	zone, row, category := b.Zone == "", b.Row == "", b.Category == ""
	for i := range plan.Seats {
		at := &plan.Seats[i]
		inZone := b.Zone == "" || at.Zone == b.Zone
		inRow := inZone && (b.Row == "" || at.Row == b.Row)
		inCategory := b.Category == "" || at.Category == b.Category
		zone, row, category = zone || inZone, row || inRow, category || inCategory
		if inRow && inCategory {
			indexes = append(indexes, i)
		}
	}
	switch {
	case !zone:
		f.add("zone", "is not a zone of this event")
	case !row:
		f.add("row", "is not a row of this zone")
	case !category:
		f.add("category", "is not a category of this event")
	case len(indexes) == 0:
		f.add("category", "has no place there")
	}
	return indexes
}
