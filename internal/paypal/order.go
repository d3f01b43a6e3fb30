package paypal

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	pp "github.com/plutov/paypal/v4"

	"yourticket.example/ticket"
)

// Statuses of orders, authorizations and captures that are told apart here.
const (
	statusApproved  = "APPROVED"
	statusCompleted = "COMPLETED"
	statusVoided    = "VOIDED"
	statusCreated   = "CREATED"
	statusPending   = "PENDING"
	statusDenied    = "DENIED"
	statusDeclined  = "DECLINED"
	statusFailed    = "FAILED"
	statusExpired   = "EXPIRED"
	statusCanceled  = "CANCELLED"
	statusCaptured  = "CAPTURED"
	statusPartly    = "PARTIALLY_CAPTURED"
	statusRefunded  = "REFUNDED"
)

// maxText is what PayPal takes in a description.
const maxText = 127

// object is an authorization, a capture or a refund of an order.
type object struct {
	ID            string   `json:"id"`
	Status        string   `json:"status"`
	Amount        pp.Money `json:"amount"`
	Supplementary struct {
		Related struct {
			OrderID string `json:"order_id"`
		} `json:"related_ids"`
	} `json:"supplementary_data"`
}

// order is what is read of an order. The library's type knows no refunds.
type order struct {
	ID     string    `json:"id"`
	Status string    `json:"status"`
	Links  []pp.Link `json:"links"`
	Units  []struct {
		Amount    pp.Money `json:"amount"`
		InvoiceID string   `json:"invoice_id"`
		Payments  struct {
			Authorizations []object       `json:"authorizations"`
			Captures       []object       `json:"captures"`
			Refunds        []refundObject `json:"refunds"`
		} `json:"payments"`
	} `json:"purchase_units"`
}

// authorization gives the order's newest authorization, the zero object for none.
func (o *order) authorization() object {
	if len(o.Units) == 0 {
		return object{}
	}
	return last(o.Units[0].Payments.Authorizations)
}

// captured gives the capture that took the money, or will, or else the newest.
func (o *order) captured() object {
	if len(o.Units) == 0 {
		return object{}
	}
	for _, x := range o.Units[0].Payments.Captures {
		if x.Status != statusDeclined && x.Status != statusFailed {
			return x
		}
	}
	return last(o.Units[0].Payments.Captures)
}

// refund gives the id of the order's newest refund, "" when it shows none.
func (o *order) refund() string {
	if len(o.Units) == 0 {
		return ""
	}
	refunds := o.Units[0].Payments.Refunds
	if len(refunds) == 0 {
		return ""
	}
	return refunds[len(refunds)-1].ID
}

// approval is where the payer approves the order, "" when there is nothing to approve.
func (o *order) approval() string {
	for _, l := range o.Links {
		if l.Rel == "approve" || l.Rel == "payer-action" {
			return l.Href
		}
	}
	return ""
}

func last(xs []object) object {
	if len(xs) == 0 {
		return object{}
	}
	return xs[len(xs)-1]
}

// createOrder makes the order of an attempt, or finds the one made before. Ways
// of paying that take days to clear are ruled out: seats wait for nothing.
func (p *Provider) createOrder(r ticket.ChargeRequest) func(context.Context) (*order, error) {
	units := []pp.PurchaseUnitRequest{{
		Amount:      &pp.PurchaseUnitAmount{Currency: r.Amount.Currency, Value: r.Amount.Decimal()},
		Description: shortened(r.Description),
		CustomID:    r.BookingID,
		InvoiceID:   invoiceOf(r),
	}}
	app := &pp.ApplicationContext{
		ShippingPreference: pp.ShippingPreferenceNoShipping, UserAction: pp.UserActionPayNow,
		PaymentMethod: pp.PaymentMethod{PayeePreferred: pp.PayeePreferredImmediatePaymentRequired},
		ReturnURL:     r.Choice.ReturnURL, CancelURL: r.Choice.ReturnURL,
	}
	return func(ctx context.Context) (*order, error) {
		o, err := p.client.CreateOrder(ctx, pp.OrderIntentAuthorize, units, nil, app)
		if err != nil {
			return nil, err
		}
		return &order{ID: o.ID, Status: o.Status, Links: o.Links}, nil
	}
}

// showOrder reads an order.
func (p *Provider) showOrder(id string) func(context.Context) (*order, error) {
	return func(ctx context.Context) (*order, error) {
		return send[order](ctx, p, http.MethodGet, "/v2/checkout/orders/"+url.PathEscape(id), nil)
	}
}

// getOrder reads an order once.
func (p *Provider) getOrder(ctx context.Context, id string) (*order, fault) {
	return once(ctx, p, "", false, p.showOrder(id))
}

// getPayment reads a payment: "authorizations" or "captures" and its id.
func (p *Provider) getPayment(ctx context.Context, kind, id string) (*object, fault) {
	return once(ctx, p, "", false, p.showPayment(kind, id))
}

func (p *Provider) showPayment(kind, id string) func(context.Context) (*object, error) {
	return func(ctx context.Context) (*object, error) {
		return send[object](ctx, p, http.MethodGet, "/v2/payments/"+kind+"/"+url.PathEscape(id), nil)
	}
}

// send makes a call that the library has no method for, or one that drops
// something we read.
func send[T any](ctx context.Context, p *Provider, method, path string, body any) (*T, error) {
	req, err := p.client.NewRequest(ctx, method, p.client.APIBase+path, body)
	if err != nil {
		return nil, err
	}
	out := new(T)
	return out, p.client.SendWithAuth(req, out)
}

// consent is the body that authorizes an order: empty for one that its payer
// approved, or the payer's vaulted consent. A billing agreement, as the ids of
// older consents begin with B-, is named in another way.
func consent(r ticket.ChargeRequest) any {
	token := r.Choice.PayPalPaymentToken
	switch {
	case token == "":
		return struct{}{}
	case strings.HasPrefix(token, "B-"):
		return pp.AuthorizeOrderRequest{PaymentSource: &pp.PaymentSource{
			Token: &pp.PaymentSourceToken{ID: token, Type: "BILLING_AGREEMENT"},
		}}
	}
	return map[string]any{"payment_source": map[string]any{"paypal": map[string]string{"vault_id": token}}}
}

// shortened cuts a text to what PayPal takes, between characters.
func shortened(s string) string {
	runes := []rune(s)
	if len(runes) <= maxText {
		return s
	}
	return string(runes[:maxText-1]) + "…"
}
