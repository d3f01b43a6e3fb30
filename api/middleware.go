package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

type requestIDKey struct{}

// requestID gives the id of the request that a context belongs to, "" outside of one.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// identify gives every request an id, the caller's own when it is sane, and
// says it in the answer.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !saneRequestID(id) {
			id = rand.Text()
		}
		w.Header()["X-Request-Id"] = []string{id}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// saneRequestID takes 8 to 128 letters, digits and -_.: so that an id can stand
// in any log or URL.
func saneRequestID(id string) bool {
	if len(id) < 8 || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return false
		}
	}
	return true
}

// observe counts and times every request by its route, and logs it at debug
// level. Neither query nor address nor account is logged.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		c, _ := classify(r.Method, r.URL.Path)
		traced, span := s.startSpan(r, c)
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		s.metrics.inFlight.Inc()
		defer func() {
			s.metrics.inFlight.Dec()
			took := time.Since(start)
			route := chi.RouteContext(traced.Context()).RoutePattern()
			if route == "" {
				route = "none"
			}
			status := ww.Status()
			if status == 0 {
				status = http.StatusOK
			}
			s.metrics.record(r.Method, route, status, c.kind(), took)
			endSpan(span, r.Method, route, status)
			s.deps.Meter.Request(c.kind(), status, start.Add(took), took)
			if c.suspicious(status) {
				s.deps.Meter.SecurityEvent(start.Add(took))
			}
			if s.log.Enabled(traced.Context(), slog.LevelDebug) {
				s.log.DebugContext(traced.Context(), "request", "request_id", requestID(r.Context()), "method", r.Method,
					"route", route, "status", status, "took", took, "bytes", ww.BytesWritten())
			}
		}()
		next.ServeHTTP(ww, traced)
	})
}

// recoverPanics turns a panic into an internal problem, and logs it with its stack.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // the standard library compares it so
				panic(v)
			}
			s.log.ErrorContext(r.Context(), "panic", "request_id", requestID(r.Context()),
				"panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			if ww, ok := w.(middleware.WrapResponseWriter); !ok || ww.Status() == 0 {
				writeProblem(w, newProblem(fmt.Errorf("panic: %v", v), requestID(r.Context())))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// secure sets the headers that keep browsers from doing with an answer what it
// is not for. Pages (the reference) loosen the policy for themselves.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h["X-Content-Type-Options"] = neverSniff
		h["Content-Security-Policy"] = noContent
		h["Referrer-Policy"] = noReferrer
		if s.deps.Trusted.secure(r) {
			h["Strict-Transport-Security"] = httpsOnly
		}
		if c, _ := classify(r.Method, r.URL.Path); !c.public() {
			h["Cache-Control"] = neverStored // a handler that knows better says so
		}
		next.ServeHTTP(w, r)
	})
}

// cors lets pages of any origin call the API. It is safe for tokens: they
// travel in a header that the page sets, never in a cookie that a browser adds.
func cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Origin") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Access-Control-Expose-Headers", "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id")
		if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, X-Request-Id")
			h.Set("Access-Control-Max-Age", "7200")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}
