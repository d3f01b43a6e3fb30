package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

func (s *Server) registerBlocks(api huma.API) {
	tags := []string{"Organizers"}
	which := "Places are named by `seats`, or as all those of a `zone`, `row` and `category`. "
	register(s, api, huma.Operation{
		OperationID: "block-seats", Method: http.MethodPost, Path: "/v1/events/{event_id}/blocks", Tags: tags,
		Summary: "Keep seats from the sale",
		Description: which + "With `quantity` so many free ones of them are taken, the last first: standing places, say. " +
			"All or none: a place that is held or sold is refused, and named in `unavailable`; one that is blocked already stays so.",
		MaxBodyBytes: 1 << 20,
	}, only(ticket.RoleOrganizer), s.blockSeats)
	register(s, api, huma.Operation{
		OperationID: "unblock-seats", Method: http.MethodDelete, Path: "/v1/events/{event_id}/blocks", Tags: tags,
		Summary: "Give seats back to the sale", Description: which + "They are on sale at once. Those that are not blocked stay as they are.",
		MaxBodyBytes: 1 << 20,
	}, only(ticket.RoleOrganizer), s.unblockSeats)
	register(s, api, huma.Operation{
		OperationID: "list-blocks", Method: http.MethodGet, Path: "/v1/events/{event_id}/blocks", Tags: tags,
		Summary: "Seats that are kept from the sale, and why",
	}, only(ticket.RoleOrganizer, ticket.RoleSupport, ticket.RoleFinance), s.listBlocks)
}

type blockSeatsBody struct {
	PlacesBody
	Quantity int    `json:"quantity,omitempty" minimum:"1" maximum:"20000" doc:"How many of the free places of zone, row and category; all of them when left out."`
	Reason   string `json:"reason,omitempty" maxLength:"200"`
}

type blockSeatsInput struct {
	EventPath
	IdempotencyKey
	Body blockSeatsBody
}

type unblockSeatsInput struct {
	EventPath
	Body PlacesBody
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
	if b.Quantity > 0 && b.named() {
		f.add("quantity", "needs a zone, row or category")
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return once(ctx, s, in.request("block-seats/"+in.EventID, in.Body), func(ctx context.Context) (*seatsOutput, error) {
		e, plan, seats, err := s.placesOfOwnEvent(ctx, in.EventID, b.PlacesBody)
		if err != nil {
			return nil, err
		}
		if b.Quantity > 0 {
			if seats, err = s.freeOnes(ctx, e, seats, b.Quantity); err != nil {
				return nil, err
			}
		}
		if err := withinOneCall(seats); err != nil {
			return nil, err
		}
		if err := s.deps.Blocks.Block(ctx, e, s.seatsOrder(ctx, seats, b.Reason)); err != nil {
			return nil, namedSeats(err, plan)
		}
		return &seatsOutput{Body: seatsBody{Seats: seatIDs(plan, seats)}}, nil
	})
}

func (s *Server) unblockSeats(ctx context.Context, in *unblockSeatsInput) (*struct{}, error) {
	e, _, seats, err := s.placesOfOwnEvent(ctx, in.EventID, in.Body)
	if err != nil {
		return nil, err
	}
	if err := withinOneCall(seats); err != nil {
		return nil, err
	}
	return nil, s.deps.Blocks.Unblock(ctx, e, s.seatsOrder(ctx, seats, ""))
}

func (s *Server) seatsOrder(ctx context.Context, seats []int, reason string) ticket.SeatsOrder {
	return ticket.SeatsOrder{Seats: seats, Reason: reason, By: caller(ctx).ID, RequestID: requestID(ctx)}
}

// namedSeats gives a refusal with the ids of the places that it is about.
func namedSeats(err error, plan *catalogue.Plan) error {
	e, refused := errors.AsType[*ticket.Error](err)
	if !refused {
		return err
	}
	indexes, some := e.Extra["unavailable_indexes"].([]int)
	if !some {
		return err
	}
	ids := seatIDs(plan, indexes)
	named := ticket.Errorf(e.Code, "%s", e.Message)
	named.Extra = map[string]any{"unavailable": ids}
	return named
}

func seatIDs(plan *catalogue.Plan, indexes []int) []string {
	ids := make([]string, len(indexes))
	for i, index := range indexes {
		ids[i] = plan.Places.Seats[index].ID
	}
	return ids
}

// blockedSeat is a place that is kept from the sale.
type blockedSeat struct {
	ID        string    `json:"id"`
	Index     int       `json:"index"`
	Zone      string    `json:"zone"`
	Row       string    `json:"row"`
	Number    string    `json:"number"`
	Category  string    `json:"category"`
	Reason    string    `json:"reason"`
	BlockedAt time.Time `json:"blocked_at"`
}

type listBlocksInput struct {
	EventPath
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many items to give."`
	Cursor string `query:"cursor" maxLength:"300" doc:"The next_cursor of the page before."`
}

type listBlocksOutput struct {
	Body struct {
		Items      []blockedSeat `json:"items"`
		NextCursor string        `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

// blockCursor is a place in the list of blocks: the index that was read last,
// counted from 1.
type blockCursor struct {
	After int `json:"n"`
}

func (s *Server) listBlocks(ctx context.Context, in *listBlocksInput) (*listBlocksOutput, error) {
	var after blockCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	e, err := s.eventOfCaller(ctx, in.EventID, ticket.RoleSupport, ticket.RoleFinance)
	if err != nil {
		return nil, err
	}
	plan, err := s.deps.Events.Plan(ctx, e.PlanID)
	if err != nil {
		return nil, err
	}
	list, err := s.deps.SalesBooks.Blocks(ctx, e.ID, after.After-1, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &listBlocksOutput{}
	list, out.Body.NextCursor = page(list, in.Limit, func(b ticket.Block) any { return blockCursor{After: b.Seat + 1} })
	out.Body.Items = make([]blockedSeat, len(list))
	for i, b := range list {
		at := plan.Places.Seats[b.Seat]
		out.Body.Items[i] = blockedSeat{
			ID: at.ID, Index: at.Index, Zone: at.Zone, Row: at.Row, Number: at.Number, Category: at.Category,
			Reason: b.Reason, BlockedAt: b.At.UTC(),
		}
	}
	return out, nil
}

// freeOnes gives so many of the places that are free, the last first.
func (s *Server) freeOnes(ctx context.Context, e *ticket.Event, seats []int, quantity int) ([]int, error) {
	_, state, err := s.deps.Availability.Snapshot(ctx, e)
	if err != nil {
		return nil, err
	}
	var free []int
	for i := len(seats) - 1; i >= 0 && len(free) < quantity; i-- {
		if ticket.SeatState(state[seats[i]]) == ticket.SeatAvailable {
			free = append(free, seats[i])
		}
	}
	if len(free) < quantity {
		return nil, ticket.Errorf(ticket.CodeSeatsUnavailable, "Only %d of these places are free.", len(free))
	}
	return free, nil
}

// placesAtOnce bounds the places of one call.
const placesAtOnce = 20_000

func withinOneCall(seats []int) error {
	if len(seats) > placesAtOnce {
		return ticket.Invalid("quantity", "these are %s places, and one call takes %d at most: name a zone, a row, or a quantity", fmt.Sprint(len(seats)), placesAtOnce)
	}
	return nil
}
