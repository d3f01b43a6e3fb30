package parts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// TemporalOptions are Options and what is Temporal's own.
type TemporalOptions struct {
	Options
	// UIPort is where the web UI listens; 0 picks a free one.
	UIPort int
	// NoUI leaves the web UI out.
	NoUI bool
	// CodecURL is where the web UI has sealed payloads opened; "" for nowhere.
	CodecURL string
	// Namespace is created when missing; the default is "default".
	Namespace string
	// PostgresURL keeps the state in that PostgreSQL, in the databases temporal
	// and temporal_visibility. Without it the state is in SQLite files in
	// Dir/temporal, or in memory when Ephemeral.
	PostgresURL string
	// Shards is the number of history shards; the default is 4. A store keeps
	// the number it was made with.
	Shards int
}

// StartTemporal starts Temporal's server and web UI on 127.0.0.1 and returns
// when the namespace answers with YourTicket's search attributes. The part's
// URL is host:port of the gRPC frontend.
//
// The server is the program temporald: beside the running executable, or in
// the cache, or built from tools/temporald of the source tree that the working
// directory is in, which takes minutes the first time.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Part, error) {
	logFile, err := o.logFile("temporal")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.Dir, "temporal")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("temporal: %w", err)
	}
	program, err := findTemporal(ctx, o.Options)
	if err != nil {
		return nil, fmt.Errorf("temporal: %w", err)
	}
	return onPort(o.Port, func(port int) (*Part, error) {
		uiPort, err := o.claimUIPort()
		if err != nil {
			return nil, fmt.Errorf("temporal did not start: web UI: %w", err)
		}
		p := &Part{Name: "temporal", LogFile: logFile, URL: address(port)}
		if !o.NoUI {
			p.UIURL = "http://" + address(uiPort)
		}
		p.spec = spec{
			port: port, path: program, args: o.args(dir, port, uiPort), dir: dir,
			stop:   syscall.SIGTERM,
			death:  syscall.SIGKILL, // SQLite's write-ahead log survives that.
			ready:  func(_ context.Context, from int64) error { return temporalReady(logFile, from) },
			reason: temporalReason,
		}
		return p, p.launch(ctx)
	})
}

// claimUIPort returns the port for the web UI, checked to be free.
func (o TemporalOptions) claimUIPort() (int, error) {
	switch {
	case o.NoUI:
		return 0, nil
	case o.UIPort == 0:
		return FreePort()
	default:
		return o.UIPort, CheckPort(o.UIPort)
	}
}

func (o TemporalOptions) args(dir string, port, uiPort int) []string {
	args := []string{
		"--ip", "127.0.0.1",
		"--port", strconv.Itoa(port),
		"--ui-port", strconv.Itoa(uiPort),
		"--ui=" + strconv.FormatBool(!o.NoUI),
		"--namespace", cmp.Or(o.Namespace, "default"),
		"--shards", strconv.Itoa(cmp.Or(o.Shards, 4)),
	}
	if o.CodecURL != "" {
		args = append(args, "--codec-url", o.CodecURL)
	}
	switch {
	case o.PostgresURL != "":
		return append(args, "--postgres", o.PostgresURL)
	case o.Ephemeral:
		return append(args, "--db", ":memory:")
	default:
		return append(args, "--db", filepath.Join(dir, "temporal.db"))
	}
}

// temporalReady looks for the line with which temporald says that it answers.
func temporalReady(logFile string, from int64) error {
	for _, line := range logSince(logFile, from) {
		if strings.HasPrefix(line, "ready ") {
			return nil
		}
	}
	return errors.New("it has not said that it is ready")
}

// temporalReason prefers temporald's own last word to the server's log.
func temporalReason(log []string) string {
	line := lastOf(log, []string{`"level":"fatal"`, `"level":"error"`})
	for _, l := range log {
		if strings.HasPrefix(l, "temporald: ") || strings.HasPrefix(l, "panic: ") {
			line = strings.TrimPrefix(l, "temporald: ")
		}
	}
	return jsonMessage(line)
}
