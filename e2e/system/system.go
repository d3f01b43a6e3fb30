package system

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"go.temporal.io/sdk/client"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/parts"
	"yourticket.example/internal/postgres"
)

// System is a running YourTicket.
type System struct {
	Options

	Postgres *parts.Part
	Redis    *parts.Part
	Temporal *parts.Part
	// Elasticsearch is nil unless the options ask for it.
	Elasticsearch *parts.Part
	// TemporalDB is Temporal's own PostgreSQL, with StorePostgres.
	TemporalDB *parts.Part
	Sandbox    *Process
	APIs       []*Process
	Workers    []*Process
	CDCs       []*Process
	// Codec is nil unless the options have a desk.
	Codec  *Process
	others []*Process

	// CatalogueDB and Shards read what the processes wrote.
	CatalogueDB *pgxpool.Pool
	Shards      []*pgxpool.Pool
	RedisDB     *redis.Client
	TemporalSDK client.Client

	dir     string
	binary  string
	codecAt int      // the codec server's port, which the UI must know before it runs
	urls    []string // of the catalogue, then of each shard
	theirs  []string // the same, as the processes reach them
	keys    sandboxKeys
	web     *http.Client
	catalog *postgres.Catalogue
	signing *auth.Keys
	tokens  *auth.Tokens
	seq     sequence
}

// sandboxKeys are the credentials between the processes and their sandbox.
type sandboxKeys struct{ stripe, stripeHook, paypalID, paypalSecret, paypalHook string }

// Start starts a system and returns when all of it is ready. A system that did
// not start is stopped again; its logs are in the error.
func Start(ctx context.Context, o Options) (s *System, err error) {
	s = &System{Options: o.withDefaults(), web: newWebClient(), keys: sandboxKeys{
		stripe: "sk_test_" + rand.Text(), stripeHook: "whsec_" + rand.Text(),
		paypalID: "client-" + rand.Text(), paypalSecret: rand.Text(), paypalHook: "WH-" + rand.Text(),
	}}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("%w\n%s", err, s.Logs(40)), s.Stop())
			s = nil
		}
	}()
	if s.binary, err = Binary(ctx); err != nil {
		return s, err
	}
	if s.dir, err = os.MkdirTemp("", "yourticket-e2e-"); err != nil {
		return s, err
	}
	// PostgreSQL may have to run as another user, who must get in.
	if err = os.Chmod(s.dir, 0o755); err != nil {
		return s, err
	}
	for _, step := range []func(context.Context) error{s.startParts, s.migrate, s.connect, s.startProcesses} {
		if err = step(ctx); err != nil {
			return s, err
		}
	}
	return s, nil
}

// newWebClient keeps as many connections as a crowd of buyers has.
func newWebClient() *http.Client {
	return &http.Client{
		Timeout: 90 * time.Second,
		Transport: &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			MaxIdleConns:        2000,
			MaxIdleConnsPerHost: 1000,
			IdleConnTimeout:     time.Minute,
		},
	}
}

func (s *System) startParts(ctx context.Context) error {
	o := parts.Options{Dir: s.dir, Ephemeral: !s.Durable, Say: s.Say}
	starts := []func() error{
		func() (err error) { s.Postgres, err = parts.StartPostgres(ctx, o); return err },
		func() (err error) {
			empty := o
			empty.Ephemeral = true // a Redis that restarts is empty
			s.Redis, err = parts.StartRedis(ctx, empty)
			return err
		},
	}
	if s.Options.Elasticsearch {
		starts = append(starts, func() (err error) { s.Elasticsearch, err = parts.StartElasticsearch(ctx, o); return err })
	}
	if s.TemporalStore != StorePostgres {
		starts = append(starts, func() error { return s.startTemporal(ctx, "") })
	}
	if err := all(starts); err != nil {
		return err
	}
	if s.TemporalStore != StorePostgres {
		return nil
	}
	o.Dir = filepath.Join(s.dir, "temporal-db")
	var err error
	if s.TemporalDB, err = parts.StartPostgres(ctx, o); err != nil {
		return err
	}
	return s.startTemporal(ctx, s.TemporalDB.URL)
}

