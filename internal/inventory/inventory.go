package inventory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Catalogue is where events and their plans are read.
type Catalogue interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Places(ctx context.Context, planID string) (*ticket.Plan, *bestseats.Finder, error)
}

// Books is the durable truth about places.
type Books interface {
	SeatBook(ctx context.Context, eventID string) (postgres.SeatBook, error)
	Unsellable(ctx context.Context, eventIDs []string) (map[string]int, error)
	SaveBlocks(ctx context.Context, eventID string, o ticket.SeatsOrder, live func(context.Context) error) (saved []int, err error)
	DeleteBlocks(ctx context.Context, eventID string, o ticket.SeatsOrder, live func(context.Context) error) error
}

// Inventory is safe for concurrent use.
type Inventory struct {
	live      *redis.Seats
	books     Books
	catalogue Catalogue

	mu     sync.Mutex
	active map[string]time.Time // events with holds, for the sweeper
	counts map[string]*counted
}

// New makes an Inventory.
func New(live *redis.Seats, books Books, catalogue Catalogue) *Inventory {
	return &Inventory{live: live, books: books, catalogue: catalogue, active: map[string]time.Time{}, counts: map[string]*counted{}}
}

// Hold locks the given places for a purchase, all or none. It returns
// CodeSeatsUnavailable, with the places in Extra "unavailable_indexes", or
// CodeTicketLimit.
func (v *Inventory) Hold(ctx context.Context, e *ticket.Event, r redis.HoldRequest) (h redis.Hold, err error) {
	v.touch(e.ID)
	err = v.withState(ctx, e, func() error {
		h, err = v.live.Hold(ctx, e.ID, r)
		return err
	})
	return h, refusal(err, r.Limit)
}

// bestTries bounds how often HoldBest chooses anew after it lost its choice to
// somebody else.
const bestTries = 12

// HoldBest chooses the best places that are free and locks them. It returns
// CodeSoldOut when the category has not that many left, CodeSeatsUnavailable
// when they are not side by side as asked, and CodeTicketLimit.
func (v *Inventory) HoldBest(ctx context.Context, e *ticket.Event, q bestseats.Query, r redis.HoldRequest) (h redis.Hold, err error) {
	v.touch(e.ID)
	_, finder, err := v.catalogue.Places(ctx, e.PlanID)
	if err != nil {
		return h, err
	}
	rng := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) //nolint:gosec // spreads contenders; nothing secret
	for q.Attempt = range bestTries {
		var state string
		err = v.withState(ctx, e, func() error {
			_, state, err = v.live.Snapshot(ctx, e.ID)
			return err
		})
		if err != nil {
			return h, err
		}
		seats, found := finder.Choose([]byte(state), q, rng)
		if !found {
			return v.noneLeft(ctx, e, q, r, []byte(state), finder)
		}
		r.Seats = seats
		h, err = v.Hold(ctx, e, r)
		if ticket.CodeOf(err) != ticket.CodeSeatsUnavailable {
			return h, err
		}
	}
	return h, err
}

// noneLeft finds out why nothing could be chosen. A repeated call whose hold
// took the last places gets that hold.
func (v *Inventory) noneLeft(ctx context.Context, e *ticket.Event, q bestseats.Query, r redis.HoldRequest,
	state []byte, finder *bestseats.Finder,
) (redis.Hold, error) {
	held, err := v.live.Held(ctx, e.ID, r.HoldID)
	if err != nil || len(held.Seats) > 0 {
		return held, err
	}
	free := finder.Free(state, q.Category)
	if free == 0 {
		return redis.Hold{}, ticket.Errorf(ticket.CodeSoldOut, "There is no place left in category %q.", q.Category)
	}
	return redis.Hold{}, ticket.Errorf(ticket.CodeSeatsUnavailable,
		"There are %d places left in category %q, but not %d side by side.", free, q.Category, q.Quantity)
}

// Keep moves the deadline of a hold (zero: it is being paid); see redis.Seats.Keep.
func (v *Inventory) Keep(ctx context.Context, e *ticket.Event, r redis.HoldRequest, until time.Time) (h redis.Hold, err error) {
	v.touch(e.ID)
	err = v.withState(ctx, e, func() error {
		h, err = v.live.Keep(ctx, e.ID, r, until)
		return err
	})
	return h, refusal(err, r.Limit)
}

