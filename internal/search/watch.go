package search

import (
	"context"
	"sync"
	"time"
)

const (
	// settleFor is how long a change takes at most to be seen by every search:
	// more than the index's refresh interval.
	settleFor = 2 * time.Second
	// generationEvery is how often the index is asked whether it changed, in looks.
	generationEvery = 2
	// countEvery is how often the index is asked for its own cache.
	countEvery = 15 * time.Second
)

// watch knows when the index changed last.
type watch struct {
	mu         sync.Mutex
	generation string
	changedAt  time.Time
	seenAt     time.Time
}

// saw notes the generation of the index at a time.
func (w *watch) saw(generation string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if generation != w.generation {
		w.generation, w.changedAt = generation, at
	}
	w.seenAt = at
}

// quietSince tells whether the index certainly did not change since a time: it
// was looked at a moment ago, and its last change had long settled by then.
func (w *watch) quietSince(at, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return now.Sub(w.seenAt) < settleFor && at.Sub(w.changedAt) > settleFor
}

// Run looks at the index until ctx ends: whether it can be asked (also again),
// and whether it changed.
func (s *Service) Run(ctx context.Context) {
	if s.index == nil {
		return
	}
	look, count := time.NewTicker(lookEvery), time.NewTicker(countEvery)
	defer look.Stop()
	defer count.Stop()
	s.look(ctx, true)
	for n := 1; ; {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			s.look(ctx, n%generationEvery == 0)
			n++
		case <-count.C:
			s.count(ctx)
		}
	}
}

// look counts as a request of the circuit, so that an index that went away is
// noticed without callers, and one that is back is, too. Whether it changed is
// asked only if told.
func (s *Service) look(ctx context.Context, generation bool) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	at := s.now()
	seen, err := s.breaker.Execute(func() (any, error) {
		if err := s.index.Ping(ctx); err != nil || !generation {
			return nil, err
		}
		return s.index.Generation(ctx)
	})
	if text, ok := seen.(string); ok && err == nil {
		s.watch.saw(text, at)
	}
}

func (s *Service) count(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	if hits, misses, err := s.index.FilterCache(ctx); err == nil {
		s.metrics.filterHits.Store(hits)
		s.metrics.filterMisses.Store(misses)
	}
}
