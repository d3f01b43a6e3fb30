package parts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// initPostgres makes the database cluster in data unless it is there. It is
// made under another name first, so that a start that was cut short leaves no
// half of one.
func initPostgres(ctx context.Context, programs, data string, id identity, ephemeral bool) error {
	if exists(filepath.Join(data, "PG_VERSION")) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*startTimeout)
	defer cancel()
	initdb := filepath.Join(programs, "initdb")
	draft := data + ".new"
	if err := os.RemoveAll(draft); err != nil {
		return err
	}
	args := []string{"-D", draft, "-U", "postgres", "--auth=trust", "--encoding=UTF8"}
	args = append(args, localeArgs(ctx, initdb)...)
	if ephemeral {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, initdb, args...)
	cmd.Dir = filepath.Dir(data)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	id.apply(cmd.SysProcAttr)
	if out, err := cmd.CombinedOutput(); err != nil {
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if fullDisk(lines) {
			return errors.Join(fmt.Errorf("no space left on the disk of %s", data), os.RemoveAll(draft))
		}
		reason := lastOf(lines, postgresMarks, "error: ", "FATAL: ", "PANIC: ")
		return fmt.Errorf("initdb failed (%w): %s", err, reason)
	}
	return os.Rename(draft, data)
}

// localeArgs choose a locale that knows UTF-8, orders by code point and is the
// same everywhere: the server's own where it has one, else the system's C.UTF-8,
// which macOS lacks.
func localeArgs(ctx context.Context, initdb string) []string {
	switch {
	case versionOf(ctx, initdb).major >= 17:
		return []string{"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"}
	case runtime.GOOS == "darwin":
		return []string{"--locale=C"}
	default:
		return []string{"--locale=C.UTF-8"}
	}
}

// clearPostgresLock deals with the lock file of an earlier server on data. One
// that is still ending, because its parent was killed a moment ago, is waited
// for. A lock whose process is gone, or is another program that got the same
// id since, is removed; the server itself would refuse to start in that case.
func clearPostgresLock(ctx context.Context, data string) error {
	lock := filepath.Join(data, "postmaster.pid")
	deadline := time.Now().Add(stopTimeout)
	for {
		b, err := os.ReadFile(lock)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		first, _, _ := strings.Cut(string(b), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(first))
		if err != nil || !alive(pid) || !worksIn(pid, data) {
			return os.Remove(lock)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("another server, process %d, runs on %s", pid, data)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// worksIn says whether the process has dir as its working directory, as a
// PostgreSQL server has its data directory.
func worksIn(pid int, dir string) bool {
	resolved, err := filepath.EvalSymlinks(dir)
	return err == nil && workingDir(pid) == resolved
}
