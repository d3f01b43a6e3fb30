package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"yourticket.example/internal/health"
	"yourticket.example/internal/redis"
)

const (
	reportEvery = 2 * time.Second
	reportTime  = time.Second
)

// providersNow tells how payment providers answer the workers; they report it
// in Redis, since an API process asks no provider.
func (s *stores) providersNow(ctx context.Context) (health.Providers, error) {
	v, err := s.queue.Providers(ctx)
	return health.Providers{P99: v.P99, Calls: uint64(max(0, v.Calls)), Away: v.Away}, err
}

// watchWorker shows how a worker is, as an API process shows it at /v1/status,
// and reports how the providers answer it, until ctx ends.
func (s *stores) watchWorker(ctx context.Context, pay payments) {
	monitor := health.NewMonitor(s.meter, []health.Part{
		{Name: "catalogue", Ping: s.catalogue.Ping}, {Name: "sales", Ping: s.sales.Ping},
		{Name: "redis", Ping: func(ctx context.Context) error { return s.redisDB.Ping(ctx).Err() }},
		{Name: "temporal", Ping: s.pingTemporal},
	}, nil)
	monitor.WatchProviders(s.providersNow)
	s.registry.MustRegister(monitor)
	go monitor.Run(ctx)
	go s.reportProviders(ctx, pay)
}

// reportProviders says every two seconds how the providers answered this
// process. One that asks none, and finds none away, says nothing.
func (s *stores) reportProviders(ctx context.Context, pay payments) {
	process, quiet := rand.Text()[:12], true
	tick := time.NewTicker(reportEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := s.meter.Providers(time.Now())
		v := redis.ProviderVitals{P99: now.P99, Calls: int64(now.Calls)} //nolint:gosec // calls of a minute
		for _, guard := range pay.guards {
			if guard.Away() {
				v.Away++
			}
		}
		nothing := v.Calls == 0 && v.Away == 0
		if nothing && quiet {
			continue
		}
		quiet = nothing
		reporting, cancel := context.WithTimeout(ctx, reportTime)
		if err := s.queue.ReportProviders(reporting, process, v); err != nil && ctx.Err() == nil {
			slog.DebugContext(ctx, "how providers answer is not reported", "error", err)
		}
		cancel()
	}
}
