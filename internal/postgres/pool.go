package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// connectTimeout bounds one attempt to connect, TLS and login included.
const connectTimeout = 5 * time.Second

// poolBound is the setting of a URL that bounds a pool. The server does not know it.
const poolBound = "pool_max_conns"

// Options tunes a pool. The zero value is good for a service of moderate load.
type Options struct {
	// MaxConns bounds the open connections where the URL does not (pool_max_conns);
	// default 16.
	MaxConns int
	// Name is the application_name that the server shows; default "yourticket".
	Name string
	// StatementTimeout ends a statement on the server; default 10 s.
	StatementTimeout time.Duration
	// Tracer, when set, sees every statement.
	Tracer pgx.QueryTracer
}

// Open connects to the database and makes sure that it answers. Settings that
// the URL names win over the defaults made here.
func Open(ctx context.Context, url string, o Options) (*pgxpool.Pool, error) {
	cfg, err := poolConfig(url, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("postgres.Open: %w", interpret(withoutSecrets(err)))
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("postgres.Open: %w", interpret(withoutSecrets(err)))
	}
	return pool, nil
}

func poolConfig(url string, o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("postgres.Open: %w", withoutSecrets(err))
	}
	if !strings.Contains(url, poolBound+"=") {
		cfg.MaxConns = int32(cmp.Or(o.MaxConns, 16)) //nolint:gosec // a pool has some hundred connections at most
	}
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnLifetimeJitter = 10 * time.Minute
	cfg.HealthCheckPeriod = 30 * time.Second
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	cfg.ConnConfig.StatementCacheCapacity = 256
	cfg.ConnConfig.Tracer = o.Tracer
	setDefaults(cfg.ConnConfig.RuntimeParams, map[string]string{
		"application_name":                    cmp.Or(o.Name, "yourticket"),
		"timezone":                            "UTC",
		"jit":                                 "off", // compiling a short statement costs more than running it
		"statement_timeout":                   milliseconds(cmp.Or(o.StatementTimeout, 10*time.Second)),
		"lock_timeout":                        milliseconds(5 * time.Second),
		"idle_in_transaction_session_timeout": milliseconds(30 * time.Second),
	})
	return cfg, nil
}

func setDefaults(params, defaults map[string]string) {
	for k, v := range defaults {
		if _, given := params[k]; !given {
			params[k] = v
		}
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// withoutSecrets keeps the driver from quoting a connection string, which may
// hold a password.
func withoutSecrets(err error) error {
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		return errors.New("the database URL is malformed")
	}
	return err
}
