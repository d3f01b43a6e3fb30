// Command temporald runs Temporal's server and its web UI in one process, for a
// single machine: development, tests and load tests.
//
// It stores its state in a SQLite file, in memory, or in PostgreSQL, creates
// the namespace and the search attributes that YourTicket's workflows use, and
// prints exactly one line on standard output once all of it answers:
//
//	ready address=127.0.0.1:7233 ui=http://127.0.0.1:8233
//
// Logs go to standard error. SIGINT and SIGTERM stop it cleanly. It exits with
// 2 for wrong usage and 1 when it cannot start; the last line on standard error
// then has the reason.
//
// It is a module of its own so that the server's several hundred dependencies
// stay out of the product's go.mod.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run parses args, serves until ctx ends, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "temporald: %v\n", err)
		return 2
	}
	if err := serve(ctx, o, stdout); err != nil {
		fmt.Fprintf(stderr, "temporald: %v\n", err)
		return 1
	}
	return 0
}

// serve starts the server and the UI, says so on stdout, and stops both when
// ctx ends. A server that does not stop within ten seconds is abandoned: its
// store survives that.
func serve(ctx context.Context, o options, stdout io.Writer) error {
	s, err := startServer(ctx, &o)
	if err != nil {
		return err
	}
	line := "ready address=" + o.address()
	if o.ui {
		ui, err := startUI(ctx, o)
		if err != nil {
			return err
		}
		defer ui.Stop()
		line += " ui=" + o.uiURL()
	}
	if _, err := fmt.Fprintln(stdout, line); err != nil {
		return fmt.Errorf("announcing readiness: %w", err)
	}
	<-ctx.Done()

	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop() }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(10 * time.Second):
		return errors.New("the server did not stop within 10 s")
	}
}
