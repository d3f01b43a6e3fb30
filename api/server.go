package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/singleflight"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/health"
	"yourticket.example/ticket"
)

// Verifier knows callers by their access tokens. A token that is not valid, for
// whatever reason, is ticket.CodeUnauthorized.
type Verifier interface {
	Verify(ctx context.Context, token string) (auth.User, error)
}

// Deps is what the services work with. A service that is not served needs none
// of its own.
type Deps struct {
	CatalogueDeps
	BookingDeps
	DoorDeps
	QueueDeps
	LiveDeps
	FinanceDeps
	SearchDeps
	GatewayDeps
	StatusDeps
	WebDeps

	// Logger takes what goes wrong, and every request at debug level; default slog.Default.
	Logger *slog.Logger
	// Registry is served at /metrics and gets the API's own metrics; default a fresh one.
	Registry *prometheus.Registry
	// Traces takes a span a request; nil for none.
	Traces trace.TracerProvider
	// Parts are what /readyz reaches, one by one.
	Parts []Part
	// Version of the build, shown in the contract; default "dev".
	Version string
	// Tokens verifies access tokens; required.
	Tokens Verifier
	// BodyTimeout is how long a body may take to arrive, where its operation says
	// nothing else; default 10 s.
	BodyTimeout time.Duration
}

// Server serves the named services over HTTP.
type Server struct {
	deps    Deps
	log     *slog.Logger
	metrics *metrics
	api     huma.API
	handler http.Handler
	turns   turns
	// derivations shares the costly derivation of keys; see derive.
	derivations singleflight.Group
	figures     figures
	plans       chan struct{} // bounds the seating plans that are read at the same time
	shedder     *shedder
	monitor     *health.Monitor
	counts      *freeCounts // of the search service
	pages       *lru.Cache[string, *eventPage]
	upstreams   []*upstream
	accessOf    map[string]access // by method and path
	tracer      trace.Tracer      // nil is off
	edge        bool              // it is the first of ours that a request meets
}

// New makes a server of the named services (ServiceNames; all of them when none
// is named). An unknown name or a missing dependency is an error.
func New(deps Deps, services ...string) (*Server, error) {
	hookHuma()
	if deps.Tokens == nil {
		return nil, errors.New("api: no verifier of access tokens")
	}
	s := &Server{deps: deps, log: deps.Logger, plans: make(chan struct{}, 2), pages: newEventPages(), accessOf: map[string]access{}}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.deps.Registry == nil {
		s.deps.Registry = prometheus.NewRegistry()
	}
	if s.deps.Traces != nil {
		s.tracer = s.deps.Traces.Tracer("yourticket.example/api")
	}
	s.edge = len(services) == 0 || slices.Contains(services, "gateway")
	s.metrics, s.shedder, s.monitor = newMetrics(s.deps.Registry), newShedder(s.deps.Registry), s.newMonitor()
	router := chi.NewRouter()
	router.Use(s.identify, s.observe, s.recoverPanics, s.secure, cors, s.limit, s.shed, middleware.GetHead)
	router.NotFound(s.noRoute)
	router.MethodNotAllowed(s.noMethod(router))
	s.api = humachi.New(router, s.document())
	if err := s.mount(router, services); err != nil {
		return nil, err
	}
	s.handler = router
	return s, nil
}

// Handler serves the API.
func (s *Server) Handler() http.Handler { return s.handler }

// document describes the API as a whole; its operations add themselves.
func (s *Server) document() huma.Config {
	version := s.deps.Version
	if version == "" {
		version = "dev"
	}
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decodeJSON}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "YourTicket", Version: version,
				Description: "Concert tickets: browse events, watch seats, hold and pay for them. " +
					"Failures are problem details (RFC 9457) whose type ends in a stable code.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
				SecuritySchemes: map[string]*huma.SecurityScheme{
					bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "An access token of POST /v1/sessions."},
				},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
	}
}

// NewHTTPServer makes a server with bounds on all that a caller could drag out.
// Bodies have a deadline of their own (route.go), since a deadline on the whole
// reading would end the context of requests that wait for a purchase.
func NewHTTPServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      90 * time.Second,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    maxHeaderBytes,
	}
}

// maxHeaderBytes: the standard library adds 4 KiB of slack of its own, so that
// 16 KiB in all are taken and more is answered 431.
const maxHeaderBytes = 12 << 10

func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, newProblem(ticket.Errorf(ticket.CodeNotFound, "There is nothing at this path."), requestID(r.Context())))
}

// noMethod answers a path that has other methods, and names them.
func (s *Server) noMethod(router chi.Routes) http.HandlerFunc {
	methods := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}
	return func(w http.ResponseWriter, r *http.Request) {
		for _, m := range methods {
			if router.Match(chi.NewRouteContext(), m, r.URL.Path) {
				w.Header().Add("Allow", m)
			}
		}
		problem := newProblem(ticket.Errorf(ticket.CodeMethodNotAllowed, "%s is not allowed here.", shortMethod(r.Method)), requestID(r.Context()))
		writeProblem(w, problem)
	}
}

func shortMethod(m string) string {
	if len(m) > 16 {
		return fmt.Sprintf("%.16s…", m)
	}
	return m
}
