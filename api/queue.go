package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// QueueDeps is what the waiting-room service works with.
type QueueDeps struct {
	// Rooms are the waiting rooms; see waitingroom.Rooms.
	Rooms WaitingRooms
	// Sales hears of events that change; nil where nobody sells.
	Sales Sales
}

// WaitingRooms lets buyers wait, and admits them.
type WaitingRooms interface {
	// Notice is the public status from memory, at most a second old.
	Notice(ctx context.Context, idOrSlug string) (*waitingroom.Notice, error)
	// Join is fresh when the account had no place before.
	Join(ctx context.Context, e *ticket.Event, buyerID string) (p waitingroom.Place, fresh bool, err error)
	Standing(ctx context.Context, e *ticket.Event, buyerID string) (waitingroom.Standing, error)
	Claim(ctx context.Context, e *ticket.Event, buyerID string) (waitingroom.Admission, error)
	Leave(ctx context.Context, e *ticket.Event, buyerID string) error
}

// registerQueue adds the operations of the waiting-room service.
func (s *Server) registerQueue(api huma.API) {
	s.registerQueueStatus(api)
	tags := []string{"Waiting room"}
	register(s, api, huma.Operation{
		OperationID: "join-queue", Method: http.MethodPost, Path: "/v1/events/{event_id}/queue", DefaultStatus: http.StatusCreated, Tags: tags,
		Summary: "Take a place in the queue",
		Description: "One place an account: who has one gets it again, with 200. Who joins before on_sale_at takes part in the draw; " +
			"who joins later comes after, in order. The place stays, whatever becomes of the browser.",
		Responses:        map[string]*huma.Response{"200": {Description: "The place that the account has already."}},
		SkipValidateBody: true,
	}, only(ticket.RoleBuyer), s.joinQueue)
	register(s, api, huma.Operation{
		OperationID: "get-place", Method: http.MethodGet, Path: "/v1/events/{event_id}/queue/me", Tags: tags,
		Summary: "The caller's place in the queue",
	}, only(ticket.RoleBuyer), s.getPlace)
	register(s, api, huma.Operation{
		OperationID: "claim-turn", Method: http.MethodPost, Path: "/v1/events/{event_id}/queue/claim", Tags: tags,
		Summary: "Turn the caller's turn into an admission",
		Description: "Once number is at most serving. While the admission lives, claiming again gives the same one. " +
			"A turn that is not claimed within its grace is skipped.",
		SkipValidateBody: true,
	}, only(ticket.RoleBuyer), s.claimTurn)
	register(s, api, huma.Operation{
		OperationID: "leave-queue", Method: http.MethodDelete, Path: "/v1/events/{event_id}/queue", DefaultStatus: http.StatusNoContent, Tags: tags,
		Summary: "Give the caller's place, and admission, up for good",
	}, only(ticket.RoleBuyer), s.leaveQueue)
}

type placeBody struct {
	Ticket   string    `json:"ticket" doc:"A receipt for the place."`
	Entry    int64     `json:"entry" doc:"The order of joining, from 1."`
	Number   *int64    `json:"number" nullable:"true" doc:"The place in the queue; null before the draw."`
	JoinedAt time.Time `json:"joined_at"`
}

type joinQueueInput struct {
	EventPath
	IdempotencyKey
}

type joinQueueOutput struct {
	Status       int
	CacheControl string `header:"Cache-Control"`
	Body         placeBody
}

// joinQueue needs no record of its Idempotency-Key: an account has one place,
// so that every repetition finds it.
func (s *Server) joinQueue(ctx context.Context, in *joinQueueInput) (*joinQueueOutput, error) {
	if in.Key != "" {
		if err := checkKey(in.Key); err != nil {
			return nil, err
		}
	}
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	p, fresh, err := s.deps.Rooms.Join(ctx, e, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := &joinQueueOutput{
		Status: http.StatusOK, CacheControl: "no-store", Body: placeBody{Ticket: p.Ticket, Entry: p.Entry, JoinedAt: p.JoinedAt.UTC()},
	}
	if fresh {
		out.Status = http.StatusCreated
	}
	if p.Number > 0 {
		out.Body.Number = &p.Number
	}
	return out, nil
}

type standingBody struct {
	Number        *int64            `json:"number" nullable:"true" doc:"Null before the draw."`
	Ahead         *int64            `json:"ahead" nullable:"true" doc:"How many come before; null before the draw."`
	EstimatedWait *int64            `json:"estimated_wait_s" nullable:"true" doc:"Seconds until the turn at the present pace; null when nobody can tell."`
	State         waitingroom.State `json:"state" enum:"waiting,your_turn,admitted,expired"`
	Entry         int64             `json:"entry"`
}

type getPlaceInput struct{ EventPath }

type getPlaceOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         standingBody
}

func (s *Server) getPlace(ctx context.Context, in *getPlaceInput) (*getPlaceOutput, error) {
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	p, err := s.deps.Rooms.Standing(ctx, e, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := &getPlaceOutput{CacheControl: "no-store", Body: standingBody{State: p.State, Entry: p.Entry}}
	if p.Number >= 0 {
		out.Body.Number, out.Body.Ahead = &p.Number, &p.Ahead
	}
	if p.Wait >= 0 {
		seconds := int64(p.Wait / time.Second)
		out.Body.EstimatedWait = &seconds
	}
	return out, nil
}

type claimTurnInput struct {
	EventPath
	IdempotencyKey
}

type claimTurnOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Admission string    `json:"admission" doc:"Goes with POST /v1/bookings."`
		ExpiresAt time.Time `json:"expires_at"`
	}
}

func (s *Server) claimTurn(ctx context.Context, in *claimTurnInput) (*claimTurnOutput, error) {
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	a, err := s.deps.Rooms.Claim(ctx, e, caller(ctx).ID)
	if err != nil {
		return nil, err
	}
	out := &claimTurnOutput{CacheControl: "no-store"}
	out.Body.Admission, out.Body.ExpiresAt = a.Token, a.ExpiresAt.UTC()
	return out, nil
}

type leaveQueueInput struct{ EventPath }

func (s *Server) leaveQueue(ctx context.Context, in *leaveQueueInput) (*struct{}, error) {
	e, err := s.visibleEvent(ctx, in.EventID)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Rooms.Leave(ctx, e, caller(ctx).ID)
}
