package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/cdc"
	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
)

// TestKillsDuringAStormOfChanges is the promise of change capture: whatever
// dies in whatever order, in the end Elasticsearch has every document as
// PostgreSQL says, and no other. Each of the first three rounds kills another
// thing, later ones whichever.
func TestKillsDuringAStormOfChanges(t *testing.T) {
	t.Parallel()
	s := newStorm(t)
	s.equal(t) // the first index is built

	ctx, cancel := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	for range 3 {
		writers.Go(func() { s.write(ctx) })
	}
	victims := []func(t *testing.T){s.killCapture, s.killElasticsearch, s.killPostgres}
	rand.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
	n := rounds(len(victims))
	for round := range n {
		time.Sleep(300*time.Millisecond + rand.N(1200*time.Millisecond))
		victim := round
		if round >= len(victims) {
			victim = rand.IntN(len(victims))
		}
		victims[victim](t)
	}
	time.Sleep(500 * time.Millisecond)
	cancel()
	writers.Wait()
	t.Logf("%d rounds, %d changes, %d of them unanswered", n, s.changes.Load(), s.unanswered.Load())
	require.Greater(t, s.changes.Load(), int64(100*n), "it was a storm")
	s.equal(t)
	s.equalByHand(t)
}

func (s *storm) killPostgres(t *testing.T) {
	t.Log("kill -9 PostgreSQL")
	s.postgres.Kill()
	time.Sleep(rand.N(time.Second))
	require.NoError(t, s.postgres.Restart(t.Context()))
}

func (s *storm) killElasticsearch(t *testing.T) {
	t.Log("kill -9 Elasticsearch")
	s.elasticsearch.Kill()
	time.Sleep(rand.N(time.Second))
	require.NoError(t, s.elasticsearch.Restart(t.Context()))
}

// killCapture kills one of the two processes, which may be the one that works.
func (s *storm) killCapture(t *testing.T) {
	t.Log("kill -9 cdc")
	s.captures[rand.IntN(len(s.captures))].kill()
}

// equal compares as yourticket audit does.
func (s *storm) equal(t *testing.T) {
	t.Helper()
	client, err := elastic.Open(s.elasticsearch.URL, elastic.Options{})
	require.NoError(t, err)
	a := cdc.Auditor{
		Catalogue: postgres.NewCatalogue(s.catalogue), CatalogueLog: postgres.NewCapture(s.urls[0], s.catalogue),
		Sales: postgres.NewSales(s.shards), Indexer: elastic.NewIndexer(client), Patience: 2 * time.Minute,
	}
	began := time.Now()
	c, err := a.Compare(t.Context())
	require.NoError(t, err)
	require.True(t, c.Equal(), "%+v", c)
	require.Zero(t, c.Refused)
	t.Logf("%d documents of %d events, the same after %s", c.Documents, c.Events, time.Since(began).Round(time.Millisecond))
}

// equalByHand compares what matters without the code that is tested.
func (s *storm) equalByHand(t *testing.T) {
	t.Helper()
	rows, err := s.catalogue.Query(t.Context(), `
		SELECT e.id, concat_ws('|', e.name, e.status, v.city,
		       (SELECT string_agg(price::text, ',' ORDER BY position) FROM prices WHERE event_id = e.id)), e.capacity
		FROM events e JOIN venues v ON v.id = e.venue_id WHERE e.status <> 'draft'`)
	require.NoError(t, err)
	want := map[string]string{}
	capacity := map[string]int{}
	for rows.Next() {
		var (
			id, text string
			places   int
		)
		require.NoError(t, rows.Scan(&id, &text, &places))
		want[id], capacity[id] = text, places
	}
	require.NoError(t, rows.Err())
	for _, shard := range s.shards {
		taken, err := shard.Query(t.Context(), `SELECT event_id, count(*) FROM tickets WHERE status = 'live' GROUP BY event_id`)
		require.NoError(t, err)
		for taken.Next() {
			var (
				id string
				n  int
			)
			require.NoError(t, taken.Scan(&id, &n))
			capacity[id] -= n
		}
		require.NoError(t, taken.Err())
	}
	for id := range want {
		want[id] += fmt.Sprintf("|%v", capacity[id] <= 0)
	}
	require.Equal(t, want, s.indexed(t))
}
