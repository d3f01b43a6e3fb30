package command

import (
	"context"
	"fmt"

	"yourticket.example/internal/parts"
)

// partsCommand is for the Makefile.
type partsCommand struct {
	Fetch fetchCommand `cmd:"" help:"Download and build the servers that are missing."`
}

type fetchCommand struct{}

// Run fetches what is missing and says where everything is.
func (fetchCommand) Run(ctx context.Context, s streams) error {
	return parts.Fetch(ctx, parts.Options{Say: func(line string) { fmt.Fprintln(s.out, line) }})
}
