package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"yourticket.example/web"
)

// WebDeps is what the storefront works with.
type WebDeps struct {
	// PaymentSandbox is the address of the payment sandbox, when it stands in
	// for a provider; the storefront then offers test cards. Empty where money
	// is real.
	PaymentSandbox string
}

// mountWeb serves the storefront's pages, which are part of the gateway. Only
// paths that the storefront has are routes, so that all others are answered as
// before; a person who asks for one of those gets a page instead of a problem.
func (s *Server) mountWeb(router chi.Router) error {
	store, err := web.New(web.Options{PaymentSandbox: s.deps.PaymentSandbox})
	if err != nil {
		return fmt.Errorf("api: storefront: %w", err)
	}
	for _, pattern := range web.Routes() {
		router.Method(http.MethodGet, pattern, store)
	}
	router.NotFound(func(w http.ResponseWriter, r *http.Request) {
		if forPerson(r) {
			store.Missing(w, r)
			return
		}
		s.noRoute(w, r)
	})
	return nil
}

// forPerson tells whether a browser navigates to this path, rather than a
// program asking the API for it.
func forPerson(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) &&
		!strings.HasPrefix(r.URL.Path, "/v1/") && strings.Contains(r.Header.Get("Accept"), "text/html")
}
