package system

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	stripego "github.com/stripe/stripe-go/v76"

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
	if err := s.payPlanted(ctx, list); err != nil {
		return err
	}
	_, err := s.CatalogueDB.CopyFrom(ctx, pgx.Identifier{"users"}, []string{"id", "email", "name", "password_hash", "roles"}, pgx.CopyFromRows(users))
	if err != nil {
		return err
	}
	return s.writePlanted(ctx, e, list)
}

// payPlanted takes the money of all of them.
func (s *System) payPlanted(ctx context.Context, list []planted) error {
	token, err := s.payPalToken(ctx)
	if err != nil {
		return err
	}
	next := make(chan *planted)
	errs := make([]error, plantAtOnce)
	var wg sync.WaitGroup
	for w := range plantAtOnce {
		wg.Go(func() {
			for p := range next {
				if p.provider == ticket.Stripe {
					errs[w] = errors.Join(errs[w], s.payStripe(ctx, p))
				} else {
					errs[w] = errors.Join(errs[w], s.payPayPal(ctx, token, p))
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

func (s *System) payStripe(ctx context.Context, p *planted) error {
	pi, err := s.StripeAPI().PaymentIntents.New(&stripego.PaymentIntentParams{
		Params: stripego.Params{Context: ctx, IdempotencyKey: stripego.String("planted/" + p.id)},
		Amount: stripego.Int64(SeatTotal), Currency: stripego.String("eur"), Confirm: stripego.Bool(true),
		PaymentMethod: stripego.String("pm_card_visa"), Metadata: map[string]string{"booking_id": p.id, "attempt": "1"},
	})
	if err != nil {
		return err
	}
	p.ref, p.captured = pi.ID, pi.LatestCharge.ID
	return nil
}

func (s *System) payPayPal(ctx context.Context, token string, p *planted) error {
	c := &Client{Base: s.Sandbox.URL, Token: token, web: s.web}
	answer, err := c.Do(ctx, http.MethodPost, "/v2/checkout/orders", map[string]any{
		"intent": "CAPTURE", "payment_source": map[string]any{"paypal": map[string]any{"vault_id": "tok_vault_anna"}},
		"purchase_units": []map[string]any{{
			"amount":    map[string]any{"currency_code": "EUR", "value": fmt.Sprintf("%d.%02d", SeatTotal/100, SeatTotal%100)},
			"custom_id": p.id, "invoice_id": p.id + "-1",
		}},
	}, Header{"PayPal-Request-Id", "planted/" + p.id}, Header{"Prefer", "return=representation"})
	if err != nil {
		return err
	}
	var order struct {
		ID    string `json:"id"`
		Units []struct {
			Payments struct {
				Captures []struct {
					ID string `json:"id"`
				} `json:"captures"`
			} `json:"payments"`
		} `json:"purchase_units"`
	}
	if err := json.Unmarshal(answer.Body, &order); err != nil || len(order.Units) != 1 || len(order.Units[0].Payments.Captures) != 1 {
		return fmt.Errorf("a planted order: %s", answer)
	}
	p.order, p.captured = order.ID, order.Units[0].Payments.Captures[0].ID
	p.ref = p.captured
	return nil
}

func (s *System) payPalToken(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Sandbox.URL+"/v1/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(s.keys.paypalID, s.keys.paypalSecret)
	res, err := s.web.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }() // all of it was read
	var token struct {
		AccessToken string `json:"access_token"`
	}
	return token.AccessToken, json.NewDecoder(res.Body).Decode(&token)
}

// writePlanted copies the rows that a sale leaves.
func (s *System) writePlanted(ctx context.Context, e *Event, list []planted) error {
	shard, _ := ticket.ShardOf(e.ID)
	now := time.Now()
	var bookings, tickets, payments, journal, counts [][]any
	for _, p := range list {
		bookings = append(bookings, []any{
			p.id, e.ID, p.buyer, "confirmed", "planted", []int32{int32(p.seat)}, []string{Seated}, []int64{SeatPrice}, []int64{SeatFee},
			SeatTotal, "EUR", int64(p.seat + 1), now, 1, now,
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
				"total", "currency", "fence", "hold_expires_at", "attempt", "confirmed_at",
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
