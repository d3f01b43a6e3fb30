package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"yourticket.example/ticket"
)

// OIDCOptions say whose tokens are accepted beside our own.
type OIDCOptions struct {
	// Issuer is the `iss` of the tokens, and where the issuer's discovery
	// document is found; https, or http on this machine.
	Issuer string
	// Audience is the `aud` that a token must name.
	Audience string
	// RoleClaim is the claim that holds a caller's roles, as a list or as words;
	// dots lead into objects, as in "realm_access.roles". Default "roles".
	RoleClaim string
	// Roles gives our role for the issuer's; without it the names are the same.
	// Whoever has a valid token is a buyer, whatever else.
	Roles map[string]ticket.Role
	// Provision, when set, is told of an account before its token is first
	// accepted. Its email is empty unless the issuer has verified it.
	Provision func(ctx context.Context, u ticket.User) error
	// Client asks the issuer; default one with a timeout of 3 s.
	Client *http.Client
	// Now is the clock; default time.Now.
	Now func() time.Time
}

// OIDC verifies the access tokens of an outside issuer. It is safe for
// concurrent use.
type OIDC struct {
	o      OIDCOptions
	parser *jwt.Parser
	keys   *remoteKeys
	seen   *lru.Cache[[sha256.Size]byte, seenToken]
}

// NewOIDC makes an OIDC. It asks the issuer nothing until a token comes, so
// that an issuer that is away does not keep a process from starting.
func NewOIDC(o OIDCOptions) (*OIDC, error) {
	if err := CheckIssuer(o.Issuer); err != nil {
		return nil, fmt.Errorf("auth: issuer %w", err)
	}
	if o.Audience == "" {
		return nil, errors.New("auth: an outside issuer needs an audience")
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: issuerPatience}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.RoleClaim = cmp.Or(o.RoleClaim, "roles")
	seen, err := lru.New[[sha256.Size]byte, seenToken](remembered)
	if err != nil {
		return nil, fmt.Errorf("auth: oidc: %w", err)
	}
	parser := jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodRS256.Alg(), jwt.SigningMethodES256.Alg()}),
		jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience), jwt.WithExpirationRequired(), jwt.WithIssuedAt(),
		jwt.WithLeeway(clockSkew), jwt.WithTimeFunc(o.Now))
	return &OIDC{o: o, parser: parser, keys: newRemoteKeys(o), seen: seen}, nil
}

// CheckIssuer tells what is wrong with an issuer's address.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "":
		return errors.New("must be a URL")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && (u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127.") || u.Hostname() == "::1"):
		return nil
	}
	return errors.New("must begin with https://")
}

// Verify knows the caller by a token of the issuer. CodeUnauthorized when it is
// not valid for us; CodeUnavailable when that cannot be known because the
// issuer has never answered.
func (o *OIDC) Verify(ctx context.Context, token string) (User, error) {
	return o.verify(ctx, token, sha256.Sum256([]byte(token)))
}

func (o *OIDC) verify(ctx context.Context, token string, sum [sha256.Size]byte) (User, error) {
	if u, ok := recall(o.seen, sum, o.o.Now()); ok {
		return u, nil
	}
	claims := jwt.MapClaims{}
	_, err := o.parser.ParseWithClaims(token, claims, func(parsed *jwt.Token) (any, error) {
		id, _ := parsed.Header["kid"].(string)
		return o.keys.find(ctx, id, parsed.Method.Alg())
	})
	subject, _ := claims["sub"].(string)
	switch {
	case errors.Is(err, errIssuerAway):
		return User{}, ticket.Errorf(ticket.CodeUnavailable, "The issuer of the access token does not answer.")
	case errors.Is(err, jwt.ErrTokenExpired):
		return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The access token has expired.")
	case err != nil || subject == "":
		return User{}, ticket.Errorf(ticket.CodeUnauthorized, "The access token is not valid.")
	}
	u := User{ID: accountOf(o.o.Issuer, subject), Roles: o.roles(claims)}
	if o.o.Provision != nil {
		if err := o.o.Provision(ctx, described(u, claims)); err != nil {
			return User{}, err
		}
	}
	if expires, err := claims.GetExpirationTime(); err == nil && expires != nil {
		o.seen.Add(sum, seenToken{user: u, expires: expires.Time})
	}
	return u, nil
}

// recall gives the user of a token that was verified before and has not ended.
func recall(seen *lru.Cache[[sha256.Size]byte, seenToken], sum [sha256.Size]byte, now time.Time) (User, bool) {
	known, ok := seen.Get(sum)
	if !ok || !now.Before(known.expires) {
		return User{}, false
	}
	return known.user, true
}

// roles maps what the issuer says to our roles; what is not mapped is nothing here.
func (o *OIDC) roles(claims jwt.MapClaims) []ticket.Role {
	roles := []ticket.Role{ticket.RoleBuyer}
	for _, name := range words(dig(claims, o.o.RoleClaim)) {
		role := ticket.Role(name)
		if o.o.Roles != nil {
			role = o.o.Roles[name]
		}
		if slices.Contains(ticket.Roles, role) && !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

// dig finds a claim by its name, or else by the names that dots separate.
func dig(claims map[string]any, path string) any {
	if v, ok := claims[path]; ok {
		return v
	}
	var v any = claims
	for name := range strings.SplitSeq(path, ".") {
		switch object := v.(type) {
		case jwt.MapClaims:
			v = object[name]
		case map[string]any:
			v = object[name]
		default:
			return nil
		}
	}
	return v
}

func words(v any) []string {
	switch v := v.(type) {
	case string:
		return strings.Fields(v)
	case []any:
		var out []string
		for _, item := range v {
			if s, ok := item.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// described is what the claims say of an account.
func described(u User, claims jwt.MapClaims) ticket.User {
	account := ticket.User{ID: u.ID, Roles: u.Roles}
	account.Name, _ = claims["name"].(string)
	if verified, _ := claims["email_verified"].(bool); verified {
		account.Email, _ = claims["email"].(string)
	}
	return account
}

// accountOf gives the account of an issuer's subject. It is derived from both,
// so that no subject, whatever an issuer calls it, is one of our own accounts.
func accountOf(issuer, subject string) string {
	sum := sha256.Sum256([]byte("oidc\x00" + issuer + "\x00" + subject))
	id := append([]byte{0, 0}, sum[:14]...) // the first two bytes are the shard: the catalogue
	return string(ticket.KindUser) + "_" + base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding).EncodeToString(id)
}
