package cdc_test

import (
	"context"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/ticket"
)

func TestDocumentsFollowWhatTheyAreMadeOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.event(t, ticket.EventScheduled)
	w.exec(t, `UPDATE events SET description = $1`, strings.Repeat("A long story. ", 5000))
	w.capture(t)
	w.indexed(t, before.ID, func(d *elastic.Document) bool { return len(d.Description) == 70_000 })

	after := w.event(t, ticket.EventScheduled)
	w.indexed(t, after.ID, func(d *elastic.Document) bool { return d.Venue.City == "Bonn" && d.Prices[0] == 5000 && !d.SoldOut })

	steps := map[string]struct {
		sql  string
		good func(d *elastic.Document) bool
	}{
		"a row, and a text stored apart stays": {`UPDATE events SET name = 'New', updated_at = now()`,
			func(d *elastic.Document) bool { return d.Name == "New" && len(d.Description) == 70_000 }},
		"its venue":   {`UPDATE venues SET city = 'Köln'`, func(d *elastic.Document) bool { return d.Venue.City == "Köln" }},
		"a price":     {`UPDATE prices SET price = 700`, func(d *elastic.Document) bool { return d.Prices[0] == 700 }},
		"a new price": {`INSERT INTO prices SELECT id, 2, 'B', 9, 1 FROM events`, func(d *elastic.Document) bool { return len(d.PriceList) == 2 }},
		"status":      {`UPDATE events SET status = 'canceled'`, func(d *elastic.Document) bool { return d.Status == "canceled" }},
	}
	for name, step := range steps {
		w.exec(t, step.sql)
		w.indexed(t, before.ID, step.good)
		t.Log(name)
	}

	draft := w.event(t, ticket.EventDraft)
	w.exec(t, `DELETE FROM events WHERE id = $1`, after.ID)
	eventually(t, "a deleted event has no document", func() bool { return w.document(t, after.ID) == nil })
	c := w.same(t)
	require.Equal(t, 1, c.Documents)
	require.Nil(t, w.document(t, draft.ID), "a draft has no document")
	w.exec(t, `UPDATE events SET status = 'scheduled' WHERE id = $1`, draft.ID)
	w.indexed(t, draft.ID, func(d *elastic.Document) bool { return d.Status == "scheduled" })
	w.exec(t, `TRUNCATE events CASCADE`)
	eventually(t, "an emptied table leaves no document", func() bool { return w.document(t, draft.ID) == nil })
	w.same(t)
}

func TestStockFollowsTheShards(t *testing.T) {
	t.Parallel()
	url, prefix := partstest.Elasticsearch(t)
	w := newWorldAt(t, addresses{
		catalogue: partstest.Postgres(t), shards: []string{partstest.Postgres(t), partstest.Postgres(t)},
		elasticsearch: url, alias: prefix + "events",
	})
	events := []*ticket.Event{w.event(t, ticket.EventScheduled), w.event(t, ticket.EventScheduled)}
	first, _ := ticket.ShardOf(events[0].ID)
	second, _ := ticket.ShardOf(events[1].ID)
	require.NotEqual(t, first, second)
	w.sell(t, events[0], 0, 0) // before anybody looks
	stop, _ := w.capture(t)
	for _, e := range events {
		w.indexed(t, e.ID, func(d *elastic.Document) bool { return !d.SoldOut })
		w.sell(t, e, 1, 2)
	}
	w.indexed(t, events[0].ID, func(d *elastic.Document) bool { return d.SoldOut })
	w.same(t)
	require.False(t, w.document(t, events[1].ID).SoldOut, "one of its places is left")
	live, house := func(context.Context) error { return nil }, ticket.SeatsOrder{Seats: []int{0}, Reason: "house", By: "us_1"}
	_, err := w.Sales.SaveBlocks(t.Context(), events[1].ID, house, live)
	require.NoError(t, err)
	w.indexed(t, events[1].ID, func(d *elastic.Document) bool { return d.SoldOut })

	stop()
	_, err = w.shards[first].Exec(t.Context(), `UPDATE tickets SET status = 'refunded' WHERE seat_index = 0`)
	require.NoError(t, err)
	require.NoError(t, w.Sales.DeleteBlocks(t.Context(), events[1].ID, house, live))
	w.capture(t)
	for _, e := range events {
		w.indexed(t, e.ID, func(d *elastic.Document) bool { return !d.SoldOut })
	}
	_, err = w.shards[first].Exec(t.Context(), `DELETE FROM tickets`)
	require.NoError(t, err)
	w.same(t)
	stock, err := w.Catalogue.Stock(t.Context(), []string{events[0].ID})
	require.NoError(t, err)
	require.Equal(t, 3, stock[events[0].ID].Available)
}

func TestAVenueWithThousandsOfEvents(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.event(t, ticket.EventScheduled)
	w.exec(t, `
		INSERT INTO events (id, shard, slug, name, artist, genre, description, venue_id, plan_id, organizer_id, starts_at, doors_at,
		                    on_sale_at, status, max_tickets_per_buyer, waiting_room, currency, capacity)
		SELECT left(id, 22) || lpad(n::text, 4, '0') || right(id, 3), shard, 'slug-' || n, name, artist, genre, description, venue_id, plan_id, organizer_id, starts_at, doors_at,
		       on_sale_at, status, max_tickets_per_buyer, waiting_room, currency, capacity
		FROM events, generate_series(1, 3000) n WHERE id = $1`, e.ID)
	w.capture(t)
	w.indexed(t, e.ID[:22]+"1500"+e.ID[26:], func(d *elastic.Document) bool { return d.Venue.City == "Bonn" })
	w.exec(t, `UPDATE venues SET city = 'Aachen'`)
	c := w.same(t)
	require.Equal(t, 3001, c.Documents)
	// One transaction, of which the beginning is written before its end is read.
	w.exec(t, `UPDATE events SET name = name || '!'`)
	w.same(t)
	w.exec(t, `UPDATE events SET name = name || '?' WHERE slug = 'slug-7'`)
	w.exec(t, `DELETE FROM events WHERE slug LIKE 'slug-2%' OR slug LIKE 'slug-1%'`)
	w.same(t)
}

func TestSchemaMayGrowWhileItRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	e := w.event(t, ticket.EventScheduled)
	_, registry := w.capture(t)
	w.indexed(t, e.ID, func(*elastic.Document) bool { return true })
	w.exec(t, `ALTER TABLE events ADD COLUMN age_limit integer`)
	w.exec(t, `ALTER TABLE events ADD COLUMN extra jsonb NOT NULL DEFAULT '{}'`)
	w.exec(t, `UPDATE events SET age_limit = 18, name = 'Grown'`)
	w.indexed(t, e.ID, func(d *elastic.Document) bool { return d.Name == "Grown" })
	w.exec(t, `ALTER TABLE events DROP COLUMN extra`)
	w.exec(t, `CREATE TABLE unrelated AS SELECT n, repeat('x', 200) AS x FROM generate_series(1, 200000) n`)
	w.exec(t, `UPDATE events SET name = 'Dropped'`)
	w.indexed(t, e.ID, func(d *elastic.Document) bool { return d.Name == "Dropped" })
	require.Zero(t, testutil.CollectAndCount(registry, "yourticket_cdc_failures_total"), "and nothing began again")
}
