package ticketpdf

import (
	"context"
	"fmt"

	"yourticket.example/ticket"
)

// maxPages bounds a document; no booking has more places.
const maxPages = 100

// Document is tickets of one booking that are printed together.
type Document struct {
	Event *ticket.Event
	Pages []Page
}

// Page is one ticket.
type Page struct {
	Ticket   ticket.Ticket
	Seat     ticket.Seat
	Category string
	Price    ticket.Money // with the fee
	// Code is what the door scans; a void ticket has none.
	Code string
}

// Void says why the ticket lets nobody in, "" when it does.
func (p *Page) Void() string {
	switch p.Ticket.Status {
	case ticket.TicketLive, ticket.TicketUsed:
		if p.Ticket.Frozen {
			return "Frozen: the payment is disputed"
		}
		return ""
	case ticket.TicketRefunded:
		return "Refunded: this ticket is void"
	default:
		return "This ticket is void"
	}
}

// Codes signs tickets.
type Codes interface {
	TicketCode(ctx context.Context, t ticket.Ticket) (string, error)
}

// Of makes the document of those of a booking's tickets that want picks.
func Of(ctx context.Context, e *ticket.Event, plan *ticket.Plan, b *ticket.Booking, codes Codes, want func(ticket.Ticket) bool) (Document, error) {
	d := Document{Event: e}
	items := map[int]ticket.Item{}
	for _, it := range b.Items {
		items[it.SeatIndex] = it
	}
	for _, t := range b.Tickets {
		if !want(t) {
			continue
		}
		if t.SeatIndex < 0 || t.SeatIndex >= len(plan.Seats) {
			return d, fmt.Errorf("ticketpdf: ticket %s: the plan has no place %d", t.ID, t.SeatIndex)
		}
		it := items[t.SeatIndex]
		p := Page{
			Ticket: t, Seat: plan.Seats[t.SeatIndex], Category: it.Category,
			Price: ticket.Money{Amount: it.Price + it.Fee, Currency: b.Total.Currency},
		}
		if p.Void() == "" {
			code, err := codes.TicketCode(ctx, t)
			if err != nil {
				return d, err
			}
			p.Code = code
		}
		d.Pages = append(d.Pages, p)
	}
	if len(d.Pages) > maxPages {
		return d, fmt.Errorf("ticketpdf: %d tickets on one document", len(d.Pages))
	}
	return d, nil
}