func (s *System) startTemporal(ctx context.Context, postgresURL string) (err error) {
	o := parts.TemporalOptions{NoUI: !s.Desk, PostgresURL: postgresURL}
	if s.Desk {
		if s.codecAt, err = parts.FreePort(); err != nil {
			return err
		}
		o.CodecURL = fmt.Sprintf("http://127.0.0.1:%d", s.codecAt)
	}
	o.Options = parts.Options{Dir: s.dir, Ephemeral: s.TemporalStore == StoreMemory, Say: s.Say}
	s.Temporal, err = parts.StartTemporal(ctx, o)
	return err
}

// all runs the functions side by side.
func all(fs []func() error) error {
	errs := make([]error, len(fs))
	var wg sync.WaitGroup
	for i, f := range fs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// migrate makes the catalogue and two sales shards by the command that
// production uses.
func (s *System) migrate(ctx context.Context) error {
	for _, name := range []string{"yourticket", "yourticket_sales_1", "yourticket_sales_2"} {
		url, err := parts.CreateDatabase(ctx, s.Postgres.URL, name)
		if err != nil {
			return err
		}
		s.urls = append(s.urls, url)
	}
	if err := s.through(); err != nil {
		return err
	}
	out, err := s.Run(ctx, "migrate", "up")
	if err != nil {
		return fmt.Errorf("migrate up: %w: %s", err, out)
	}
	return nil
}

// through finds out how the processes reach the databases.
func (s *System) through() error {
	for _, address := range s.urls {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		if s.Through != nil {
			if u.Host, err = s.Through(u.Host); err != nil {
				return err
			}
		}
		s.theirs = append(s.theirs, u.String())
	}
	return nil
}

// connect opens the pools by which checks read.
func (s *System) connect(ctx context.Context) (err error) {
	if s.CatalogueDB, err = pgxpool.New(ctx, s.urls[0]); err != nil {
		return err
	}
	for _, url := range s.urls[1:] {
		pool, err := pgxpool.New(ctx, url+"&pool_max_conns=30")
		if err != nil {
			return err
		}
		s.Shards = append(s.Shards, pool)
	}
	o, err := redis.ParseURL(s.Redis.URL)
	if err != nil {
		return err
	}
	s.RedisDB = redis.NewClient(o)
	if s.TemporalSDK, err = client.DialContext(ctx, client.Options{HostPort: s.Temporal.URL, Logger: quiet{}}); err != nil {
		return err
	}
	s.catalog = postgres.NewCatalogue(s.CatalogueDB)
	s.signing, err = auth.OpenKeys(ctx, s.catalog, time.Now)
	if err != nil {
		return err
	}
	s.tokens, err = auth.NewTokens(s.signing, time.Now)
	return err
}

// Stop stops everything, removes what it wrote, and reports what would not stop.
func (s *System) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
	defer cancel()
	var stops []func() error
	for _, p := range s.processes() {
		stops = append(stops, p.Stop)
	}
	err := all(stops)
	if s.TemporalSDK != nil {
		s.TemporalSDK.Close()
	}
	if s.RedisDB != nil {
		_ = s.RedisDB.Close() // nothing is buffered
	}
	for _, pool := range append(s.Shards, s.CatalogueDB) {
		if pool != nil {
			pool.Close()
		}
	}
	s.web.CloseIdleConnections()
	stops = nil
	for _, p := range []*parts.Part{s.Postgres, s.Redis, s.Temporal, s.Elasticsearch} {
		if p != nil {
			stops = append(stops, func() error { return p.Stop(ctx) })
		}
	}
	err = errors.Join(err, all(stops))
	if s.TemporalDB != nil { // after the server that writes to it
		err = errors.Join(err, s.TemporalDB.Stop(ctx))
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Logs gives the last lines of every log, for a failure's report.
func (s *System) Logs(lines int) string {
	files, _ := filepath.Glob(filepath.Join(s.dir, "log", "*.log")) // the pattern is well-formed
	return Tail(files, lines)
}

// Tail gives the last lines of files, as far as they can be read.
func Tail(files []string, lines int) string {
	var b strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		all := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		from := max(0, len(all)-lines)
		fmt.Fprintf(&b, "--- %s, the last %d of %d lines\n%s\n", filepath.Base(file), len(all)-from, len(all), strings.Join(all[from:], "\n"))
	}
	return b.String()
}
