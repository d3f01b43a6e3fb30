package paypal_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paypal"
	"yourticket.example/ticket"
)

func TestTokenIsFetchedOnceByManyCallers(t *testing.T) {
	t.Parallel()
	f := newFake(t, authorization("CREATED"))
	f.grant = func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(50 * time.Millisecond)
		answer(200, `{"access_token":"token-x","expires_in":3600}`)(w, r)
	}
	p := provide(t, f.url)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			_, err := p.LookUp(t.Context(), ticket.ChargeQuery{Request: request("bk_1"), Ref: "AUTH1"})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Len(t, f.requests(), 50)
	require.Equal(t, 1, f.granted())
}

func TestTokenThatExpiresIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFake(t, authorization("CREATED"))
	f.grant = answer(200, `{"access_token":"short","expires_in":0}`)
	p := provide(t, f.url)
	for range 3 {
		_, err := p.LookUp(t.Context(), ticket.ChargeQuery{Request: request("bk_1"), Ref: "AUTH1"})
		require.NoError(t, err)
	}
	require.Equal(t, 3, f.granted())
}

func TestRefusedTokenIsReplacedOnceAndTheCallRepeated(t *testing.T) {
	t.Parallel()
	f := newFake(t, orderMade, issue(401, "INVALID_TOKEN"), orderHeld)
	c := provide(t, f.url).Authorize(t.Context(), request("bk_1"))
	require.Equal(t, ticket.OutcomeAuthorized, c.Outcome, c)
	got := f.requests()
	require.Len(t, got, 3)
	require.Equal(t, "Bearer token-1", got[1].bearer)
	require.Equal(t, "Bearer token-2", got[2].bearer)
	require.Equal(t, got[1].body, got[2].body)
	require.Equal(t, got[1].key, got[2].key)
}

func TestTokenRefusedTwiceIsNotExecuted(t *testing.T) {
	t.Parallel()
	f := newFake(t, issue(401, "INVALID_TOKEN"))
	c := provide(t, f.url).Authorize(t.Context(), request("bk_1"))
	require.Equal(t, ticket.OutcomeNotExecuted, c.Outcome)
	require.Equal(t, "credentials", c.Code)
	require.Len(t, f.requests(), 2)
}

func TestWithoutATokenNothingIsSent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		grant http.HandlerFunc
		code  string
	}{
		"wrong credentials": {answer(401, `{"error":"invalid_client"}`), "credentials"},
		"too many requests": {tooMany, "rate_limited"},
		"a server error":    {broke, "unreachable"},
		"silence":           {silent, "unreachable"},
		"an empty answer":   {answer(200, `{}`), "credentials"},
		"a broken answer":   {broken, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t, orderMade)
			f.grant = tc.grant
			c := provide(t, f.url).Authorize(t.Context(), request("bk_1"))
			require.Equal(t, ticket.OutcomeNotExecuted, c.Outcome, c)
			require.Equal(t, tc.code, c.Code)
			require.Empty(t, f.requests())
		})
	}
}

func TestSecretsAreNotLogged(t *testing.T) {
	t.Parallel()
	f := newFake(t, issue(401, "INVALID_TOKEN"))
	var log bytes.Buffer
	p, err := paypal.New(paypal.Options{
		ClientID: "client", ClientSecret: "hush", URL: f.url, Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	require.NoError(t, err)
	p.Authorize(t.Context(), request("bk_1"))
	require.Contains(t, log.String(), "refuses our credentials")
	for _, secret := range []string{"hush", "token-1", "token-2", "tok_vault_1"} {
		require.NotContains(t, log.String(), secret)
	}
}
