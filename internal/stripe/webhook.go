package stripe

import (
	"encoding/json"
	"time"

	"github.com/stripe/stripe-go/v76/webhook"

	"yourticket.example/ticket"
)

// Event is what a webhook tells. It is a hint: whoever gets it reads the
// object itself.
type Event struct {
	ID   string
	Type string
	// IntentRef is the PaymentIntent the event is about, "" when it is about none.
	IntentRef string
	// ChargeRef is the charge it is about, "" when it is about none.
	ChargeRef string
	// BookingID and RefundID are what the object's metadata says, "" when it says nothing.
	BookingID string
	RefundID  string
	Created   time.Time
}

// VerifyWebhook checks the signature (the Stripe-Signature header) of a webhook
// that is at most five minutes old, and reads it. The API version of the event
// is not looked at, since nothing but ids is read. Whatever is wrong with it is
// CodeInvalid; without a secret everything is.
func VerifyWebhook(payload []byte, signature, secret string) (Event, error) {
	if secret == "" {
		return Event{}, ticket.Errorf(ticket.CodeInvalid, "Webhooks of Stripe are not set up.")
	}
	e, err := webhook.ConstructEventWithOptions(payload, signature, secret, webhook.ConstructEventOptions{
		IgnoreAPIVersionMismatch: true, Tolerance: webhook.DefaultTolerance,
	})
	if err != nil {
		return Event{}, ticket.Errorf(ticket.CodeInvalid, "The webhook's signature is not valid.")
	}
	out := Event{ID: e.ID, Type: string(e.Type), Created: time.Unix(e.Created, 0).UTC()}
	if e.Data == nil {
		return out, nil
	}
	var object struct {
		ID       string            `json:"id"`
		Object   string            `json:"object"`
		Intent   reference         `json:"payment_intent"`
		Charge   reference         `json:"charge"`
		Metadata map[string]string `json:"metadata"`
	}
	if err := json.Unmarshal(e.Data.Raw, &object); err != nil {
		return Event{}, ticket.Errorf(ticket.CodeInvalid, "The webhook's object cannot be read.")
	}
	out.IntentRef, out.ChargeRef = string(object.Intent), string(object.Charge)
	switch object.Object {
	case "payment_intent":
		out.IntentRef = object.ID
	case "charge":
		out.ChargeRef = object.ID
	}
	out.BookingID, out.RefundID = object.Metadata["booking_id"], object.Metadata["refund_id"]
	return out, nil
}

// reference is the id of an object that Stripe shows by its id or in full.
type reference string

// UnmarshalJSON implements json.Unmarshaler.
func (r *reference) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(r))
	}
	var full struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal(b, &full); err != nil {
		return err
	}
	*r = reference(full.ID)
	return nil
}
