package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"yourticket.example/internal/config"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
)

// schema is one set of migrations and where it goes.
type schema struct {
	name, url, set string
	files          fs.FS
}

func schemas(cfg config.Config) []schema {
	out := []schema{{"catalogue", cfg.DatabaseURL.Reveal(), "catalogue", migrations.Catalogue()}}
	for i, url := range cfg.SalesDatabases() {
		out = append(out, schema{fmt.Sprintf("sales shard %d", i), url.Reveal(), "sales", migrations.Sales()})
	}
	return out
}

// MigrateUp applies missing migrations to the catalogue and every shard, tells
// the directory of the shards, and writes what it did.
func MigrateUp(ctx context.Context, cfg config.Config, out io.Writer) error {
	for _, s := range schemas(cfg) {
		applied, err := postgres.MigrateUp(ctx, s.url, s.set, s.files)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		fmt.Fprintf(out, "%s: %d migrations applied\n", s.name, len(applied))
	}
	pool, err := postgres.Open(ctx, cfg.DatabaseURL.Reveal(), postgres.Options{MaxConns: 1, Name: "yourticket migrate"})
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.NewCatalogue(pool).RegisterShards(ctx, len(cfg.SalesDatabases()))
}

// MigrateStatus writes which migrations are applied where. It fails when one is missing.
func MigrateStatus(ctx context.Context, cfg config.Config, out io.Writer) error {
	var missing error
	for _, s := range schemas(cfg) {
		states, err := postgres.MigrateStatus(ctx, s.url, s.set, s.files)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for _, m := range states {
			fmt.Fprintf(out, "%s: %v\n", s.name, m)
			if !m.Applied {
				missing = errors.New("migrations are missing: run yourticket migrate up")
			}
		}
	}
	return missing
}
