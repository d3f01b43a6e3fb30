package parts

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresMarks are in the log lines that say why PostgreSQL ended.
var postgresMarks = []string{"FATAL: ", "PANIC: ", "ERROR: ", "error: "}

// StartPostgres starts PostgreSQL on 127.0.0.1, its data in Dir/postgres, and
// returns when it answers. The part's URL is that of the superuser postgres,
// whom it trusts without a password, in the database postgres. Logical
// replication is on; text is UTF-8 in the order of code points.
//
// It uses an installed PostgreSQL 14 or newer, else a download. For a parent
// that is root it runs as another user, see identity. A lock that a killed
// server left behind does not matter.
func StartPostgres(ctx context.Context, o Options) (*Part, error) {
	logFile, err := o.logFile("postgres")
	if err != nil {
		return nil, err
	}
	home := filepath.Join(o.Dir, "postgres")
	data := filepath.Join(home, "data")
	programs, err := findPostgres(ctx, o, data)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	id, err := serverIdentity(ctx, home, exists(filepath.Join(data, "PG_VERSION")), filepath.Join(programs, "postgres"), "--version")
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if err := initPostgres(ctx, programs, data, id, o.Ephemeral); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	return onPort(o.Port, func(port int) (*Part, error) {
		p := &Part{Name: "postgres", LogFile: logFile, URL: postgresURL(port)}
		p.spec = spec{
			port: port, path: filepath.Join(programs, "postgres"), args: postgresArgs(data, port, o.Ephemeral),
			dir: data, identity: id,
			stop:    syscall.SIGINT,  // Fast: clients are disconnected, all is written.
			death:   syscall.SIGQUIT, // Immediate: the next start recovers.
			prepare: func(ctx context.Context) error { return clearPostgresLock(ctx, data) },
			ready:   func(ctx context.Context, _ int64) error { return pingPostgres(ctx, p.URL) },
			reason:  func(log []string) string { return lastOf(log, postgresMarks, postgresMarks...) },
		}
		return p, p.launch(ctx)
	})
}

func postgresURL(port int) string {
	return "postgres://postgres@" + address(port) + "/postgres?sslmode=disable"
}

func postgresArgs(data string, port int, ephemeral bool) []string {
	settings := []string{
		"port=" + strconv.Itoa(port),
		"listen_addresses=127.0.0.1",
		"unix_socket_directories=",
		"wal_level=logical",
		"max_connections=300",
		"max_replication_slots=40", // Many tests follow a database each.
		"max_wal_senders=40",
		"timezone=UTC",
		"log_timezone=UTC",
		"lc_messages=C",
		"logging_collector=off",
	}
	if ephemeral {
		// Commits stay synchronous: what a client was told is committed must
		// survive the death of the server, though not that of the machine.
		settings = append(settings, "fsync=off", "full_page_writes=off")
	}
	args := []string{"-D", data}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// pingPostgres makes one connection. While the server recovers it refuses them.
func pingPostgres(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}
