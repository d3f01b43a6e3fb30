package command

import (
	"context"
	"log/slog"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
)

// codecCommand opens sealed histories for support.
type codecCommand struct {
	config.Config
	Listen   string   `env:"LISTEN" default:":8081" placeholder:"ADDRESS" help:"Address to listen on; port 0 picks a free one (default: ${default})."`
	UIOrigin []string `name:"ui-origin" env:"TEMPORAL_UI_ORIGIN" default:"http://localhost:8233,http://127.0.0.1:8233" placeholder:"URL,..." help:"Addresses of the Temporal UI."`
}

// Run serves until ctx ends.
func (c *codecCommand) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, "DATABASE_URL", "PAYLOAD_KEYS"); err != nil {
		return err
	}
	if err := listening("LISTEN", c.Listen); err != nil {
		return err
	}
	return app.RunCodec(ctx, c.Config, app.CodecOptions{
		Listen: c.Listen, Origins: c.UIOrigin,
		OnReady: func(addr string) { slog.Info("codec server is ready", "address", addr) },
	})
}
