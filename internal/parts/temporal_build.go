package parts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"time"
)

// temporaldSource is where the server's module is in the source tree.
const temporaldSource = "tools/temporald"

// findTemporal returns the path of temporald and builds it when there is none
// for the present sources.
func findTemporal(ctx context.Context, o Options) (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), "temporald")
		if exists(beside) {
			return beside, nil
		}
	}
	source, err := findSource()
	if err != nil {
		return "", err
	}
	key, err := hashSource(source)
	if err != nil {
		return "", err
	}
	dir, err := cached(ctx, o.cacheDir(), "temporald-"+key, func(dir string) error {
		o.say("building Temporal's server from %s: 5-10 minutes the first time", temporaldSource)
		stop := everyMinute(func(minutes int) { o.say("still building Temporal's server (%d min)", minutes) })
		defer stop()
		return buildTemporal(ctx, source, filepath.Join(dir, "temporald"))
	})
	return filepath.Join(dir, "temporald"), err
}

// findSource looks for tools/temporald above the working directory, then above
// this program's own folder.
func findSource() (string, error) {
	var starts []string
	if dir, err := os.Getwd(); err == nil {
		starts = append(starts, dir)
	}
	if self, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(self))
	}
	for _, dir := range starts {
		for parent := ""; dir != parent; dir, parent = filepath.Dir(dir), dir {
			source := filepath.Join(dir, filepath.FromSlash(temporaldSource))
			if exists(filepath.Join(source, "go.mod")) {
				return source, nil
			}
		}
	}
	return "", errors.New("no temporald beside this program, and no source tree here to build it from: " +
		"give TEMPORAL_ADDRESS, or run this in the source tree")
}

// hashSource is a short digest of all that a build depends on.
func hashSource(source string) (string, error) {
	files, err := filepath.Glob(filepath.Join(source, "*"))
	if err != nil {
		return "", err
	}
	sort.Strings(files)
	hash := sha256.New()
	fmt.Fprintln(hash, runtime.Version(), platform)
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && name != "go.mod" && name != "go.sum" {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(hash, name, len(content))
		hash.Write(content)
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// everyMinute calls say after each minute until stop.
func everyMinute(say func(minutes int)) (stop func()) {
	ticker, done := time.NewTicker(time.Minute), make(chan struct{})
	go func() {
		for minutes := 1; ; minutes++ {
			select {
			case <-ticker.C:
				say(minutes)
			case <-done:
				return
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
	}
}

// buildTemporal runs the Go tool at low priority, for it takes every core.
func buildTemporal(ctx context.Context, source, program string) error {
	goTool, err := exec.LookPath("go")
	if err != nil {
		return fmt.Errorf("building temporald needs Go: %w", err)
	}
	args := []string{goTool, "build", "-buildvcs=false", "-o", program, "."}
	if nice, err := exec.LookPath("nice"); err == nil {
		args = append([]string{nice}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &out
	if err := cmd.Run(); err != nil {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return fmt.Errorf("building temporald failed (%w): %s", err, lastOf(lines, nil))
	}
	return nil
}
