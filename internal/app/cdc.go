package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yourticket.example/internal/cdc"
	"yourticket.example/internal/config"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/health"
	"yourticket.example/internal/postgres"
)

// Capturing are the variables that change capture cannot do without.
var Capturing = []string{"DATABASE_URL", "ELASTICSEARCH_URL"}

// CDCOptions say how change capture runs.
type CDCOptions struct {
	// MetricsListen serves /metrics and /healthz there; empty for none.
	MetricsListen string
	OnReady       func()
}

// bulkTimeout is how long Elasticsearch may take for a bulk write.
const bulkTimeout = 30 * time.Second

// RunCDC captures changes until ctx ends.
func RunCDC(ctx context.Context, cfg config.Config, o CDCOptions) error {
	tracing, err := startTracing(ctx, cfg, "cdc")
	if err != nil {
		return err
	}
	registry := prometheus.NewRegistry()
	s := &stores{meter: &health.Meter{}, tracing: tracing, registry: registry}
	options, err := s.captureOptions(ctx, cfg)
	if err != nil {
		return err
	}
	defer s.close()
	registerProcess(registry)
	options.Registry = registry
	capture, err := cdc.New(ctx, options)
	if err != nil {
		return err
	}
	monitor := health.NewMonitor(s.meter, []health.Part{
		{Name: "catalogue", Ping: s.catalogue.Ping}, {Name: "sales", Ping: s.sales.Ping},
	}, nil)
	registry.MustRegister(monitor)
	go monitor.Run(ctx)
	if err := serveProfiles(ctx, cfg); err != nil {
		return err
	}
	if o.MetricsListen != "" {
		serving, err := listenMetrics(ctx, o.MetricsListen, registry)
		if err != nil {
			return fmt.Errorf("METRICS_LISTEN: %w", err)
		}
		defer serving()
	}
	if o.OnReady != nil {
		o.OnReady()
	}
	capture.Run(ctx)
	return nil
}

// captureOptions opens what change capture needs; s is closed when that fails.
func (s *stores) captureOptions(ctx context.Context, cfg config.Config) (o cdc.Options, err error) {
	if err := s.openDatabases(ctx, cfg, "cdc"); err != nil {
		s.close()
		return o, err
	}
	client, err := elastic.Open(cfg.ElasticsearchURL.Reveal(), elastic.Options{
		Timeout: bulkTimeout, Instrument: s.tracing.Transport("elasticsearch"),
	})
	if err != nil {
		s.close()
		return o, fmt.Errorf("ELASTICSEARCH_URL: %w", err)
	}
	o = cdc.Options{
		Catalogue: s.catalogue, Sales: s.sales, Indexer: elastic.NewIndexer(client),
		CatalogueLog: postgres.NewCapture(cfg.DatabaseURL.Reveal(), s.catalogueDB),
	}
	for i, url := range cfg.SalesDatabases() {
		o.SalesLogs = append(o.SalesLogs, postgres.NewCapture(url.Reveal(), s.shards[i]))
	}
	return o, nil
}

// listenMetrics answers probes and Prometheus in the background until stop is called.
func listenMetrics(ctx context.Context, address string, registry *prometheus.Registry) (stop func(), err error) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	slog.InfoContext(ctx, "metrics", "address", listener.Addr().String())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			slog.Warn("metrics", "error", err)
		}
	}()
	return func() { _ = server.Close() }, nil // probes need no draining
}
