package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// cached returns the folder called name in the cache. When it is not there yet,
// fill is called with an empty folder that becomes it once fill succeeds, so
// that nobody ever sees half of one. Of several processes that want the same
// folder, one fills it and the others wait.
func cached(ctx context.Context, cacheDir, name string, fill func(dir string) error) (string, error) {
	final := filepath.Join(cacheDir, name)
	if exists(final) {
		return final, nil
	}
	if err := os.MkdirAll(cacheDir, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockFile(ctx, final+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if exists(final) {
		return final, nil
	}
	draft := final + ".new"
	if err := errors.Join(os.RemoveAll(draft), os.Mkdir(draft, 0o755)); err != nil {
		return "", err
	}
	if err := fill(draft); err != nil {
		return "", errors.Join(err, os.RemoveAll(draft))
	}
	return final, os.Rename(draft, final)
}

// fetchRelease returns the cache folder that holds an unpacked release.
func fetchRelease(ctx context.Context, o Options, title, program string, releases map[string]release) (string, error) {
	r, ok := releases[platform]
	if !ok {
		return "", fmt.Errorf("%s is not installed, and there is no download for %s: install it with the system's package manager", title, platform)
	}
	name := strings.ToLower(title) + "-" + r.version + "-" + strings.ReplaceAll(platform, "/", "-")
	return cached(ctx, o.cacheDir(), name, func(dir string) error {
		o.say("%s is not installed: downloading version %s (%s) to %s", title, r.version, r.size, filepath.Join(o.cacheDir(), name))
		jar := filepath.Join(o.cacheDir(), name+".jar")
		defer func() { _ = os.Remove(jar) }()
		if err := download(ctx, o.mirror(), r, jar); err != nil {
			return err
		}
		return unpack(jar, r.entry, program, dir)
	})
}

// lockFile takes an exclusive lock on a file, waiting until ctx ends. The lock
// goes with the process that holds it.
func lockFile(ctx context.Context, path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), f.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("waiting for %s: %w", path, ctx.Err()), f.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
