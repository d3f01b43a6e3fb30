package command

import (
	"context"
	"fmt"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
)

// keysCommand has the commands about signing keys.
type keysCommand struct {
	Rotate keysRotate `cmd:"" help:"Sign with a new key; the old one stays published until what it signed has ended."`
}

type keysRotate struct {
	config.Config
	Purpose string `arg:"" enum:"access,ticket" help:"What the key signs: access (tokens) or ticket (codes)."`
}

// Run makes the new key; processes that run take it up within a minute.
func (c *keysRotate) Run(ctx context.Context, s streams) error {
	if err := prepare(c.Config, s.err, config.Migrating...); err != nil {
		return err
	}
	if err := app.RotateKey(ctx, c.Config, c.Purpose); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.out, "a new key signs: %s\n", c.Purpose)
	return err
}
