package api

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// TicketBooks keeps who has which ticket; see postgres.Sales.
type TicketBooks interface {
	Ticket(ctx context.Context, id string) (postgres.HeldTicket, error)
	TicketsOf(ctx context.Context, userID string, after postgres.BookingsCursor, limit int) ([]postgres.HeldTicket, error)
	TransferTicket(ctx context.Context, t postgres.Transfer) (ticket.Ticket, error)
	AddMail(ctx context.Context, m ticket.Mail) error
}

// People finds accounts.
type People interface {
	AccountByEmail(ctx context.Context, email string) (ticket.Account, error)
}

func (s *Server) registerTransfers(api huma.API, tags []string) {
	register(s, api, huma.Operation{
		OperationID: "my-tickets", Method: http.MethodGet, Path: "/v1/me/tickets", Tags: tags,
		Summary: "The tickets that the caller has, bought or received, newest first",
	}, loggedIn, s.myTickets)
	register(s, api, huma.Operation{
		OperationID: "transfer-ticket", Method: http.MethodPost, Path: "/v1/tickets/{ticket_id}/transfer", Tags: tags,
		Summary: "Give a ticket to another account",
		Description: "The code dies at once; the new one is the receiver's, who is told by mail. The receiver needs an account. Money does " +
			"not move: a refund of the place goes to who paid, and ends the ticket whoever has it.",
	}, loggedIn, s.transferTicket)
	register(s, api, huma.Operation{
		OperationID: "print-ticket", Method: http.MethodGet, Path: "/v1/tickets/{ticket_id}/ticket.pdf", Tags: tags,
		Summary: "One ticket to print", Responses: pdfResponses(),
	}, loggedIn, s.printTicket)
	register(s, api, huma.Operation{
		OperationID: "resend-tickets", Method: http.MethodPost, Path: "/v1/bookings/{booking_id}/tickets/resend", Tags: tags,
		DefaultStatus: http.StatusAccepted, SkipValidateBody: true,
		Summary:     "Mail the booking's tickets to its buyer again",
		Description: "Once a minute at most: another request within the minute is answered the same and sends nothing.",
	}, loggedIn, s.resendTickets)
}

// TicketPath names a ticket in the path.
type TicketPath struct {
	TicketID string `path:"ticket_id" maxLength:"64" doc:"The ticket's id"`
}

type transferInput struct {
	TicketPath
	Body struct {
		ToEmail string `json:"to_email" minLength:"3" maxLength:"254" doc:"The address of the receiver's account."`
	}
}

type transferOutput struct {
	Body struct {
		TicketID      string              `json:"ticket_id"`
		Status        ticket.TicketStatus `json:"status" enum:"transferred"`
		TransferredTo string              `json:"transferred_to" doc:"The address as it was given."`
	}
}

func (s *Server) transferTicket(ctx context.Context, in *transferInput) (*transferOutput, error) {
	t, err := s.ownTicket(ctx, in.TicketID)
	if err != nil {
		return nil, err
	}
	to, err := s.deps.People.AccountByEmail(ctx, in.Body.ToEmail)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return nil, ticket.Invalid("to_email", "no account has this address; its owner has to register first")
	}
	if err != nil {
		return nil, err
	}
	from := caller(ctx).ID
	if to.ID == from {
		return nil, ticket.Invalid("to_email", "the ticket is yours already")
	}
	event, err := s.deps.Plans.Event(ctx, t.EventID)
	if err != nil {
		return nil, err
	}
	if event.Status == ticket.EventCanceled || time.Now().After(event.StartsAt.Add(24*time.Hour)) {
		return nil, ticket.Errorf(ticket.CodeConflict, "The event is over or canceled.")
	}
	_, err = s.deps.Tickets.TransferTicket(ctx, postgres.Transfer{TicketID: t.ID, FromID: from, ToID: to.ID, Limit: event.MaxTicketsPerBuyer})
	if err != nil {
		return nil, err
	}
	out := &transferOutput{}
	out.Body.TicketID, out.Body.Status, out.Body.TransferredTo = t.ID, ticketTransferred, in.Body.ToEmail
	return out, nil
}

// ownTicket reads a ticket that the caller has or had: whoever bought it may
// ask again for the transfer that ended that.
func (s *Server) ownTicket(ctx context.Context, id string) (t postgres.HeldTicket, err error) {
	if !ticket.IsID(ticket.KindTicket, id) {
		return t, ticket.Errorf(ticket.CodeNotFound, "There is no ticket %q.", id)
	}
	return s.deps.Tickets.Ticket(ctx, id)
}

