package inventory

import (
	"context"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// blockTries bounds how often a block is made anew because the live state was
// lost while it was made.
const blockTries = 3

// Block keeps places from the sale, all or none. It returns CodeSeatsUnavailable,
// with the places in Extra "unavailable_indexes", when one of them is held or sold.
//
// The live state is changed within the transaction of the books, and looked at
// once more after it: should it be lost in between, it is rebuilt from books
// that know nothing of the block yet, and somebody may hold a place already.
func (v *Inventory) Block(ctx context.Context, e *ticket.Event, o ticket.SeatsOrder) error {
	v.touch(e.ID)
	if err := v.mayBlock(ctx, e, o.Seats); err != nil {
		return err
	}
	var ours []int
	for try := 0; ; try++ {
		saved, err := v.books.SaveBlocks(ctx, e.ID, o, func(ctx context.Context) error {
			return refusal(v.withState(ctx, e, func() error { return v.live.Block(ctx, e.ID, o.Seats) }), 0)
		})
		if err != nil {
			return v.giveUp(ctx, e, o, ours, err)
		}
		ours = append(ours, saved...)
		if try == blockTries || v.areBlocked(ctx, e, o.Seats) {
			return nil
		}
	}
}

// mayBlock looks whether the places are neither held nor sold, so that all of
// those that are get named.
func (v *Inventory) mayBlock(ctx context.Context, e *ticket.Event, seats []int) error {
	_, state, err := v.Snapshot(ctx, e)
	if err != nil {
		return err
	}
	var taken []int
	for _, seat := range seats {
		if s := ticket.SeatState(state[seat]); s != ticket.SeatAvailable && s != ticket.SeatBlocked {
			taken = append(taken, seat)
		}
	}
	if len(taken) > 0 {
		return refusal(&redis.TakenError{Seats: taken}, 0)
	}
	return nil
}

// giveUp takes back what was blocked in the books before the live state was lost.
func (v *Inventory) giveUp(ctx context.Context, e *ticket.Event, o ticket.SeatsOrder, ours []int, err error) error {
	if len(ours) == 0 || ticket.CodeOf(err) != ticket.CodeSeatsUnavailable {
		return err
	}
	o.Seats = ours
	if undone := v.Unblock(context.WithoutCancel(ctx), e, o); undone != nil {
		return undone
	}
	return err
}

// areBlocked tells whether the live state has the places blocked. One that
// cannot be reached is rebuilt from the books when it comes back, or was not lost.
func (v *Inventory) areBlocked(ctx context.Context, e *ticket.Event, seats []int) bool {
	_, state, err := v.Snapshot(ctx, e)
	if err != nil {
		return true
	}
	for _, seat := range seats {
		if ticket.SeatState(state[seat]) != ticket.SeatBlocked {
			return false
		}
	}
	return true
}

// Unblock gives those of the places that are blocked back to the sale.
func (v *Inventory) Unblock(ctx context.Context, e *ticket.Event, o ticket.SeatsOrder) error {
	v.touch(e.ID)
	var freed []int
	err := v.books.DeleteBlocks(ctx, e.ID, o, func(ctx context.Context) error {
		return refusal(v.withState(ctx, e, func() (err error) {
			freed, err = v.live.Unblock(ctx, e.ID, o.Seats)
			return err
		}), 0)
	})
	if err != nil && len(freed) > 0 { // the books may have them blocked still; nobody shall buy them in vain
		_ = v.live.Block(context.WithoutCancel(ctx), e.ID, freed) // what somebody holds by now fails at its commit
	}
	return err
}
