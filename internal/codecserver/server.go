// Package codecserver opens sealed payloads for support, in the browser that
// shows the Temporal UI, and seals what support types there. It serves the
// support role alone, and logs who looked.
package codecserver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/converter"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// Accounts knows callers by their tokens, and gives tokens for passwords.
type Accounts interface {
	Verify(ctx context.Context, token string) (auth.User, error)
	LogIn(ctx context.Context, email, password string) (auth.Session, error)
}

// Options say what a server opens, and for whom.
type Options struct {
	Codec    converter.PayloadCodec
	Accounts Accounts
	// Origins are the addresses of the Temporal UI, such as http://localhost:8233.
	Origins []string
	// Namespace is where the workflows are; default "default".
	Namespace string
	// Logger takes who opened payloads; default slog.Default.
	Logger *slog.Logger
}

const (
	// mostBody bounds a request: the UI asks for a page of events at a time.
	mostBody = 8 << 20
	// cookie holds the access token of whoever logged in on the server's own page.
	cookie = "yourticket_codec"
	// afterFailure is how long nobody can log in after a wrong password.
	afterFailure = time.Second
)

// Server is an http.Handler. It is safe for concurrent use.
type Server struct {
	Options
	codec   http.Handler
	mux     *http.ServeMux
	logins  sync.Mutex // one at a time, so that passwords cannot be tried in bulk
	pausing func(time.Duration)
}

// New makes a server.
func New(o Options) (*Server, error) {
	if o.Codec == nil || o.Accounts == nil {
		return nil, errors.New("codecserver: a codec and accounts are needed")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Server{Options: o, codec: converter.NewPayloadCodecHTTPHandler(o.Codec), mux: http.NewServeMux(), pausing: time.Sleep}
	s.mux.HandleFunc("GET /{$}", s.page)
	s.mux.HandleFunc("POST /login", s.logIn)
	s.mux.HandleFunc("POST /logout", s.logOut)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	for _, namespace := range []string{"", "/{namespace}"} {
		s.mux.HandleFunc("POST "+namespace+"/decode", s.translate("/decode"))
		// With a codec server the UI sends no update and starts no workflow whose
		// input was not sealed first.
		s.mux.HandleFunc("POST "+namespace+"/encode", s.translate("/encode"))
		s.mux.HandleFunc("OPTIONS "+namespace+"/decode", s.preflight)
		s.mux.HandleFunc("OPTIONS "+namespace+"/encode", s.preflight)
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	s.mux.ServeHTTP(w, r)
}

// admit lets the UI's pages read answers. It is false for pages of others.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true // no browser page
	}
	w.Header().Add("Vary", "Origin")
	if !slices.Contains(s.Origins, origin) {
		return false
	}
	w.Header().Set("Access-Control-Allow-Origin", origin)
	w.Header().Set("Access-Control-Allow-Credentials", "true")
	return true
}

func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	if !s.admit(w, r) {
		http.Error(w, "This origin is not the Temporal UI.", http.StatusForbidden)
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Namespace")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}

// translate passes payloads through the codec, for support.
func (s *Server) translate(path string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		u, ok := s.supporter(w, r)
		if !ok {
			return
		}
		s.Logger.InfoContext(r.Context(), "payloads pass the codec",
			"way", path, "user", u.ID, "namespace", namespaceOf(r), "bytes", r.ContentLength)
		r.Body = http.MaxBytesReader(w, r.Body, mostBody)
		forwarded := r.Clone(r.Context())
		forwarded.URL.Path = path
		s.codec.ServeHTTP(w, forwarded)
	}
}

// supporter is who asks; what is no page of the UI in the hands of support has
// been answered.
func (s *Server) supporter(w http.ResponseWriter, r *http.Request) (auth.User, bool) {
	if !s.admit(w, r) {
		http.Error(w, "This origin is not the Temporal UI.", http.StatusForbidden)
		return auth.User{}, false
	}
	u, err := s.caller(r)
	switch {
	case ticket.CodeOf(err) == ticket.CodeUnauthorized:
		http.Error(w, "Log in on the codec server's page first.", http.StatusUnauthorized)
		return u, false
	case err != nil:
		s.Logger.WarnContext(r.Context(), "callers cannot be checked", "error", err)
		http.Error(w, "Callers cannot be checked now.", http.StatusServiceUnavailable)
		return u, false
	case !u.Has(ticket.RoleSupport):
		http.Error(w, "Only support may read histories.", http.StatusForbidden)
		return u, false
	}
	return u, true
}

func namespaceOf(r *http.Request) string {
	if name := r.Header.Get("X-Namespace"); name != "" {
		return name
	}
	return r.PathValue("namespace")
}
