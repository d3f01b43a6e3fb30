package activities

import (
	"context"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// ChargeBooks are what we know of the charges that pay for bookings.
type ChargeBooks interface {
	PaidCharge(ctx context.Context, bookingID string) (postgres.PaidCharge, error)
	ReviewCharge(ctx context.Context, r postgres.Review) (follow []string, err error)
}

// Reviews are the steps by which our books follow what providers do to charges
// by themselves. They run on the payments fleet.
type Reviews struct {
	Books     ChargeBooks
	Providers map[ticket.Provider]ticket.PaymentProvider
}

// ReviewInput names the booking whose charge has news.
type ReviewInput struct {
	BookingID string `json:"booking_id"`
}

// Reviewed is what a look at a charge has come to.
type Reviewed struct {
	EventID string `json:"event_id,omitempty"`
	BuyerID string `json:"buyer_id,omitempty"`
	// Follow are the refunds with which their workflows must go on.
	Follow []string `json:"follow,omitempty"`
	// Later says that our books do not know yet that the money was taken: it is
	// too early to book what became of it.
	Later bool `json:"later,omitempty"`
	// Refunds and Disputes count what the provider has on the charge.
	Refunds  int `json:"refunds"`
	Disputes int `json:"disputes"`
}

// ReviewCharge reads the refunds and disputes of a booking's charge at its
// provider and brings our books in line. A booking that was never paid for has
// nothing to review.
func (r *Reviews) ReviewCharge(ctx context.Context, in ReviewInput) (Reviewed, error) {
	paid, err := r.Books.PaidCharge(ctx, in.BookingID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return Reviewed{}, nil
	}
	if err != nil {
		return Reviewed{}, err
	}
	out := Reviewed{EventID: paid.EventID, BuyerID: paid.BuyerID}
	if paid.Status == ticket.PaymentAuthorized {
		out.Later = true
		return out, nil
	}
	provider, ok := r.Providers[paid.Charge.Provider]
	if !ok {
		return out, ticket.Errorf(ticket.CodeInvalid, "There is no payment provider %q.", paid.Charge.Provider)
	}
	review := postgres.Review{BookingID: in.BookingID}
	if review.Refunds, err = provider.Refunds(ctx, paid.Charge); err != nil {
		return out, err
	}
	if review.Disputes, err = provider.Disputes(ctx, paid.Charge); err != nil {
		return out, err
	}
	out.Refunds, out.Disputes = len(review.Refunds), len(review.Disputes)
	out.Follow, err = r.Books.ReviewCharge(ctx, review)
	return out, err
}
