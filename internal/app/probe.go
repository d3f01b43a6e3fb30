package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"yourticket.example/internal/probe"
)

// RunProbe makes the synthetic checks until ctx ends.
func RunProbe(ctx context.Context, apiURL, metricsListen string) error {
	registry := prometheus.NewRegistry()
	registerProcess(registry)
	prober := probe.New(probe.Options{URL: apiURL, Registerer: registry})
	if metricsListen != "" {
		stop, err := listenMetrics(ctx, metricsListen, registry)
		if err != nil {
			return fmt.Errorf("METRICS_LISTEN: %w", err)
		}
		defer stop()
	}
	prober.Run(ctx)
	return nil
}

// ProbeOnce makes the synthetic checks once.
func ProbeOnce(ctx context.Context, apiURL string) probe.Round {
	return probe.New(probe.Options{URL: apiURL}).Once(ctx)
}
