package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/ticket"
)

// PaymentEvent is what a verified webhook is about. What it does not say is empty.
type PaymentEvent struct {
	ID        string
	Type      string
	BookingID string
	// RefundID is ours, of a refund that we have asked for.
	RefundID string
	// ChargeRef names the intent or authorization, CaptureRef what took its money.
	ChargeRef  string
	CaptureRef string
}

// The events that the endpoints need; subscribe to these and no others, for each
// delivery costs a request. The first ones are about payments under way, the
// others about money that was taken.
var (
	stripePaying = []string{"payment_intent.amount_capturable_updated", "payment_intent.payment_failed", "payment_intent.canceled"}
	stripeTaken  = []string{
		"refund.created", "refund.updated", "refund.failed",
		"charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
	}
	payPalPaying = []string{"CHECKOUT.ORDER.APPROVED", "PAYMENT.AUTHORIZATION.VOIDED", "PAYMENT.CAPTURE.DENIED"}
	payPalTaken  = []string{
		"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED",
		"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED",
	}

	// StripeWebhookEvents are those of Stripe.
	StripeWebhookEvents = slices.Concat(stripePaying, stripeTaken)
	// PayPalWebhookEvents are those of PayPal.
	PayPalWebhookEvents = slices.Concat(payPalPaying, payPalTaken)
)

// aboutTaken tells whether an event is about money that was taken.
func (e PaymentEvent) aboutTaken() bool {
	return slices.Contains(stripeTaken, e.Type) || slices.Contains(payPalTaken, e.Type)
}

// made tells that an event says no more than that a refund was made.
func (e PaymentEvent) made() bool {
	return e.Type == "refund.created" || e.Type == "PAYMENT.CAPTURE.REFUNDED"
}

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

// takeWebhook acts on a delivery. It is a hint only: what it says is not
// believed, whoever is told reads the object itself, so that telling twice does
// nothing twice. It is written down as seen after that: a process that dies in
// between gets it again.
func (s *Server) takeWebhook(ctx context.Context, p ticket.Provider, in *webhookInput) error {
	verify := s.deps.Webhooks[p]
	if verify == nil {
		return ticket.Errorf(ticket.CodeNotFound, "Webhooks of %s are not set up.", p)
	}
	event, err := verify(ctx, in.header, in.RawBody)
	if err != nil {
		return err
	}
	b, err := s.bookingOfEvent(ctx, p, event)
	if err != nil || b == nil {
		return err
	}
	act, err := s.whomToTell(ctx, event, b)
	if err != nil || act == nil {
		return err
	}
	seen, err := s.deps.Books.SeenWebhook(ctx, b.ID, p, event.ID)
	if err != nil || seen {
		return err
	}
	if err := act(ctx); err != nil {
		return err
	}
	return s.deps.Books.RememberWebhook(ctx, b.ID, p, event.ID)
}

// bookingOfEvent finds the booking that an event is about; nil for objects that
// are not ours, or not yet: what it misses, reconciliation finds.
func (s *Server) bookingOfEvent(ctx context.Context, p ticket.Provider, event PaymentEvent) (*ticket.Booking, error) {
	id := event.BookingID
	if !ticket.IsID(ticket.KindBooking, id) {
		var err error
		if id, err = s.deps.Books.BookingOfCharge(ctx, p, event.ChargeRef, event.CaptureRef); err != nil || id == "" {
			return nil, err
		}
	}
	b, err := s.deps.Books.Booking(ctx, id)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return nil, nil
	}
	return b, err
}

// whomToTell says who must hear of an event; nil when nobody waits for it. Most
// are of that kind.
func (s *Server) whomToTell(ctx context.Context, event PaymentEvent, b *ticket.Booking) (func(context.Context) error, error) {
	if b.Status == ticket.BookingActionRequired {
		return func(ctx context.Context) error { return s.deps.Purchases.PaymentEvent(ctx, b.ID) }, nil
	}
	if b.Payment == nil || !event.aboutTaken() {
		return nil, nil
	}
	if event.made() && ticket.IsID(ticket.KindRefund, event.RefundID) {
		r, _, err := s.deps.Books.Refund(ctx, event.RefundID)
		if err == nil && r.Status != ticket.RefundPending && r.Status != ticket.RefundNeedsAttention {
			return nil, nil // whoever has asked for it has the answer
		}
		if err != nil && ticket.CodeOf(err) != ticket.CodeNotFound {
			return nil, err
		}
	}
	return func(ctx context.Context) error { return s.deps.Reviews.ChargeNews(ctx, b) }, nil
}
