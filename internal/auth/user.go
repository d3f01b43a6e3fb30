package auth

import (
	"context"
	"slices"

	"yourticket.example/ticket"
)

// User is a caller as its access token describes it. It holds nothing personal.
type User struct {
	// ID is the account's id.
	ID string
	// SessionID names the family of refresh tokens that the access token came
	// from; empty when an outside issuer made it.
	SessionID string
	Roles     []ticket.Role
}

// Has tells whether the caller has one of the roles; an admin has them all.
func (u User) Has(roles ...ticket.Role) bool {
	account := ticket.User{Roles: u.Roles}
	return account.Has(roles...)
}

// Is tells whether the caller has exactly this role, admin or not.
func (u User) Is(role ticket.Role) bool { return slices.Contains(u.Roles, role) }

type userKey struct{}

// WithUser gives a context that carries the caller.
func WithUser(ctx context.Context, u User) context.Context {
	return context.WithValue(ctx, userKey{}, u)
}

// UserFrom gives the caller; false when nobody is logged in.
func UserFrom(ctx context.Context) (User, bool) {
	u, ok := ctx.Value(userKey{}).(User)
	return u, ok
}
