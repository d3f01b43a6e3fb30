package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

func TestIssuedTokenIsVerified(t *testing.T) {
	t.Parallel()
	s, _, c := newService(t)
	token, expires, err := s.Issue(someone)
	require.NoError(t, err)
	require.Equal(t, c.now().Add(15*time.Minute), expires)
	for range 2 { // the second time from memory
		got, err := s.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, someone, got)
	}
	c.advance(15*time.Minute + time.Minute)
	_, err = s.Verify(t.Context(), token)
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err), "a remembered token ends, too")
}

// activeKey gives our own signing key and its id, as an attacker never has it.
func activeKey(t *testing.T, m *memory) (*rsa.PrivateKey, string) {
	t.Helper()
	for _, k := range m.keys {
		if k.Purpose == ticket.KeyAccess && k.RetiredAt.IsZero() {
			private, err := x509.ParsePKCS8PrivateKey(k.PrivateKey)
			require.NoError(t, err)
			return private.(*rsa.PrivateKey), k.ID
		}
	}
	t.Fatal("no active key")
	return nil, ""
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	s, m, c := newService(t)
	ours, kid := activeKey(t, m)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	public, err := x509.MarshalPKIXPublicKey(&ours.PublicKey)
	require.NoError(t, err)
	good := func() jwt.MapClaims {
		return jwt.MapClaims{"iss": auth.Issuer, "aud": auth.Audience, "sub": "us_1", "iat": c.now().Unix(), "exp": c.now().Add(time.Minute).Unix()}
	}
	without := func(name string, value any) jwt.MapClaims {
		claims := good()
		delete(claims, name)
		if value != nil {
			claims[name] = value
		}
		return claims
	}
	sign := func(method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
		token := jwt.NewWithClaims(method, claims)
		token.Header["kid"] = kid
		signed, err := token.SignedString(key)
		require.NoError(t, err)
		return signed
	}
	valid := sign(jwt.SigningMethodRS256, ours, kid, good())
	_, err = s.Verify(t.Context(), valid)
	require.NoError(t, err, "the table's tokens differ from a good one in one thing only")
	parts := strings.Split(valid, ".")

	for outcome, token := range map[string]string{
		"without a signature":               sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, good()),
		"signed with the public key":        sign(jwt.SigningMethodHS256, public, kid, good()),
		"signed by another algorithm":       sign(jwt.SigningMethodRS512, ours, kid, good()),
		"signed by another key":             sign(jwt.SigningMethodRS256, other, kid, good()),
		"signed by an unknown key":          sign(jwt.SigningMethodRS256, other, "unknown", good()),
		"expired":                           sign(jwt.SigningMethodRS256, ours, kid, without("exp", c.now().Add(-time.Minute).Unix())),
		"without an end":                    sign(jwt.SigningMethodRS256, ours, kid, without("exp", nil)),
		"of another issuer":                 sign(jwt.SigningMethodRS256, ours, kid, without("iss", "https://elsewhere.example")),
		"for another audience":              sign(jwt.SigningMethodRS256, ours, kid, without("aud", "another")),
		"issued in the future":              sign(jwt.SigningMethodRS256, ours, kid, without("iat", c.now().Add(time.Hour).Unix())),
		"of nobody":                         sign(jwt.SigningMethodRS256, ours, kid, without("sub", nil)),
		"with its claims exchanged":         parts[0] + "." + strings.Split(sign(jwt.SigningMethodRS256, ours, kid, without("sub", "us_2")), ".")[1] + "." + parts[2],
		"with a piece of its signature off": valid[:len(valid)-8],
		"that is no token":                  "abc",
		"that is empty":                     "",
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			_, err := s.Verify(t.Context(), token)
			require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
		})
	}
}

func TestRotationKeepsOldTokensValidAndOtherProcessesFollow(t *testing.T) {
	t.Parallel()
	s, m, c := newService(t)
	other, err := auth.New(t.Context(), m, c.now)
	require.NoError(t, err)
	old, _, err := s.Issue(someone)
	require.NoError(t, err)

	c.advance(2 * time.Second)
	require.NoError(t, s.Keys.Rotate(t.Context(), ticket.KeyAccess))
	fresh, _, err := s.Issue(someone)
	require.NoError(t, err)
	for name, token := range map[string]string{"old": old, "new": fresh} {
		_, err = other.Verify(t.Context(), token)
		require.NoError(t, err, "%s token, in a process that has not heard of the rotation", name)
	}
	var published struct{ Keys []map[string]string }
	require.NoError(t, json.Unmarshal(s.Keys.JWKS(), &published))
	require.Len(t, published.Keys, 2)
	require.NotContains(t, string(s.Keys.JWKS()), `"d"`, "nothing private is published")

	c.advance(2 * time.Hour)
	require.NoError(t, s.Keys.Reread(t.Context()))
	require.NoError(t, json.Unmarshal(s.Keys.JWKS(), &published))
	require.Len(t, published.Keys, 1, "a key whose tokens have ended is published no longer")
}

func TestUnknownKeysAreLookedForOnceASecond(t *testing.T) {
	t.Parallel()
	s, m, c := newService(t)
	stranger, _, _ := newService(t)
	token, _, err := stranger.Issue(someone)
	require.NoError(t, err)
	c.advance(time.Minute)
	before := m.reads
	for range 20 {
		_, err := s.Verify(t.Context(), token)
		require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
	}
	require.Equal(t, before+1, m.reads)
}

func TestTicketCodes(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	stranger, _, _ := newService(t)
	id := ticket.NewID(ticket.KindTicket, 1)
	sign := func(s *auth.Service, id string, generation int) string {
		code, err := s.Keys.TicketCode(t.Context(), ticket.Ticket{ID: id, Generation: generation})
		require.NoError(t, err)
		return code
	}
	codes := map[int]string{1: sign(s, id, 1), 2: sign(s, id, 2), 12: sign(s, id, 12)}
	require.Equal(t, codes[1], sign(s, id, 0), "a ticket that never changed hands")
	require.NoError(t, s.Keys.Rotate(t.Context(), ticket.KeyTicket))
	for want, code := range codes {
		got, generation, err := s.Keys.VerifyTicketCode(code)
		require.NoError(t, err, "tickets outlive the key that signed them")
		require.Equal(t, id, got)
		require.Equal(t, want, generation)
	}

	code, forged, noTicket := codes[1], sign(stranger, id, 1), sign(s, "bk_1", 1)
	for outcome, bad := range map[string]string{
		"forged": forged, "changed": "A" + code[1:], "cut off": code[:40], "empty": "", "no base64": "!!!", "not for a ticket": noTicket,
		"no generation": sign(s, id+".1", 1), "a generation in words": sign(s, id+".x", 1),
	} {
		_, _, err := s.Keys.VerifyTicketCode(bad)
		require.Equal(t, ticket.CodeInvalidTicket, ticket.CodeOf(err), outcome)
	}
}

func BenchmarkVerifyRemembered(b *testing.B) {
	m := &memory{now: time.Now}
	s, err := auth.New(b.Context(), m, nil)
	require.NoError(b, err)
	token, _, err := s.Issue(someone)
	require.NoError(b, err)
	for b.Loop() {
		if _, err := s.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
