package main

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// source is the state of the source tree that is built.
type source struct {
	dir      string
	version  string // by git describe: v1.2.0, or v1.2.0-5-g0123abc-dirty
	revision string
	created  time.Time // of the revision, so that its image is always the same
}

func describe(ctx context.Context, dir string) (source, error) {
	s := source{dir: dir}
	for _, ask := range []struct {
		args []string
		to   *string
	}{
		{[]string{"rev-parse", "HEAD"}, &s.revision},
		{[]string{"describe", "--tags", "--always", "--dirty"}, &s.version},
	} {
		answer, err := git(ctx, dir, ask.args...)
		if err != nil {
			return s, err
		}
		*ask.to = answer
	}
	at, err := git(ctx, dir, "log", "-1", "--format=%ct")
	if err != nil {
		return s, err
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return s, fmt.Errorf("time of the revision: %w", err)
	}
	s.created = time.Unix(seconds, 0).UTC()
	return s, nil
}

func git(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w (an image is built from a clone, so that it can say of which revision it is)", args[0], err)
	}
	return strings.TrimSpace(string(out)), nil
}

// build compiles the binary for a platform such as linux/arm64, static and
// without paths of this machine, and gives its file.
func build(ctx context.Context, s source, platform, dir string) (string, error) {
	system, processor, ok := strings.Cut(platform, "/")
	if !ok {
		return "", fmt.Errorf("%q is no platform such as linux/arm64", platform)
	}
	binary, err := filepath.Abs(filepath.Join(dir, system+"-"+processor, "yourticket"))
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags=-s -w", "-o", binary, "./cmd/yourticket")
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+processor, "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build for %s: %w: %s", platform, err, strings.TrimSpace(string(out)))
	}
	return binary, nil
}

// revisionOf reads which revision a binary says that it was built from.
func revisionOf(info *buildinfo.BuildInfo) string {
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
