package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// issuer is an outside OpenID provider on this machine.
type issuer struct {
	url  string
	rsa  *rsa.PrivateKey
	ec   *ecdsa.PrivateKey
	down atomic.Bool
	// asked counts the readings of the keys; extra is published beside the two.
	asked atomic.Int64
	extra atomic.Pointer[map[string]any]
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	var err error
	i.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	i.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	ts := httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(ts.Close)
	i.url = ts.URL
	return i
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case i.down.Load():
		w.WriteHeader(http.StatusBadGateway)
	case r.URL.Path == "/.well-known/openid-configuration":
		_, _ = fmt.Fprintf(w, `{"issuer": %q, "jwks_uri": %q}`, i.url, i.url+"/keys")
	case r.URL.Path == "/keys":
		i.asked.Add(1)
		b64 := base64.RawURLEncoding.EncodeToString
		point, _ := i.ec.PublicKey.Bytes()
		keys := []map[string]any{
			{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "r", "n": b64(i.rsa.N.Bytes()), "e": b64(big.NewInt(int64(i.rsa.E)).Bytes())},
			{"kty": "EC", "crv": "P-256", "kid": "e", "x": b64(point[1:33]), "y": b64(point[33:])},
			{"kty": "oct", "kid": "secret", "k": "AAAA"},
		}
		if extra := i.extra.Load(); extra != nil {
			keys = append(keys, *extra)
		}
		document, _ := json.Marshal(map[string]any{"keys": keys}) //nolint:errchkjson // strings only
		_, _ = w.Write(document)
	}
}

func sign(t *testing.T, method jwt.SigningMethod, key any, kid string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	signed, err := token.SignedString(key)
	require.NoError(t, err)
	return signed
}

// claims are good ones, but for one thing.
func (i *issuer) claims(change ...any) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": i.url, "aud": []string{"tickets"}, "sub": "ada", "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		"realm": map[string]any{"roles": []string{"helpdesk", "root", "buyer"}}, "email": "ada@example.org",
	}
	for n := 0; n+1 < len(change); n += 2 {
		c[change[n].(string)] = change[n+1]
		if change[n+1] == nil {
			delete(c, change[n].(string))
		}
	}
	return c
}

func (i *issuer) outside(t *testing.T, change ...func(*auth.OIDCOptions)) *auth.OIDC {
	t.Helper()
	options := auth.OIDCOptions{
		Issuer: i.url, Audience: "tickets", RoleClaim: "realm.roles", Roles: map[string]ticket.Role{"helpdesk": ticket.RoleSupport, "boss": ticket.RoleAdmin},
	}
	for _, c := range change {
		c(&options)
	}
	o, err := auth.NewOIDC(options)
	require.NoError(t, err)
	return o
}

func TestTokensOfAnOutsideIssuerAreAccepted(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	var told []ticket.User
	o := i.outside(t, func(o *auth.OIDCOptions) {
		o.Provision = func(_ context.Context, u ticket.User) error { told = append(told, u); return nil }
	})
	first, err := o.Verify(t.Context(), sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims()))
	require.NoError(t, err)
	require.True(t, ticket.IsID(ticket.KindUser, first.ID))
	require.Equal(t, []ticket.Role{ticket.RoleBuyer, ticket.RoleSupport}, first.Roles, "what is not mapped is nothing here")
	token := sign(t, jwt.SigningMethodES256, i.ec, "e", i.claims("email_verified", true, "name", "Ada"))
	for range 2 { // the second time from memory
		second, err := o.Verify(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, first, second, "the same account by either key")
	}
	require.Equal(t, []ticket.User{
		{ID: first.ID, Roles: first.Roles}, {ID: first.ID, Roles: first.Roles, Name: "Ada", Email: "ada@example.org"},
	}, told)
	require.EqualValues(t, 1, i.asked.Load(), "keys are remembered")
	same := i.outside(t, func(o *auth.OIDCOptions) { o.Roles, o.RoleClaim = nil, "scope" })
	u, err := same.Verify(t.Context(), sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("scope", "door unknown")))
	require.NoError(t, err)
	require.Equal(t, []ticket.Role{ticket.RoleBuyer, ticket.RoleDoor}, u.Roles)
}

