package app

import (
	"context"
	"runtime"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/redis/go-redis/extra/redisotel/v9"
	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/internal/config"
	"yourticket.example/internal/health"
	"yourticket.example/internal/telemetry"
	"yourticket.example/workflows"
)

// startTracing sends the traces of a process of this kind to where the
// configuration says; nil for nowhere.
func startTracing(ctx context.Context, cfg config.Config, kind string) (*telemetry.Tracing, error) {
	return telemetry.Start(ctx, telemetry.Options{
		Service: "yourticket-" + kind, Version: Version, Endpoint: cfg.TracesURL(), Protocol: cfg.TracesProtocol(),
		Sampler: cfg.OTelSampler, SamplerArg: cfg.OTelSamplerArg, Quiet: []string{workflows.OnSaleType},
	})
}

// registerProcess shows what every process is and takes.
func registerProcess(r prometheus.Registerer) {
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "yourticket_build_info", Help: "Always 1; its labels say what was built.",
		ConstLabels: prometheus.Labels{"version": Version, "go_version": runtime.Version()},
	})
	build.Set(1)
	cpus := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "yourticket_cpus", Help: "Processors that the process may use at the same time, by its control group.",
	})
	cpus.Set(health.CPUs())
	r.MustRegister(build, cpus, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// traceRedis traces commands without their arguments, which name buyers.
func traceRedis(db goredis.UniversalClient, tracing *telemetry.Tracing) error {
	if tracing == nil {
		return nil
	}
	return redisotel.InstrumentTracing(db, redisotel.WithTracerProvider(tracing.Provider()),
		redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false))
}

// queryTracer times every query, and traces it when traces are on.
func (s *stores) queryTracer() pgx.QueryTracer {
	var registry prometheus.Registerer // nil where nobody reads metrics, as in an audit
	if s.registry != nil {
		registry = s.registry
	}
	meter := newQueryMeter(s.meter, registry)
	if s.tracing == nil {
		return meter
	}
	return multitracer.New(meter, otelpgx.NewTracer(otelpgx.WithTracerProvider(s.tracing.Provider())))
}