// Release gives the places of a hold back.
func (v *Inventory) Release(ctx context.Context, e *ticket.Event, holdID string) error {
	return v.withState(ctx, e, func() error { return v.live.Release(ctx, e.ID, holdID) })
}

// Sell marks places sold after Postgres has decided so.
func (v *Inventory) Sell(ctx context.Context, e *ticket.Event, holdID, buyerID string, seats []int) error {
	return v.withState(ctx, e, func() error { return v.live.Sell(ctx, e.ID, holdID, buyerID, seats) })
}

// Return gives places of a booking whose tickets have ended back to the sale, or
// keeps them from it. Doing it again changes nothing.
func (v *Inventory) Return(ctx context.Context, e *ticket.Event, bookingID, buyerID string, resell bool, seats []int) error {
	to := ticket.SeatBlocked
	if resell {
		to = ticket.SeatAvailable
	}
	return v.withState(ctx, e, func() error { return v.live.Return(ctx, e.ID, bookingID, buyerID, to, seats) })
}

// Taken tells which of the places are plainly not free. It asks the live state
// only, so that whoever loses costs next to nothing.
func (v *Inventory) Taken(ctx context.Context, e *ticket.Event, seats []int) (taken []int, err error) {
	var states []ticket.SeatState
	err = v.withState(ctx, e, func() error {
		states, err = v.live.States(ctx, e.ID, seats)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, s := range states {
		if s != ticket.SeatAvailable {
			taken = append(taken, seats[i])
		}
	}
	return taken, nil
}

// Snapshot gives the state of every place, one byte each, with its version.
func (v *Inventory) Snapshot(ctx context.Context, e *ticket.Event) (version, seats string, err error) {
	err = v.withState(ctx, e, func() error {
		version, seats, err = v.live.Snapshot(ctx, e.ID)
		return err
	})
	return version, seats, err
}

// withState runs an operation on the live state and, when there is none,
// rebuilds it and runs the operation again.
func (v *Inventory) withState(ctx context.Context, e *ticket.Event, op func() error) error {
	err := op()
	for try := 0; errors.Is(err, redis.ErrNoState) && try < 3; try++ {
		if err = v.rebuild(ctx, e); err != nil {
			return err
		}
		err = op()
	}
	return err
}

// rebuild draws the live state from the books.
func (v *Inventory) rebuild(ctx context.Context, e *ticket.Event) error {
	plan, _, err := v.catalogue.Places(ctx, e.PlanID)
	if err != nil {
		return err
	}
	book, err := v.books.SeatBook(ctx, e.ID)
	if err != nil {
		return err
	}
	st := redis.State{Places: len(plan.Seats), Blocked: book.Blocked}
	for _, s := range book.Sold {
		st.Sold = append(st.Sold, redis.Owned{Seat: s.Seat, BuyerID: s.BuyerID})
	}
	for _, h := range book.Holds {
		st.Holds = append(st.Holds, redis.LoadedHold{
			ID: h.BookingID, BuyerID: h.BuyerID, Fence: h.Fence, ExpiresAt: h.ExpiresAt, Seats: h.Seats,
		})
	}
	v.touch(e.ID)
	return v.live.Load(ctx, e.ID, st)
}

// Repair drops the live state of an event and draws it from the books. Holds
// that were taken at this very moment and are not in the books yet are lost; the
// commit decides then who gets their places.
func (v *Inventory) Repair(ctx context.Context, e *ticket.Event) error {
	if err := v.live.Forget(ctx, e.ID); err != nil {
		return err
	}
	return v.rebuild(ctx, e)
}

// refusal says in the words of the domain why places could not be had.
func refusal(err error, limit int) error {
	if taken, ok := errors.AsType[*redis.TakenError](err); ok {
		e := ticket.Errorf(ticket.CodeSeatsUnavailable, "%d of the seats are not available any more.", len(taken.Seats))
		e.Extra = map[string]any{"unavailable_indexes": taken.Seats}
		return e
	}
	if over, ok := errors.AsType[*redis.LimitError](err); ok {
		return ticket.Errorf(ticket.CodeTicketLimit,
			"One account may have %d tickets of this event; this one has or holds %d.", limit, over.Has)
	}
	if errors.Is(err, redis.ErrNoState) {
		return fmt.Errorf("%w: %w", ticket.Errorf(ticket.CodeUnavailable, "The seat map is being rebuilt."), err)
	}
	return err
}
