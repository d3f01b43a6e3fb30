// Package app is the composition root: it opens what a process needs and joins
// it to services and fleets. Nothing but the commands imports it.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/config"
	"yourticket.example/internal/health"
	"yourticket.example/internal/inventory"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/telemetry"
	"yourticket.example/internal/waitingroom"
)

// stores are the connections of a process and what is built on them.
type stores struct {
	catalogueDB *pgxpool.Pool
	shards      []*pgxpool.Pool
	redisDB     goredis.UniversalClient
	temporal    client.Client
	registry    *prometheus.Registry
	meter       *health.Meter
	tracing     *telemetry.Tracing // nil is off

	catalogue *postgres.Catalogue
	sales     *postgres.Sales
	events    *catalogue.Cache
	inventory *inventory.Inventory
	queue     *redis.Queue
	rooms     *waitingroom.Rooms
}

// open connects to everything. What fails to answer is named in the error;
// what was opened is closed again.
func open(ctx context.Context, cfg config.Config, name string) (*stores, error) {
	s := &stores{registry: prometheus.NewRegistry(), meter: &health.Meter{}}
	registerProcess(s.registry)
	if err := s.open(ctx, cfg, name); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stores) open(ctx context.Context, cfg config.Config, name string) (err error) {
	if s.tracing, err = startTracing(ctx, cfg, name); err != nil {
		return err
	}
	if err := s.openDatabases(ctx, cfg, name); err != nil {
		return err
	}
	if s.redisDB, err = openRedis(ctx, cfg.RedisURL.Reveal(), s.tracing); err != nil {
		return err
	}
	watchRedis(s.registry, s.redisDB)
	if s.temporal, err = openTemporal(ctx, cfg, s); err != nil {
		return err
	}
	if s.events, err = catalogue.New(s.catalogue, nil); err != nil {
		return err
	}
	s.inventory = inventory.New(redis.NewSeats(s.redisDB), s.sales, s.events)
	return s.openRooms()
}

func (s *stores) openDatabases(ctx context.Context, cfg config.Config, name string) (err error) {
	options := postgres.Options{MaxConns: 32, Name: "yourticket " + name, Tracer: s.queryTracer()}
	if s.catalogueDB, err = postgres.Open(ctx, cfg.DatabaseURL.Reveal(), options); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	s.catalogue = postgres.NewCatalogue(s.catalogueDB)
	s.showPool("catalogue", s.catalogueDB)
	for i, url := range cfg.SalesDatabases() {
		pool, err := postgres.Open(ctx, url.Reveal(), options)
		if err != nil {
			return fmt.Errorf("SALES_DATABASE_URLS: %w", err)
		}
		s.shards = append(s.shards, pool)
		s.showPool("sales"+strconv.Itoa(i), pool)
	}
	s.sales = postgres.NewSales(s.shards)
	return nil
}

func (s *stores) showPool(name string, pool *pgxpool.Pool) {
	if s.registry != nil { // a command that ends by itself shows nothing
		registerDatabase(s.registry, name, pool)
	}
}

// redisTimeouts bound every call: Redis answers in microseconds or is in trouble.
const (
	redisDial  = 2 * time.Second
	redisReply = time.Second
)

func openRedis(ctx context.Context, url string, tracing *telemetry.Tracing) (goredis.UniversalClient, error) {
	options, err := redisOptions(url)
	if err != nil {
		return nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	db := goredis.NewUniversalClient(options)
	if err := traceRedis(db, tracing); err != nil {
		return nil, errors.Join(fmt.Errorf("REDIS_URL: %w", err), db.Close())
	}
	if err := db.Ping(ctx).Err(); err != nil {
		return nil, errors.Join(fmt.Errorf("REDIS_URL: %w", err), db.Close())
	}
	return db, nil
}

// openTemporal connects with the addresses of the configuration and the TLS
// and API-key settings of Temporal's own environment variables.
func openTemporal(ctx context.Context, cfg config.Config, s *stores) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("TEMPORAL settings: %w", err)
	}
	options.HostPort, options.Namespace = cfg.TemporalAddress, cfg.TemporalNamespace
	if on, err := strconv.ParseBool(cfg.TemporalTLS); err == nil && on && options.ConnectionOptions.TLS == nil {
		options.ConnectionOptions.TLS = &tls.Config{MinVersion: tls.VersionTLS12} // by the flag
	}
	if options.DataConverter, err = dataConverter(cfg); err != nil {
		return nil, err
	}
	if options.Interceptors, err = s.tracing.Interceptors(); err != nil {
		return nil, err
	}
	if s.registry != nil {
		options.MetricsHandler = telemetry.TemporalMetrics(s.registry)
	}
	options.Logger = sdklog.NewStructuredLogger(slog.Default().With("part", "temporal"))
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("TEMPORAL_ADDRESS: %w", err)
	}
	return c, nil
}

func (s *stores) close() {
	if s.temporal != nil {
		s.temporal.Close()
	}
	if s.redisDB != nil {
		_ = s.redisDB.Close() // nothing is buffered
	}
	for _, pool := range append(s.shards, s.catalogueDB) {
		if pool != nil {
			pool.Close()
		}
	}
	s.tracing.Close() // last, so that it has the spans of all
}

func (s *stores) pingTemporal(ctx context.Context) error {
	_, err := s.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}
