package rehearsal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// payment is how somebody pays.
type payment struct {
	Card  string `json:"stripe_payment_method"`
	Token string `json:"paypal_payment_token"`
}

// order is the body of a booking.
type order struct {
	Admission string   `json:"admission"`
	Seats     []string `json:"seats"`
	Best      *struct {
		Category string `json:"category"`
		Quantity int    `json:"quantity"`
	} `json:"best_available"`
	Payment *payment `json:"payment"`
}

func (s *shop) show(b *booking) object {
	var seats, tickets []object
	for _, i := range b.Seats {
		seats = append(seats, object{"id": s.plan[i].ID})
		if b.Status == "confirmed" {
			tickets = append(tickets, object{"seat_id": s.plan[i].ID, "code": "c", "status": "valid"})
		}
	}
	out := object{"id": b.ID, "event_id": "ev_1", "status": b.Status, "seats": seats, "tickets": tickets, "total": object{"amount": 1, "currency": "EUR"}}
	if b.Status == "action_required" {
		out["next_action"] = object{"type": "stripe_sdk", "client_secret": "pi_1_secret_2"}
	}
	return out
}

// wanted gives the places of an order; nil when they are not free.
func (s *shop) wanted(o *order) []int {
	var places []int
	for _, p := range s.plan {
		free := s.seats[p.Index] == 'a'
		switch {
		case o.Best != nil && p.Category == o.Best.Category && len(places) < o.Best.Quantity && free:
			places = append(places, p.Index)
		case o.Best == nil && slices.Contains(o.Seats, p.ID) && free:
			places = append(places, p.Index)
		}
	}
	if n := len(s.bookings); s.crooked == "sells twice" && n > 0 && o.Best != nil {
		for _, b := range s.bookings {
			if b.Status == "confirmed" {
				return b.Seats
			}
		}
	}
	if o.Best != nil && len(places) < o.Best.Quantity || o.Best == nil && len(places) < len(o.Seats) {
		return nil
	}
	return places
}

func (s *shop) book(w http.ResponseWriter, r *http.Request, buyer string) {
	if s.flaky++; s.crooked == "flaky" && s.flaky%3 == 0 {
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "unavailable")
		return
	}
	if !strings.HasPrefix(buyer, "buyer.") || strings.Contains(buyer, "A") {
		refuse(w, http.StatusUnauthorized, "unauthorized")
		return
	}
	key := buyer + r.Header.Get("Idempotency-Key")
	if id := s.keys[key]; id != "" {
		write(w, http.StatusCreated, s.show(s.bookings[id]))
		return
	}
	var o order
	_ = json.NewDecoder(r.Body).Decode(&o)
	if s.bound > 0 && (o.Admission == "" || o.Admission != s.admitted[buyer] || s.used[buyer]) && s.crooked != "lets programs in" {
		refuse(w, http.StatusForbidden, "admission-required")
		return
	}
	places := s.wanted(&o)
	if places == nil {
		refuse(w, http.StatusConflict, "seats-unavailable")
		return
	}
	b := &booking{ID: fmt.Sprint("bk_", len(s.bookings)+1), Buyer: buyer, Status: "held", Seats: places}
	s.bookings[b.ID] = b
	s.keys[key] = b.ID
	s.mark(b, 'h')
	if o.Payment == nil {
		write(w, http.StatusCreated, s.show(b))
		return
	}
	s.settle(w, b, o.Payment, http.StatusCreated)
}

func (s *shop) mark(b *booking, state byte) {
	for _, i := range b.Seats {
		s.seats[i] = state
	}
	s.version++
}

func (s *shop) settle(w http.ResponseWriter, b *booking, p *payment, status int) {
	switch {
	case strings.HasSuffix(p.Card, "chargeDeclined"):
		write(w, http.StatusPaymentRequired, object{"type": "https://shop.example/problems/payment-declined", "booking_id": b.ID})
		return
	case strings.HasSuffix(p.Card, "authenticationRequired") && !b.Challenge:
		b.Challenge, b.Status = true, "action_required"
	case s.crooked == "never ends":
		b.Status = "paying"
	default:
		b.Status = "confirmed"
		s.used[b.Buyer] = true
		s.mark(b, 's')
	}
	write(w, status, s.show(b))
}

func (s *shop) pay(w http.ResponseWriter, r *http.Request, _ string) {
	var p payment
	_ = json.NewDecoder(r.Body).Decode(&p)
	s.settle(w, s.bookings[r.PathValue("id")], &p, http.StatusOK)
}

func (s *shop) cancel(w http.ResponseWriter, r *http.Request, _ string) {
	b := s.bookings[r.PathValue("id")]
	if b.Status != "confirmed" && b.Status != "paying" {
		b.Status = "canceled"
		s.mark(b, 'a')
	}
	write(w, http.StatusOK, s.show(b))
}

func (s *shop) booking(w http.ResponseWriter, r *http.Request, _ string) {
	write(w, http.StatusOK, s.show(s.bookings[r.PathValue("id")]))
}

func (s *shop) mine(w http.ResponseWriter, _ *http.Request, buyer string) {
	var items []object
	for _, b := range s.bookings {
		if b.Buyer != buyer || s.crooked == "forgets" && b.Status == "confirmed" && strings.HasSuffix(b.ID, "3") {
			continue
		}
		items = append(items, s.show(b))
	}
	write(w, http.StatusOK, object{"items": items})
}
