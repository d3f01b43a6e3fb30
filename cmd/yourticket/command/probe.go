package command

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"yourticket.example/internal/app"
)

// probeCommand makes synthetic checks.
type probeCommand struct {
	APIURL        string `name:"api-url" env:"YOURTICKET_API_URL" required:"" placeholder:"URL" help:"Address of the API, as buyers reach it."`
	Once          bool   `env:"PROBE_ONCE" help:"Make the checks once, print them, and exit 1 when one failed."`
	MetricsListen string `env:"METRICS_LISTEN" placeholder:"ADDRESS" help:"Address for health and metrics, such as :9100 (default: none)."`
	LogLevel      string `name:"log-level" env:"LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
}

// Run probes until ctx ends.
func (c *probeCommand) Run(ctx context.Context, s streams) error {
	if err := prepareLogs(c.LogLevel, s.err); err != nil {
		return err
	}
	if !strings.HasPrefix(c.APIURL, "http://") && !strings.HasPrefix(c.APIURL, "https://") {
		return usageError{errors.New("YOURTICKET_API_URL: must begin with http:// or https://")}
	}
	if err := listening("METRICS_LISTEN", c.MetricsListen); err != nil {
		return err
	}
	if !c.Once {
		return app.RunProbe(ctx, c.APIURL, c.MetricsListen)
	}
	round := app.ProbeOnce(ctx, c.APIURL)
	for _, r := range round.Results {
		word := "ok"
		if r.Fault != "" {
			word = "FAILED: " + r.Fault
		}
		fmt.Fprintf(s.out, "%-8s %6d ms  %s\n", r.Check, r.Took.Milliseconds(), word)
	}
	if failed := round.Failed(); len(failed) > 0 {
		return fmt.Errorf("%d checks failed", len(failed))
	}
	return nil
}
