package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
)

// promoteCommand is a rollout's last step.
type promoteCommand struct {
	config.Config
	Wait time.Duration `env:"PROMOTE_WAIT" default:"10m" help:"How long the build's workers may take to be there (default: ${default})."`
}

// Help says what help alone cannot in one line.
func (*promoteCommand) Help() string {
	return `New workflows start on the build then; purchases that are under way stay where they are.
It waits until workers of the build take tasks of every kind that those of the current build
take, and does nothing when it is the current one already.`
}

// Run waits for the workers, promotes, and says so.
func (c *promoteCommand) Run(ctx context.Context, s streams) error {
	if c.Wait <= 0 {
		return usageError{errors.New("--wait must be more than nothing")}
	}
	if err := prepare(c.Config, s.err, "TEMPORAL_ADDRESS"); err != nil {
		return err
	}
	build, err := app.Promote(ctx, c.Config, c.Wait)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "new workflows start on build %s\n", build)
	return err
}
