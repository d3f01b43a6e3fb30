package activities

import (
	"context"

	"yourticket.example/ticket"
)

// SlotRooms lets purchases take, give back and use up admissions.
type SlotRooms interface {
	TakeSlot(ctx context.Context, e *ticket.Event, buyerID, bookingID string) error
	ReleaseSlot(ctx context.Context, e *ticket.Event, buyerID, bookingID string) error
	UseSlot(ctx context.Context, e *ticket.Event, buyerID, bookingID string) error
}

// SlotEvents is where the steps read whether an event has a waiting room.
type SlotEvents interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
}

// Slots are the steps of a purchase that have to do with its buyer's admission.
// For an event without a waiting room they do nothing.
type Slots struct {
	Rooms  SlotRooms
	Events SlotEvents
}

// SlotInput names a booking and whose it is.
type SlotInput struct {
	BookingID string `json:"booking_id"`
	EventID   string `json:"event_id"`
	BuyerID   string `json:"buyer_id"`
}

// TakenSlot is empty when the purchase may go on.
type TakenSlot struct {
	Refusal *Refusal `json:"refusal,omitempty"`
}

// TakeSlot lets the booking's purchase be the one that its buyer's admission
// carries; run again it succeeds. A refusal comes back in the result.
func (s *Slots) TakeSlot(ctx context.Context, in SlotInput) (TakenSlot, error) {
	event, err := s.Events.Event(ctx, in.EventID)
	if err == nil {
		err = s.Rooms.TakeSlot(ctx, event, in.BuyerID, in.BookingID)
	}
	if err == nil {
		return TakenSlot{}, nil
	}
	held, err := refuse(err)
	return TakenSlot{Refusal: held.Refusal}, err
}

// ReleaseSlot gives the admission back to its buyer, who may try again while it
// lives. It is the undo of TakeSlot: what was not taken is not given back.
func (s *Slots) ReleaseSlot(ctx context.Context, in SlotInput) error {
	event, err := s.Events.Event(ctx, in.EventID)
	if err != nil {
		return err
	}
	return s.Rooms.ReleaseSlot(ctx, event, in.BuyerID, in.BookingID)
}

// UseSlot ends the admission of a confirmed booking; run again it succeeds.
func (s *Slots) UseSlot(ctx context.Context, in SlotInput) error {
	event, err := s.Events.Event(ctx, in.EventID)
	if err != nil {
		return err
	}
	return s.Rooms.UseSlot(ctx, event, in.BuyerID, in.BookingID)
}
