package api

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// Refunds talks to refund workflows.
type Refunds interface {
	// Begin starts a refund, or finds the one that runs under the same id, and
	// waits until its tickets have ended, or it was refused.
	Begin(ctx context.Context, in activities.RefundInput, b *ticket.Booking) (*workflows.RefundOutcome, error)
}

func (s *Server) registerRefunds(api huma.API, tags []string) {
	register(s, api, huma.Operation{
		OperationID: "refund-booking", Method: http.MethodPost, Path: "/v1/bookings/{booking_id}/refund", Tags: tags,
		Summary: "Give the money of a booking back, or of some of its seats",
		Description: "By support; and by the buyer as far as the event allows, or because it was postponed, until its `refunds_until` " +
			"(then 409 `refunds-closed`). The tickets end at once; the booking is `refunding` until the money is on its way.",
	}, loggedIn, s.refundBooking)
}

type refundBookingInput struct {
	BookingPath
	IdempotencyKey
	Body struct {
		Seats  []string `json:"seats,omitempty" minItems:"1" maxItems:"100" nullable:"false" doc:"Ids of seats; all that are left when left out."`
		Reason string   `json:"reason" minLength:"1" maxLength:"500" doc:"Why, for the record."`
		Resell *bool    `json:"resell,omitempty" doc:"Whether the seats go on sale again (default), or are kept from it. For support only."`
	}
}

func (s *Server) refundBooking(ctx context.Context, in *refundBookingInput) (*bookingOutput, error) {
	body := &in.Body
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	var f faults
	f.prose("reason", &body.Reason, 500)
	if err := f.err(); err != nil {
		return nil, err
	}
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	start := activities.RefundInput{
		BookingID: b.ID, Seats: body.Seats, Reason: body.Reason, By: caller(ctx).ID, Keep: body.Resell != nil && !*body.Resell,
		RefundID: ticket.DeriveRefundID(b.ID, caller(ctx).ID+"/"+cmp.Or(in.Key, uuid.NewString())), Fingerprint: fingerprintOf(body),
	}
	switch _, fingerprint, err := s.deps.Books.Refund(ctx, start.RefundID); {
	case err == nil && fingerprint != start.Fingerprint:
		return nil, errKeyReused()
	case err == nil:
		return s.bookingAnswer(ctx, b)
	case ticket.CodeOf(err) != ticket.CodeNotFound:
		return nil, err
	}
	if start.Source, err = s.mayRefund(ctx, b, start); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	o, err := s.deps.Refunds.Begin(waiting, start, b)
	if err != nil {
		return nil, err
	}
	if o.Problem != nil {
		return nil, asError(o.Problem, b.ID, nil)
	}
	return s.getBooking(ctx, &in.BookingPath)
}

// mayRefund tells as whom the caller may refund, and refuses what plainly cannot
// be, so that it costs no workflow.
func (s *Server) mayRefund(ctx context.Context, b *ticket.Booking, in activities.RefundInput) (ticket.RefundSource, error) {
	event, plan, err := s.eventToBook(ctx, b.EventID)
	if err != nil {
		return "", err
	}
	source := ticket.RefundBySupport
	if !caller(ctx).Has(ticket.RoleSupport) {
		source = ticket.RefundByBuyer
		if in.Keep {
			return "", ticket.Errorf(ticket.CodeForbidden, "Only support may keep the seats from the sale.")
		}
		if err := event.RefundsBuyers(time.Now()); err != nil {
			return "", err
		}
	}
	if b.Status != ticket.BookingConfirmed && b.Status != ticket.BookingRefunding {
		return "", ticket.Errorf(ticket.CodeBookingState, "The booking is %s and cannot be refunded.", b.Status)
	}
	var f faults
	booked := b.SeatIndexes()
	for i, id := range in.Seats {
		index, ok := plan.IndexOf(id)
		switch {
		case !ok || !slices.Contains(booked, index):
			f.add(fmt.Sprintf("seats[%d]", i), "is not a seat of this booking")
		case slices.Contains(in.Seats[:i], id):
			f.add(fmt.Sprintf("seats[%d]", i), "comes twice")
		}
	}
	return source, f.err()
}
