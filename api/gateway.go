package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/ratelimit"
)

// GatewayDeps is what stands before all services.
type GatewayDeps struct {
	// Limits bound how often callers may ask; nil for no limits. They hold where
	// the gateway is served: services behind it do not count again.
	Limits *ratelimit.Limiter
	// Trusted are the proxies before this process.
	Trusted TrustedProxies
	// Upstreams are the addresses of services that other processes serve. The
	// gateway passes their requests on; a service that this process serves
	// itself is called directly.
	Upstreams Upstreams
}

// gatewayService is the service that limits, authenticates and passes on.
const gatewayService = "gateway"

// mountUpstreams adds the routes of services that other processes serve. It
// learns them by registering the services on a router of their own, whose
// handlers never run: so the contract has their operations, and each request
// reaches what answers it.
func (s *Server) mountUpstreams(router chi.Router, served []string) error {
	if !slices.Contains(served, gatewayService) {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.deps.Upstreams)) {
		i := slices.IndexFunc(services, func(svc service) bool { return svc.name == name })
		if i < 0 {
			return fmt.Errorf("api: no service is named %q; there are %v", name, ServiceNames())
		}
		if slices.Contains(served, name) {
			continue
		}
		up, err := newUpstream(name, s.deps.Upstreams[name], s.log, s.deps.Registry)
		if err != nil {
			return err
		}
		s.upstreams = append(s.upstreams, up)
		if err := s.mountRoutes(router, up, s.routesOf(services[i])); err != nil {
			return err
		}
	}
	return nil
}

// routesOf registers a service where nobody calls it. Its operations become
// part of this process's contract.
func (s *Server) routesOf(svc service) chi.Router {
	aside := chi.NewRouter()
	document := s.document()
	document.OpenAPI = s.api.OpenAPI()
	svc.register(s, humachi.New(aside, document))
	return aside
}

func (s *Server) mountRoutes(router chi.Router, up *upstream, routes chi.Routes) error {
	proxy := s.proxy(up)
	return chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		router.Method(method, pattern, s.guard(s.accessOf[method+" "+pattern], proxy))
		return nil
	})
}

// noteAccess remembers who may call an operation, for routes that are passed on.
func (s *Server) noteAccess(op *huma.Operation, who access) {
	s.accessOf[op.Method+" "+op.Path] = who
}

// guard refuses, before anything is passed on, who may not call an operation.
// The service behind verifies the token again, so that nobody who reaches it by
// another way is believed.
func (s *Server) guard(who access, next http.Handler) http.Handler {
	if !who.login {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, err := s.bearer(r.Context(), r.Header.Get("Authorization"))
		if err == nil {
			err = who.permit(user)
		}
		if err != nil {
			writeProblem(w, s.problem(r.Context(), err))
			return
		}
		next.ServeHTTP(w, r.WithContext(auth.WithUser(r.Context(), user)))
	})
}
