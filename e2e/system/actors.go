package system

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// sequence numbers accounts and events of a system.
type sequence struct{ n atomic.Int64 }

func (s *sequence) next() int64 { return s.n.Add(1) }

// Account makes an account with these roles, a buyer without any, and logs it
// in at the first api. The row and the token are what registration and login
// make, without their password hashing, which would take a crowd minutes.
func (s *System) Account(ctx context.Context, roles ...ticket.Role) (*Client, error) {
	if len(roles) == 0 {
		roles = []ticket.Role{ticket.RoleBuyer}
	}
	u := ticket.User{ID: ticket.NewID(ticket.KindUser, 0), Name: "Somebody", Roles: roles}
	u.Email = fmt.Sprintf("%s@shop.example", u.ID)
	err := s.catalog.CreateUser(ctx, ticket.Account{User: u, PasswordHash: "none"})
	for began := time.Now(); ticket.CodeOf(err) == ticket.CodeUnavailable && time.Since(began) < setupWithin; {
		err = s.catalog.CreateUser(ctx, ticket.Account{User: u, PasswordHash: "none"})
	}
	if err != nil {
		return nil, err
	}
	token, _, err := s.tokens.Issue(auth.User{ID: u.ID, Roles: roles})
	if err != nil {
		return nil, err
	}
	return &Client{UserID: u.ID, Token: token, Base: s.APIs[0].URL, web: s.web}, nil
}

// Renew is the same account with a token that is fresh.
func (s *System) Renew(c *Client) (*Client, error) {
	other := *c
	u, err := s.catalog.User(context.Background(), c.UserID)
	if err != nil {
		return nil, err
	}
	other.Token, _, err = s.tokens.Issue(auth.User{ID: u.ID, Roles: u.Roles})
	return &other, err
}

// Buyers makes n buyers.
func (s *System) Buyers(ctx context.Context, n int) ([]*Client, error) {
	out := make([]*Client, n)
	for i := range out {
		c, err := s.Account(ctx)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

// Anonymous calls without an account.
func (s *System) Anonymous() *Client { return &Client{Base: s.APIs[0].URL, web: s.web} }

// Expired is the same account with a token whose time is over.
func (s *System) Expired(c *Client) (*Client, error) {
	then := func() time.Time { return time.Now().Add(-2 * auth.AccessLife) }
	tokens, err := auth.NewTokens(s.signing, then)
	if err != nil {
		return nil, err
	}
	other := *c
	other.Token, _, err = tokens.Issue(auth.User{ID: c.UserID, Roles: []ticket.Role{ticket.RoleBuyer}})
	return &other, err
}
