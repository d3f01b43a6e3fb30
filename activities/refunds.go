package activities

import (
	"context"
	"fmt"
	"strings"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// RefundBooks owes money to buyers and writes down what became of it.
type RefundBooks interface {
	BeginRefund(ctx context.Context, o postgres.RefundOrder) (*ticket.Refund, error)
	Refund(ctx context.Context, id string) (r *ticket.Refund, fingerprint string, err error)
	SendingRefund(ctx context.Context, id string) (*ticket.Refund, error)
	SettleRefund(ctx context.Context, id string, n postgres.RefundNews) (*ticket.Refund, error)
	RetryRefund(ctx context.Context, id string) (*ticket.Refund, error)
	AttributeRefund(ctx context.Context, id string, a postgres.Attribution) (*ticket.Refund, error)
	Booking(ctx context.Context, id string) (*ticket.Booking, error)
}

// SoldSeats gives the places of ended tickets back.
type SoldSeats interface {
	Return(ctx context.Context, e *ticket.Event, bookingID, buyerID string, resell bool, seats []int) error
}

// Refunds are the steps of a refund. They run on the payments fleet.
type Refunds struct {
	Books     RefundBooks
	Providers map[ticket.Provider]ticket.PaymentProvider
	Seats     SoldSeats
	Catalogue Catalogue
}

// RefundInput asks for a refund. Support types it in the Temporal UI.
type RefundInput struct {
	BookingID string `json:"booking_id"`
	// Seats are ids of places; all that are left when there are none.
	Seats  []string `json:"seats,omitempty"`
	Reason string   `json:"reason"`
	// By is who asks, for the record.
	By string `json:"by"`
	// Keep keeps the places from the sale; else they go on sale again.
	Keep bool `json:"keep,omitempty"`
	// RefundID is set by the API and by the cancellation of events; left empty it
	// is derived from the workflow's id.
	RefundID    string              `json:"refund_id,omitempty"`
	Source      ticket.RefundSource `json:"source,omitempty"`
	Fingerprint string              `json:"fingerprint,omitempty"`
}

// RefundStep is a refund as it stands, or why there is none.
type RefundStep struct {
	Refund  *ticket.Refund `json:"refund,omitempty"`
	Refusal *Refusal       `json:"refusal,omitempty"`
}

// BeginRefund is the pivot: the tickets die and the money is owed. Run again it
// finds the refund that it began, or that somebody else has begun under this id.
// A refusal comes back in the result.
func (r *Refunds) BeginRefund(ctx context.Context, in RefundInput) (RefundStep, error) {
	order, err := r.order(ctx, in)
	if err == nil {
		var refund *ticket.Refund
		if refund, err = r.Books.BeginRefund(ctx, order); err == nil {
			return RefundStep{Refund: refund}, nil
		}
	}
	held, err := refuse(err)
	return RefundStep{Refusal: held.Refusal}, err
}

// order finds the places that are named. A refund that exists needs none.
func (r *Refunds) order(ctx context.Context, in RefundInput) (postgres.RefundOrder, error) {
	order := postgres.RefundOrder{
		ID: in.RefundID, BookingID: in.BookingID, Reason: in.Reason, By: in.By, Source: in.Source, Resell: !in.Keep,
		Fingerprint: in.Fingerprint,
	}
	if !ticket.IsID(ticket.KindBooking, in.BookingID) {
		return order, ticket.Errorf(ticket.CodeNotFound, "There is no booking %q.", in.BookingID)
	}
	var err error
	order.Seats, err = r.places(ctx, in.BookingID, in.Seats)
	return order, err
}

// places finds the places of a booking's event by their ids; none for none.
func (r *Refunds) places(ctx context.Context, bookingID string, ids []string) (seats []int, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	b, err := r.Books.Booking(ctx, bookingID)
	if err != nil {
		return nil, err
	}
	event, err := r.Catalogue.Event(ctx, b.EventID)
	if err != nil {
		return nil, err
	}
	plan, _, err := r.Catalogue.Places(ctx, event.PlanID)
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		index, ok := plan.IndexOf(id)
		if !ok {
			return nil, ticket.Invalid(fmt.Sprintf("seats[%d]", i), "the plan has no seat %q", id)
		}
		seats = append(seats, index)
	}
	return seats, nil
}

// RefundRef names a refund.
type RefundRef struct {
	RefundID string `json:"refund_id"`
}

// ReturnSeats shows the places of a refund as free again, or as blocked. Places
// that were given back before stay as they are.
func (r *Refunds) ReturnSeats(ctx context.Context, in RefundRef) error {
	refund, _, err := r.Books.Refund(ctx, in.RefundID)
	if err != nil || len(refund.Seats) == 0 {
		return err
	}
	event, err := r.Catalogue.Event(ctx, refund.EventID)
	if err != nil {
		return err
	}
	return r.Seats.Return(ctx, event, refund.BookingID, refund.BuyerID, refund.Resell, refund.Seats)
}

