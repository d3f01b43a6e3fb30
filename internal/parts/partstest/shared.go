package partstest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"yourticket.example/internal/parts"
)

// Limits for starting, which may have to build Temporal's server, and stopping.
const (
	startTimeout = 15 * time.Minute
	stopTimeout  = 15 * time.Second
)

// servers are the ones that all tests of this process share.
var servers struct {
	mu     sync.Mutex
	dir    string
	byName map[string]*server
}

// server is one of them. It is locked while it starts, so that only those wait
// who want it.
type server struct {
	mu   sync.Mutex
	part *parts.Part
}

// Main runs the tests, stops the shared servers, removes their files and exits.
func Main(m *testing.M) {
	code := m.Run()
	if err := stopShared(); err != nil {
		fmt.Fprintln(os.Stderr, "partstest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func stopShared() error {
	servers.mu.Lock()
	defer servers.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, s := range servers.byName {
		if s.part != nil {
			errs = append(errs, s.part.Stop(ctx))
		}
	}
	servers.byName = nil
	if servers.dir != "" {
		errs = append(errs, os.RemoveAll(servers.dir))
	}
	return errors.Join(errs...)
}

// shared returns the process's server of that name and starts it at first use,
// or again when it has died.
func shared(t testing.TB, name string, start func(context.Context, parts.Options) (*parts.Part, error)) *parts.Part {
	t.Helper()
	s, dir, err := sharedServer(name)
	if err != nil {
		t.Fatalf("partstest: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.part != nil && s.part.Pid() != 0 {
		return s.part
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if s.part, err = start(ctx, options(t, dir)); err != nil {
		t.Fatalf("partstest: %v", err)
	}
	return s.part
}

// sharedServer returns the server of that name, running or not, and where all
// of them keep their files.
func sharedServer(name string) (*server, string, error) {
	servers.mu.Lock()
	defer servers.mu.Unlock()
	if servers.byName == nil {
		dir, err := makeDir()
		if err != nil {
			return nil, "", err
		}
		servers.dir, servers.byName = dir, map[string]*server{}
	}
	if servers.byName[name] == nil {
		servers.byName[name] = &server{}
	}
	return servers.byName[name], servers.dir, nil
}

// private starts a server that only this test uses; it is stopped at its end.
func private(t testing.TB, start func(context.Context, parts.Options) (*parts.Part, error)) *parts.Part {
	t.Helper()
	dir, err := makeDir()
	if err != nil {
		t.Fatalf("partstest: %v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	p, err := start(ctx, options(t, dir))
	if err != nil {
		t.Fatalf("partstest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Errorf("partstest: %v", err)
		}
	})
	return p
}

func options(t testing.TB, dir string) parts.Options {
	return parts.Options{Dir: dir, Ephemeral: true, Say: func(line string) { t.Log(line) }}
}

// dirPrefix is followed by the id of the process that a folder belongs to.
const dirPrefix = "yourticket-test-"

// makeDir makes a temporary folder that other users can enter, because
// PostgreSQL may run as one, and removes those whose process was killed.
func makeDir() (string, error) {
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*")) // The pattern is well-formed.
	for _, dir := range old {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir) // Another process may be at it, too.
		}
	}
	dir, err := os.MkdirTemp("", dirPrefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o755)
}
