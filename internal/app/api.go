package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/config"
	"yourticket.example/internal/livemap"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
)

// ServiceNames are the HTTP services.
var ServiceNames = api.ServiceNames()

// APIOptions say what an API process serves.
type APIOptions struct {
	Services []string
	// Listen is host:port; port 0 picks a free one.
	Listen  string
	OnReady func(addr string)
}

// drainFor is how long requests that are under way may take when the process stops.
const drainFor = 45 * time.Second

// RunAPI serves until ctx ends, then lets the requests under way finish.
func RunAPI(ctx context.Context, cfg config.Config, o APIOptions) error {
	s, err := open(ctx, cfg, "api")
	if err != nil {
		return err
	}
	defer s.close()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	if err := serveProfiles(background, cfg); err != nil {
		return err
	}
	server, err := s.newAPI(ctx, background, cfg, o.Services)
	if err != nil {
		return err
	}
	go s.inventory.RunSweeper(background)
	go server.Watch(background)
	go s.forgetOldRequests(background)
	go s.announceSales(background)
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", o.Listen, err)
	}
	return serve(ctx, api.NewHTTPServer(server.Handler()), listener, o.OnReady)
}

func (s *stores) newAPI(ctx, background context.Context, cfg config.Config, services []string) (*api.Server, error) {
	accounts, err := auth.New(ctx, s.catalogue, nil, auth.WithIssuer(cfg.TokenIssuer.Reveal()))
	if err != nil {
		return nil, err
	}
	go accounts.Keys.Follow(background, func(err error) { slog.Warn("signing keys", "error", err) })
	verifiers, err := s.webhookVerifiers(cfg)
	if err != nil {
		return nil, err
	}
	verifier, err := s.verifier(cfg, accounts)
	if err != nil {
		return nil, err
	}
	persons, tokens := s.newPersons(background, verifier, accounts.Passwords)
	gateway, err := s.gatewayDeps(cfg, services)
	if err != nil {
		return nil, err
	}
	hub := livemap.New(s.inventory, livemap.Options{Registry: s.registry})
	go hub.Run(ctx) // streams end when draining starts
	vitals := waitingroom.NewReporter(s.queue)
	go vitals.Run(background)
	finder, index, err := s.newSearch(background, cfg, services)
	if err != nil {
		return nil, err
	}
	search, degraded := searchDeps(finder)
	return api.New(api.Deps{
		Registry: s.registry, Traces: s.tracing.Provider(), Tokens: tokens, Version: Version,
		GatewayDeps: gateway, StatusDeps: api.StatusDeps{Meter: s.meter, Degraded: degraded, Providers: s.providersNow}, WebDeps: api.WebDeps{PaymentSandbox: paymentSandbox(cfg)},
		SearchDeps: search,
		Parts: append([]api.Part{
			{Name: "catalogue", Ping: s.catalogue.Ping}, {Name: "sales", Ping: s.sales.Ping},
			{Name: "redis", Ping: func(ctx context.Context) error { return s.redisDB.Ping(ctx).Err() }},
			{Name: "temporal", Ping: s.pingTemporal},
		}, index...),
		CatalogueDeps: api.CatalogueDeps{
			Accounts: accounts, Keys: accounts.Keys, TokenIssuer: cfg.TokenIssuer.Reveal(), Secrets: accounts.Passwords, Requests: s.catalogue, Persons: persons,
			Events: s.events, Catalogue: s.catalogue, Availability: s.inventory, Blocks: s.inventory, SalesBooks: s.sales,
			Cancellations: api.TemporalCancellations{Client: s.temporal},
		},
		FinanceDeps: api.FinanceDeps{Reconciliations: s.catalogue, Reconciler: api.TemporalReconciler{Client: s.temporal}, Ledgers: s.sales},
		LiveDeps:    api.LiveDeps{LiveMap: hub}, QueueDeps: api.QueueDeps{Rooms: s.rooms, Sales: api.TemporalSales{Client: s.temporal}},
		DoorDeps: api.DoorDeps{Checkins: s.sales, Scanner: accounts.Keys},
		BookingDeps: api.BookingDeps{
			Purchases: api.TemporalPurchases{Client: s.temporal}, Refunds: api.TemporalRefunds{Client: s.temporal},
			Reviews: api.TemporalReviews{Client: s.temporal}, Books: s.sales, Live: s.inventory,
			Admissions: s.rooms, Vitals: vitals, Claims: redis.NewClaims(s.redisDB), Plans: s.events,
			Codes: accounts.Keys, Tickets: s.sales, People: s.catalogue, Webhooks: verifiers, HoldFor: cfg.HoldFor,
		},
	}, services...)
}

// forgetOldRequests deletes once an hour what idempotency keys and refresh
// tokens have left behind.
func (s *stores) forgetOldRequests(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := s.catalogue.Sweep(ctx); err != nil && ctx.Err() == nil {
				slog.WarnContext(ctx, "old requests stay", "error", err)
			}
		}
	}
}

// serve runs a server until ctx ends, and drains it then.
func serve(ctx context.Context, server *http.Server, listener net.Listener, ready func(addr string)) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if ready != nil {
		ready(listener.Addr().String())
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	err := server.Shutdown(draining)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(err, server.Close())
	}
	return err
}
