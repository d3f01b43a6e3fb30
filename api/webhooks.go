package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// PaymentEvent is what a verified webhook is about.
type PaymentEvent struct {
	ID   string
	Type string
	// BookingID is empty for objects that are not ours.
	BookingID string
}

// StripeWebhookEvents and PayPalWebhookEvents are the events that the endpoints
// need; subscribe to these and no others, for each delivery costs a request.
var (
	StripeWebhookEvents = []string{
		"payment_intent.amount_capturable_updated", "payment_intent.payment_failed", "payment_intent.canceled",
		"charge.refunded", "charge.dispute.created", "charge.dispute.closed",
	}
	PayPalWebhookEvents = []string{
		"CHECKOUT.ORDER.APPROVED", "PAYMENT.AUTHORIZATION.VOIDED", "PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.REFUNDED",
		"CUSTOMER.DISPUTE.CREATED",
	}
)

// WebhookVerifier checks a delivery's signature. An unsigned or altered one is
// CodeInvalid; CodeUnavailable when it cannot be checked now.
type WebhookVerifier func(ctx context.Context, header http.Header, body []byte) (PaymentEvent, error)

func (s *Server) registerWebhooks(api huma.API) {
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		register(s, api, huma.Operation{
			OperationID: "webhook-" + string(p), Method: http.MethodPost, Path: "/v1/webhooks/" + string(p),
			Tags: []string{"Webhooks"}, Summary: "Events of " + string(p), SkipValidateBody: true, MaxBodyBytes: 256 << 10,
		}, public, func(ctx context.Context, in *webhookInput) (*struct{}, error) { return nil, s.takeWebhook(ctx, p, in) })
	}
}

// webhookInput keeps the headers, among which the signature is.
type webhookInput struct {
	RawBody []byte `contentType:"application/json"`
	header  http.Header
}

// Resolve takes the request's headers.
func (in *webhookInput) Resolve(ctx huma.Context) []error {
	in.header = http.Header{}
	ctx.EachHeader(func(name, value string) { in.header.Add(name, value) })
	return nil
}

// takeWebhook acts on a delivery once. It is a hint only: what it says is not
// believed, the purchase reads the object itself. Most of them concern bookings
// that wait for nothing.
func (s *Server) takeWebhook(ctx context.Context, p ticket.Provider, in *webhookInput) error {
	verify := s.deps.Webhooks[p]
	if verify == nil {
		return ticket.Errorf(ticket.CodeNotFound, "Webhooks of %s are not set up.", p)
	}
	event, err := verify(ctx, in.header, in.RawBody)
	if err != nil {
		return err
	}
	if !ticket.IsID(ticket.KindBooking, event.BookingID) {
		return nil
	}
	b, err := s.deps.Books.Booking(ctx, event.BookingID)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return nil
	}
	if err != nil || b.Status != ticket.BookingActionRequired {
		return err
	}
	seen, err := s.deps.Books.SeenWebhook(ctx, b.ID, p, event.ID)
	if err != nil || seen {
		return err
	}
	if err := s.deps.Purchases.PaymentEvent(ctx, b.ID); err != nil {
		// Not acted on: the provider must be able to send it again.
		if forgetErr := s.deps.Books.ForgetWebhook(ctx, b.ID, p, event.ID); forgetErr != nil {
			s.log.WarnContext(ctx, "webhook lost", "provider", p, "event", event.ID, "error", forgetErr)
		}
		return err
	}
	return nil
}
