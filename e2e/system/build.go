package system

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// buildWithin bounds a build with cold caches.
const buildWithin = 10 * time.Minute

// builds remembers the binary of this process, so that all its systems run the
// same one and only the first pays for it.
var builds struct {
	mu     sync.Mutex
	binary string
}

// Binary builds yourticket from the source tree that the working directory is
// in and gives its path. Later calls give the same binary. RemoveBinary takes
// it away. The variable E2E_BINARY names one that was built before.
func Binary(ctx context.Context) (string, error) {
	builds.mu.Lock()
	defer builds.mu.Unlock()
	if given := os.Getenv("E2E_BINARY"); given != "" {
		return given, nil
	}
	if builds.binary != "" {
		return builds.binary, nil
	}
	root, err := sourceRoot()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "yourticket-e2e-bin-")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "yourticket")
	ctx, cancel := context.WithTimeout(ctx, buildWithin)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/yourticket")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("build yourticket: %w: %s", err, strings.TrimSpace(string(out))), os.RemoveAll(dir))
	}
	builds.binary = binary
	return binary, nil
}

// RemoveBinary removes what Binary built. It is called when no system runs.
func RemoveBinary() error {
	builds.mu.Lock()
	defer builds.mu.Unlock()
	if builds.binary == "" {
		return nil
	}
	dir := filepath.Dir(builds.binary)
	builds.binary = ""
	return os.RemoveAll(dir)
}

// sourceRoot is the folder of the module's go.mod, looked for upwards.
func sourceRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for parent := ""; dir != parent; dir, parent = filepath.Dir(dir), dir {
		if _, err := os.Stat(filepath.Join(dir, "cmd", "yourticket", "main.go")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("the source tree of yourticket is not above the working directory")
}
