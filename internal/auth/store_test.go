package auth_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// memory is a store whose SQL counterpart is tested in package postgres.
type memory struct {
	auth.Store // panics on what a test does not expect

	mu       sync.Mutex
	accounts []ticket.Account
	keys     []ticket.SigningKey
	reads    int
	now      func() time.Time
}

func (m *memory) CreateUser(_ context.Context, a ticket.Account) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.accounts = append(m.accounts, a)
	return nil
}

func (m *memory) AccountByEmail(_ context.Context, email string) (ticket.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.accounts {
		if strings.EqualFold(a.Email, email) {
			return a, nil
		}
	}
	return ticket.Account{}, ticket.Errorf(ticket.CodeNotFound, "none")
}

func (m *memory) CreateSession(context.Context, string, string, []byte, time.Time) error { return nil }

func (m *memory) SigningKeys(context.Context) ([]ticket.SigningKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads++
	return slices.Clone(m.keys), nil
}

func (m *memory) AddSigningKey(_ context.Context, k ticket.SigningKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, known := range m.keys {
		if known.Purpose == k.Purpose && known.RetiredAt.IsZero() {
			return nil
		}
	}
	m.keys = append(m.keys, k)
	return nil
}

func (m *memory) RotateSigningKey(_ context.Context, k ticket.SigningKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.keys {
		if m.keys[i].Purpose == k.Purpose && m.keys[i].RetiredAt.IsZero() {
			m.keys[i].RetiredAt = m.now()
		}
	}
	m.keys = append([]ticket.SigningKey{k}, m.keys...)
	return nil
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

func newService(t *testing.T) (*auth.Service, *memory, *clock) {
	t.Helper()
	c := &clock{t: time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)}
	m := &memory{now: c.now}
	s, err := auth.New(t.Context(), m, c.now)
	require.NoError(t, err)
	return s, m, c
}

var someone = auth.User{ID: "us_1", SessionID: "se_1", Roles: []ticket.Role{ticket.RoleBuyer}}
