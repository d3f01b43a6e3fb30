package api_test

import (
	"encoding/json"
	"net/http"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

var ada = map[string]string{"email": "ada@example.org", "password": "correct horse", "name": "Ada"}

func TestAccountFromRegistrationToLogout(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.do(t, "POST", "/v1/users", "", ada).want(t, http.StatusCreated)
	require.Equal(t, "ada@example.org", made.body["email"])
	require.Equal(t, "Ada", made.body["name"])
	require.True(t, ticket.IsID(ticket.KindUser, made.body["id"].(string)))
	require.NotContains(t, string(made.raw), "argon2")
	again := map[string]string{"email": "ADA@example.org", "password": "another horse", "name": "Eve"}
	w.do(t, "POST", "/v1/users", "", again).problem(t, http.StatusConflict, ticket.CodeEmailTaken)

	wrong := w.do(t, "POST", "/v1/sessions", "", map[string]string{"email": "ada@example.org", "password": "wrong horse"}).
		problem(t, http.StatusUnauthorized, ticket.CodeBadCredentials)
	require.Contains(t, wrong.header.Get("WWW-Authenticate"), "Bearer")
	session := w.do(t, "POST", "/v1/sessions", "", map[string]string{"email": "ada@example.org", "password": "correct horse"}).want(t, http.StatusCreated)
	require.Equal(t, "no-store", session.header.Get("Cache-Control"))
	access, refresh := session.body["access_token"].(string), session.body["refresh_token"].(string)
	require.NotEmpty(t, session.body["expires_at"])

	me := w.do(t, "GET", "/v1/me", access, nil).want(t, http.StatusOK)
	require.Equal(t, made.body["id"], me.body["id"])
	require.Equal(t, []any{"buyer"}, me.body["roles"])

	next := w.do(t, "POST", "/v1/sessions/refresh", "", map[string]string{"refresh_token": refresh}).want(t, http.StatusOK)
	require.NotEqual(t, refresh, next.body["refresh_token"])
	w.do(t, "DELETE", "/v1/sessions/current", access, nil).want(t, http.StatusNoContent)
	w.do(t, "POST", "/v1/sessions/refresh", "", map[string]any{"refresh_token": next.body["refresh_token"]}).
		problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
}

func TestStolenRefreshTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, "POST", "/v1/users", "", ada).want(t, http.StatusCreated)
	session := w.do(t, "POST", "/v1/sessions", "", map[string]string{"email": ada["email"], "password": ada["password"]}).want(t, http.StatusCreated)
	stolen := map[string]any{"refresh_token": session.body["refresh_token"]}
	next := w.do(t, "POST", "/v1/sessions/refresh", "", stolen).want(t, http.StatusOK)
	w.do(t, "POST", "/v1/sessions/refresh", "", stolen).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	w.do(t, "POST", "/v1/sessions/refresh", "", map[string]any{"refresh_token": next.body["refresh_token"]}).
		problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
}

func TestSameKeyMakesOneAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := header{"Idempotency-Key", "sign-up-1"}
	answers := make([]answer, 20)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() { answers[i] = w.do(t, "POST", "/v1/users", "", ada, key) })
	}
	wg.Wait()
	for _, a := range answers {
		a.want(t, http.StatusCreated)
		require.Equal(t, string(answers[0].raw), string(a.raw))
	}
	other := map[string]string{"email": "ada@example.org", "password": "another horse", "name": "Ada"}
	w.do(t, "POST", "/v1/users", "", other, key).problem(t, http.StatusUnprocessableEntity, ticket.CodeKeyReused)
	bad := w.do(t, "POST", "/v1/users", "", ada, header{"Idempotency-Key", "with space"}).problem(t, http.StatusBadRequest, ticket.CodeInvalid)
	require.Equal(t, []string{"Idempotency-Key"}, bad.fields())
}

func TestSameKeyGivesTheSameSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, "POST", "/v1/users", "", ada).want(t, http.StatusCreated)
	login := map[string]string{"email": ada["email"], "password": ada["password"]}
	key := header{"Idempotency-Key", "login-1"}
	first := w.do(t, "POST", "/v1/sessions", "", login, key).want(t, http.StatusCreated)
	second := w.do(t, "POST", "/v1/sessions", "", login, key).want(t, http.StatusCreated)
	require.Equal(t, first.body["refresh_token"], second.body["refresh_token"])
	require.Equal(t, "no-store", second.header.Get("Cache-Control"))
	var rows, telling int
	require.NoError(t, connect(t, w).QueryRow(t.Context(), `
		SELECT count(*), count(*) FILTER (WHERE position('rt_'::bytea IN answer) > 0 OR position('horse'::bytea IN answer) > 0)
		FROM idempotency_keys`).Scan(&rows, &telling))
	require.Equal(t, 1, rows)
	require.Zero(t, telling, "no token and no password is stored")
}

func TestDiscoveryLeadsToTheKeysOfTokensThatNameItsIssuer(t *testing.T) {
	t.Parallel()
	const issuer = "https://tickets.example.org"
	w := newWorld(t)
	w.do(t, "GET", "/.well-known/openid-configuration", "", nil).want(t, http.StatusNotFound)
	w.issuer = issuer
	var err error
	w.auth, err = auth.New(t.Context(), w.store, nil, auth.WithIssuer(issuer))
	require.NoError(t, err)
	w.serve(t, w.store)
	about := w.do(t, "GET", "/.well-known/openid-configuration", "", nil).want(t, http.StatusOK)
	require.Equal(t, issuer, about.body["issuer"])
	require.Equal(t, issuer+"/.well-known/jwks.json", about.body["jwks_uri"])
	_, token := w.token(t, ticket.RoleBuyer)
	var claims jwt.MapClaims
	_, _, err = jwt.NewParser().ParseUnverified(token, &claims)
	require.NoError(t, err)
	require.Equal(t, issuer, claims["iss"])
	w.do(t, "GET", "/v1/me", token, nil).want(t, http.StatusOK)
	other, err := auth.New(t.Context(), w.store, nil)
	require.NoError(t, err)
	stranger, _, err := other.Issue(auth.User{ID: "us_1", Roles: []ticket.Role{ticket.RoleBuyer}})
	require.NoError(t, err)
	w.do(t, "GET", "/v1/me", stranger, nil).want(t, http.StatusUnauthorized)
}

func TestPublishedKeysVerifyTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, token := w.token(t, ticket.RoleBuyer)
	keys := w.do(t, "GET", "/.well-known/jwks.json", "", nil).want(t, http.StatusOK)
	require.Equal(t, "application/json", keys.header.Get("Content-Type"))
	require.Contains(t, keys.header.Get("Cache-Control"), "max-age")
	require.NoError(t, verifyWithJWKS(keys.raw, token))
	require.Error(t, verifyWithJWKS(keys.raw, token[:len(token)-6]+"AAAAAA"))
	var tickets struct{ Keys []struct{ Crv, Kty string } }
	require.NoError(t, json.Unmarshal(w.do(t, "GET", "/.well-known/ticket-keys.json", "", nil).want(t, http.StatusOK).raw, &tickets))
	require.Equal(t, "Ed25519", tickets.Keys[0].Crv)
}