func TestOutsideTokenIsRefused(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	o := i.outside(t)
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	valid := sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims())
	_, err = o.Verify(t.Context(), valid)
	require.NoError(t, err, "the table's tokens differ from a good one in one thing only")
	parts := strings.Split(valid, ".")
	forged := strings.Split(sign(t, jwt.SigningMethodRS256, other, "r", i.claims("sub", "eve")), ".")
	for outcome, token := range map[string]string{
		"expired":                         sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("exp", time.Now().Add(-time.Minute).Unix())),
		"without an end":                  sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("exp", nil)),
		"not valid yet":                   sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("nbf", time.Now().Add(time.Minute).Unix())),
		"for another audience":            sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("aud", "another")),
		"without an audience":             sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("aud", nil)),
		"of another issuer":               sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("iss", "https://elsewhere.example")),
		"of nobody":                       sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("sub", nil)),
		"signed by another key":           sign(t, jwt.SigningMethodRS256, other, "r", i.claims()),
		"signed by an unknown key":        sign(t, jwt.SigningMethodRS256, other, "x", i.claims()),
		"without a key id":                sign(t, jwt.SigningMethodRS256, i.rsa, "", i.claims()),
		"by another algorithm":            sign(t, jwt.SigningMethodRS512, i.rsa, "r", i.claims()),
		"by PSS":                          sign(t, jwt.SigningMethodPS256, i.rsa, "r", i.claims()),
		"by the algorithm of another key": sign(t, jwt.SigningMethodES256, i.ec, "r", i.claims()),
		"without a signature":             sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "r", i.claims()),
		"signed with a public key":        sign(t, jwt.SigningMethodHS256, i.rsa.N.Bytes(), "r", i.claims()),
		"signed with a published secret":  sign(t, jwt.SigningMethodHS256, []byte{0, 0, 0}, "secret", i.claims()),
		"tampered with":                   parts[0] + "." + forged[1] + "." + parts[2],
		"cut short":                       valid[:len(valid)-8],
		"no token":                        "abc",
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			_, err := o.Verify(t.Context(), token)
			require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err), "%v", err)
		})
	}
}

func TestAnIssuerThatIsAwayTakesNobodyElseWithIt(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s, _, _ := newService(t)
	own, _, err := s.Issue(someone)
	require.NoError(t, err)
	now := atomic.Pointer[time.Time]{}
	start := time.Now()
	now.Store(&start)
	either := auth.NewEither(s.Tokens, i.outside(t, func(o *auth.OIDCOptions) { o.Now = func() time.Time { return *now.Load() } }))
	outside := func() string {
		return sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("exp", time.Now().Add(time.Hour).Unix(), "jti", rand.Text()))
	}

	i.down.Store(true)
	_, err = either.Verify(t.Context(), outside())
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err), "whether it is valid cannot be known")
	got, err := either.Verify(t.Context(), own)
	require.NoError(t, err)
	require.Equal(t, someone, got)

	i.down.Store(false)
	later := start.Add(11 * time.Second)
	now.Store(&later)
	_, err = either.Verify(t.Context(), outside())
	require.NoError(t, err)
	i.down.Store(true)
	muchLater := start.Add(20 * time.Minute)
	now.Store(&muchLater)
	_, err = either.Verify(t.Context(), outside())
	require.NoError(t, err, "known keys go on")
}

func TestNewKeysAreFoundAndUnknownOnesDoNotMakeUsAskAllTheTime(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	start := time.Now()
	now := atomic.Pointer[time.Time]{}
	now.Store(&start)
	o := i.outside(t, func(o *auth.OIDCOptions) { o.Now = func() time.Time { return *now.Load() } })
	fresh, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	token := sign(t, jwt.SigningMethodRS256, fresh, "fresh", i.claims())
	for range 50 {
		_, err := o.Verify(t.Context(), token)
		require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err))
	}
	require.EqualValues(t, 1, i.asked.Load())
	b64 := base64.RawURLEncoding.EncodeToString
	i.extra.Store(&map[string]any{"kty": "RSA", "kid": "fresh", "n": b64(fresh.N.Bytes()), "e": "AQAB"})
	later := start.Add(11 * time.Second)
	now.Store(&later)
	_, err = o.Verify(t.Context(), token)
	require.NoError(t, err)
}

func TestNeitherIssuerCanSpeakForTheOther(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	s, m, _ := newService(t)
	ours, kid := activeKey(t, m)
	either := auth.NewEither(s.Tokens, i.outside(t))
	for outcome, token := range map[string]string{
		"our issuer, their key": sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("iss", auth.Issuer, "aud", auth.Audience, "sub", someone.ID)),
		"their issuer, our key": sign(t, jwt.SigningMethodRS256, ours, kid, i.claims()),
		"nobody's":              sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("iss", "https://elsewhere.example")),
		"no token":              "a.b.c",
	} {
		_, err := either.Verify(t.Context(), token)
		require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err), outcome)
	}
	theirs, err := either.Verify(t.Context(), sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims("sub", someone.ID)))
	require.NoError(t, err)
	require.NotEqual(t, someone.ID, theirs.ID, "a subject that is called like our account is another account")
	own, _, err := s.Issue(someone)
	require.NoError(t, err)
	_, err = auth.NewEither(nil, i.outside(t)).Verify(t.Context(), own)
	require.Equal(t, ticket.CodeUnauthorized, ticket.CodeOf(err), "our own are refused where only the issuer's count")
}

func TestAnAccountThatCannotBeMadeIsNotLetIn(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	o := i.outside(t, func(o *auth.OIDCOptions) {
		o.Provision = func(context.Context, ticket.User) error { return errors.New("database is away") }
	})
	_, err := o.Verify(t.Context(), sign(t, jwt.SigningMethodRS256, i.rsa, "r", i.claims()))
	require.ErrorContains(t, err, "database is away")
}

func TestIssuersAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "issuer", "http://issuer.example", "ftp://issuer.example"} {
		_, err := auth.NewOIDC(auth.OIDCOptions{Issuer: bad, Audience: "x"})
		require.Error(t, err, bad)
	}
	_, err := auth.NewOIDC(auth.OIDCOptions{Issuer: "https://issuer.example"})
	require.ErrorContains(t, err, "audience")
}
