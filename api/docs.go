package api

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
)

// The reference page renders the contract with a script of its own, so that it
// works where nothing but this process can be reached.
//
//go:embed reference/index.html reference/reference.js reference/reference.css
var reference embed.FS

// mountDocs serves the contract and its reference page. All operations must
// have been registered.
func (s *Server) mountDocs(router chi.Router) error {
	contract, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		return fmt.Errorf("api: contract: %w", err)
	}
	router.Get("/openapi.json", file("application/openapi+json", contract))
	for path, f := range map[string]struct{ name, kind string }{
		"/docs":               {"reference/index.html", "text/html; charset=utf-8"},
		"/docs/reference.js":  {"reference/reference.js", "text/javascript; charset=utf-8"},
		"/docs/reference.css": {"reference/reference.css", "text/css; charset=utf-8"},
	} {
		content, err := reference.ReadFile(f.name)
		if err != nil {
			return fmt.Errorf("api: reference page: %w", err)
		}
		router.Get(path, file(f.kind, content))
	}
	return nil
}

// file serves bytes that do not change while the process lives.
func file(contentType string, content []byte) http.HandlerFunc {
	sum := sha256.Sum256(content)
	etag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", etag)
		h.Set("Cache-Control", "public, max-age=60")
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'")
		if matches(r.Header.Get("If-None-Match"), etag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", contentType)
		_, _ = w.Write(content) // the caller may be gone; nobody is left to tell
	}
}
