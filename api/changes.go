package api

import (
	"cmp"
	"context"
	"slices"

	"yourticket.example/ticket"
)

// changesOf joins what was done to an event, which the catalogue keeps, with
// what was done to its places, which its shard keeps; newest first.
func (s *Server) changesOf(ctx context.Context, e *ticket.Event, after ticket.ChangeCursor, limit int) ([]ticket.Change, error) {
	list, err := s.deps.Catalogue.Changes(ctx, e.ID, after, limit)
	if err != nil {
		return nil, err
	}
	places, err := s.deps.SalesBooks.BlockChanges(ctx, e.ID, after, limit)
	if err != nil {
		return nil, err
	}
	list = append(list, places...)
	slices.SortFunc(list, func(a, b ticket.Change) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	return list[:min(limit, len(list))], nil
}

// changeBodies shows changes with the names of who made them, and of places.
func (s *Server) changeBodies(ctx context.Context, e *ticket.Event, list []ticket.Change) ([]changeBody, error) {
	plan, err := s.deps.Events.Plan(ctx, e.PlanID)
	if err != nil {
		return nil, err
	}
	accounts := make([]string, len(list))
	for i := range list {
		accounts[i] = list[i].By
	}
	known, err := s.deps.Catalogue.Names(ctx, accounts)
	if err != nil {
		return nil, err
	}
	bodies := make([]changeBody, len(list))
	for i, c := range list {
		bodies[i] = changeBody{
			ID: c.ID, What: c.What, By: c.By, ByName: known[c.By], At: c.At.UTC(), RequestID: c.RequestID, Reason: c.Reason,
			Before: c.Before, After: c.After, Seats: seatIDs(plan, c.Seats),
		}
	}
	return bodies, nil
}
