package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/ticketpdf"
	"yourticket.example/ticket"
)

func (s *Server) registerTicketPDF(api huma.API, tags []string) {
	register(s, api, huma.Operation{
		OperationID: "print-booking", Method: http.MethodGet, Path: "/v1/bookings/{booking_id}/tickets.pdf", Tags: tags,
		Summary: "The booking's tickets to print, a page each",
		Description: "Refunded tickets are marked void; those that were transferred to somebody else are left out. " +
			"Answers 409 `booking-state` while the booking has no tickets.",
		Responses: pdfResponses(),
	}, loggedIn, s.printBooking)
}

func pdfResponses() map[string]*huma.Response {
	return map[string]*huma.Response{
		"200": {
			Description: "The tickets.",
			Content:     map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}},
		},
		"304": {Description: "The caller's copy is good."},
	}
}

type printBookingInput struct {
	BookingPath
	IfNoneMatch string `header:"If-None-Match"`
}

type pdfOutput struct {
	Status       int
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	ContentType  string `header:"Content-Type"`
	Disposition  string `header:"Content-Disposition"`
	Body         []byte
}

func (s *Server) printBooking(ctx context.Context, in *printBookingInput) (*pdfOutput, error) {
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	if len(b.Tickets) == 0 {
		return nil, ticket.Errorf(ticket.CodeBookingState, "The booking has no tickets: it is %s.", b.Status)
	}
	d, err := s.ticketDocument(ctx, b, func(t ticket.Ticket) bool { return s.sees(ctx, b, t) })
	if err != nil {
		return nil, err
	}
	if len(d.Pages) == 0 {
		return nil, ticket.Errorf(ticket.CodeBookingState, "All tickets of the booking were transferred to others.")
	}
	return printed(ctx, d, in.IfNoneMatch)
}

// sees tells whether the caller may have the ticket's code: its holder, and
// support.
func (s *Server) sees(ctx context.Context, b *ticket.Booking, t ticket.Ticket) bool {
	u := caller(ctx)
	return t.HeldBy(b.BuyerID) == u.ID || u.Has(ticket.RoleSupport)
}

func (s *Server) ticketDocument(ctx context.Context, b *ticket.Booking, want func(ticket.Ticket) bool) (ticketpdf.Document, error) {
	event, plan, err := s.eventAndPlan(ctx, b.EventID)
	if err != nil {
		return ticketpdf.Document{}, err
	}
	return ticketpdf.Of(ctx, event, plan, b, s.deps.Codes, want)
}

func (s *Server) eventAndPlan(ctx context.Context, eventID string) (*ticket.Event, *ticket.Plan, error) {
	event, err := s.deps.Plans.Event(ctx, eventID)
	if err != nil {
		return nil, nil, err
	}
	plan, _, err := s.deps.Plans.Places(ctx, event.PlanID)
	return event, plan, err
}

// printed answers with a document, unless the caller has it. Nobody between us
// and the caller may keep it.
func printed(ctx context.Context, d ticketpdf.Document, ifNoneMatch string) (*pdfOutput, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s %d\n", d.Event.ID, d.Event.Version)
	for _, p := range d.Pages {
		fmt.Fprintf(sum, "%s %s %s\n", p.Ticket.ID, p.Ticket.Status, p.Code)
	}
	out := &pdfOutput{
		Status: http.StatusOK, ETag: `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`, CacheControl: "private, no-store",
	}
	if matches(ifNoneMatch, out.ETag) {
		out.Status = http.StatusNotModified
		return out, nil
	}
	body, err := ticketpdf.Render(ctx, d)
	if err != nil {
		return nil, err
	}
	out.Body, out.ContentType = body, "application/pdf"
	out.Disposition = fmt.Sprintf("inline; filename=%q", "tickets-"+d.Pages[0].Ticket.BookingID+".pdf")
	return out, nil
}
