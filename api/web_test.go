package api_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

func TestTheGatewayServesTheStorefront(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/", "/login", "/events/some/seats"} {
		page := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
		require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"), path)
		require.Contains(t, page.header.Get("Content-Security-Policy"), "script-src 'self'", "the page's own policy")
		w.do(t, "GET", path, "", nil, header{"If-None-Match", page.header.Get("ETag")}).want(t, http.StatusNotModified)
	}
	w.do(t, "POST", "/login", "", nil).problem(t, http.StatusMethodNotAllowed, ticket.CodeMethodNotAllowed)
}

func TestWhatIsNoPageIsToldToPersonsAndPrograms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	browser := header{"Accept", "text/html,application/xhtml+xml"}
	page := w.do(t, "GET", "/nowhere", "", nil, browser).want(t, http.StatusNotFound)
	require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
	w.do(t, "GET", "/nowhere", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "GET", "/v1/nowhere", "", nil, browser).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	w.do(t, "POST", "/nowhere", "", nil, browser).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	for _, path := range []string{"/docs", "/healthz", "/openapi.json"} {
		answer := w.do(t, "GET", path, "", nil, browser).want(t, http.StatusOK)
		require.NotContains(t, string(answer.raw), "/assets/", path)
	}
}

func TestServicesBehindTheGatewayHaveNoStorefront(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	events, err := catalogue.New(w.store, nil)
	require.NoError(t, err)
	server, err := api.New(api.Deps{Tokens: w.auth, CatalogueDeps: api.CatalogueDeps{
		Requests: w.store, Events: events, Catalogue: w.store, Availability: w.seats, Blocks: w.seats, SalesBooks: w.sales,
	}}, "events")
	require.NoError(t, err)
	w.listen(t, server)
	w.do(t, "GET", "/", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
}

func TestASandboxAddressThatIsNoneStopsTheStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := api.New(api.Deps{Tokens: w.auth, WebDeps: api.WebDeps{PaymentSandbox: "nonsense"}, CatalogueDeps: api.CatalogueDeps{
		Accounts: w.auth, Keys: w.auth.Keys, Secrets: w.auth.Passwords, Persons: noPersons{}, Requests: w.store,
	}}, "gateway")
	require.ErrorContains(t, err, "sandbox")
}
