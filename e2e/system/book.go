package system

import (
	"context"
	"net/http"
)

// Pay is how a buyer pays.
type Pay struct {
	StripePaymentMethod string `json:"stripe_payment_method,omitempty"`
	PayPalPaymentToken  string `json:"paypal_payment_token,omitempty"`
	PayPal              bool   `json:"paypal,omitempty"`
	ReturnURL           string `json:"return_url,omitempty"`
}

// Payment methods that the sandbox knows.
var (
	Visa     = &Pay{StripePaymentMethod: "pm_card_visa"}
	Declined = &Pay{StripePaymentMethod: "pm_card_visa_chargeDeclined"}
	Secure   = &Pay{StripePaymentMethod: "pm_card_authenticationRequired"}
	PayPal   = &Pay{PayPal: true, ReturnURL: "https://shop.example/back"}
	Vaulted  = &Pay{PayPalPaymentToken: "tok_vault_anna"}
	Both     = &Pay{StripePaymentMethod: "pm_card_visa", PayPalPaymentToken: "tok_vault_anna"}
)

// Best asks for the best places of a category.
type Best struct {
	Category string `json:"category"`
	Quantity int    `json:"quantity"`
	Adjacent *bool  `json:"adjacent,omitempty"`
}

// Order is the body of POST /v1/bookings.
type Order struct {
	EventID       string   `json:"event_id"`
	Admission     string   `json:"admission,omitempty"`
	Seats         []string `json:"seats,omitempty"`
	BestAvailable *Best    `json:"best_available,omitempty"`
	Payment       *Pay     `json:"payment,omitempty"`
}

// Book asks for places, and pays when the order says how.
func (c *Client) Book(ctx context.Context, key string, o Order) (*Answer, error) {
	return c.Do(ctx, http.MethodPost, "/v1/bookings", o, Key(key))
}

// Pay pays a booking.
func (c *Client) Pay(ctx context.Context, bookingID, key string, p *Pay) (*Answer, error) {
	return c.Do(ctx, http.MethodPost, "/v1/bookings/"+bookingID+"/payment", p, Key(key))
}

// Cancel gives a booking up.
func (c *Client) Cancel(ctx context.Context, bookingID string) (*Answer, error) {
	return c.Do(ctx, http.MethodPost, "/v1/bookings/"+bookingID+"/cancel", nil)
}

// Refund gives seats of a booking back, all of them without any.
func (c *Client) Refund(ctx context.Context, bookingID, key string, seats ...string) (*Answer, error) {
	body := map[string]any{"reason": "changed plans"}
	if len(seats) > 0 {
		body["seats"] = seats
	}
	return c.Do(ctx, http.MethodPost, "/v1/bookings/"+bookingID+"/refund", body, Key(key))
}

// Get reads a booking.
func (c *Client) Get(ctx context.Context, bookingID string) (*Answer, error) {
	return c.Do(ctx, http.MethodGet, "/v1/bookings/"+bookingID, nil)
}

// Availability reads the state of every place of an event: one character each.
func (c *Client) Availability(ctx context.Context, eventID string) (*Answer, error) {
	return c.Do(ctx, http.MethodGet, "/v1/events/"+eventID+"/availability", nil)
}
