package paypal

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"path"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// Event is what a webhook tells. It is a hint: whoever gets it reads the
// object itself.
type Event struct {
	ID   string
	Type string
	// OrderRef and AuthorizationRef name what the event is about, as far as it says.
	OrderRef         string
	AuthorizationRef string
	CaptureRef       string
	// BookingID is the object's custom id, "" when it has none.
	BookingID string
	// RefundID is ours, for a refund that we have asked for.
	RefundID string
	Created  time.Time
}

// VerifyWebhook lets PayPal check the signature of a webhook, given by the
// headers and the unchanged body of its request, and reads it. What PayPal
// does not call its own is CodeInvalid; CodeProviderUnavailable means that it
// could not be asked, and the webhook should be sent again.
func (p *Provider) VerifyWebhook(ctx context.Context, headers http.Header, body []byte, webhookID string) (Event, error) {
	if webhookID == "" || !json.Valid(body) {
		return Event{}, notOurs()
	}
	for _, name := range []string{"Auth-Algo", "Cert-Url", "Transmission-Id", "Transmission-Sig", "Transmission-Time"} {
		if headers.Get("PayPal-"+name) == "" {
			return Event{}, notOurs()
		}
	}
	verdict, f := once(ctx, p, "", false, func(ctx context.Context) (*pp.VerifyWebhookResponse, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header = headers
		return p.client.VerifyWebhookSignature(ctx, request, webhookID)
	})
	switch {
	case f.class == answered && f.failed():
		return Event{}, notOurs()
	case f.failed():
		return Event{}, f.asError("verify the webhook")
	case verdict.VerificationStatus != "SUCCESS":
		return Event{}, notOurs()
	}
	return readEvent(body)
}

func notOurs() error {
	return ticket.Errorf(ticket.CodeInvalid, "The webhook's signature is not valid.")
}

// readEvent takes the ids out of an event, whose resource is an order, an
// authorization, a capture, a refund or a dispute.
func readEvent(body []byte) (Event, error) {
	var e struct {
		ID           string    `json:"id"`
		Type         string    `json:"event_type"`
		ResourceType string    `json:"resource_type"`
		Created      time.Time `json:"create_time"`
		Resource     struct {
			ID        string    `json:"id"`
			CustomID  string    `json:"custom_id"`
			InvoiceID string    `json:"invoice_id"`
			Links     []pp.Link `json:"links"`
			Disputed  []struct {
				CaptureID string `json:"seller_transaction_id"`
			} `json:"disputed_transactions"`
			Units []struct {
				CustomID string `json:"custom_id"`
			} `json:"purchase_units"`
			Supplementary struct {
				Related struct {
					OrderID         string `json:"order_id"`
					AuthorizationID string `json:"authorization_id"`
				} `json:"related_ids"`
			} `json:"supplementary_data"`
		} `json:"resource"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Event{}, ticket.Errorf(ticket.CodeInvalid, "The webhook's object cannot be read.")
	}
	related := e.Resource.Supplementary.Related
	out := Event{
		ID: e.ID, Type: e.Type, Created: e.Created, BookingID: e.Resource.CustomID,
		OrderRef: related.OrderID, AuthorizationRef: related.AuthorizationID,
	}
	switch e.ResourceType {
	case "checkout-order":
		out.OrderRef = e.Resource.ID
		if len(e.Resource.Units) > 0 {
			out.BookingID = e.Resource.Units[0].CustomID
		}
	case "authorization":
		out.AuthorizationRef = e.Resource.ID
	case "capture":
		out.CaptureRef = e.Resource.ID
	case "refund":
		out.RefundID, _ = refundOf(e.Resource.InvoiceID)
		out.CaptureRef = above(e.Resource.Links)
	case "dispute":
		if len(e.Resource.Disputed) > 0 {
			out.CaptureRef = e.Resource.Disputed[0].CaptureID
		}
	}
	return out, nil
}

// above gives the id of the object that another was made from.
func above(links []pp.Link) string {
	for _, l := range links {
		if l.Rel == "up" {
			return path.Base(l.Href)
		}
	}
	return ""
}
