package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

func TestRegisteredAccountLogsIn(t *testing.T) {
	t.Parallel()
	s, m, _ := newService(t)
	u, err := s.Register(t.Context(), auth.NewAccount{Email: " Ada@example.org ", Password: "correct horse", Name: " Ada "})
	require.NoError(t, err)
	require.Equal(t, ticket.User{ID: u.ID, Email: "Ada@example.org", Name: "Ada", Roles: []ticket.Role{ticket.RoleBuyer}}, u)
	require.True(t, strings.HasPrefix(m.accounts[0].PasswordHash, "$argon2id$v=19$m=19456,t=2,p=1$"))

	session, err := s.LogIn(t.Context(), "ada@example.org", "correct horse")
	require.NoError(t, err)
	caller, err := s.Verify(t.Context(), session.AccessToken)
	require.NoError(t, err)
	require.Equal(t, u.ID, caller.ID)
	require.NotEmpty(t, caller.SessionID)

	for _, wrong := range [][2]string{{"ada@example.org", "wrong horse"}, {"eve@example.org", "correct horse"}, {"eve@example.org", ""}} {
		_, err := s.LogIn(t.Context(), wrong[0], wrong[1])
		require.Equal(t, ticket.CodeBadCredentials, ticket.CodeOf(err))
	}
}

func TestFaultyAccountsNameTheField(t *testing.T) {
	t.Parallel()
	s, _, _ := newService(t)
	good := auth.NewAccount{Email: "ada@example.org", Password: "correct horse", Name: "Ada"}
	for outcome, c := range map[string]struct {
		change func(*auth.NewAccount)
		field  string
	}{
		"no address":          {func(n *auth.NewAccount) { n.Email = "" }, "email"},
		"no domain":           {func(n *auth.NewAccount) { n.Email = "ada" }, "email"},
		"with a name":         {func(n *auth.NewAccount) { n.Email = "Ada <ada@example.org>" }, "email"},
		"two dots":            {func(n *auth.NewAccount) { n.Email = "ada@example..org" }, "email"},
		"too long an address": {func(n *auth.NewAccount) { n.Email = strings.Repeat("a", 250) + "@x.org" }, "email"},
		"short password":      {func(n *auth.NewAccount) { n.Password = "1234567" }, "password"},
		"endless password":    {func(n *auth.NewAccount) { n.Password = strings.Repeat("x", 1025) }, "password"},
		"blank name":          {func(n *auth.NewAccount) { n.Name = " \t" }, "name"},
		"line in the name":    {func(n *auth.NewAccount) { n.Name = "A\nda" }, "name"},
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			n := good
			c.change(&n)
			_, err := s.Register(t.Context(), n)
			e, ok := errors.AsType[*ticket.Error](err)
			require.True(t, ok)
			require.Equal(t, ticket.CodeInvalid, e.Code)
			require.Len(t, e.Fields, 1)
			require.Equal(t, c.field, e.Fields[0].Field)
		})
	}
}

func TestDerivedKeyNeedsTheSameSecretAndSalt(t *testing.T) {
	t.Parallel()
	p, err := auth.NewPasswords()
	require.NoError(t, err)
	derive := func(secret, salt string) []byte {
		key, err := p.Derive(t.Context(), []byte(secret), []byte(salt))
		require.NoError(t, err)
		require.Len(t, key, 64)
		return key
	}
	key := derive("secret", "0123456789abcdef")
	require.Equal(t, key, derive("secret", "0123456789abcdef"))
	require.NotEqual(t, key, derive("secreT", "0123456789abcdef"))
	require.NotEqual(t, key, derive("secret", "0123456789abcdeF"))
}
