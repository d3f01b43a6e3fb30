package stripe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v76/webhook"

	"yourticket.example/internal/stripe"
	"yourticket.example/ticket"
)

const secret = "whsec_test"

func signed(payload, secret string, at time.Time) (body []byte, header string) {
	s := webhook.GenerateTestSignedPayload(&webhook.UnsignedPayload{Payload: []byte(payload), Secret: secret, Timestamp: at})
	return s.Payload, s.Header
}

func TestWebhookIsReadWhateverItsObject(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ object, intent, charge, booking, refund string }{
		"an intent":                {`{"id":"pi_1","object":"payment_intent","metadata":{"booking_id":"bk_1"}}`, "pi_1", "", "bk_1", ""},
		"a charge":                 {`{"id":"ch_1","object":"charge","payment_intent":"pi_1","metadata":{"booking_id":"bk_1"}}`, "pi_1", "ch_1", "bk_1", ""},
		"a charge, intent in full": {`{"id":"ch_1","object":"charge","payment_intent":{"id":"pi_1"}}`, "pi_1", "ch_1", "", ""},
		"a charge without intent":  {`{"id":"ch_1","object":"charge","payment_intent":null}`, "", "ch_1", "", ""},
		"a refund of ours":         {`{"id":"re_1","object":"refund","payment_intent":"pi_1","charge":"ch_1","metadata":{"booking_id":"bk_1","refund_id":"rf_1"}}`, "pi_1", "ch_1", "bk_1", "rf_1"},
		"a refund by hand":         {`{"id":"re_1","object":"refund","payment_intent":"pi_1","charge":"ch_1","metadata":{}}`, "pi_1", "ch_1", "", ""},
		"a dispute":                {`{"id":"dp_1","object":"dispute","payment_intent":"pi_1","charge":{"id":"ch_1"}}`, "pi_1", "ch_1", "", ""},
		"something else":           {`{"id":"po_1","object":"payout"}`, "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, header := signed(`{"id":"evt_1","object":"event","api_version":"1999-01-01","type":"some.type","created":1700000000,"data":{"object":`+tc.object+`}}`, secret, time.Now())
			e, err := stripe.VerifyWebhook(body, header, secret)
			require.NoError(t, err)
			require.Equal(t, stripe.Event{
				ID: "evt_1", Type: "some.type", IntentRef: tc.intent, ChargeRef: tc.charge, BookingID: tc.booking, RefundID: tc.refund,
				Created: time.Unix(1700000000, 0).UTC(),
			}, e)
		})
	}
}

func TestWebhookIsRefused(t *testing.T) {
	t.Parallel()
	good, header := signed(`{"id":"evt_1","data":{"object":{}}}`, secret, time.Now())
	old, oldHeader := signed(`{"id":"evt_1"}`, secret, time.Now().Add(-time.Hour))
	_, emptyHeader := signed(string(good), "", time.Now())
	for name, tc := range map[string]struct {
		body           []byte
		header, secret string
	}{
		"when its body was changed":         {append([]byte(" "), good...), header, secret},
		"when it was signed by another":     {good, header, "whsec_other"},
		"when it is not signed":             {good, "", secret},
		"when it is old":                    {old, oldHeader, secret},
		"when our secret is missing":        {good, emptyHeader, ""},
		"when the header is not one at all": {good, "t=x,v1=zz", secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := stripe.VerifyWebhook(tc.body, tc.header, tc.secret)
			require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
		})
	}
}
