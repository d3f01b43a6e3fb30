package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// change is one that was committed and is not found yet.
type change struct {
	version   int64
	committed time.Time
}

// probe follows changes from their commit until a search shows them.
type probe struct {
	mu      sync.Mutex
	waiting map[string]change // by event
	took    []time.Duration
}

// changes lets events change at a rate and looks for each in searches.
func (c *capture) changes(ctx context.Context, o settings, l loaded) error {
	before, memory := c.usage(), watchMemory(c.cdc.Process.Pid)
	p := &probe{waiting: map[string]change{}}
	changing, stop := context.WithTimeout(ctx, time.Duration(o.seconds)*time.Second)
	defer stop()
	var running sync.WaitGroup
	for range 4 {
		running.Go(func() { c.change(changing, p, l, o.rate/4) })
	}
	var lookErr error
	running.Go(func() { lookErr = c.look(ctx, changing, p) })
	running.Wait()
	if lookErr != nil {
		return lookErr
	}
	used := c.usage()
	for name := range used {
		used[name] -= before[name]
	}
	slices.Sort(p.took)
	if len(p.took) == 0 {
		return errors.New("no change was found")
	}
	at := func(q float64) time.Duration { return p.took[int(q*float64(len(p.took)-1))].Round(time.Millisecond) }
	c.say("changes: %d in %d s (%.0f a second); from commit to found p50 %s, p99 %s, at most %s; memory of cdc at most %s; processor seconds %s",
		len(p.took), o.seconds, float64(len(p.took))/float64(o.seconds), at(.5), at(.99), at(1), memory.stop(), show(used))
	return nil
}

// change commits changes at a steady rate. An event that is still looked for is
// left alone, so that each change is found by itself.
func (c *capture) change(ctx context.Context, p *probe, l loaded, rate int) {
	tick := time.NewTicker(time.Second / time.Duration(max(rate, 1)))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		id := l.events[rand.IntN(len(l.events))]
		var version int64
		err := c.db.QueryRow(ctx, `
			UPDATE events SET name = 'Changed ' || (version + 1), version = version + 1, updated_at = now() WHERE id = $1 RETURNING version`, id).Scan(&version)
		if err == nil {
			p.mu.Lock()
			p.waiting[id] = change{version: version, committed: time.Now()}
			p.mu.Unlock()
		}
	}
}

// look searches for what was changed until all is found.
func (c *capture) look(ctx, changing context.Context, p *probe) error {
	deadline := time.Time{}
	for {
		p.mu.Lock()
		ids := make([]string, 0, len(p.waiting))
		for id := range p.waiting {
			ids = append(ids, id)
		}
		p.mu.Unlock()
		if changing.Err() != nil {
			if len(ids) == 0 {
				return nil
			}
			if deadline.IsZero() {
				deadline = time.Now().Add(time.Minute)
			} else if time.Now().After(deadline) {
				return fmt.Errorf("%d changes are not found after a minute", len(ids))
			}
		}
		if len(ids) > 0 {
			found, err := c.versions(ctx, ids)
			if err != nil {
				return err
			}
			p.found(found, time.Now())
		}
		if err := pause(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

func (p *probe) found(versions map[string]int64, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, version := range versions {
		if w, ok := p.waiting[id]; ok && version >= w.version {
			p.took = append(p.took, at.Sub(w.committed))
			delete(p.waiting, id)
		}
	}
}

// versions searches for events by id, as a search sees them.
func (c *capture) versions(ctx context.Context, ids []string) (map[string]int64, error) {
	body, err := json.Marshal(map[string]any{
		"size": 1000, "_source": []string{"version"}, "query": map[string]any{"bool": map[string]any{"filter": map[string]any{"terms": map[string]any{"id": ids[:min(len(ids), 1000)]}}}},
	})
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.elasticsearch.URL+"/events/_search?request_cache=false", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var found struct {
		Hits struct {
			Hits []struct {
				ID     string `json:"_id"`
				Source struct {
					Version int64 `json:"version"`
				} `json:"_source"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := json.NewDecoder(res.Body).Decode(&found); err != nil {
		return nil, err
	}
	versions := map[string]int64{}
	for _, h := range found.Hits.Hits {
		versions[h.ID] = h.Source.Version
	}
	return versions, nil
}

// memory is the largest resident size that a process had.
type memory struct {
	ask  chan struct{}
	most chan int
}

// watchMemory reads the size of a process ten times a second; there is no
// figure on systems without /proc.
func watchMemory(pid int) *memory {
	m := &memory{ask: make(chan struct{}), most: make(chan int)}
	go func() {
		most := 0
		for {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err == nil {
				_, line, _ := strings.Cut(string(text), "VmRSS:")
				var kb int
				_, _ = fmt.Sscan(line, &kb) // 0 when it is not there
				most = max(most, kb)
			}
			select {
			case <-m.ask:
				m.most <- most
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return m
}

func (m *memory) stop() string {
	close(m.ask)
	return fmt.Sprintf("%d MB", <-m.most/1024)
}
