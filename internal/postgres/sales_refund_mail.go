package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// tellCanceled has everybody told that their tickets have ended with the event:
// who bought them with what goes back, whoever has got one from them without.
func tellCanceled(ctx context.Context, tx pgx.Tx, r *ticket.Refund, ended []bookedTicket) error {
	err := addMail(ctx, tx, ticket.Mail{
		ID: r.ID + "/cancellation", Kind: ticket.MailCancellation, ToID: r.BuyerID, EventID: r.EventID, BookingID: r.BookingID,
		Facts: ticket.MailFacts{Amount: &r.Amount, Seats: r.Seats, Note: r.Reason},
	})
	if err != nil {
		return err
	}
	for _, t := range ended {
		if t.holder == "" {
			continue
		}
		err := addMail(ctx, tx, ticket.Mail{
			ID: t.id + "/cancellation", Kind: ticket.MailCancellation, ToID: t.holder, EventID: r.EventID, BookingID: r.BookingID,
			TicketID: t.id, Facts: ticket.MailFacts{Note: r.Reason},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellRefunded has the buyer told that the money is on its way. One that the
// provider takes back and pays again later is told once.
func tellRefunded(ctx context.Context, tx pgx.Tx, r *ticket.Refund) error {
	if r.Amount.Amount == 0 || r.Source == ticket.RefundByDispute {
		return nil
	}
	return addMail(ctx, tx, ticket.Mail{
		ID: r.ID + "/refund", Kind: ticket.MailRefund, ToID: r.BuyerID, EventID: r.EventID, BookingID: r.BookingID,
		Facts: ticket.MailFacts{Amount: &r.Amount, Seats: r.Seats},
	})
}
