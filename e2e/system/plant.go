package system

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"yourticket.example/ticket"
)

// planted is a confirmed booking of one seat that nobody has bought.
type planted struct {
	id, buyer            string
	seat                 int
	provider             ticket.Provider
	ref, order, captured string
}

// plantAtOnce is how many payments are made at the same time.
const plantAtOnce = 16

// Plant writes n confirmed bookings of one seat each, from the event's first seat
// on, each of a buyer of its own, every other one paid at PayPal. The money is
// taken at the sandbox by the providers' own calls; rows are copied into the
// books as a sale leaves them. It takes a thousandth of the time of n purchases.
func (s *System) Plant(ctx context.Context, e *Event, n int) error {
	list := make([]planted, n)
	users := make([][]any, n)
	for i := range list {
		p := &list[i]
		p.buyer, p.seat, p.provider = ticket.NewID(ticket.KindUser, 0), i, ticket.Stripe
		p.id = ticket.DeriveBookingID(e.ID, p.buyer, "planted")
		if i%2 == 1 {
			p.provider = ticket.PayPal
		}
		users[i] = []any{p.buyer, p.buyer + "@shop.example", "Somebody", "none", []string{string(ticket.RoleBuyer)}}
	}
	if err := s.payPlanted(ctx, e, list); err != nil {
		return err
	}
	_, err := s.CatalogueDB.CopyFrom(ctx, pgx.Identifier{"users"}, []string{"id", "email", "name", "password_hash", "roles"}, pgx.CopyFromRows(users))
	if err != nil {
		return err
	}
	return s.writePlanted(ctx, e, list)
}

// payPlanted takes the money of all of them.
func (s *System) payPlanted(ctx context.Context, e *Event, list []planted) error {
	providers, err := s.Providers()
	if err != nil {
		return err
	}
	next := make(chan *planted)
	errs := make([]error, plantAtOnce)
	var wg sync.WaitGroup
	for w := range plantAtOnce {
		wg.Go(func() {
			for p := range next {
				if errs[w] == nil {
					errs[w] = pay(ctx, providers[p.provider], e, p)
				}
			}
		})
	}
	for i := range list {
		next <- &list[i]
	}
	close(next)
	wg.Wait()
	return errors.Join(errs...)
}

func pay(ctx context.Context, provider ticket.PaymentProvider, e *Event, p *planted) error {
	r := ticket.ChargeRequest{
		BookingID: p.id, EventID: e.ID, Attempt: 1, Amount: ticket.Money{Amount: SeatTotal, Currency: "EUR"},
		Choice: ticket.PaymentChoice{StripePaymentMethod: Both.StripePaymentMethod, PayPalPaymentToken: Both.PayPalPaymentToken},
	}
	c := provider.Authorize(ctx, r)
	if c.Outcome != ticket.OutcomeAuthorized {
		return fmt.Errorf("a planted payment at %s: %s %s", p.provider, c.Outcome, c.Message)
	}
	p.ref, p.order = c.Ref, c.OrderRef
	captured, err := provider.Capture(ctx, r, c)
	p.captured = captured
	return err
}

// writePlanted copies the rows that a sale leaves.
func (s *System) writePlanted(ctx context.Context, e *Event, list []planted) error {
	shard, _ := ticket.ShardOf(e.ID)
	now := time.Now()
	before := now.Add(-time.Second) // when all were held, and their payments begun
	var bookings, tickets, payments, journal, counts [][]any
	for _, p := range list {
		bookings = append(bookings, []any{
			p.id, e.ID, p.buyer, "confirmed", "planted", []int32{int32(p.seat)}, []string{Seated}, []int64{SeatPrice}, []int64{SeatFee},
			SeatTotal, "EUR", int64(p.seat + 1), now, 1, before, before, now,
		})
		tickets = append(tickets, []any{ticket.DeriveTicketID(p.id, 0), p.id, e.ID, p.buyer, p.seat, "live", SeatPrice, SeatFee, int64(p.seat + 1)})
		payments = append(payments, []any{p.id, string(p.provider), 1, "captured", false, p.ref, p.order, p.captured, SeatTotal, "EUR", now})
		counts = append(counts, []any{e.ID, p.buyer, 1, 10})
		line := func(transaction, account string, amount int64) {
			journal = append(journal, []any{p.id + transaction, account, p.id, e.ID, amount, "EUR"})
		}
		line("/sale", "receivable:"+string(p.provider), SeatTotal)
		line("/sale", "payable:organizer", -SeatPrice)
		line("/sale", "revenue:fees", -SeatFee)
		line("/capture", "clearing:"+string(p.provider), SeatTotal)
		line("/capture", "receivable:"+string(p.provider), -SeatTotal)
	}
	return pgx.BeginFunc(ctx, s.Shards[shard], func(tx pgx.Tx) error {
		for _, t := range []struct {
			name    string
			columns []string
			rows    [][]any
		}{
			{"bookings", []string{
				"id", "event_id", "buyer_id", "status", "fingerprint", "seat_indexes", "categories", "prices", "fees",
				"total", "currency", "fence", "hold_expires_at", "attempt", "created_at", "begun_at", "confirmed_at",
			}, bookings},
			{"tickets", []string{"id", "booking_id", "event_id", "buyer_id", "seat_index", "status", "price", "fee", "fence"}, tickets},
			{"payments", []string{
				"booking_id", "provider", "attempt", "status", "fallback", "ref", "order_ref", "capture_ref", "amount", "currency", "captured_at",
			}, payments},
			{"buyer_tickets", []string{"event_id", "buyer_id", "tickets", "maximum"}, counts},
			{"journal", []string{"transaction_id", "account", "booking_id", "event_id", "amount", "currency"}, journal},
		} {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, t.columns, pgx.CopyFromRows(t.rows)); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
		return nil
	})
}
