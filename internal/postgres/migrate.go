package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// MigrationState is one migration of a database.
type MigrationState struct {
	Version   int64
	File      string
	Applied   bool
	AppliedAt time.Time // zero until applied
}

// MigrateUp brings a database to the newest schema of the set and returns the
// migrations that it applied. Processes that start together are safe: an
// advisory lock lets one work while the others wait. Each set keeps its own
// version table, so that several may share a database.
func MigrateUp(ctx context.Context, url, set string, files fs.FS) (applied []MigrationState, err error) {
	defer wrap(&err, "postgres.MigrateUp(%s)", set)
	provider, err := migrations(url, set, files)
	if err != nil {
		return nil, err
	}
	results, err := provider.Up(ctx)
	for _, r := range results {
		applied = append(applied, MigrationState{
			Version: r.Source.Version, File: path.Base(r.Source.Path), Applied: true, AppliedAt: time.Now(),
		})
	}
	return applied, errors.Join(err, provider.Close())
}

// MigrateStatus lists the migrations of the set, applied or not, oldest first.
func MigrateStatus(ctx context.Context, url, set string, files fs.FS) (states []MigrationState, err error) {
	defer wrap(&err, "postgres.MigrateStatus(%s)", set)
	provider, err := migrations(url, set, files)
	if err != nil {
		return nil, err
	}
	found, err := provider.Status(ctx)
	for _, s := range found {
		states = append(states, MigrationState{
			Version: s.Source.Version, File: path.Base(s.Source.Path),
			Applied: s.State == goose.StateApplied, AppliedAt: s.AppliedAt,
		})
	}
	return states, errors.Join(err, provider.Close())
}

func migrations(url, set string, files fs.FS) (*goose.Provider, error) {
	db, err := openForMigration(url)
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, fmt.Errorf("advisory lock: %w", err)
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithTableName("schema_"+set), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true),
		goose.WithAllowOutofOrder(true)) // numbers are given out before the work is done
}

// openForMigration connects without the statement timeout of the pools: a
// migration may have to rewrite a table.
func openForMigration(url string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, withoutSecrets(err)
	}
	cfg.ConnectTimeout = connectTimeout
	delete(cfg.RuntimeParams, poolBound)
	setDefaults(cfg.RuntimeParams, map[string]string{"application_name": "yourticket migrate", "timezone": "UTC"})
	return stdlib.OpenDB(*cfg), nil
}
