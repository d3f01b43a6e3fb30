package cdc

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// search follows the catalogue and writes documents.
type search struct {
	db        *postgres.Capture
	catalogue *postgres.Catalogue
	writer    *writer
	shelf     *shelf

	events, venues map[string]struct{} // dirty

	mu       sync.Mutex
	epoch    int64
	live     string // the index that is searched, "" while there is none of ours
	building string // the one that is being filled
	builder  bool   // whether somebody builds
	builds   sync.WaitGroup
}

func newSearch(db *postgres.Capture, catalogue *postgres.Catalogue, w *writer, s *shelf) *search {
	return &search{
		db: db, catalogue: catalogue, writer: w, shelf: s, events: map[string]struct{}{}, venues: map[string]struct{}{},
	}
}

func (*search) publications() []string { return []string{"yourticket_catalogue"} }
func (*search) columns() []string      { return []string{"id", "event_id"} }

func (s *search) lost(ctx context.Context) error {
	_, err := s.catalogue.WantSearchIndex(ctx)
	return err
}

// begin starts a new epoch and finds out how the indices stand; it waits for
// Elasticsearch, without which nothing can be done.
func (s *search) begin(ctx context.Context) error {
	s.builds.Wait() // what an earlier session began ends with it
	clear(s.events)
	clear(s.venues)
	state, err := s.catalogue.TakeOverSearch(ctx)
	if err != nil {
		return err
	}
	live, current, err := s.shelf.live(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.epoch, s.live, s.building, s.builder = state.Epoch, "", "", false
	if live != "" && live == state.Name {
		s.live = live
	}
	s.mu.Unlock()
	if err := s.writer.loadRejects(ctx, s.live); err != nil {
		return err
	}
	if s.live == "" || !current {
		if state, err = s.want(ctx, state, "there is no index of this build"); err != nil {
			return err
		}
	}
	s.ensure(ctx, state)
	return nil
}

// want asks for a new index unless one is wanted already.
func (s *search) want(ctx context.Context, state postgres.SearchIndex, why string) (postgres.SearchIndex, error) {
	if state.Built < state.Wanted {
		return state, nil
	}
	slog.WarnContext(ctx, "the search index is built anew", "reason", why)
	return s.catalogue.WantSearchIndex(ctx)
}

func (s *search) note(c postgres.Change) int {
	if c.Kind == postgres.ChangeTruncate {
		return mark(s.venues, everything)
	}
	switch c.Table {
	case "events":
		return mark(s.events, c.Row["id"])
	case "venues":
		return mark(s.venues, c.Row["id"])
	case "prices", "event_stock":
		return mark(s.events, c.Row["event_id"])
	}
	return 0
}

// everything stands for the venue of all events: some table was emptied.
const everything = ""

// mark counts a change also of what is dirty already: the event has to be read
// after that one, too.
func mark(set map[string]struct{}, key string) int {
	set[key] = struct{}{}
	return 1
}

// flush writes the documents of all events that changed. A venue may have
// thousands of them, so they are read and written a page at a time.
func (s *search) flush(ctx context.Context, r received) error {
	if _, all := s.venues[everything]; all {
		if _, err := s.catalogue.WantSearchIndex(ctx); err != nil {
			return err
		}
		delete(s.venues, everything)
	}
	for page := range slices.Chunk(slices.Sorted(maps.Keys(s.events)), batchSize) {
		if err := s.writeEvents(ctx, r, page); err != nil {
			return err
		}
	}
	clear(s.events)
	for venue := range s.venues {
		if err := s.writeVenue(ctx, r, venue); err != nil {
			return err
		}
	}
	clear(s.venues)
	return nil
}

func (s *search) held() postgres.Position { return 0 }

func (s *search) writeEvents(ctx context.Context, r received, ids []string) error {
	targets := s.targets() // before the reading: see build
	var rows []postgres.SearchRow
	err := see(ctx, s.db, r.xids, func(ctx context.Context, v *postgres.View) (err error) {
		rows, err = v.Events(ctx, ids)
		return err
	})
	if err != nil {
		return err
	}
	return s.write(ctx, targets, documents(ids, rows, r.through))
}

func (s *search) writeVenue(ctx context.Context, r received, venue string) error {
	for after := ""; ; {
		targets := s.targets()
		var (
			ids  []string
			rows []postgres.SearchRow
		)
		err := see(ctx, s.db, r.xids, func(ctx context.Context, v *postgres.View) (err error) {
			if ids, err = v.EventsOfVenue(ctx, venue, after, batchSize); err == nil && len(ids) > 0 {
				rows, err = v.Events(ctx, ids)
			}
			return err
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := s.write(ctx, targets, documents(ids, rows, r.through)); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

func (s *search) targets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	targets := make([]string, 0, 2)
	for _, name := range []string{s.live, s.building} {
		if name != "" {
			targets = append(targets, name)
		}
	}
	return targets
}

// write puts documents into the indices. One that is gone is written to no
// more: a new one is wanted instead.
func (s *search) write(ctx context.Context, targets []string, docs []document) error {
	for _, index := range targets {
		err := s.writer.write(ctx, index, docs)
		if ticket.CodeOf(err) == ticket.CodeNotFound {
			err = s.forget(ctx, index)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *search) forget(ctx context.Context, index string) error {
	s.mu.Lock()
	lost := s.live == index
	if lost {
		s.live = ""
	}
	s.mu.Unlock()
	if !lost {
		return nil // the builder notices by itself
	}
	slog.WarnContext(ctx, "the search index is gone and is built anew", "index", index)
	_, err := s.catalogue.WantSearchIndex(ctx)
	return err
}

// beat commits something, and sees to it that what is wanted is built.
func (s *search) beat(ctx context.Context) error {
	state, err := s.catalogue.BeatSearch(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	epoch, live, building := s.epoch, s.live, s.building
	s.mu.Unlock()
	if state.Epoch != epoch {
		return postgres.ErrOutrun
	}
	if !s.shelf.tidy(ctx, live, building) && live != "" && building == "" {
		if state, err = s.want(ctx, state, "the alias does not stand for "+live); err != nil {
			return err
		}
	}
	s.ensure(ctx, state)
	return nil
}

// document is what an event's document is to be.
type document struct {
	elastic.Action
	// fault says why none can be made.
	fault error
}

// documents makes the documents of the events that were read, and deletions for
// those that buyers may not see or that are not there any more.
func documents(ids []string, rows []postgres.SearchRow, at postgres.Position) []document {
	list := make([]document, 0, len(ids))
	read := make(map[string]struct{}, len(rows))
	for _, row := range rows {
		read[row.ID] = struct{}{}
		list = append(list, newDocument(row, at))
	}
	for _, id := range ids {
		if _, there := read[id]; !there {
			list = append(list, document{Action: elastic.Action{ID: id, Version: int64(at)}}) //nolint:gosec // positions have 63 bits for centuries
		}
	}
	return list
}

func newDocument(row postgres.SearchRow, at postgres.Position) document {
	d := document{Action: elastic.Action{ID: row.ID, Version: int64(at)}, fault: row.Fault} //nolint:gosec // as above
	if row.Fault != nil || row.Event.Status == ticket.EventDraft {
		return d
	}
	source, err := json.Marshal(elastic.NewDocument(row.Event, row.SoldOut))
	if err != nil {
		d.fault = fmt.Errorf("the event makes no document: %w", err)
		return d
	}
	d.Source = source
	return d
}
