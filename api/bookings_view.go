package api

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

// bookingBody is a booking as its buyer sees it.
type bookingBody struct {
	ID            string               `json:"id"`
	EventID       string               `json:"event_id"`
	Status        ticket.BookingStatus `json:"status"`
	Seats         []bookedSeat         `json:"seats"`
	Total         ticket.Money         `json:"total"`
	HoldExpiresAt *time.Time           `json:"hold_expires_at"`
	Payment       *ticket.Payment      `json:"payment"`
	NextAction    *ticket.NextAction   `json:"next_action"`
	Tickets       []ticketBody         `json:"tickets"`
	CreatedAt     time.Time            `json:"created_at"`
	ConfirmedAt   *time.Time           `json:"confirmed_at"`
	// FailureCode says why a booking failed.
	FailureCode ticket.Code `json:"failure_code,omitempty"`
}

type bookedSeat struct {
	ID       string       `json:"id"`
	Zone     string       `json:"zone"`
	Row      string       `json:"row"`
	Number   string       `json:"number"`
	Category string       `json:"category"`
	Price    ticket.Money `json:"price"`
	Fee      ticket.Money `json:"fee"`
}

type ticketBody struct {
	ID     string              `json:"id"`
	SeatID string              `json:"seat_id"`
	Code   string              `json:"code" doc:"What the door scans; empty once the ticket was transferred to somebody else."`
	Status ticket.TicketStatus `json:"status" enum:"live,used,refunded,transferred"`
	Frozen bool                `json:"frozen,omitempty" doc:"The payment is disputed: nobody is let in with the ticket until that is decided."`
}

// ticketTransferred is how a ticket looks to its buyer once somebody else has
// it; in the books it is as live as before.
const ticketTransferred ticket.TicketStatus = "transferred"

func (s *Server) bookingAnswer(ctx context.Context, b *ticket.Booking) (*bookingOutput, error) {
	body, err := s.showBooking(ctx, b)
	if err != nil {
		return nil, err
	}
	return &bookingOutput{Body: body}, nil
}

// showBooking names the places of a booking and signs its tickets.
func (s *Server) showBooking(ctx context.Context, b *ticket.Booking) (bookingBody, error) {
	out := bookingBody{
		ID: b.ID, EventID: b.EventID, Status: b.Status, Seats: []bookedSeat{}, Total: b.Total, Payment: b.Payment,
		NextAction: b.NextAction, Tickets: []ticketBody{}, CreatedAt: b.CreatedAt.UTC(), FailureCode: b.FailureCode,
		HoldExpiresAt: timeOrNil(b.HoldExpiresAt), ConfirmedAt: timeOrNil(b.ConfirmedAt),
	}
	_, plan, err := s.eventAndPlan(ctx, b.EventID)
	if err != nil {
		return out, err
	}
	for _, it := range b.Items {
		seat := plan.Seats[it.SeatIndex]
		out.Seats = append(out.Seats, bookedSeat{
			ID: seat.ID, Zone: seat.Zone, Row: seat.Row, Number: seat.Number, Category: it.Category,
			Price: ticket.Money{Amount: it.Price, Currency: b.Total.Currency},
			Fee:   ticket.Money{Amount: it.Fee, Currency: b.Total.Currency},
		})
	}
	for _, t := range b.Tickets {
		shown := ticketBody{ID: t.ID, SeatID: plan.Seats[t.SeatIndex].ID, Status: t.Status, Frozen: t.Frozen}
		if !s.sees(ctx, b, t) {
			shown.Status = ticketTransferred
		} else if shown.Code, err = s.deps.Codes.TicketCode(ctx, t); err != nil {
			return out, err
		}
		out.Tickets = append(out.Tickets, shown)
	}
	return out, nil
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
