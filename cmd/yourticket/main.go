// Command yourticket is the whole of YourTicket in one binary: its services,
// its workers, its tools, and `yourticket dev`, which runs all of it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"yourticket.example/cmd/yourticket/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // A second signal ends the process at once.
	os.Exit(command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
