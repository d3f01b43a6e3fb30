package cdc

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// bulkBytes bounds a bulk request; far below what Elasticsearch takes.
const bulkBytes = 4 << 20

// writer puts documents into indices, however long that takes.
type writer struct {
	indexer   *elastic.Indexer
	catalogue *postgres.Catalogue
	metrics   *metrics

	mu      sync.Mutex
	rejects map[string]map[string]struct{} // by index: events whose documents it refuses
}

// loadRejects remembers what an index has refused, so that it can be cleared.
func (w *writer) loadRejects(ctx context.Context, index string) error {
	list, err := w.catalogue.SearchRejects(ctx, index)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rejects = map[string]map[string]struct{}{index: {}}
	for _, r := range list {
		w.rejects[index][r.EventID] = struct{}{}
	}
	w.metrics.rejects.Set(float64(len(list)))
	return nil
}

// write returns when the index has taken or refused every document. The error
// is CodeNotFound when the index is gone, else ctx's or the catalogue's.
func (w *writer) write(ctx context.Context, index string, docs []document) error {
	for len(docs) > 0 {
		n, size := 0, 0
		for n < len(docs) && (n == 0 || size+len(docs[n].Source) <= bulkBytes) {
			size += len(docs[n].Source) + 100
			n++
		}
		if err := w.bulk(ctx, index, docs[:n]); err != nil {
			return err
		}
		docs = docs[n:]
	}
	return nil
}

func (w *writer) bulk(ctx context.Context, index string, docs []document) error {
	var (
		actions []elastic.Action
		faults  []postgres.SearchReject
		taken   = map[string]struct{}{}
	)
	for _, d := range docs {
		if d.fault != nil {
			faults = append(faults, reject(d.Action, d.fault.Error()))
			continue
		}
		actions = append(actions, d.Action)
		taken[d.ID] = struct{}{}
	}
	for pause := 100 * time.Millisecond; len(actions) > 0; {
		outcome, err := w.indexer.Bulk(ctx, index, actions)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case ticket.CodeOf(err) == ticket.CodeNotFound:
			return err
		case err != nil:
			outcome = elastic.Outcome{Again: actions, Cause: err.Error()}
		}
		w.metrics.count(outcome)
		for _, r := range outcome.Refused {
			faults = append(faults, reject(r.Action, r.Reason))
		}
		if actions = outcome.Again; len(actions) == 0 {
			break
		}
		slog.WarnContext(ctx, "Elasticsearch takes no documents", "index", index, "documents", len(actions), "reason", outcome.Cause)
		if err := sleep(ctx, pause/2+rand.N(pause)); err != nil { //nolint:gosec // spreads attempts; nothing secret
			return err
		}
		pause = min(2*pause, slowest)
	}
	return w.record(ctx, index, faults, taken)
}

func reject(a elastic.Action, reason string) postgres.SearchReject {
	const longest = 1000
	if len(reason) > longest {
		reason = reason[:longest]
	}
	return postgres.SearchReject{EventID: a.ID, Position: postgres.Position(a.Version), Reason: reason} //nolint:gosec // it was one before
}

// record keeps the list of refused documents: those that were refused now, but
// not those that were taken since.
func (w *writer) record(ctx context.Context, index string, faults []postgres.SearchReject, taken map[string]struct{}) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	known := w.rejects[index]
	if known == nil {
		known = map[string]struct{}{}
		w.rejects[index] = known
	}
	for _, f := range faults {
		delete(taken, f.EventID)
		slog.ErrorContext(ctx, "a document is refused", "index", index, "event", f.EventID, "reason", f.Reason)
	}
	var cleared []string
	for id := range known {
		if _, ok := taken[id]; ok {
			cleared = append(cleared, id)
		}
	}
	if len(faults) > 0 {
		if err := w.catalogue.SaveSearchRejects(ctx, index, faults); err != nil {
			return err
		}
	}
	if len(cleared) > 0 {
		if err := w.catalogue.ClearSearchRejects(ctx, index, cleared); err != nil {
			return err
		}
	}
	for _, f := range faults {
		known[f.EventID] = struct{}{}
	}
	for _, id := range cleared {
		delete(known, id)
	}
	w.metrics.refused.Add(float64(len(faults)))
	w.metrics.rejects.Set(float64(len(known)))
	return nil
}

// forgetRejects drops what is known of indices other than this one.
func (w *writer) forgetRejects(index string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rejects = map[string]map[string]struct{}{index: w.rejects[index]}
	w.metrics.rejects.Set(float64(len(w.rejects[index])))
}
