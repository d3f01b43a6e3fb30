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
	"github.com/prometheus/client_golang/prometheus/collectors"
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
	options, closeAll, err := captureOptions(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeAll()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	options.Registry = registry
	capture, err := cdc.New(ctx, options)
	if err != nil {
		return err
	}
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

// captureOptions opens what change capture needs; closeAll closes it.
func captureOptions(ctx context.Context, cfg config.Config) (o cdc.Options, closeAll func(), err error) {
	s := &stores{meter: &health.Meter{}}
	if err := s.openDatabases(ctx, cfg, "cdc"); err != nil {
		s.close()
		return o, nil, err
	}
	client, err := elastic.Open(cfg.ElasticsearchURL.Reveal(), elastic.Options{Timeout: bulkTimeout})
	if err != nil {
		s.close()
		return o, nil, fmt.Errorf("ELASTICSEARCH_URL: %w", err)
	}
	o = cdc.Options{
		Catalogue: s.catalogue, Sales: s.sales, Indexer: elastic.NewIndexer(client),
		CatalogueLog: postgres.NewCapture(cfg.DatabaseURL.Reveal(), s.catalogueDB),
	}
	for i, url := range cfg.SalesDatabases() {
		o.SalesLogs = append(o.SalesLogs, postgres.NewCapture(url.Reveal(), s.shards[i]))
	}
	return o, s.close, nil
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
