package command

import (
	"context"
	"log/slog"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
)

// cdcCommand captures changes.
type cdcCommand struct {
	config.Config
	MetricsListen string `env:"METRICS_LISTEN" placeholder:"ADDRESS" help:"Address for health and metrics, such as :9100 (default: none)."`
}

// Help says what help alone cannot in one line.
func (*cdcCommand) Help() string {
	return `Keeps Elasticsearch in step with the catalogue database, and the catalogue's stock of
each event in step with the sales databases, by logical replication. Run two: one works,
the other takes over within seconds. The databases need wal_level=logical and a user with
the REPLICATION attribute.`
}

// Run captures until ctx ends.
func (c *cdcCommand) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, app.Capturing...); err != nil {
		return err
	}
	if err := listening("METRICS_LISTEN", c.MetricsListen); err != nil {
		return err
	}
	return app.RunCDC(ctx, c.Config, app.CDCOptions{
		MetricsListen: c.MetricsListen,
		OnReady:       func() { slog.Info("cdc is ready") },
	})
}
