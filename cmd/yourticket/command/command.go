package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/alecthomas/kong"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
	"yourticket.example/internal/telemetry"
)

// Exit codes of all commands.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// cli lists the commands.
type cli struct {
	Dev      devCommand      `cmd:"" help:"Run the whole system on this machine."`
	API      apiCommand      `cmd:"" name:"api" help:"Run HTTP services."`
	Worker   workerCommand   `cmd:"" help:"Run worker fleets."`
	CDC      cdcCommand      `cmd:"" name:"cdc" help:"Capture changes: PostgreSQL to Elasticsearch."`
	Migrate  migrateCommand  `cmd:"" help:"Bring the schema of the catalogue database and of every sales shard up to date, or show it."`
	Promote  promoteCommand  `cmd:"" help:"Make a build of the workers the current one, once all its fleets are there."`
	Keys     keysCommand     `cmd:"" help:"Manage the keys that sign access tokens and tickets."`
	Codec    codecCommand    `cmd:"" help:"Open sealed workflow histories for support, in the Temporal UI."`
	Sandbox  sandboxCommand  `cmd:"" help:"Run the payment sandbox, which stands in for Stripe and PayPal."`
	Draw     drawCommand     `cmd:"" help:"Check the draw of a waiting room."`
	Audit    auditCommand    `cmd:"" help:"Check what must always hold, over PostgreSQL, Redis, Elasticsearch, Temporal and the payment providers."`
	Rehearse rehearseCommand `cmd:"" help:"Play a whole on-sale against a running system, and report how it went."`
	Health   healthCommand   `cmd:"" help:"Ask a process of this machine whether it is well."`
	Probe    probeCommand    `cmd:"" help:"Check a running system from outside, every five minutes or, when it is not well, every minute."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
	Parts    partsCommand    `cmd:"" hidden:"" help:"Fetch the servers that dev and the tests start."`
}

// streams are where a command writes.
type streams struct {
	out, err io.Writer
}

// usageError is a fault of the caller's, such as a missing variable.
type usageError struct{ error }

// exitCode carries the code of an early exit, such as that of --help, out of
// the parser.
type exitCode int

// Run parses args and runs the command until it is done or ctx ends. It
// returns the exit code: 0, 1 for failure, 2 for wrong usage. Failures are
// written to stderr, a line each.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exitCode:
			code = int(r)
		default:
			panic(r)
		}
	}()
	var commands cli
	parser, err := kong.New(&commands,
		kong.Name("yourticket"),
		kong.Description("YourTicket sells each seat once."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exitCode(code)) }),
		kong.Vars{
			"services": strings.Join(app.ServiceNames, ","),
			"fleets":   strings.Join(app.FleetNames, ","),
		},
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{out: stdout, err: stderr}),
	)
	if err != nil {
		return report(stderr, err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		report(stderr, err)
		return exitUsage
	}
	err = parsed.Run()
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return exitOK // It was told to stop, and did.
	}
	return report(stderr, err)
}

// report writes each line of err and returns the exit code for it.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(stderr, "yourticket: %s\n", line)
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

// prepare checks the configuration and sends logs to w.
func prepare(cfg config.Config, w io.Writer, required ...string) error {
	if err := cfg.Validate(required...); err != nil {
		return usageError{err}
	}
	setLogs(cfg.Level(), w)
	return nil
}

// listening says that an address to listen on is none.
func listening(variable, address string) error {
	if err := config.Listening(variable, address); err != nil {
		return usageError{err}
	}
	return nil
}

// prepareLogs is prepare for a command that has no other configuration.
func prepareLogs(level string, w io.Writer) error {
	parsed, err := config.ParseLevel(level)
	if err != nil {
		return usageError{fmt.Errorf("LOG_LEVEL: %w", err)}
	}
	setLogs(parsed, w)
	return nil
}

// setLogs sends logs to w, as JSON lines that name their trace.
func setLogs(level slog.Level, w io.Writer) {
	slog.SetDefault(slog.New(telemetry.NewLogHandler(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))))
}
