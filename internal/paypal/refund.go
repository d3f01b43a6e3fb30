package paypal

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// refundTrust is how long a repeated request id is relied upon to find what it
// made; PayPal keeps those of refunds for 45 days.
const refundTrust = 40 * 24 * time.Hour

// refundBody is a refund as PayPal takes it; the library's type has no custom id.
type refundBody struct {
	Amount    *pp.Money `json:"amount,omitempty"`
	CustomID  string    `json:"custom_id,omitempty"`
	InvoiceID string    `json:"invoice_id,omitempty"`
}

// refundObject is a refund of a capture.
type refundObject struct {
	object
	InvoiceID string    `json:"invoice_id"`
	Created   time.Time `json:"create_time"`
	Details   struct {
		Reason string `json:"reason"`
	} `json:"status_details"`
}

// SendRefund gives a part of a capture back. The request id makes a repetition
// safe for 45 days; what is older is looked for in the order, and sent only when
// it is not there. The refund's id is the invoice of the refund at PayPal.
func (p *Provider) SendRefund(ctx context.Context, r *ticket.Refund) (ticket.ProviderRefund, error) {
	if r.Charge.CaptureRef == "" {
		return ticket.ProviderRefund{}, ticket.Errorf(ticket.CodeProviderRefused, "There is no PayPal capture to refund.")
	}
	if !r.SentAt.IsZero() && time.Since(r.SentAt) > refundTrust {
		list, err := p.Refunds(ctx, r.Charge)
		if err != nil {
			return ticket.ProviderRefund{}, err
		}
		for _, found := range list {
			if found.RefundID == r.ID && found.Attempt == r.Attempt {
				return found, nil
			}
		}
	}
	body := refundBody{
		Amount:   &pp.Money{Currency: r.Amount.Currency, Value: r.Amount.Decimal()},
		CustomID: r.BookingID, InvoiceID: r.ID + "-" + strconv.Itoa(r.Attempt),
	}
	made, f := once(ctx, p, "refund/"+r.ID+"/"+strconv.Itoa(r.Attempt), true, func(ctx context.Context) (*refundObject, error) {
		return send[refundObject](ctx, p, http.MethodPost, "/v2/payments/captures/"+url.PathEscape(r.Charge.CaptureRef)+"/refund", body)
	})
	if f.failed() {
		return ticket.ProviderRefund{}, f.asError("refund the payment")
	}
	return made.found(), nil
}

// Refunds lists the refunds of a payment, through its order.
func (p *Provider) Refunds(ctx context.Context, c ticket.TakenCharge) ([]ticket.ProviderRefund, error) {
	o, err := p.orderOf(ctx, ticket.Charge{Ref: c.Ref, OrderRef: c.OrderRef})
	if err != nil {
		return nil, err
	}
	var out []ticket.ProviderRefund
	for _, u := range o.Units {
		for i := range u.Payments.Refunds {
			out = append(out, u.Payments.Refunds[i].found())
		}
	}
	return out, nil
}

// found reads a refund as the domain knows it.
func (x *refundObject) found() ticket.ProviderRefund {
	out := ticket.ProviderRefund{Ref: x.ID, State: ticket.RefundStatePending, Reason: x.Details.Reason, At: x.Created.UTC()}
	out.Amount, _ = minorOf(x.Amount.Value, x.Amount.Currency) // what cannot be read fits no refund of ours
	out.RefundID, out.Attempt = refundOf(x.InvoiceID)
	switch x.Status {
	case statusCompleted:
		out.State = ticket.RefundStateSucceeded
	case statusFailed, statusCanceled:
		out.State = ticket.RefundStateFailed
	}
	return out
}

// refundOf reads the invoice of a refund that we have asked for; "" for others.
func refundOf(invoice string) (refundID string, attempt int) {
	id, text, _ := strings.Cut(invoice, "-")
	if !ticket.IsID(ticket.KindRefund, id) {
		return "", 0
	}
	attempt, _ = strconv.Atoi(text) // 0 for none of ours
	return id, attempt
}

// disputeObject is a case that a payer has opened.
type disputeObject struct {
	ID      string    `json:"dispute_id"`
	Status  string    `json:"status"`
	Stage   string    `json:"dispute_life_cycle_stage"`
	Reason  string    `json:"reason"`
	Amount  pp.Money  `json:"dispute_amount"`
	Created time.Time `json:"create_time"`
	Updated time.Time `json:"update_time"`
	Outcome struct {
		Code string `json:"outcome_code"`
	} `json:"dispute_outcome"`
}

// disputeList is what PayPal answers with.
type disputeList struct {
	Items []disputeObject `json:"items"`
}

func (p *Provider) listDisputes(captureRef string) func(context.Context) (*disputeList, error) {
	return func(ctx context.Context) (*disputeList, error) {
		return send[disputeList](ctx, p, http.MethodGet, "/v1/customer/disputes?disputed_transaction_id="+url.QueryEscape(captureRef), nil)
	}
}

// Disputes lists the cases about a capture. What PayPal takes for them shows in
// its report only.
func (p *Provider) Disputes(ctx context.Context, c ticket.TakenCharge) ([]ticket.ProviderDispute, error) {
	if c.CaptureRef == "" {
		return nil, nil
	}
	list, f := once(ctx, p, "", false, p.listDisputes(c.CaptureRef))
	if f.failed() {
		return nil, f.asError("list the disputes")
	}
	var out []ticket.ProviderDispute
	for i := range list.Items {
		if d, ok := list.Items[i].found(); ok {
			out = append(out, d)
		}
	}
	return out, nil
}

// found reads a case; false for an inquiry between payer and seller, which moves
// no money.
func (d *disputeObject) found() (ticket.ProviderDispute, bool) {
	out := ticket.ProviderDispute{Ref: d.ID, State: ticket.DisputeOpen, Reason: d.Reason, At: d.Created.UTC()}
	out.Amount, _ = minorOf(d.Amount.Value, d.Amount.Currency) // what cannot be read fits no ticket
	if d.Status == "RESOLVED" {
		out.State, out.ClosedAt = ticket.DisputeWon, d.Updated.UTC()
		if d.Outcome.Code == "RESOLVED_BUYER_FAVOUR" || d.Outcome.Code == "ACCEPTED" {
			out.State = ticket.DisputeLost
		}
	}
	return out, d.Stage != "INQUIRY"
}
