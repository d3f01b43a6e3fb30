package sandbox_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/sandbox"
)

// BenchmarkAuthorizeAndCapture is a purchase's two Stripe calls through the real client and HTTP, so its
// time holds the client's share too.
func BenchmarkAuthorizeAndCapture(b *testing.B) {
	r := start(b, sandbox.Options{DataFile: filepath.Join(b.TempDir(), "journal")})
	for b.Loop() {
		pi, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
		require.NoError(b, err)
		_, err = r.stripe.PaymentIntents.Capture(pi.ID, nil)
		require.NoError(b, err)
	}
}

// BenchmarkHandler is the same without client and network: what the sandbox itself costs.
func BenchmarkHandler(b *testing.B) {
	for name, o := range map[string]sandbox.Options{
		"memory": {}, "journal": {DataFile: filepath.Join(b.TempDir(), "journal")},
	} {
		b.Run(name, func(b *testing.B) {
			s := sandbox.New(o)
			b.Cleanup(func() { require.NoError(b, s.Close()) })
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				id := post(b, s.Handler(), "/v1/payment_intents", "k"+strconv.Itoa(n), url.Values{
					"amount": {"5000"}, "currency": {"eur"}, "payment_method": {"pm_card_visa"}, "capture_method": {"manual"},
					"confirm": {"true"}, "metadata[booking_id]": {"b" + strconv.Itoa(n)},
				})
				post(b, s.Handler(), "/v1/payment_intents/"+id+"/capture", "c"+strconv.Itoa(n), nil)
			}
		})
	}
}

func post(b *testing.B, h http.Handler, path, key string, form url.Values) string {
	b.Helper()
	req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	req.Header.Set("Authorization", "Bearer sk_test_key")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Idempotency-Key", key)
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	require.Equal(b, http.StatusOK, rec.Code)
	id, _, _ := strings.Cut(strings.TrimPrefix(rec.Body.String(), `{"id":"`), `"`)
	return id
}
