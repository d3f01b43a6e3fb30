package activities

import (
	"context"
	"errors"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// BookingBooks confirms bookings and books their money.
type BookingBooks interface {
	Commit(ctx context.Context, c postgres.CommitRow) error
	RecordCapture(ctx context.Context, bookingID, captureRef string) error
	ChangeStatus(ctx context.Context, c postgres.StatusChange) (postgres.Changed, error)
}

// Bookings are the steps that confirm a booking.
type Bookings struct {
	Books     BookingBooks
	Inventory Inventory
	Catalogue Catalogue
	// Rooms uses up the admission under which a booking was made.
	Rooms SlotRooms
}

// CommitBookingInput confirms a booking under its fence.
type CommitBookingInput struct {
	BookingID string        `json:"booking_id"`
	Fence     int64         `json:"fence"`
	Limit     int           `json:"limit"`
	Places    int           `json:"places"`
	Charge    ticket.Charge `json:"charge"`
	Fallback  bool          `json:"fallback,omitempty"`
	// At is when the charge was through.
	At time.Time `json:"at"`
}

// Committed is empty when the booking was confirmed.
type Committed struct {
	Refusal *Refusal `json:"refusal,omitempty"`
}

// CommitBooking decides in Postgres who owns the seats: booking, tickets,
// payment and journal in one transaction. Committing again succeeds.
func (b *Bookings) CommitBooking(ctx context.Context, in CommitBookingInput) (Committed, error) {
	err := b.Books.Commit(ctx, postgres.CommitRow{
		BookingID: in.BookingID, Fence: in.Fence, Limit: in.Limit, Charge: in.Charge, Fallback: in.Fallback,
		Tickets: ticketIDs(in.BookingID, in.Places), At: in.At,
	})
	if err == nil {
		return Committed{}, nil
	}
	held, err := refuse(err)
	if held.Refusal != nil && held.Refusal.Code == ticket.CodeStaleHold {
		held.Refusal.Code = ticket.CodeSeatsUnavailable
		held.Refusal.Message = "The hold ended before the payment was through."
	}
	return Committed{Refusal: held.Refusal}, err
}

// ticketIDs names the tickets of a booking.
func ticketIDs(bookingID string, places int) []string {
	ids := make([]string, places)
	for i := range ids {
		ids[i] = ticket.DeriveTicketID(bookingID, i)
	}
	return ids
}

// FinishSaleInput closes a sale whose money was taken.
type FinishSaleInput struct {
	BookingID  string `json:"booking_id"`
	EventID    string `json:"event_id"`
	BuyerID    string `json:"buyer_id"`
	Seats      []int  `json:"seats"`
	CaptureRef string `json:"capture_ref,omitempty"`
	// WaitingRoom says that an admission was used for it.
	WaitingRoom bool `json:"waiting_room,omitempty"`
}

// FinishSale books the capture, if there is one, uses the admission up, and
// shows the places as sold.
func (b *Bookings) FinishSale(ctx context.Context, in FinishSaleInput) error {
	if in.CaptureRef != "" {
		if err := b.Books.RecordCapture(ctx, in.BookingID, in.CaptureRef); err != nil {
			return err
		}
	}
	event, err := b.Catalogue.Event(ctx, in.EventID)
	if err != nil {
		return err
	}
	if in.WaitingRoom {
		if err := b.Rooms.UseSlot(ctx, event, in.BuyerID, in.BookingID); err != nil {
			return err
		}
	}
	return b.Inventory.Sell(ctx, event, in.BookingID, in.BuyerID, in.Seats)
}

// FlagBookingInput hands a booking to support, or back.
type FlagBookingInput struct {
	BookingID string               `json:"booking_id"`
	Status    ticket.BookingStatus `json:"status"`
	Code      ticket.Code          `json:"code,omitempty"`
	Reason    string               `json:"reason,omitempty"`
}

// FlagBooking moves a booking to needs_attention or out of it.
func (b *Bookings) FlagBooking(ctx context.Context, in FlagBookingInput) error {
	_, err := b.Books.ChangeStatus(ctx, postgres.StatusChange{
		BookingID: in.BookingID, Status: in.Status, FailureCode: in.Code, FailureReason: in.Reason,
	})
	return err
}

func asDomain(err error) (*ticket.Error, bool) { return errors.AsType[*ticket.Error](err) }
