package command_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/cmd/yourticket/command"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	var stdout, stderr bytes.Buffer
	require.Zero(t, command.Run(t.Context(), []string{"health", server.URL + "/healthz"}, &stdout, &stderr), stderr.String())
	require.Equal(t, "ok\n", stdout.String())
	require.Equal(t, 1, command.Run(t.Context(), []string{"health", server.URL + "/readyz"}, &stdout, &stderr))
	require.Contains(t, stderr.String(), "/readyz answers 503 Service Unavailable")
	require.Equal(t, 1, command.Run(t.Context(), []string{"health", "http://127.0.0.1:1/healthz"}, &stdout, &stderr))
	require.Equal(t, 2, command.Run(t.Context(), []string{"health", "http://\x7f"}, &stdout, &stderr))
}
