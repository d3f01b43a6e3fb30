package system

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"
)

// Fault is something that the sandbox does wrong on purpose.
type Fault struct {
	Provider  string  `json:"provider"`
	Fault     string  `json:"fault"`
	Operation string  `json:"operation,omitempty"`
	Rate      float64 `json:"rate"`
	Count     *int    `json:"count,omitempty"`
	DelayMS   *int    `json:"delay_ms,omitempty"`
}

// Break makes the sandbox answer a provider's operation (all of them for "")
// with a fault until Mend.
func (s *System) Break(ctx context.Context, provider, fault, operation string) error {
	return s.AddFault(ctx, Fault{Provider: provider, Fault: fault, Operation: operation, Rate: 1})
}

// Slow makes the next calls of an operation take this long.
func (s *System) Slow(ctx context.Context, provider, operation string, calls int, delay time.Duration) error {
	ms := int(delay.Milliseconds())
	return s.AddFault(ctx, Fault{Provider: provider, Fault: "slow", Operation: operation, Rate: 1, Count: &calls, DelayMS: &ms})
}

// AwaitFaults waits until every fault with a count has struck as often.
func (s *System) AwaitFaults(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		var list struct {
			Items []struct {
				Remaining *int `json:"remaining"`
			} `json:"items"`
		}
		if err := s.control(ctx, http.MethodGet, "/sandbox/faults", nil, &list); err != nil {
			return err
		}
		waiting := false
		for _, f := range list.Items {
			waiting = waiting || f.Remaining != nil
		}
		if !waiting {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// AddFault adds a fault.
func (s *System) AddFault(ctx context.Context, f Fault) error {
	return s.control(ctx, http.MethodPost, "/sandbox/faults", f, nil)
}

// Mend takes every fault away.
func (s *System) Mend(ctx context.Context) error {
	return s.control(ctx, http.MethodDelete, "/sandbox/faults", nil, nil)
}

// Authenticate is a card holder's answer to 3-D Secure: succeeded or failed.
func (s *System) Authenticate(ctx context.Context, intentID, outcome string) error {
	return s.control(ctx, http.MethodPost, "/sandbox/authenticate/"+url.PathEscape(intentID), map[string]string{"outcome": outcome}, nil)
}

// Approve is a payer's answer at PayPal: approved, declined or instrument_declined.
func (s *System) Approve(ctx context.Context, orderID, outcome string) error {
	return s.control(ctx, http.MethodPost, "/sandbox/approve/"+url.PathEscape(orderID), map[string]string{"outcome": outcome}, nil)
}

// Entry is a movement at a provider.
type Entry struct {
	Provider  string `json:"provider"`
	Type      string `json:"type"`
	ObjectID  string `json:"object_id"`
	BookingID string `json:"booking_id"`
	Amount    int64  `json:"amount"`
	Status    string `json:"status"`
}

// Sums are what a provider has of a booking, in minor units.
type Sums struct {
	BookingID  string `json:"booking_id"`
	Provider   string `json:"provider"`
	Authorized int64  `json:"authorized_open"`
	Captured   int64  `json:"captured"`
	Refunded   int64  `json:"refunded"`
	Net        int64  `json:"net"`
}

// Ledger is what the providers' books say, of one booking or of all ("").
type Ledger struct {
	Entries []Entry `json:"entries"`
	Summary []Sums  `json:"summary"`
}

// Ledger reads the providers' books.
func (s *System) Ledger(ctx context.Context, bookingID string) (Ledger, error) {
	var l Ledger
	err := s.control(ctx, http.MethodGet, "/sandbox/ledger?booking_id="+url.QueryEscape(bookingID), nil, &l)
	return l, err
}

// Net is captured less refunded of a booking at a provider.
func (l Ledger) Net(bookingID, provider string) int64 {
	for _, s := range l.Summary {
		if s.BookingID == bookingID && s.Provider == provider {
			return s.Net
		}
	}
	return 0
}

// Count counts the entries of a booking of one type at a provider.
func (l Ledger) Count(bookingID, provider, kind string) int {
	n := 0
	for _, e := range l.Entries {
		if e.BookingID == bookingID && e.Provider == provider && e.Type == kind {
			n++
		}
	}
	return n
}

// control calls the sandbox.
func (s *System) control(ctx context.Context, method, path string, body, into any) error {
	c := &Client{Base: s.Sandbox.URL, web: s.web}
	answer, err := c.Do(ctx, method, path, body)
	if err != nil {
		return err
	}
	if answer.Status >= http.StatusBadRequest {
		return fmt.Errorf("sandbox %s %s: %s", method, path, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer.Body, into)
}

// WebhooksWait is how many events are still to be delivered.
func (s *System) WebhooksWait(ctx context.Context) (n int) {
	var list struct {
		Items []struct {
			Waiting int `json:"waiting"`
		} `json:"items"`
	}
	if err := s.control(ctx, http.MethodGet, "/sandbox/webhooks", nil, &list); err != nil {
		return 1 // unknown is not none
	}
	for _, i := range list.Items {
		n += i.Waiting
	}
	return n
}

// DisputePayment lets the payer of a booking dispute amount of it (0: all), and
// gives the dispute's id.
func (s *System) DisputePayment(ctx context.Context, provider, bookingID string, amount int64) (id string, err error) {
	var d struct {
		ID string `json:"id"`
	}
	err = s.control(ctx, http.MethodPost, "/sandbox/disputes", map[string]any{
		"provider": provider, "booking_id": bookingID, "amount": amount,
	}, &d)
	return d.ID, err
}

// DecideDispute ends a dispute: won is for us, lost for the payer.
func (s *System) DecideDispute(ctx context.Context, id, outcome string) error {
	return s.control(ctx, http.MethodPost, "/sandbox/disputes/"+url.PathEscape(id)+"/close", map[string]string{"outcome": outcome}, nil)
}

// RefundByHand gives amount (0: all) of a booking back as somebody at the
// provider's dashboard would.
func (s *System) RefundByHand(ctx context.Context, provider, bookingID string, amount int64) error {
	return s.control(ctx, http.MethodPost, "/sandbox/refunds", map[string]any{
		"provider": provider, "booking_id": bookingID, "amount": amount,
	}, nil)
}

// StripeEvent delivers an event as Stripe would, signed now, whatever it tells.
func (s *System) StripeEvent(ctx context.Context, event string) (*Answer, error) {
	signed := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{
		Payload: []byte(event), Secret: s.keys.stripeHook, Timestamp: time.Now(),
	})
	return s.Anonymous().Do(ctx, http.MethodPost, "/v1/webhooks/stripe", signed.Payload,
		Header{Name: "Stripe-Signature", Value: signed.Header})
}
