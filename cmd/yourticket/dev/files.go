package dev

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// lines writes whole lines from several goroutines.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lines) say(format string, args ...any) { l.write(fmt.Sprintf(format, args...) + "\n") }

func (l *lines) write(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = io.WriteString(l.w, text) // A closed terminal must not stop the system.
}

// lock takes the data directory for this process, until it ends or unlock is
// called. The file in it names the process that has it.
func lock(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, "lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		owner, _ := io.ReadAll(io.LimitReader(f, 32)) // Only for the message.
		return nil, errors.Join(fmt.Errorf("another yourticket dev, process %s, runs on %s",
			strings.TrimSpace(string(owner)), dir), f.Close())
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
	}
	if err := errors.Join(f.Truncate(0), writeAtStart(f, fmt.Sprintln(os.Getpid()))); err != nil {
		return nil, errors.Join(fmt.Errorf("data directory: %w", err), f.Close())
	}
	return func() { _ = f.Close() }, nil
}

func writeAtStart(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

// temporaryPrefix is followed by the id of the process that a folder belongs to.
const temporaryPrefix = "yourticket-dev-"

// temporaryData makes a data directory that other users can enter, because
// PostgreSQL may have to run as one, and removes those whose process was killed.
func temporaryData() (string, error) {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), temporaryPrefix+"*")) // The pattern is well-formed.
	for _, dir := range old {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), temporaryPrefix), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // It may be another user's.
		}
	}
	dir, err := os.MkdirTemp("", temporaryPrefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}

// logDir is where everything logs. It stays when the data goes.
func (s *system) logDir() string { return filepath.Join(s.DataDir, "log") }

// logToFile sends the logs of everything in this process to a file, so that
// the terminal stays readable, and starts a new file when that has grown large.
func (s *system) logToFile() (closeLog func(), err error) {
	path := filepath.Join(s.logDir(), "yourticket.log")
	if info, err := os.Stat(path); err == nil && info.Size() > 64<<20 {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("log: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("log: %w", err)
	}
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: s.cfg.Level()})))
	return func() {
		slog.SetDefault(before)
		_ = f.Close()
	}, nil
}
