package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"

	"yourticket.example/ticket"
)

// ours are the headers that the gateway sets itself; a service's would only
// repeat them.
var ours = []string{
	"X-Request-Id", "X-Content-Type-Options", "Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security",
	"Access-Control-Allow-Origin", "Access-Control-Expose-Headers",
}

// proxy passes requests on to a service. Streams pass unbuffered.
func (s *Server) proxy(up *upstream) http.Handler {
	proxy := &httputil.ReverseProxy{
		Transport:  up,
		BufferPool: &buffers{},
		ErrorLog:   slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", up.name // the instance is chosen when the request is sent
			p.Out.Host = p.In.Host
			p.SetXForwarded()
			if addr := s.deps.Trusted.client(p.In); addr.IsValid() {
				p.Out.Header.Set("X-Forwarded-For", addr.String())
			}
			if s.deps.Trusted.secure(p.In) {
				p.Out.Header.Set("X-Forwarded-Proto", "https")
			}
			p.Out.Header.Set("X-Request-Id", requestID(p.In.Context()))
			handOnTrace(p.In.Context(), p.Out.Header)
		},
		ModifyResponse: func(res *http.Response) error {
			for _, name := range ours {
				res.Header.Del(name)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) { s.upstreamFailed(w, r, up, err) },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, _ := classify(r.Method, r.URL.Path); c == classStream || strings.HasSuffix(r.URL.Path, ".csv") { // tables may be long
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(streamFor + 2*time.Minute)) // a writer without deadlines needs none
		}
		proxy.ServeHTTP(w, r)
	})
}

// upstreamFailed answers a request that a service did not answer. The
// other services go on.
func (s *Server) upstreamFailed(w http.ResponseWriter, r *http.Request, up *upstream, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // the caller hung up
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		writeProblem(w, newProblem(ticket.Errorf(ticket.CodeTooLarge, "The body may have %d bytes at most.", tooLarge.Limit), requestID(r.Context())))
		return
	}
	s.log.WarnContext(r.Context(), "service does not answer", "service", up.name, "request_id", requestID(r.Context()), "error", err.Error())
	e := ticket.Errorf(ticket.CodeUnavailable, "The service %s does not answer at the moment.", up.name)
	e.RetryAfterSeconds = 1
	writeProblem(w, newProblem(e, requestID(r.Context())))
}

// buffers lends the memory through which answers are copied.
type buffers struct{ pool sync.Pool }

const bufferSize = 16 << 10

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return p[:]
	}
	return make([]byte, bufferSize)
}

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.pool.Put((*[bufferSize]byte)(p)) }
