package auth

import (
	"context"
	"crypto/sha256"

	"github.com/golang-jwt/jwt/v5"

	"yourticket.example/ticket"
)

// Either verifies our own tokens and those of an outside issuer, each by its
// own keys alone: whoever holds one's keys cannot speak for the other.
type Either struct {
	own     *Tokens
	outside *OIDC
	peek    *jwt.Parser
}

// NewEither makes an Either. Own may be nil: then only the outside issuer's
// tokens are accepted.
func NewEither(own *Tokens, outside *OIDC) *Either {
	return &Either{own: own, outside: outside, peek: jwt.NewParser()}
}

// Verify knows the caller by a token. CodeUnauthorized when neither accepts it.
func (e *Either) Verify(ctx context.Context, token string) (User, error) {
	sum := sha256.Sum256([]byte(token))
	if e.own != nil {
		if u, ok := recall(e.own.seen, sum, e.own.now()); ok {
			return u, nil
		}
	}
	if u, ok := recall(e.outside.seen, sum, e.outside.o.Now()); ok {
		return u, nil
	}
	// What the token says of its issuer only chooses who is to verify it.
	var said jwt.RegisteredClaims
	_, _, err := e.peek.ParseUnverified(token, &said)
	switch {
	case err != nil:
		return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The access token is not valid.")
	case said.Issuer == e.outside.o.Issuer:
		return e.outside.verify(ctx, token, sum)
	case e.own != nil:
		return e.own.Verify(ctx, token)
	}
	return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The access token is of an issuer that is not known here.")
}
