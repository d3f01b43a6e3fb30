package sandbox_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/plutov/paypal/v4"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76"
	"github.com/stripe/stripe-go/v76/webhook"

	"yourticket.example/internal/sandbox"
)

// mailbox is a shop's webhook endpoint. It refuses the first deliveries if told to.
type mailbox struct {
	mu     sync.Mutex
	refuse int
	got    []received
}

type received struct {
	header http.Header
	body   []byte
}

func newMailbox(t *testing.T, refuse int) (*mailbox, string) {
	t.Helper()
	m := &mailbox{refuse: refuse}
	web := httptest.NewServer(m)
	t.Cleanup(web.Close)
	return m, web.URL
}

func (m *mailbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil || m.refuse > 0 {
		m.refuse--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	m.got = append(m.got, received{r.Header.Clone(), body})
}

func (m *mailbox) letters() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.got)
}

// wait returns the letters once there are n.
func (m *mailbox) wait(t *testing.T, n int) []received {
	t.Helper()
	require.Eventually(t, func() bool { return len(m.letters()) >= n }, 5*time.Second, 5*time.Millisecond)
	return m.letters()
}

func TestStripeWebhooksAreSignedAndRetried(t *testing.T) {
	t.Parallel()
	m, url := newMailbox(t, 2)
	r := start(t, sandbox.Options{StripeWebhookURL: url, StripeWebhookSecret: "whsec_test", WebhookBackoff: 10 * time.Millisecond})
	pi, err := r.stripe.PaymentIntents.New(keyed("b1", "pm_card_visa", "k1"))
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
	require.NoError(t, err)
	_, err = r.stripe.Refunds.New(&stripe.RefundParams{PaymentIntent: &pi.ID})
	require.NoError(t, err)
	var kinds []string
	for _, letter := range m.wait(t, 7) {
		e, err := webhook.ConstructEvent(letter.body, letter.header.Get("Stripe-Signature"), "whsec_test")
		require.NoError(t, err)
		_, err = webhook.ConstructEvent(letter.body, letter.header.Get("Stripe-Signature"), "whsec_other")
		require.Error(t, err)
		kinds = append(kinds, string(e.Type))
		if e.Type == stripe.EventTypePaymentIntentAmountCapturableUpdated {
			var got stripe.PaymentIntent
			require.NoError(t, json.Unmarshal(e.Data.Raw, &got))
			require.Equal(t, stripe.PaymentIntentStatusRequiresCapture, got.Status, "an event shows the object as it was")
			require.Equal(t, "b1", got.Metadata["booking_id"])
			require.Equal(t, "k1", e.Request.IdempotencyKey)
		}
	}
	require.ElementsMatch(t, []string{
		"payment_intent.created", "charge.succeeded", "payment_intent.amount_capturable_updated", "charge.captured",
		"payment_intent.succeeded", "refund.created", "charge.refunded",
	}, kinds)
	var figures struct {
		Items []struct {
			Delivered int `json:"delivered"`
			Failures  int `json:"failed_attempts"`
		} `json:"items"`
	}
	require.Eventually(t, func() bool {
		r.call(http.MethodGet, "/sandbox/webhooks", nil, &figures)
		return figures.Items[0].Delivered == 7
	}, 3*time.Second, 10*time.Millisecond)
	require.Equal(t, 2, figures.Items[0].Failures)
}

func TestOnlySubscribedEventsAreSent(t *testing.T) {
	t.Parallel()
	m, url := newMailbox(t, 0)
	r := start(t, sandbox.Options{
		StripeWebhookURL: url, StripeWebhookSecret: "s", StripeEvents: []string{"payment_intent.payment_failed", "payment_intent.canceled"},
	})
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_authenticationRequired", 5000))
	require.NoError(t, err)
	r.call(http.MethodPost, "/sandbox/authenticate/"+pi.ID, map[string]string{"outcome": "failed"}, nil)
	_, err = r.stripe.PaymentIntents.Cancel(pi.ID, nil)
	require.NoError(t, err)
	letters := m.wait(t, 2)
	require.Contains(t, string(letters[0].body), `"payment_intent.payment_failed"`)
	require.Contains(t, string(letters[1].body), `"payment_intent.canceled"`)
	require.Len(t, letters, 2)
}

func TestWebhooksCanBeLost(t *testing.T) {
	t.Parallel()
	m, url := newMailbox(t, 0)
	r := start(t, sandbox.Options{StripeWebhookURL: url, StripeWebhookSecret: "s", StripeEvents: []string{"payment_intent.created"}})
	lose := map[string]any{"provider": "stripe", "fault": "error", "operation": "webhook", "rate": 1, "count": 1}
	r.call(http.MethodPost, "/sandbox/faults", lose, nil)
	for _, id := range []string{"lost", "heard"} {
		_, err := r.stripe.PaymentIntents.New(intentParams(id, "pm_card_visa", 5000))
		require.NoError(t, err)
	}
	letters := m.wait(t, 1)
	require.Contains(t, string(letters[0].body), `"heard"`)
}

