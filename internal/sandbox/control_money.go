package sandbox

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// moneyRequest names a payment for a dispute or a refund by hand: by booking (its newest payment that took
// money) or by the id of an object (Stripe: intent or charge; PayPal: order, authorization or capture).
// Amount 0 is all that is left.
type moneyRequest struct {
	Provider  string `json:"provider"`
	BookingID string `json:"booking_id"`
	ObjectID  string `json:"object_id"`
	Amount    int64  `json:"amount"`
	Reason    string `json:"reason"`
}

func readMoney(r *http.Request) (moneyRequest, error) {
	var q moneyRequest
	if err := readJSON(r, &q); err != nil {
		return q, err
	}
	if err := checkProvider(q.Provider); err != nil {
		return q, err
	}
	switch {
	case q.BookingID == "" && q.ObjectID == "":
		return q, badField("booking_id", "or object_id must be given")
	case q.Amount < 0:
		return q, badField("amount", "must not be negative")
	}
	return q, nil
}

// captured finds the capture entry of the ledger that a request means.
func (s *Server) captured(q moneyRequest) (*entry, error) {
	for _, e := range slices.Backward(s.ledger.rows) {
		if e.Type != entryCapture || e.Provider != q.Provider {
			continue
		}
		fits := q.BookingID == e.BookingID
		if q.ObjectID != "" {
			fits = slices.Contains([]string{e.ObjectID, e.AuthorizationID, e.ParentID, s.orderOf(e)}, q.ObjectID)
		}
		if fits {
			return e, nil
		}
	}
	return nil, notFound("No captured payment of %s fits.", q.Provider)
}

// orderOf is the PayPal order a capture belongs to.
func (s *Server) orderOf(e *entry) string {
	x, ok := s.paypal.captures.get(e.ObjectID)
	if !ok {
		return ""
	}
	return x.Order
}

// openDispute lets the payer dispute a payment.
func (s *Server) openDispute(w http.ResponseWriter, r *http.Request) error {
	q, err := readMoney(r)
	if err != nil {
		return err
	}
	return s.locked(func(now time.Time) error {
		e, err := s.captured(q)
		if err != nil {
			return err
		}
		if q.Amount > e.Amount {
			return badField("amount", "must be at most %d", e.Amount)
		}
		if q.Amount == 0 {
			q.Amount = e.Amount
		}
		if s.underDispute(e) {
			return newProblem(http.StatusConflict, "already-disputed", "", "The payment is disputed already.")
		}
		return writeRaw(w, http.StatusCreated, s.dispute(r, q, e, now))
	})
}

func (s *Server) underDispute(e *entry) bool {
	if ch, ok := s.stripe.charges.get(e.ObjectID); ok {
		return ch.Dispute != ""
	}
	return s.paypal.disputed(e.ObjectID)
}

// dispute opens the dispute of a capture entry and renders it.
func (s *Server) dispute(r *http.Request, q moneyRequest, e *entry, now time.Time) []byte {
	if ch, ok := s.stripe.charges.get(e.ObjectID); ok {
		d := s.stripe.dispute(&stripeCall{now: now}, ch, q.Amount, q.Reason)
		return s.render(func(w *jsonw) { renderDispute(w, providerStripe, d.ID, func() { d.render(w, nil) }) })
	}
	x, _ := s.paypal.captures.get(e.ObjectID)
	call := &paypalCall{now: now, base: "http://" + r.Host}
	d := s.paypal.dispute(call, x, q.Amount, strings.ToUpper(q.Reason))
	return s.render(func(w *jsonw) { renderDispute(w, providerPayPal, d.ID, func() { d.render(w, call.base) }) })
}

func renderDispute(w *jsonw, provider, id string, object func()) {
	w.open()
	w.str("id", id)
	w.str("provider", provider)
	w.key("dispute")
	object()
	w.close()
}

// endDispute decides a dispute for the shop (won) or for the payer (lost).
func (s *Server) endDispute(w http.ResponseWriter, r *http.Request) error {
	var q struct {
		Outcome string `json:"outcome"`
	}
	if err := readJSON(r, &q); err != nil {
		return err
	}
	if q.Outcome != disputeWon && q.Outcome != disputeLost {
		return badField("outcome", "must be %s or %s", disputeWon, disputeLost)
	}
	won := q.Outcome == disputeWon
	return s.locked(func(now time.Time) error {
		if d, ok := s.stripe.disputes.get(r.PathValue("id")); ok {
			if d.Status != disputeOpen {
				return newProblem(http.StatusConflict, "already-closed", "", "The dispute is closed already.")
			}
			d = s.stripe.closeDispute(&stripeCall{now: now}, d, won)
			return writeRaw(w, http.StatusOK, s.render(func(w *jsonw) { d.render(w, nil) }))
		}
		d, ok := s.paypal.disputes.get(r.PathValue("id"))
		if !ok {
			return notFound("No dispute has this id.")
		}
		if d.Status != caseOpen {
			return newProblem(http.StatusConflict, "already-closed", "", "The dispute is closed already.")
		}
		call := &paypalCall{now: now, base: "http://" + r.Host}
		d = s.paypal.closeDispute(call, d, won)
		return writeRaw(w, http.StatusOK, s.render(func(w *jsonw) { d.render(w, call.base) }))
	})
}

// refundByHand gives money back as somebody at the provider's dashboard would, unasked by the shop.
func (s *Server) refundByHand(w http.ResponseWriter, r *http.Request) error {
	q, err := readMoney(r)
	if err != nil {
		return err
	}
	return s.locked(func(now time.Time) error {
		e, err := s.captured(q)
		if err != nil {
			return err
		}
		if ch, ok := s.stripe.charges.get(e.ObjectID); ok {
			refund, failure := s.stripe.refund(&stripeCall{now: now}, ch, q.Amount, "requested_by_customer", nil)
			if failure != nil {
				return newProblem(http.StatusConflict, "refund-refused", "", "%s", failure.Message)
			}
			return writeRaw(w, http.StatusCreated, s.render(func(w *jsonw) { refund.render(w, nil) }))
		}
		x, _ := s.paypal.captures.get(e.ObjectID)
		call := &paypalCall{now: now, base: "http://" + r.Host}
		refund, failure := s.paypal.refund(call, x, q.Amount, refundRequest{})
		if failure != nil {
			return newProblem(http.StatusConflict, "refund-refused", "", "%s", failure.description)
		}
		return writeRaw(w, http.StatusCreated, s.render(func(w *jsonw) { refund.render(w, call.base) }))
	})
}

func writeRaw(w http.ResponseWriter, status int, body []byte) error {
	reply{status: status, body: json.RawMessage(body)}.write(w)
	return nil
}
