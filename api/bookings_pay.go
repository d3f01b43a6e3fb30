package api

import (
	"cmp"
	"context"
	"errors"

	"github.com/google/uuid"

	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

type payBookingInput struct {
	BookingPath
	IdempotencyKey
	Body paymentBody
}

func (s *Server) payBooking(ctx context.Context, in *payBookingInput) (*bookingOutput, error) {
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	if b.Status == ticket.BookingConfirmed && in.Body == (paymentBody{}) {
		return s.bookingAnswer(ctx, b) // a webhook was faster
	}
	var choice ticket.PaymentChoice
	// Without a method it asks to go on with the payment that waits for the buyer.
	if in.Body != (paymentBody{}) || b.Status != ticket.BookingActionRequired {
		c, err := readPayment(&in.Body, "")
		if err != nil {
			return nil, err
		}
		choice = *c
	}
	_, plan, err := s.eventToBook(ctx, b.EventID)
	if err != nil {
		return nil, err
	}
	if err := checkKey(in.Key); err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request := workflows.PayRequest{Choice: choice, Fingerprint: fingerprintOf(in.Body)}
	o, err := s.deps.Purchases.Pay(waiting, b.ID, cmp.Or(in.Key, uuid.NewString()), request)
	if errors.Is(err, ErrLost) {
		return s.getBooking(ctx, &in.BookingPath)
	}
	if err != nil {
		return nil, s.notPayable(ctx, b.ID, err)
	}
	if o.Request != request.Fingerprint {
		return nil, errKeyReused()
	}
	paid, err := settled(o, plan, "")
	if err != nil {
		return nil, err
	}
	return s.bookingAnswer(ctx, paid)
}

// notPayable says why a booking's workflow did not take the request.
func (s *Server) notPayable(ctx context.Context, bookingID string, err error) error {
	if !errors.Is(err, ErrForgotten) {
		return err
	}
	b, readErr := s.deps.Books.Booking(ctx, bookingID)
	if readErr != nil {
		return readErr
	}
	return ticket.Errorf(ticket.CodeBookingState, "The booking is %s.", b.Status)
}

type cancelBookingInput struct {
	BookingPath
}

func (s *Server) cancelBooking(ctx context.Context, in *cancelBookingInput) (*bookingOutput, error) {
	b, err := s.ownBooking(ctx, in.BookingID)
	if err != nil {
		return nil, err
	}
	if b.Status == ticket.BookingCanceled {
		return s.bookingAnswer(ctx, b)
	}
	waiting, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	o, err := s.deps.Purchases.Cancel(waiting, b.ID, workflows.SupportRequest{By: caller(ctx).ID})
	if errors.Is(err, ErrLost) {
		return s.getBooking(ctx, &in.BookingPath)
	}
	if err != nil {
		return nil, s.notPayable(ctx, b.ID, err)
	}
	canceled, err := settled(o, nil, "")
	if err != nil {
		return nil, err
	}
	return s.bookingAnswer(ctx, canceled)
}
