package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/ticket"
)

func TestSupportFindsAnAccountByItsAddress(t *testing.T) {
	t.Parallel()
	d := newDoors(t)
	_, support := d.token(t, ticket.RoleSupport)
	buyer, token := d.token(t, ticket.RoleBuyer)
	path := "/v1/support/accounts?email=" + strings.ToUpper(buyer) + "@example.org"
	found := d.do(t, "GET", path, support, nil).want(t, http.StatusOK).body
	require.Equal(t, buyer, found["id"])
	require.Equal(t, buyer+"@example.org", found["email"])
	d.do(t, "GET", path, token, nil).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	d.do(t, "GET", path, "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	d.do(t, "GET", "/v1/support/accounts?email=nobody@example.org", support, nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	d.do(t, "GET", "/v1/support/accounts", support, nil).problem(t, http.StatusBadRequest, ticket.CodeInvalid)
}
