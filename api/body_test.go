package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
)

// slowAccounts takes its time to log somebody in.
type slowAccounts struct {
	api.Accounts
	takes time.Duration
}

func (s slowAccounts) LogIn(ctx context.Context, _, _ string) (auth.Session, error) {
	select {
	case <-time.After(s.takes):
		return auth.Session{AccessToken: "a"}, nil
	case <-ctx.Done():
		return auth.Session{}, ctx.Err()
	}
}

// patientWorld gives bodies 200 ms, and takes 600 ms to answer a login.
func patientWorld(t *testing.T) *world {
	t.Helper()
	w := &world{log: &logBuffer{}}
	keys, err := auth.OpenKeys(t.Context(), &keyRing{}, time.Now)
	require.NoError(t, err)
	tokens, err := auth.NewTokens(keys, time.Now)
	require.NoError(t, err)
	passwords, err := auth.NewPasswords()
	require.NoError(t, err)
	server, err := api.New(api.Deps{
		Tokens: tokens, BodyTimeout: 200 * time.Millisecond,
		CatalogueDeps: api.CatalogueDeps{
			Accounts: slowAccounts{takes: 600 * time.Millisecond}, Keys: keys, Secrets: passwords, Persons: noPersons{}, Requests: still{},
		},
	}, "gateway")
	require.NoError(t, err)
	w.listen(t, server)
	return w
}

func TestTheDeadlineOfABodyDoesNotEndItsRequest(t *testing.T) {
	t.Parallel()
	w := patientWorld(t)
	a := w.do(t, "POST", "/v1/sessions", "", object{"email": "ada@example.org", "password": "correct horse"})
	a.want(t, http.StatusCreated)
}

func TestABodyThatDripsIsCutOff(t *testing.T) {
	t.Parallel()
	w := patientWorld(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprint(conn, "POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "408")
}

func TestABodyOfUnknownLengthIsBounded(t *testing.T) {
	t.Parallel()
	w := patientWorld(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/v1/sessions", endless{})
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := w.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
}

// endless is a body of blanks without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}