type printTicketInput struct {
	TicketPath
	IfNoneMatch string `header:"If-None-Match"`
}

func (s *Server) printTicket(ctx context.Context, in *printTicketInput) (*pdfOutput, error) {
	t, err := s.ownTicket(ctx, in.TicketID)
	if err != nil {
		return nil, err
	}
	b, err := s.deps.Books.Booking(ctx, t.BookingID)
	if err != nil {
		return nil, err
	}
	d, err := s.ticketDocument(ctx, b, func(other ticket.Ticket) bool { return other.ID == t.ID && s.sees(ctx, b, other) })
	if err != nil {
		return nil, err
	}
	if len(d.Pages) == 0 {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no ticket %q.", in.TicketID)
	}
	return printed(ctx, d, in.IfNoneMatch)
}

type resendOutput struct {
	Body struct {
		Queued bool `json:"queued"`
	}
}

func (s *Server) resendTickets(ctx context.Context, in *BookingPath) (*resendOutput, error) {
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	valid := false
	for _, t := range b.Tickets {
		valid = valid || t.HeldBy(b.BuyerID) == b.BuyerID && t.Status != ticket.TicketRefunded
		if t.Frozen {
			return nil, ticket.Errorf(ticket.CodeFrozen, "The payment of the booking is disputed: its tickets are not valid until that is decided.")
		}
	}
	if !valid {
		return nil, ticket.Errorf(ticket.CodeBookingState, "The booking is %s and has no tickets to send.", b.Status)
	}
	err = s.deps.Tickets.AddMail(ctx, ticket.Mail{
		ID:   fmt.Sprintf("%s/resend/%d", b.ID, time.Now().Unix()/60),
		Kind: ticket.MailResend, ToID: b.BuyerID, EventID: b.EventID, BookingID: b.ID,
	})
	out := &resendOutput{}
	out.Body.Queued = true
	return out, err
}

// heldTicket is a ticket as who has it sees it.
type heldTicket struct {
	ID        string              `json:"id"`
	BookingID string              `json:"booking_id"`
	EventID   string              `json:"event_id"`
	EventName string              `json:"event_name"`
	StartsAt  time.Time           `json:"starts_at"`
	Seat      checkedSeat         `json:"seat"`
	Status    ticket.TicketStatus `json:"status" enum:"live,used,refunded"`
	Frozen    bool                `json:"frozen,omitempty" doc:"The payment is disputed: nobody is let in with the ticket until that is decided."`
	Received  bool                `json:"received" doc:"Somebody else bought it and gave it to the caller."`
	Code      string              `json:"code"`
}

type myTicketsOutput struct {
	Body struct {
		Items      []heldTicket `json:"items"`
		NextCursor string       `json:"next_cursor,omitempty" doc:"Gives the next page; absent on the last one."`
	}
}

func (s *Server) myTickets(ctx context.Context, in *bookingsInput) (*myTicketsOutput, error) {
	var after postgres.BookingsCursor
	if err := readCursor(in.Cursor, &after); err != nil {
		return nil, err
	}
	list, err := s.deps.Tickets.TicketsOf(ctx, caller(ctx).ID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &myTicketsOutput{}
	out.Body.Items = []heldTicket{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Body.NextCursor = writeCursor(postgres.BookingsCursor{CreatedAt: last.CreatedAt, ID: last.ID})
	}
	for _, t := range list {
		shown, err := s.showHeld(ctx, t)
		if err != nil {
			return nil, err
		}
		out.Body.Items = append(out.Body.Items, shown)
	}
	return out, nil
}

func (s *Server) showHeld(ctx context.Context, t postgres.HeldTicket) (heldTicket, error) {
	event, plan, err := s.eventAndPlan(ctx, t.EventID)
	if err != nil {
		return heldTicket{}, err
	}
	code, err := s.deps.Codes.TicketCode(ctx, t.Ticket)
	return heldTicket{
		ID: t.ID, BookingID: t.BookingID, EventID: t.EventID, EventName: event.Name, StartsAt: event.StartsAt.UTC(), Status: t.Status, Frozen: t.Frozen,
		Seat: showSeat(&plan.Seats[t.SeatIndex]), Received: t.HeldBy(t.BuyerID) != t.BuyerID, Code: code,
	}, err
}
