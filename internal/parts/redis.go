package parts

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// StartRedis starts Redis on 127.0.0.1, its data in Dir/redis, and returns when
// it answers and has loaded its data. Unless it is ephemeral it appends every
// write to a file that is flushed once a second.
//
// It uses the redis-server on the PATH, else a download.
func StartRedis(ctx context.Context, o Options) (*Part, error) {
	logFile, err := o.logFile("redis")
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(o.Dir, "redis")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	program, err := findRedis(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("redis: %w", err)
	}
	return onPort(o.Port, func(port int) (*Part, error) {
		p := &Part{Name: "redis", LogFile: logFile, URL: "redis://" + address(port)}
		p.spec = spec{
			port: port, path: program, args: redisArgs(dir, port, o.Ephemeral), dir: dir,
			stop:   syscall.SIGTERM,
			death:  syscall.SIGKILL, // What was written is in the kernel's hands already.
			ready:  func(ctx context.Context, _ int64) error { return pingRedis(ctx, port) },
			reason: redisReason,
		}
		return p, p.launch(ctx)
	})
}

func findRedis(ctx context.Context, o Options) (string, error) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return path, nil
	}
	dir, err := fetchRelease(ctx, o, "Redis", "redis-server", redisReleases)
	return filepath.Join(dir, "redis-server"), err
}

func redisArgs(dir string, port int, ephemeral bool) []string {
	appendOnly := "yes"
	if ephemeral {
		appendOnly = "no"
	}
	return []string{
		"--port", strconv.Itoa(port),
		"--bind", "127.0.0.1",
		"--dir", dir,
		"--databases", "256",
		"--daemonize", "no",
		"--save", "",
		"--appendonly", appendOnly,
		"--appendfsync", "everysec",
		"--maxmemory-policy", "noeviction",
	}
}

// pingRedis asks once. A server that still loads its data answers with an error.
func pingRedis(ctx context.Context, port int) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address(port))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprint(conn, "PING\r\n"); err != nil {
		return err
	}
	answer, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); answer != "+PONG" {
		return fmt.Errorf("it answers %q", answer)
	}
	return nil
}

// redisReason returns the last line of Redis's log that is not about its
// banner or its wishes for the machine's settings.
func redisReason(log []string) string {
	var lines []string
	for _, line := range log {
		if !strings.Contains(line, "WARNING") && !strings.Contains(line, "oO0OoO0OoO0Oo") {
			lines = append(lines, line)
		}
	}
	return lastOf(lines, []string{"FATAL", "Fatal", "rror", "ailed", "an't", "annot", "No space left", "denied"}, " # ", " * ")
}
