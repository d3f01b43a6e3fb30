package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
)

// apiCommand serves HTTP.
type apiCommand struct {
	config.Config
	Services []string `env:"SERVICES" default:"${services}" enum:"${services}" help:"Services to run: ${enum}."`
	Listen   string   `env:"LISTEN" default:":8080" placeholder:"ADDRESS" help:"Address to listen on; port 0 picks a free one (default: ${default})."`
}

// Run serves until ctx ends.
func (c *apiCommand) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, config.Serving...); err != nil {
		return err
	}
	if err := listening("LISTEN", c.Listen); err != nil {
		return err
	}
	if len(c.Services) == 0 {
		return usageError{errors.New("SERVICES: names no service")}
	}
	return app.RunAPI(ctx, c.Config, app.APIOptions{
		Services: c.Services,
		Listen:   c.Listen,
		OnReady:  func(addr string) { slog.Info("api is ready", "address", addr, "services", c.Services) },
	})
}

// workerCommand runs workflows and activities.
type workerCommand struct {
	config.Config
	Fleets        []string `env:"FLEETS" default:"${fleets}" enum:"${fleets}" help:"Fleets to run: ${enum}."`
	Promote       bool     `env:"PROMOTE" help:"Make this build the current one: new workflows start on it."`
	MetricsListen string   `env:"METRICS_LISTEN" placeholder:"ADDRESS" help:"Address for health and metrics, such as :9100 (default: none)."`
}

// Run works until ctx ends.
func (c *workerCommand) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, config.Serving...); err != nil {
		return err
	}
	if err := listening("METRICS_LISTEN", c.MetricsListen); err != nil {
		return err
	}
	if len(c.Fleets) == 0 {
		return usageError{errors.New("FLEETS: names no fleet")}
	}
	return app.RunWorkers(ctx, c.Config, app.WorkerOptions{
		Fleets:        c.Fleets,
		MetricsListen: c.MetricsListen,
		Promote:       c.Promote,
		OnReady:       func() { slog.Info("worker is ready", "fleets", c.Fleets) },
	})
}

// migrateCommand has the commands about the schema.
type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Apply the migrations that are missing."`
	Status migrateStatus `cmd:"" help:"Print which migrations are applied."`
}

type migrateUp struct{ config.Config }

// Run applies the migrations that are missing.
func (c *migrateUp) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, config.Migrating...); err != nil {
		return err
	}
	return app.MigrateUp(ctx, c.Config, s.out)
}

type migrateStatus struct{ config.Config }

// Run prints which migrations are applied.
func (c *migrateStatus) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, config.Migrating...); err != nil {
		return err
	}
	return app.MigrateStatus(ctx, c.Config, s.out)
}

// versionCommand prints what was built.
type versionCommand struct{}

// Run prints one line.
func (versionCommand) Run(s streams) error {
	_, err := fmt.Fprintln(s.out, "yourticket", Version())
	return err
}
