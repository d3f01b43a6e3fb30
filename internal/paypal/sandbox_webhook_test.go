package paypal_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/sandbox"
	"yourticket.example/ticket"
)

func TestSandboxWebhookIsVerified(t *testing.T) {
	t.Parallel()
	type delivery struct {
		headers http.Header
		body    []byte
	}
	got := make(chan delivery, 10)
	listener := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- delivery{r.Header.Clone(), body}
	}))
	t.Cleanup(listener.Close)
	box := sandbox.New(sandbox.Options{
		PayPalWebhookURL: listener.URL, PayPalWebhookID: "HOOK1", PayPalEvents: []string{"PAYMENT.AUTHORIZATION.CREATED"},
	})
	server := httptest.NewServer(box.Handler())
	t.Cleanup(func() {
		require.NoError(t, box.Close())
		server.Close()
	})
	p := provide(t, server.URL)
	c := p.Authorize(t.Context(), request("bk_1"))
	select {
	case d := <-got:
		e, err := p.VerifyWebhook(t.Context(), d.headers, d.body, "HOOK1")
		require.NoError(t, err)
		require.Equal(t, "PAYMENT.AUTHORIZATION.CREATED", e.Type)
		require.Equal(t, c.Ref, e.AuthorizationRef)
		require.Equal(t, c.OrderRef, e.OrderRef)
		require.Equal(t, "bk_1", e.BookingID)
		changed := bytes.ReplaceAll(d.body, []byte("bk_1"), []byte("bk_2"))
		_, err = p.VerifyWebhook(t.Context(), d.headers, changed, "HOOK1")
		require.Equal(t, ticket.CodeInvalid, ticket.CodeOf(err))
	case <-time.After(5 * time.Second):
		t.Fatal("no webhook came")
	}
}
