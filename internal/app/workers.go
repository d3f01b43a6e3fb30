package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"yourticket.example/activities"
	"yourticket.example/internal/config"
	"yourticket.example/ticket"
	"yourticket.example/workers"
)

// FleetNames are the worker fleets.
var FleetNames = workers.Names()

// WorkerOptions say what a worker process runs.
type WorkerOptions struct {
	Fleets []string
	// MetricsListen serves /metrics and /healthz there; empty for none.
	MetricsListen string
	// Promote makes this build the current one even if another is.
	Promote bool
	OnReady func()
}

// mailGrace is how long a mail that is under way may take when the process stops.
const mailGrace = 5 * time.Second

// promoteWithin is how long the server may take to see a first worker.
const promoteWithin = 30 * time.Second

// RunWorkers works until ctx ends, then finishes what it has begun.
func RunWorkers(ctx context.Context, cfg config.Config, o WorkerOptions) error {
	s, err := open(ctx, cfg, "worker")
	if err != nil {
		return err
	}
	defer s.close()
	if err := serveProfiles(ctx, cfg); err != nil {
		return err
	}
	deps, err := s.workerDeps(cfg)
	if err != nil {
		return err
	}
	fleets, err := workers.Build(s.temporal, o.Fleets, deps.Deps)
	if err != nil {
		return err
	}
	started, err := startAll(fleets)
	defer stopAll(started)
	if err != nil {
		return err
	}
	background, stop := context.WithCancel(ctx)
	defer stop()
	s.watchWorker(background, deps.pay)
	if slices.Contains(o.Fleets, "finance") {
		go s.watchBooks(background, cfg)
	}
	go s.inventory.RunSweeper(background)
	mailed, err := s.sendMail(background, cfg, o.Fleets)
	if err != nil {
		return err
	}
	defer func() {
		stop()
		select { // a mail under way is ended and marked, or sent again by another
		case <-mailed:
		case <-time.After(mailGrace):
		}
	}()
	promoting, cancel := context.WithTimeout(ctx, promoteWithin)
	defer cancel()
	if err := workers.Promote(promoting, s.temporal, deps.BuildID, o.Promote); err != nil {
		return err
	}
	if slices.Contains(o.Fleets, "finance") {
		if err := workers.EnsureSchedules(promoting, s.temporal); err != nil {
			slog.WarnContext(ctx, "the schedules of finance are not there", "error", err) // the next worker to start makes them
		}
	}
	if o.MetricsListen != "" {
		return s.serveMetrics(ctx, o)
	}
	if o.OnReady != nil {
		o.OnReady()
	}
	<-ctx.Done()
	return nil
}

// workerDeps are what the fleets work with, and the providers among them.
type workerDeps struct {
	workers.Deps

	pay payments
}

func (s *stores) workerDeps(cfg config.Config) (workerDeps, error) {
	pay, err := s.providers(cfg)
	if err != nil {
		return workerDeps{}, err
	}
	refunds := &activities.Refunds{Books: s.sales, Providers: pay.patient, Seats: s.inventory, Catalogue: s.events}
	return workerDeps{pay: pay, Deps: workers.Deps{
		Seats:           &activities.Seats{Inventory: s.inventory, Catalogue: s.events, Books: s.sales, Now: time.Now},
		Bookings:        &activities.Bookings{Books: s.sales, Inventory: s.inventory, Catalogue: s.events, Rooms: s.rooms},
		Slots:           &activities.Slots{Rooms: s.rooms, Events: s.events},
		Sales:           s.saleSteps(cfg.TemporalNamespace, pay),
		Payments:        &activities.Payments{Providers: pay.fast},
		PatientPayments: &activities.Payments{Providers: pay.patient},
		Reviews:         &activities.Reviews{Books: s.sales, Providers: pay.patient},
		Refunds:         refunds,
		Cancellations:   &activities.Cancellations{Events: s.catalogue, Sales: s.sales},
		RefundBatches:   &activities.RefundBatches{Refunds: refunds, Due: s.sales, Rates: batchRates(cfg)},
		Reconciliations: s.reconciliations(pay),
		Audits:          &activities.Audits{Check: s.auditor(cfg)},
		Interceptors:    []interceptor.WorkerInterceptor{activities.StepMetrics(s.registry)},
		BuildID:         cmp.Or(cfg.WorkerBuildID, Version),
	}}, nil
}

// batchRates are what refunds of canceled events get of our share of each
// provider's rate: half, so that buyers of other events are not kept waiting.
func batchRates(cfg config.Config) map[ticket.Provider]int {
	return map[ticket.Provider]int{ticket.Stripe: max(1, cfg.StripeRate/2), ticket.PayPal: max(1, cfg.PayPalRate/2)}
}

func startAll(fleets []worker.Worker) (started []worker.Worker, err error) {
	for _, w := range fleets {
		if err := w.Start(); err != nil {
			return started, err
		}
		started = append(started, w)
	}
	return started, nil
}

func stopAll(fleets []worker.Worker) {
	for _, w := range fleets {
		w.Stop()
	}
}

// serveMetrics answers probes and Prometheus until ctx ends.
func (s *stores) serveMetrics(ctx context.Context, o WorkerOptions) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", o.MetricsListen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	err = serve(ctx, server, listener, func(addr string) {
		slog.Info("metrics", "address", addr)
		if o.OnReady != nil {
			o.OnReady()
		}
	})
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
