package auth

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"yourticket.example/ticket"
)

const (
	// Issuer is the `iss` of our access tokens, unless WithIssuer gives another.
	Issuer = "https://yourticket.example"
	// Audience is their `aud`.
	Audience = "yourticket"
	// AccessLife is how long an access token is valid.
	AccessLife = 15 * time.Minute
	// remembered bounds the verified tokens that are kept, at about 150 bytes each.
	remembered = 50_000
	// clockSkew is how far the clocks of two of our machines may differ.
	clockSkew = 5 * time.Second
)

// claims are what an access token says. Nothing personal is among it.
type claims struct {
	jwt.RegisteredClaims
	Roles     []ticket.Role `json:"roles"`
	SessionID string        `json:"sid,omitempty"`
}

// Tokens issues and verifies access tokens. Verified ones are remembered for
// their life, since a verification costs 40 µs.
type Tokens struct {
	keys   *Keys
	now    func() time.Time
	issuer string
	parser *jwt.Parser
	seen   *lru.Cache[[sha256.Size]byte, seenToken]
}

type seenToken struct {
	user    User
	expires time.Time
}

// Option is something that a Tokens has otherwise than by default.
type Option func(*Tokens)

// WithIssuer names the issuer of tokens, here and in those that are accepted: the
// address at which others find the discovery document, and by it our keys. Empty
// leaves it as it is.
func WithIssuer(issuer string) Option {
	return func(t *Tokens) { t.issuer = cmp.Or(issuer, t.issuer) }
}

// NewTokens makes a Tokens over the keys.
func NewTokens(keys *Keys, now func() time.Time, options ...Option) (*Tokens, error) {
	seen, err := lru.New[[sha256.Size]byte, seenToken](remembered)
	if err != nil {
		return nil, fmt.Errorf("auth: tokens: %w", err)
	}
	t := &Tokens{keys: keys, now: now, issuer: Issuer, seen: seen}
	for _, option := range options {
		option(t)
	}
	t.parser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg()}), jwt.WithIssuer(t.issuer),
		jwt.WithAudience(Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(clockSkew), jwt.WithTimeFunc(now))
	return t, nil
}

// Issue makes an access token for the caller.
func (t *Tokens) Issue(u User) (token string, expires time.Time, err error) {
	set, now := t.keys.set.Load(), t.now()
	expires = now.Add(AccessLife).UTC().Truncate(time.Second)
	unsigned := jwt.NewWithClaims(jwt.SigningMethodRS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: t.issuer, Subject: u.ID, Audience: jwt.ClaimStrings{Audience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
		},
		Roles: u.Roles, SessionID: u.SessionID,
	})
	unsigned.Header["kid"] = set.signAccessID
	token, err = unsigned.SignedString(set.signAccess)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("auth: sign: %w", err)
	}
	return token, expires, nil
}

// Verify knows the caller by an access token. CodeUnauthorized when it is not
// one of ours or no longer valid.
func (t *Tokens) Verify(ctx context.Context, token string) (User, error) {
	sum := sha256.Sum256([]byte(token))
	if known, ok := t.seen.Get(sum); ok {
		if t.now().Before(known.expires) {
			return known.user, nil
		}
		t.seen.Remove(sum)
	}
	var c claims
	_, err := t.parser.ParseWithClaims(token, &c, func(parsed *jwt.Token) (any, error) {
		id, _ := parsed.Header["kid"].(string)
		if key, ok := t.keys.accessKey(ctx, id); ok {
			return key, nil
		}
		return nil, jwt.ErrTokenUnverifiable
	})
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The access token has expired.")
	case err != nil || c.Subject == "":
		return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The access token is not valid.")
	}
	u := User{ID: c.Subject, Roles: c.Roles, SessionID: c.SessionID}
	t.seen.Add(sum, seenToken{user: u, expires: c.ExpiresAt.Time})
	return u, nil
}
