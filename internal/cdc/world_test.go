package cdc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/cdc"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

// patience is for a machine that is busy with others.
const patience = 90 * time.Second

// world is a catalogue, its shards and an Elasticsearch. Nothing captures yet.
type world struct {
	cdc.Options
	pool   *pgxpool.Pool   // the catalogue
	shards []*pgxpool.Pool // the catalogue alone by default
	es     *elastic.Client
	alias  string
	user   string
	venue  ticket.Venue
	plan   string
	made   int
}

// addresses are where the parts of a world are.
type addresses struct {
	catalogue     string
	shards        []string // none: the catalogue is the shard
	elasticsearch string
	alias         string
	body          json.RawMessage // of new indices, that of events by default
}

// newWorld has databases and an alias of its own on the servers that tests share.
func newWorld(t *testing.T) *world {
	t.Helper()
	url, prefix := partstest.Elasticsearch(t)
	return newWorldAt(t, addresses{catalogue: partstest.Postgres(t), elasticsearch: url, alias: prefix + "events"})
}

func newWorldAt(t *testing.T, at addresses) *world {
	t.Helper()
	if at.body == nil {
		at.body = elastic.IndexBody()
	}
	w := &world{alias: at.alias}
	w.pool = open(t, at.catalogue, "catalogue")
	w.Catalogue, w.CatalogueLog = postgres.NewCatalogue(w.pool), postgres.NewCapture(at.catalogue, w.pool)
	if len(at.shards) == 0 {
		at.shards = []string{at.catalogue}
	}
	for _, url := range at.shards {
		pool := open(t, url, "sales")
		w.shards = append(w.shards, pool)
		w.SalesLogs = append(w.SalesLogs, postgres.NewCapture(url, pool))
	}
	w.Sales = postgres.NewSales(w.shards)
	var err error
	w.es, err = elastic.Open(at.elasticsearch, elastic.Options{})
	require.NoError(t, err)
	w.Indexer = elastic.NewIndexerOf(w.es, at.alias, at.body)
	w.Keep = time.Minute
	w.fill(t)
	return w
}

func open(t *testing.T, url, set string) *pgxpool.Pool {
	t.Helper()
	files := migrations.Catalogue()
	if set == "sales" {
		files = migrations.Sales()
	}
	_, err := postgres.MigrateUp(t.Context(), url, set, files)
	require.NoError(t, err)
	pool, err := postgres.Open(t.Context(), url, postgres.Options{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// fill makes what events need.
func (w *world) fill(t *testing.T) {
	t.Helper()
	require.NoError(t, w.Catalogue.RegisterShards(t.Context(), len(w.shards)))
	w.user = ticket.NewID(ticket.KindUser, 0)
	require.NoError(t, w.Catalogue.CreateUser(t.Context(), ticket.Account{User: ticket.User{
		ID: w.user, Email: "o@example.org", Name: "O", Roles: []ticket.Role{ticket.RoleOrganizer},
	}, PasswordHash: "-"}))
	w.venue = ticket.Venue{ID: ticket.NewID(ticket.KindVenue, 0), Name: "Hall", City: "Bonn", Country: "DE", Lat: 50.7, Lon: 7.1}
	require.NoError(t, w.Catalogue.CreateVenue(t.Context(), w.venue, w.user))
	w.plan = ticket.NewID(ticket.KindPlan, 0)
	require.NoError(t, w.Catalogue.CreatePlan(t.Context(), ticket.StoredPlan{
		ID: w.plan, VenueID: w.venue.ID, Name: "Plan", Capacity: 3, Categories: []string{"A"}, Document: []byte(`{}`), CreatedBy: w.user,
	}))
}

// event makes an event with three places.
func (w *world) event(t *testing.T, status ticket.EventStatus) *ticket.Event {
	t.Helper()
	w.made++
	starts := time.Now().Add(time.Duration(w.made) * time.Hour).UTC()
	e := &ticket.Event{
		Slug: fmt.Sprintf("event-%d", w.made), Name: fmt.Sprintf("Night %d", w.made), Artist: "The Examples", Genre: "rock",
		Description: "Loud.", Venue: w.venue, PlanID: w.plan, OrganizerID: w.user,
		StartsAt: starts, DoorsAt: starts, OnSaleAt: starts.AddDate(0, -1, 0), Status: status, MaxTicketsPerBuyer: 4,
		Currency: "EUR", Capacity: 3,
		Prices: []ticket.Price{{Category: "A", Price: ticket.Money{Amount: 5000, Currency: "EUR"}, Fee: ticket.Money{Amount: 500, Currency: "EUR"}}},
	}
	require.NoError(t, w.Catalogue.CreateEvent(t.Context(), e))
	return e
}

// capture starts a process that captures; stop ends it, as does the test's end.
func (w *world) capture(t *testing.T) (stop func(), registry *prometheus.Registry) {
	t.Helper()
	o := w.Options
	registry = prometheus.NewRegistry()
	o.Registry = registry
	c, err := cdc.New(t.Context(), o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(ctx)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop, registry
}

func (w *world) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := w.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

// document is an event's document as it was last written, nil for none.
func (w *world) document(t *testing.T, id string) *elastic.Document {
	t.Helper()
	list, err := w.Indexer.Read(t.Context(), []string{id})
	if ticket.CodeOf(err) == ticket.CodeNotFound || ticket.CodeOf(err) == ticket.CodeUnavailable {
		return nil
	}
	require.NoError(t, err)
	if len(list) == 0 {
		return nil
	}
	var d elastic.Document
	require.NoError(t, json.Unmarshal(list[0].Source, &d))
	return &d
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, patience, 20*time.Millisecond, what)
}

// indexed waits until an event's document is as it should be.
func (w *world) indexed(t *testing.T, id string, good func(d *elastic.Document) bool) {
	t.Helper()
	var last *elastic.Document
	ok := false
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && !ok; time.Sleep(20 * time.Millisecond) {
		last = w.document(t, id)
		ok = last != nil && good(last)
	}
	require.True(t, ok, "the document of %s is %+v", id, last)
}

// same waits until Elasticsearch and the stock are what PostgreSQL says.
func (w *world) same(t *testing.T) cdc.Comparison {
	t.Helper()
	a := cdc.Auditor{Catalogue: w.Catalogue, CatalogueLog: w.CatalogueLog, Sales: w.Sales, Indexer: w.Indexer, Patience: patience}
	c, err := a.Compare(t.Context())
	require.NoError(t, err)
	require.True(t, c.Equal(), "%+v", c)
	return c
}

// sell writes live tickets for the event's places from first to last.
func (w *world) sell(t *testing.T, e *ticket.Event, first, last int) {
	t.Helper()
	shard, ok := ticket.ShardOf(e.ID)
	require.True(t, ok)
	_, err := w.shards[shard].Exec(t.Context(), `
		INSERT INTO tickets (id, booking_id, event_id, buyer_id, seat_index, status, price, fee, fence)
		SELECT $1 || n, 'b', $1, 'u', n, 'live', 1, 1, 1 FROM generate_series($2::int, $3) n`, e.ID, first, last)
	require.NoError(t, err)
}
