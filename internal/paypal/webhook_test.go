package paypal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paypal"
	"yourticket.example/ticket"
)

func signedHeaders() http.Header {
	h := http.Header{}
	for _, name := range []string{"Auth-Algo", "Cert-Url", "Transmission-Id", "Transmission-Sig", "Transmission-Time"} {
		h.Set("PayPal-"+name, "some "+name)
	}
	return h
}

var ourRefund = ticket.DeriveRefundID(ticket.NewID(ticket.KindBooking, 1), "k")

func TestWebhookIsReadWhateverItsResource(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		kind, resource string
		want           paypal.Event
	}{
		"an order":         {"checkout-order", `{"id":"ORDER1","purchase_units":[{"custom_id":"bk_1"}]}`, paypal.Event{OrderRef: "ORDER1", BookingID: "bk_1"}},
		"an authorization": {"authorization", `{"id":"AUTH1","custom_id":"bk_1","supplementary_data":{"related_ids":{"order_id":"ORDER1"}}}`, paypal.Event{OrderRef: "ORDER1", AuthorizationRef: "AUTH1", BookingID: "bk_1"}},
		"a capture":        {"capture", `{"id":"CAP1","custom_id":"bk_1","supplementary_data":{"related_ids":{"order_id":"ORDER1","authorization_id":"AUTH1"}}}`, paypal.Event{OrderRef: "ORDER1", AuthorizationRef: "AUTH1", CaptureRef: "CAP1", BookingID: "bk_1"}},
		"a refund of ours": {"refund", `{"id":"RE1","custom_id":"bk_1","invoice_id":"` + ourRefund + `-2","links":[{"rel":"self","href":"https://x/RE1"},{"rel":"up","href":"https://x/v2/payments/captures/CAP1"}]}`, paypal.Event{CaptureRef: "CAP1", BookingID: "bk_1", RefundID: ourRefund}},
		"a refund by hand": {"refund", `{"id":"RE1","custom_id":"bk_1","invoice_id":"bk_1-1","links":[{"rel":"up","href":"https://x/v2/payments/captures/CAP1"}]}`, paypal.Event{CaptureRef: "CAP1", BookingID: "bk_1"}},
		"a dispute":        {"dispute", `{"dispute_id":"PP-D-1","disputed_transactions":[{"seller_transaction_id":"CAP1"}]}`, paypal.Event{CaptureRef: "CAP1"}},
		"something else":   {"dispute", `{}`, paypal.Event{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, answer(200, `{"verification_status":"SUCCESS"}`))
			body := `{"id":"WH-1","event_type":"SOME.TYPE","create_time":"2026-05-01T12:00:00Z","resource_type":"` + tc.kind + `","resource":` + tc.resource + `}`
			e, err := provide(t, f.url).VerifyWebhook(t.Context(), signedHeaders(), []byte(body), "HOOK1")
			require.NoError(t, err)
			tc.want.ID, tc.want.Type, tc.want.Created = "WH-1", "SOME.TYPE", at
			require.Equal(t, tc.want, e)
			asked, _ := f.requests()[0].body.(map[string]any)
			require.Equal(t, "HOOK1", asked["webhook_id"])
			require.Equal(t, "some Transmission-Sig", asked["transmission_sig"])
		})
	}
}

func TestWebhookIsRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		headers http.Header
		body    string
		hook    string
		step    http.HandlerFunc
		code    ticket.Code
		calls   int
	}{
		"when PayPal disowns it":         {signedHeaders(), `{}`, "HOOK1", answer(200, `{"verification_status":"FAILURE"}`), ticket.CodeInvalid, 1},
		"when PayPal calls it malformed": {signedHeaders(), `{}`, "HOOK1", issue(400, "VALIDATION_ERROR"), ticket.CodeInvalid, 1},
		"when PayPal cannot be asked":    {signedHeaders(), `{}`, "HOOK1", broke, ticket.CodeProviderUnavailable, 1},
		"when it is not signed":          {http.Header{}, `{}`, "HOOK1", broke, ticket.CodeInvalid, 0},
		"when it is no JSON":             {signedHeaders(), `{`, "HOOK1", broke, ticket.CodeInvalid, 0},
		"when none is expected":          {signedHeaders(), `{}`, "", broke, ticket.CodeInvalid, 0},
		"when its object is not one":     {signedHeaders(), `{"resource":[]}`, "HOOK1", answer(200, `{"verification_status":"SUCCESS"}`), ticket.CodeInvalid, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, tc.step)
			_, err := provide(t, f.url).VerifyWebhook(t.Context(), tc.headers, []byte(tc.body), tc.hook)
			require.Equal(t, tc.code, ticket.CodeOf(err))
			require.Len(t, f.requests(), tc.calls)
		})
	}
}
