package sandbox_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/sandbox"
)

func TestRunServesUntilItIsTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- sandbox.Run(ctx, sandbox.Options{Listen: "127.0.0.1:0", OnReady: func(addr string) { ready <- addr }})
	}()
	r := &rig{t: t, url: "http://" + <-ready}
	require.Equal(t, http.StatusOK, r.call(http.MethodGet, "/healthz", nil, nil))
	held := make(chan struct{})
	r.fault(map[string]any{"provider": "stripe", "fault": "timeout"})
	go func() {
		defer close(held)
		_, _ = stripeClient(r.url, "sk_test_key").PaymentIntents.Get("pi_none", nil)
	}()
	time.Sleep(50 * time.Millisecond)
	cancel()
	select {
	case err := <-done:
		require.NoError(t, err)
	case <-time.After(5 * time.Second):
		require.Fail(t, "a held request kept the sandbox from stopping")
	}
	<-held
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	damaged := filepath.Join(t.TempDir(), "damaged")
	require.NoError(t, os.WriteFile(damaged, []byte("no json\n"), 0o600))
	for name, o := range map[string]sandbox.Options{
		"address":        {Listen: "256.0.0.1:1"},
		"webhook secret": {Listen: "127.0.0.1:0", StripeWebhookURL: "http://127.0.0.1:1"},
		"webhook id":     {Listen: "127.0.0.1:0", PayPalWebhookURL: "http://127.0.0.1:1"},
		"damaged file":   {Listen: "127.0.0.1:0", DataFile: damaged},
		"folder as file": {Listen: "127.0.0.1:0", DataFile: t.TempDir()},
	} {
		require.Error(t, sandbox.Run(t.Context(), o), name)
	}
}

func TestJournalDropsALineCutShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sandbox.journal")
	t.Run("written", func(t *testing.T) {
		r := start(t, sandbox.Options{DataFile: path})
		_, err := r.stripe.PaymentIntents.New(intentParams("b1", "pm_card_visa", 5000))
		require.NoError(t, err)
	})
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString(`{"t":"ledger","v":{"id":"le_0`)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	r := start(t, sandbox.Options{DataFile: path})
	require.Len(t, r.ledger("").Entries, 1)
	require.Equal(t, http.StatusOK, r.call(http.MethodGet, "/healthz", nil, nil))
}
