package command

import (
	"context"
	"fmt"

	"yourticket.example/cmd/yourticket/dev"
	"yourticket.example/internal/config"
)

// devCommand runs everything.
type devCommand struct {
	config.Config
	Port              int    `env:"PORT" default:"8080" help:"Port of API and storefront. For this and all ports below, 0 picks a free one."`
	TemporalPort      int    `env:"TEMPORAL_PORT" default:"7233" help:"Port of the Temporal server that is started when no address is given."`
	TemporalUIPort    int    `name:"temporal-ui-port" env:"TEMPORAL_UI_PORT" default:"8233" help:"Port of its web UI."`
	RedisPort         int    `env:"REDIS_PORT" default:"6379" help:"Port of the Redis that is started when no URL is given."`
	PostgresPort      int    `env:"POSTGRES_PORT" default:"5432" help:"Port of the PostgreSQL that is started when no URL is given."`
	ElasticsearchPort int    `env:"ELASTICSEARCH_PORT" default:"9200" help:"Port of the Elasticsearch that is started when no URL is given."`
	SandboxPort       int    `env:"SANDBOX_PORT" default:"8090" help:"Port of the payment sandbox that stands in for providers whose URL is not given."`
	DataDir           string `env:"DATA_DIR" default:".yourticket" type:"path" placeholder:"DIR" help:"Where data, logs and dev.env are kept (default: ${default})."`
	Ephemeral         bool   `env:"EPHEMERAL" help:"Keep no data."`
	Parts             bool   `env:"PARTS" help:"Start the backing parts, migrations and demo catalogue only."`
}

// Run starts everything and runs until ctx ends or a part dies.
func (c *devCommand) Run(ctx context.Context, s streams) error {
	if err := c.Validate(); err != nil {
		return usageError{err}
	}
	for _, p := range []struct {
		variable string
		port     int
	}{
		{"PORT", c.Port}, {"TEMPORAL_PORT", c.TemporalPort}, {"TEMPORAL_UI_PORT", c.TemporalUIPort}, {"REDIS_PORT", c.RedisPort},
		{"POSTGRES_PORT", c.PostgresPort}, {"ELASTICSEARCH_PORT", c.ElasticsearchPort}, {"SANDBOX_PORT", c.SandboxPort},
	} {
		if err := listening(p.variable, fmt.Sprintf(":%d", p.port)); err != nil {
			return err
		}
	}
	return dev.Run(ctx, dev.Options{
		Config: c.Config,
		Ports: dev.Ports{
			API: c.Port, Temporal: c.TemporalPort, TemporalUI: c.TemporalUIPort, Redis: c.RedisPort,
			Postgres: c.PostgresPort, Elasticsearch: c.ElasticsearchPort, Sandbox: c.SandboxPort,
		},
		DataDir:   c.DataDir,
		Ephemeral: c.Ephemeral,
		PartsOnly: c.Parts,
		Out:       s.out,
	})
}
