package cdc_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/cdc"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/ticket"
)

// state is the state in which a process is with the catalogue.
func state(t *testing.T, registry *prometheus.Registry) string {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != "yourticket_cdc_state" {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetGauge().GetValue() == 1 {
				return m.GetLabel()[1].GetValue()
			}
		}
	}
	return ""
}

func named(name string) func(d *elastic.Document) bool {
	return func(d *elastic.Document) bool { return d.Name == name }
}

func TestASecondProcessTakesOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.event(t, ticket.EventScheduled)
	stop, first := w.capture(t)
	w.indexed(t, e.ID, named(e.Name))
	_, second := w.capture(t)
	eventually(t, "it stands by", func() bool { return state(t, second) == "standby" })
	require.Equal(t, "streaming", state(t, first))
	stop()
	w.exec(t, `UPDATE events SET name = 'Taken over'`)
	w.indexed(t, e.ID, named("Taken over"))
	require.Equal(t, "streaming", state(t, second))
	require.Zero(t, testutil.CollectAndCount(second, "yourticket_cdc_failures_total"))
}

// TestALostSlotIsOvercomeByANewIndex also shows that searches go on meanwhile.
func TestALostSlotIsOvercomeByANewIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, gone := w.event(t, ticket.EventScheduled), w.event(t, ticket.EventScheduled)
	stop, _ := w.capture(t)
	w.indexed(t, kept.ID, named(kept.Name))
	w.indexed(t, gone.ID, named(gone.Name))
	old, _, err := w.Indexer.Live(t.Context())
	require.NoError(t, err)
	stop()

	slot, err := w.CatalogueLog.SlotName(t.Context())
	require.NoError(t, err)
	eventually(t, "the slot is free", func() bool { return w.CatalogueLog.DropSlot(t.Context(), slot) == nil })
	w.exec(t, `UPDATE events SET name = 'Unseen' WHERE id = $1`, kept.ID)
	w.exec(t, `DELETE FROM events WHERE id = $1`, gone.ID)
	w.sell(t, kept, 0, 2)
	w.capture(t)
	searched := 0
	for {
		page, err := w.Indexer.After(t.Context(), "", 10)
		require.NoError(t, err, "there is always an index to search")
		searched++
		if now, _, err := w.Indexer.Live(t.Context()); err == nil && now != old && len(page) == 1 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	require.Positive(t, searched)
	w.indexed(t, kept.ID, func(d *elastic.Document) bool { return d.Name == "Unseen" && d.SoldOut })
	require.Nil(t, w.document(t, gone.ID))
	w.same(t)
}

// strict is an index that takes no artist but dates.
var strict = json.RawMessage(`{"settings": {"number_of_replicas": 0, "refresh_interval": "100ms"}, "mappings": {"dynamic": false,
	"_meta": {"mapping_hash": "strict"},
	"properties": {"id": {"type": "keyword"}, "artist": {"type": "date"}}}}`)

func TestADocumentThatIsRefusedHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	url, prefix := partstest.Elasticsearch(t)
	w := newWorldAt(t, addresses{catalogue: partstest.Postgres(t), elasticsearch: url, alias: prefix + "events", body: strict})
	poison, good, endless := w.event(t, ticket.EventScheduled), w.event(t, ticket.EventScheduled), w.event(t, ticket.EventScheduled)
	w.exec(t, `UPDATE events SET artist = '2026-01-01' WHERE id <> $1`, poison.ID)
	w.exec(t, `UPDATE events SET starts_at = 'infinity' WHERE id = $1`, endless.ID)
	_, registry := w.capture(t)
	w.indexed(t, good.ID, named(good.Name))
	refused := func() map[string]string {
		s, err := w.Catalogue.SearchIndex(t.Context())
		require.NoError(t, err)
		list, err := w.Catalogue.SearchRejects(t.Context(), s.Name)
		require.NoError(t, err)
		reasons := map[string]string{}
		for _, r := range list {
			reasons[r.EventID] = r.Reason
		}
		return reasons
	}
	eventually(t, "both are recorded", func() bool { return len(refused()) == 2 })
	require.Contains(t, refused()[poison.ID], "failed to parse")
	require.Contains(t, refused()[endless.ID], "Infinity")
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
		# HELP yourticket_cdc_rejects Documents that are refused at present, see the table search_rejects.
		# TYPE yourticket_cdc_rejects gauge
		yourticket_cdc_rejects 2
	`), "yourticket_cdc_rejects"))

	w.exec(t, `UPDATE events SET name = 'Goes on' WHERE id = $1`, good.ID)
	w.indexed(t, good.ID, named("Goes on"))
	w.exec(t, `UPDATE events SET artist = '2026-01-02' WHERE id = $1`, poison.ID)
	w.exec(t, `UPDATE events SET starts_at = now() WHERE id = $1`, endless.ID)
	w.indexed(t, poison.ID, named(poison.Name))
	eventually(t, "what is taken is cleared", func() bool { return len(refused()) == 0 })
	w.same(t)
}

func TestAnIndexOfAnotherBuildIsBuiltAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.event(t, ticket.EventScheduled)
	stop, _ := w.capture(t)
	w.indexed(t, e.ID, named(e.Name))
	old, current, err := w.Indexer.Live(t.Context())
	require.NoError(t, err)
	require.True(t, current)
	stop()
	w.Indexer = elastic.NewIndexerOf(w.es, w.alias, []byte(strings.Replace(string(elastic.IndexBody()), elastic.IndexHash(), "other", 1)))
	_, current, err = w.Indexer.Live(t.Context())
	require.NoError(t, err)
	require.False(t, current)
	w.Keep = time.Millisecond
	w.capture(t)
	eventually(t, "there is an index of this build", func() bool {
		now, current, err := w.Indexer.Live(t.Context())
		return err == nil && current && now != old
	})
	w.same(t)
	eventually(t, "the old index is deleted", func() bool {
		names, err := w.Indexer.Indices(t.Context())
		return err == nil && len(names) == 1
	})
}

func TestAnIndexThatIsGoneIsBuiltAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.event(t, ticket.EventScheduled)
	w.capture(t)
	w.indexed(t, e.ID, named(e.Name))
	old, _, err := w.Indexer.Live(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Indexer.Delete(t.Context(), old))
	w.exec(t, `UPDATE events SET name = 'After all'`)
	w.indexed(t, e.ID, named("After all"))
	w.same(t)
}

func TestRebuildWithAndWithoutACapture(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.event(t, ticket.EventScheduled)
	w.sell(t, e, 0, 0)
	damage := func() {
		w.exec(t, `UPDATE event_stock SET available = 77`)
		live, _, err := w.Indexer.Live(t.Context())
		require.NoError(t, err)
		_, err = w.Indexer.Bulk(t.Context(), live, []elastic.Action{
			{ID: e.ID, Version: 1 << 60}, {ID: "ev_stranger", Version: 1, Source: []byte(`{"id": "ev_stranger"}`)},
		})
		require.NoError(t, err)
	}
	found := func() cdc.Comparison {
		a := cdc.Auditor{Catalogue: w.Catalogue, CatalogueLog: w.CatalogueLog, Sales: w.Sales, Indexer: w.Indexer, Patience: time.Millisecond}
		c, err := a.Compare(t.Context())
		require.NoError(t, err)
		return c
	}
	require.Equal(t, 1, found().Missing, "without an index everything is missing")
	require.NoError(t, cdc.Rebuild(t.Context(), w.Options))
	w.same(t)
	damage()
	c := found()
	require.Equal(t, []int{1, 1, 1}, []int{c.Missing, c.Surplus, c.Stock}, "%+v", c)
	require.Len(t, c.Examples, 3)
	require.NoError(t, cdc.Rebuild(t.Context(), w.Options))
	w.same(t)

	w.capture(t)
	damage()
	require.NoError(t, cdc.Rebuild(t.Context(), w.Options))
	w.same(t)
}

// TestElasticsearchAwayForAWhile needs servers of its own to take away.
func TestElasticsearchAwayForAWhile(t *testing.T) {
	t.Parallel()
	server := partstest.ElasticsearchServer(t)
	w := newWorldAt(t, addresses{catalogue: partstest.Postgres(t), elasticsearch: server.URL, alias: "events"})
	e := w.event(t, ticket.EventScheduled)
	_, registry := w.capture(t)
	w.indexed(t, e.ID, named(e.Name))
	slot, err := w.CatalogueLog.SlotName(t.Context())
	require.NoError(t, err)
	server.Kill()
	for i := range 2000 {
		w.exec(t, `UPDATE events SET name = 'Change ' || $1::int, updated_at = now()`, i)
	}
	behind, err := w.CatalogueLog.Behind(t.Context(), slot)
	require.NoError(t, err)
	require.Greater(t, behind, int64(100_000), "nothing is confirmed that was not written")
	require.Equal(t, "streaming", state(t, registry), "it keeps its slot and waits")
	require.NoError(t, server.Restart(t.Context()))
	w.indexed(t, e.ID, named("Change 1999"))
	w.same(t)
	eventually(t, "and catches up", func() bool {
		behind, err = w.CatalogueLog.Behind(t.Context(), slot)
		return err == nil && behind < 100_000
	})
}

// TestAnIdleDatabaseForgetsItsLog holds even if others on its server work on.
func TestAnIdleDatabaseForgetsItsLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.capture(t)
	slot, err := w.CatalogueLog.SlotName(t.Context())
	require.NoError(t, err)
	other := open(t, partstest.Postgres(t), "sales")
	_, err = other.Exec(t.Context(), `CREATE TABLE busy AS SELECT n, repeat('x', 100) FROM generate_series(1, 100000) n`)
	require.NoError(t, err)
	eventually(t, "the log of others is not kept", func() bool {
		behind, err := w.CatalogueLog.Behind(t.Context(), slot)
		return err == nil && behind < 1<<20
	})
}

// TestManyWritersAndAReaderThatIsReplaced is the kill storm without kills:
// changes of all kinds while the reader changes all the time.
func TestManyWritersAndAReaderThatIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 40 {
		w.event(t, ticket.EventScheduled)
	}
	stop, _ := w.capture(t)
	done := time.Now().Add(8 * time.Second)
	var writers sync.WaitGroup
	for range 3 {
		writers.Go(func() {
			for time.Now().Before(done) {
				w.stir(t)
			}
		})
	}
	for time.Now().Before(done) {
		time.Sleep(time.Second)
		next, _ := w.capture(t)
		stop()
		stop = next
	}
	writers.Wait()
	w.same(t)
}

// stir makes a random change.
func (w *world) stir(t *testing.T) {
	t.Helper()
	n := rand.IntN(40)
	changes := []string{
		`UPDATE events SET name = 'N' || random(), version = version + 1 WHERE slug = $1`,
		`UPDATE prices SET price = (random() * 10000)::int WHERE event_id = (SELECT id FROM events WHERE slug = $1)`,
		`UPDATE venues SET city = 'City ' || random() WHERE $1 <> ''`,
		`UPDATE events SET status = CASE status WHEN 'draft' THEN 'scheduled' ELSE 'draft' END WHERE slug = $1`,
		`DELETE FROM blocks WHERE event_id = (SELECT id FROM events WHERE slug = $1)`,
		`INSERT INTO blocks (event_id, seat_index) SELECT id, (random() * 2)::int FROM events WHERE slug = $1 ON CONFLICT DO NOTHING`,
	}
	_, err := w.pool.Exec(t.Context(), changes[rand.IntN(len(changes))], fmt.Sprintf("event-%d", n+1))
	if ticket.CodeOf(err) == ticket.CodeInternal && err != nil && !strings.Contains(err.Error(), "deadlock") {
		t.Error(err)
	}
}