func TestPayPalWebhooksVerifyOnlyAsSent(t *testing.T) {
	t.Parallel()
	m, url := newMailbox(t, 1)
	r := start(t, sandbox.Options{PayPalWebhookURL: url, PayPalWebhookID: "WH-SHOP", WebhookBackoff: 10 * time.Millisecond})
	ctx := t.Context()
	o, err := r.paypal.CreateOrder(ctx, paypal.OrderIntentAuthorize, unit("b<1>", "10.00"), nil, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, r.call(http.MethodPost, "/sandbox/approve/"+o.ID, nil, nil))
	done, err := r.paypal.AuthorizeOrder(ctx, o.ID, paypal.AuthorizeOrderRequest{})
	require.NoError(t, err)
	auth := done.PurchaseUnits[0].Payments.Autthorizations[0].ID
	captured, err := r.paypal.CaptureAuthorization(ctx, auth, &paypal.PaymentCaptureRequest{})
	require.NoError(t, err)
	_, err = r.paypal.RefundCapture(ctx, captured.ID, paypal.RefundCaptureRequest{})
	require.NoError(t, err)

	var kinds []string
	letters := m.wait(t, 4)
	for _, letter := range letters {
		var e paypal.AnyEvent
		require.NoError(t, json.Unmarshal(letter.body, &e))
		kinds = append(kinds, e.EventType)
		require.Equal(t, "SUCCESS", verify(t, r, letter.header, letter.body, "WH-SHOP"))
	}
	require.ElementsMatch(t, []string{
		"CHECKOUT.ORDER.APPROVED", "PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.CAPTURE.COMPLETED", "PAYMENT.CAPTURE.REFUNDED",
	}, kinds)
	require.Equal(t, "FAILURE", verify(t, r, letters[0].header, letters[0].body, "WH-OTHER"))
	require.Equal(t, "FAILURE", verify(t, r, letters[0].header, letters[1].body, "WH-SHOP"))
	later := letters[0].header.Clone()
	later.Set("PAYPAL-TRANSMISSION-TIME", "2030-01-01T00:00:00Z")
	require.Equal(t, "FAILURE", verify(t, r, later, letters[0].body, "WH-SHOP"))
}

func verify(t *testing.T, r *rig, header http.Header, body []byte, webhookID string) string {
	t.Helper()
	in := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	in.Header = header
	got, err := r.paypal.VerifyWebhookSignature(t.Context(), in, webhookID)
	require.NoError(t, err)
	return got.VerificationStatus
}

func TestDisputesAreToldToTheShop(t *testing.T) {
	t.Parallel()
	m, url := newMailbox(t, 0)
	r := start(t, sandbox.Options{
		StripeWebhookURL: url, StripeWebhookSecret: "s", StripeEvents: []string{"charge.dispute.created", "charge.dispute.closed"},
		PayPalWebhookURL: url, PayPalWebhookID: "WH-SHOP", PayPalEvents: []string{"CUSTOMER.DISPUTE.CREATED"},
	})
	pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
	require.NoError(t, err)
	_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
	require.NoError(t, err)
	var opened struct {
		ID string `json:"id"`
	}
	dispute := map[string]any{"provider": "stripe", "booking_id": "b1", "reason": "product_not_received"}
	require.Equal(t, http.StatusCreated, r.call(http.MethodPost, "/sandbox/disputes", dispute, &opened))
	require.Equal(t, http.StatusConflict, r.call(http.MethodPost, "/sandbox/disputes", dispute, nil))
	require.Contains(t, string(m.wait(t, 1)[0].body), opened.ID)
	require.Equal(t, http.StatusOK, r.call(http.MethodPost, "/sandbox/disputes/"+opened.ID+"/close", map[string]string{"outcome": "lost"}, nil))
	require.Contains(t, string(m.wait(t, 2)[1].body), `"lost"`)
	summary := r.ledger("?booking_id=b1").Summary[0]
	require.EqualValues(t, 5000, summary.Disputed)
	require.Zero(t, summary.Net)

	_, auth := r.authorize("b2", "10.00", "tok_vault_1")
	_, err = r.paypal.CaptureAuthorization(t.Context(), auth.ID, &paypal.PaymentCaptureRequest{})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, r.call(http.MethodPost, "/sandbox/disputes", map[string]any{"provider": "paypal", "object_id": auth.ID, "amount": 400}, &opened))
	require.Contains(t, string(m.wait(t, 3)[2].body), opened.ID)
	require.Equal(t, http.StatusOK, r.call(http.MethodPost, "/sandbox/disputes/"+opened.ID+"/close", map[string]string{"outcome": "won"}, nil))
	require.EqualValues(t, 1000, r.ledger("?booking_id=b2").Summary[0].Net)
}
