package api

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

func (s *Server) registerBlocks(api huma.API) {
	tags := []string{"Organizers"}
	register(s, api, huma.Operation{
		OperationID: "block-seats", Method: http.MethodPost, Path: "/v1/events/{event_id}/blocks", Tags: tags,
		Summary:      "Keep seats from the sale",
		Description:  "All of them or none. Seats that are held or sold are refused; seats that are blocked already stay so.",
		MaxBodyBytes: 1 << 20,
	}, only(ticket.RoleOrganizer), s.blockSeats)
	register(s, api, huma.Operation{
		OperationID: "unblock-seats", Method: http.MethodDelete, Path: "/v1/events/{event_id}/blocks", Tags: tags,
		Summary: "Give seats back to the sale", MaxBodyBytes: 1 << 20,
	}, only(ticket.RoleOrganizer), s.unblockSeats)
}

type blockSeatsInput struct {
	EventPath
	Body struct {
		Seats  []string `json:"seats" minItems:"1" maxItems:"20000" doc:"Ids of seats."`
		Reason string   `json:"reason,omitempty" maxLength:"200"`
	}
}

type unblockSeatsInput struct {
	EventPath
	Body struct {
		Seats []string `json:"seats" minItems:"1" maxItems:"20000" doc:"Ids of seats."`
	}
}

// seatsBody lists seats by their ids.
type seatsBody struct {
	Seats []string `json:"seats"`
}

type seatsOutput struct{ Body seatsBody }

func (s *Server) blockSeats(ctx context.Context, in *blockSeatsInput) (*seatsOutput, error) {
	b := in.Body
	var f faults
	f.prose("reason", &b.Reason, 200)
	if err := f.err(); err != nil {
		return nil, err
	}
	e, seats, err := s.seatsOfOwnEvent(ctx, in.EventID, b.Seats)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Blocks.Block(ctx, e, seats, b.Reason); err != nil {
		return nil, err
	}
	return &seatsOutput{Body: seatsBody{Seats: b.Seats}}, nil
}

func (s *Server) unblockSeats(ctx context.Context, in *unblockSeatsInput) (*struct{}, error) {
	e, seats, err := s.seatsOfOwnEvent(ctx, in.EventID, in.Body.Seats)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Blocks.Unblock(ctx, e, seats)
}

// seatsOfOwnEvent reads an event that the caller may change, and finds the
// indexes of seats by their ids; each id must be there and come once.
func (s *Server) seatsOfOwnEvent(ctx context.Context, idOrSlug string, ids []string) (*ticket.Event, []int, error) {
	e, err := s.ownEvent(ctx, idOrSlug)
	if err != nil {
		return nil, nil, err
	}
	plan, err := s.deps.Events.Plan(ctx, e.PlanID)
	if err != nil {
		return nil, nil, err
	}
	var f faults
	seen, indexes := make(map[int]bool, len(ids)), make([]int, 0, len(ids))
	for i, id := range ids {
		index, ok := plan.Places.IndexOf(id)
		switch {
		case !ok:
			f.add(fmt.Sprintf("seats[%d]", i), "is not a seat of this event")
		case seen[index]:
			f.add(fmt.Sprintf("seats[%d]", i), "comes twice")
		}
		seen[index] = true
		indexes = append(indexes, index)
	}
	return e, indexes, f.err()
}