// SendRefund asks the provider for the money, once, and books the answer. It
// does nothing yet while the payment is not captured, and looks when the
// provider has taken the refund on before. A refusal of the provider is booked
// and comes back as the refund's status.
func (r *Refunds) SendRefund(ctx context.Context, in RefundRef) (*ticket.Refund, error) {
	refund, err := r.Books.SendingRefund(ctx, in.RefundID)
	if err != nil {
		return nil, err
	}
	switch refund.Status {
	case ticket.RefundSent:
	case ticket.RefundPending, ticket.RefundSucceeded, ticket.RefundNeedsAttention:
		return r.look(ctx, refund)
	default:
		return refund, nil
	}
	if refund.Amount.Amount == 0 {
		return r.Books.SettleRefund(ctx, refund.ID, postgres.RefundNews{Status: ticket.RefundSucceeded, Attempt: refund.Attempt})
	}
	provider, ok := r.Providers[refund.Charge.Provider]
	if !ok {
		return nil, ticket.Errorf(ticket.CodeInvalid, "There is no payment provider %q.", refund.Charge.Provider)
	}
	if refund.Attempt > 1 {
		// An attempt before may have been heard and its answer lost: a new key would
		// send the money twice.
		if there, err := r.find(ctx, provider, refund); err != nil || there != nil {
			return there, err
		}
	}
	found, err := provider.SendRefund(ctx, refund)
	if ticket.CodeOf(err) == ticket.CodeProviderRefused {
		news := postgres.RefundNews{Status: ticket.RefundNeedsAttention, Attempt: refund.Attempt, Note: messageOf(err)}
		return r.Books.SettleRefund(ctx, refund.ID, news)
	}
	if err != nil {
		return nil, err
	}
	return r.book(ctx, refund, found)
}

// look reads a refund in the provider's books and brings ours in line.
func (r *Refunds) look(ctx context.Context, refund *ticket.Refund) (*ticket.Refund, error) {
	provider, ok := r.Providers[refund.Charge.Provider]
	if !ok {
		return refund, nil
	}
	if there, err := r.find(ctx, provider, refund); err != nil || there != nil {
		return there, err
	}
	return refund, nil
}

// find looks for a refund in the provider's books and writes down what they say:
// by its reference, or, while we know of none, the one that carries our id in
// whichever attempt and did not fail. Nil when there is none.
func (r *Refunds) find(ctx context.Context, provider ticket.PaymentProvider, refund *ticket.Refund) (*ticket.Refund, error) {
	list, err := provider.Refunds(ctx, refund.Charge)
	if err != nil {
		return nil, err
	}
	for _, found := range list {
		ours := found.Ref == refund.Ref
		if refund.Ref == "" {
			ours = found.RefundID == refund.ID && found.State != ticket.RefundStateFailed
		}
		if ours {
			return r.book(ctx, refund, found)
		}
	}
	return nil, nil
}

// book writes down what the provider's books say of a refund.
func (r *Refunds) book(ctx context.Context, refund *ticket.Refund, found ticket.ProviderRefund) (*ticket.Refund, error) {
	news := postgres.RefundNews{Status: ticket.RefundPending, Attempt: refund.Attempt, Ref: found.Ref, Found: &found}
	switch found.State {
	case ticket.RefundStateSucceeded:
		news.Status = ticket.RefundSucceeded
	case ticket.RefundStateFailed:
		news.Status = ticket.RefundNeedsAttention
		news.Note = strings.TrimSpace(fmt.Sprintf("%s could not pay the refund %s out. %s", refund.Charge.Provider, found.Ref, found.Reason))
	}
	return r.Books.SettleRefund(ctx, refund.ID, news)
}

// FlagRefundInput hands a refund to support.
type FlagRefundInput struct {
	RefundID string `json:"refund_id"`
	Attempt  int    `json:"attempt"`
	Reason   string `json:"reason"`
}

// FlagRefund says that a refund waits for support, and why.
func (r *Refunds) FlagRefund(ctx context.Context, in FlagRefundInput) (*ticket.Refund, error) {
	return r.Books.SettleRefund(ctx, in.RefundID, postgres.RefundNews{
		Status: ticket.RefundNeedsAttention, Attempt: in.Attempt, Note: in.Reason,
	})
}

// RetryRefund lets the provider be asked anew.
func (r *Refunds) RetryRefund(ctx context.Context, in RefundRef) (*ticket.Refund, error) {
	return r.Books.RetryRefund(ctx, in.RefundID)
}

// ResolveRefundInput says how support settled a refund by hand.
type ResolveRefundInput struct {
	RefundID string `json:"refund_id"`
	Attempt  int    `json:"attempt"`
	By       string `json:"by"`
	Note     string `json:"note"`
	// Seats are ids of the places that money was for of which that was not known.
	Seats []string `json:"seats,omitempty"`
}

// ResolveRefund books that the buyer has got the money in another way; or, of
// money that went back without our asking, what it was for.
func (r *Refunds) ResolveRefund(ctx context.Context, in ResolveRefundInput) (*ticket.Refund, error) {
	refund, _, err := r.Books.Refund(ctx, in.RefundID)
	if err != nil {
		return nil, err
	}
	if refund.Unattributed() {
		seats, err := r.places(ctx, refund.BookingID, in.Seats)
		if err != nil {
			return nil, err
		}
		return r.Books.AttributeRefund(ctx, in.RefundID, postgres.Attribution{Seats: seats, Note: in.By + ": " + in.Note})
	}
	return r.Books.SettleRefund(ctx, in.RefundID, postgres.RefundNews{
		Status: ticket.RefundFailed, Attempt: in.Attempt, Note: in.By + ": " + in.Note,
	})
}

func messageOf(err error) string {
	if e, ok := asDomain(err); ok {
		return e.Message
	}
	return err.Error()
}
