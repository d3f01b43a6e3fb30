package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// profile records CPU profiles of api and worker while a load runs. The
// returned function waits until they are written.
func (b *bench) profile(ctx context.Context, load string) (finish func()) {
	var wg sync.WaitGroup
	for name, address := range b.debug {
		wg.Go(func() {
			file := filepath.Join(b.profiles, load+"-"+name+".pprof")
			pause(ctx, b.warm())
			if err := b.fetchProfile(ctx, address, file); err != nil {
				say("no profile of %s: %v", name, err)
				return
			}
			say("profile: %s", file)
		})
	}
	return wg.Wait
}

func (b *bench) fetchProfile(ctx context.Context, address, file string) error {
	ctx, cancel := context.WithTimeout(ctx, b.length()+30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/debug/pprof/profile?seconds="+strconv.Itoa(max(1, b.seconds)), http.NoBody)
	if err != nil {
		return err
	}
	client := &http.Client{}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // all of it was read
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, res.Status)
	}
	if err := os.MkdirAll(b.profiles, 0o755); err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, res.Body); err != nil {
		_ = out.Close() // the first error is the one that matters
		return err
	}
	return out.Close()
}
