package app

import (
	"cmp"
	"context"
	"time"

	"yourticket.example/internal/config"
	"yourticket.example/workers"
)

// Promote makes the build of the configuration, or this binary's own, the
// current one once all its fleets are there, and gives its id.
func Promote(ctx context.Context, cfg config.Config, wait time.Duration) (build string, err error) {
	build = cmp.Or(cfg.WorkerBuildID, Version)
	c, err := openTemporal(ctx, cfg, &stores{})
	if err != nil {
		return build, err
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return build, workers.PromoteWhole(ctx, c, build)
}
