package cdc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
)

// pageSize is how many events a build reads at a time, and buildWriters how
// many pages it writes side by side; together they bound its memory.
const (
	pageSize     = 1000
	buildWriters = 2
)

// ensure builds an index in the background if one is wanted and nobody does.
func (s *search) ensure(ctx context.Context, state postgres.SearchIndex) {
	if state.Built >= state.Wanted {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.builder {
		return
	}
	s.builder = true
	s.builds.Go(func() {
		s.writer.metrics.building.Set(1)
		defer s.writer.metrics.building.Set(0)
		err := s.build(ctx, state)
		s.mu.Lock()
		s.building = ""
		s.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "the search index could not be built", "error", err)
			_ = sleep(ctx, slowest) // the next beat tries again
		}
		s.mu.Lock()
		s.builder = false
		s.mu.Unlock()
	})
}

// build fills a new index and puts it in the place of the old one.
//
// The stream has to write to the new index before the snapshot is taken: what
// it wrote to the old one alone was committed before, so it is in the snapshot.
func (s *search) build(ctx context.Context, state postgres.SearchIndex) error {
	began := time.Now()
	index, err := s.shelf.create(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.building, state.Epoch = index, s.epoch
	s.mu.Unlock()
	events := 0
	err = s.db.Snapshot(ctx, func(ctx context.Context, v *postgres.View, at postgres.Position) error {
		events, err = s.copyAll(ctx, v, index, at-1)
		return err
	})
	if err != nil {
		return errors.Join(err, s.shelf.discard(ctx, index))
	}
	if err := s.shelf.retry(ctx, func(ctx context.Context) error { return s.shelf.indexer.Open(ctx, index) }); err != nil {
		return err
	}
	state.Name = index
	err = s.catalogue.SwapSearchIndex(ctx, state, func(ctx context.Context) error { return s.shelf.indexer.Swap(ctx, index) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.live, s.building = index, ""
	s.mu.Unlock()
	s.writer.forgetRejects(index)
	slog.InfoContext(ctx, "the search index is built", "index", index, "events", events, "took", time.Since(began).String())
	return nil
}

// copyAll writes every event of the view. Pages are read one after the other
// and written a few at a time.
func (s *search) copyAll(ctx context.Context, v *postgres.View, index string, at postgres.Position) (events int, err error) {
	writers, ctx := errgroup.WithContext(ctx)
	writers.SetLimit(buildWriters)
	for after := ""; ; {
		rows, err := v.Published(ctx, after, pageSize)
		if err != nil {
			return events, errors.Join(err, writers.Wait())
		}
		if len(rows) == 0 {
			return events, writers.Wait()
		}
		docs := make([]document, len(rows))
		for i, row := range rows {
			docs[i] = newDocument(row, at)
		}
		writers.Go(func() error { return s.writer.write(ctx, index, docs) })
		events, after = events+len(rows), rows[len(rows)-1].ID
	}
}

// shelf keeps the indices in order.
type shelf struct {
	indexer *elastic.Indexer
	// keep is how long an index that is no longer searched stays: searches that
	// turn pages may still need it.
	keep   time.Duration
	unused map[string]time.Time
	looked time.Time
}

// tidyEvery is how often the shelf is looked at.
const tidyEvery = 20 * time.Second

// retry does something until it succeeds or ctx ends.
func (s *shelf) retry(ctx context.Context, do func(ctx context.Context) error) error {
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, slowest) {
		err := do(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		slog.WarnContext(ctx, "Elasticsearch does not do as asked", "error", err)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

func (s *shelf) live(ctx context.Context) (index string, current bool, err error) {
	err = s.retry(ctx, func(ctx context.Context) (err error) {
		index, current, err = s.indexer.Live(ctx)
		return err
	})
	return index, current, err
}

func (s *shelf) create(ctx context.Context) (index string, err error) {
	err = s.retry(ctx, func(ctx context.Context) (err error) {
		index, err = s.indexer.Create(ctx)
		return err
	})
	return index, err
}

func (s *shelf) discard(ctx context.Context, index string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return s.indexer.Delete(ctx, index)
}

// tidy removes, now and then, indices that were not in use for a while: old
// ones, and those of builds that were cut short. It reports false when the
// alias stands for another index than live.
func (s *shelf) tidy(ctx context.Context, live, building string) bool {
	if time.Since(s.looked) < tidyEvery {
		return true
	}
	s.looked = time.Now()
	found, _, err := s.indexer.Live(ctx)
	if err != nil {
		return true // another time
	}
	names, err := s.indexer.Indices(ctx)
	if err != nil {
		return true
	}
	unused := map[string]time.Time{}
	for _, name := range names {
		since, known := s.unused[name]
		switch {
		case name == found || name == live || name == building:
		case !known:
			unused[name] = time.Now()
		case time.Since(since) < s.keep:
			unused[name] = since
		default:
			slog.InfoContext(ctx, "an index that is not used any more is deleted", "index", name)
			if err := s.indexer.Delete(ctx, name); err != nil {
				unused[name] = since
			}
		}
	}
	s.unused = unused
	return found == live
}
