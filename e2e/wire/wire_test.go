package wire_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/wire"
)

func TestAskReadsWhateverAServerSends(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 10_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/length":
			_, _ = w.Write([]byte("short"))
		case "/chunks":
			for _, part := range []string{long, "and more"} {
				_, _ = w.Write([]byte(part))
				_ = http.NewResponseController(w).Flush()
			}
		case "/empty":
			w.WriteHeader(http.StatusNoContent)
		case "/end":
			panic(http.ErrAbortHandler)
		}
	}))
	defer server.Close()
	c := wire.Conn{Address: server.Listener.Addr().String()}
	defer c.Close()
	for range 2 { // also over the connection that was lost
		for path, want := range map[string]string{"/length": "short", "/chunks": long + "and more", "/empty": ""} {
			status, body, err := c.Ask([]byte("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"))
			require.NoError(t, err)
			require.Equal(t, want, string(body))
			require.Contains(t, []int{http.StatusOK, http.StatusNoContent}, status)
		}
		_, _, err := c.Ask([]byte("GET /end HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.Error(t, err)
	}
}
