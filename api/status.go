package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"yourticket.example/internal/health"
)

// StatusDeps is what the state of the system is told from.
type StatusDeps struct {
	// Meter gets the measurements; default a fresh one. Whoever opens the
	// databases gives it their queries.
	Meter *health.Meter
	// Degraded names features that are limited at the moment; may be nil.
	Degraded func() []string
	// Providers tells how payment providers answer the workers; may be nil.
	Providers func(context.Context) (health.Providers, error)
}

// optionalParts are the parts that the sale can do without, with what is
// limited while they are away.
var optionalParts = map[string]string{"elasticsearch": "search"}

// newMonitor watches over the process with the parts of /readyz.
func (s *Server) newMonitor() *health.Monitor {
	if s.deps.Meter == nil {
		s.deps.Meter = &health.Meter{}
	}
	var parts []health.Part
	for _, p := range s.deps.Parts {
		feature, optional := optionalParts[p.Name]
		parts = append(parts, health.Part{Name: p.Name, Ping: p.Ping, Optional: optional, Feature: feature})
	}
	m := health.NewMonitor(s.deps.Meter, parts, s.degraded)
	if s.deps.Providers != nil {
		m.WatchProviders(s.deps.Providers)
	}
	s.deps.Registry.MustRegister(m)
	return m
}

// degraded lists what this process limits itself.
func (s *Server) degraded() []string {
	var features []string
	for _, up := range s.upstreams {
		if up.away() {
			features = append(features, up.name)
		}
	}
	if s.deps.Limits != nil && s.deps.Limits.Alone() {
		features = append(features, "rate-limits")
	}
	if s.shedder.shedding() {
		features = append(features, "load-shedding")
	}
	if s.deps.Degraded != nil {
		features = append(features, s.deps.Degraded()...)
	}
	return features
}

// Watch keeps the state of the process fresh and lets it learn how much it can
// take, until ctx ends.
func (s *Server) Watch(ctx context.Context) {
	go s.shedder.run(ctx)
	s.monitor.Run(ctx)
}

// Health tells how the process is.
func (s *Server) Health(ctx context.Context) health.Report { return s.monitor.Report(ctx) }

type statusOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         health.Report
}

// registerStatus adds the state of the process, which every process serves.
func (s *Server) registerStatus(api huma.API) {
	register(s, api, huma.Operation{
		OperationID: "get-status", Method: http.MethodGet, Path: "/v1/status", Tags: []string{"Operation"},
		Summary: "How the system is", Description: "By what this process measured in the last minute.",
	}, public, func(ctx context.Context, _ *struct{}) (*statusOutput, error) {
		return &statusOutput{CacheControl: "no-store", Body: s.monitor.Report(ctx)}, nil
	})
}
