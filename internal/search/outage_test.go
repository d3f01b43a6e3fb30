package search_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/search"
	"yourticket.example/ticket"
)

// TestElasticsearchDiesUnderLoad kills it while searches go on, and starts it
// again: no search fails, and what is degraded says so.
func TestElasticsearchDiesUnderLoad(t *testing.T) {
	t.Parallel()
	events := randomEvents(3, 200)
	w := newDatabase(t, events)
	node := partstest.ElasticsearchServer(t)
	w.connect(t, node.URL, "events")
	w.fill(t, events)
	s, err := search.New(search.Options{Index: w.index, Database: w.database})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	defer load.Wait()
	defer stop()
	load.Go(func() { s.Run(ctx) })
	var answered, degraded atomic.Int64
	for i := range 4 {
		load.Go(func() { searchOn(ctx, t, s, uint64(i), &answered, &degraded) })
	}
	settled := func(limited bool) func() bool {
		return func() bool {
			got, err := ask(ctx, s, ticket.SearchQuery{Text: fmt.Sprint("quandrel ", rand.Uint64())}, "")
			return err == nil && got.Degraded == limited && s.Limited() == limited
		}
	}
	require.Eventually(t, settled(false), time.Minute, 20*time.Millisecond)
	began := time.Now()
	node.Kill()
	require.Eventually(t, settled(true), time.Minute, 20*time.Millisecond)
	t.Logf("degraded after %v", time.Since(began))
	require.NoError(t, node.Restart(ctx))
	began = time.Now()
	require.Eventually(t, settled(false), 2*time.Minute, 20*time.Millisecond)
	t.Logf("back after %v", time.Since(began))
	stop()
	load.Wait()
	t.Logf("%d searches, %d of them degraded, none failed", answered.Load(), degraded.Load())
	require.Positive(t, degraded.Load())
}

// searchOn searches until ctx ends, by ever other words, and reads second pages.
func searchOn(ctx context.Context, t *testing.T, s *search.Service, seed uint64, answered, degraded *atomic.Int64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for ctx.Err() == nil {
		q := ticket.SearchQuery{Sort: []ticket.SearchSort{ticket.SortDate, ticket.SortRelevance}[r.IntN(2)], Limit: 1 + r.IntN(100)}
		if r.IntN(2) == 0 {
			q.Text = rareWords[r.IntN(len(rareWords))]
		}
		got, err := ask(ctx, s, q, "")
		if err == nil && got.Cursor != "" {
			got, err = ask(ctx, s, q, got.Cursor)
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.Errorf("a search failed: %v", err)
			return
		}
		answered.Add(1)
		if got.Degraded {
			degraded.Add(1)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestAListGoesOnWithoutItsViewAndInTheOtherEngine(t *testing.T) {
	t.Parallel()
	events := randomEvents(5, 200)
	w := newWorld(t, events)
	s := w.service(t)
	for _, q := range []ticket.SearchQuery{
		{Sort: ticket.SortDate, Limit: 10}, {Sort: ticket.SortPrice, Limit: 10}, {Limit: 10},
		{Sort: ticket.SortDistance, Near: &ticket.Point{Lat: 50, Lon: 7}, Limit: 10},
	} {
		_, whole, err := everything(t.Context(), s, q)
		require.NoError(t, err)
		first, err := ask(t.Context(), s, q, "")
		require.NoError(t, err)
		second, err := ask(t.Context(), s, q, first.Cursor)
		require.NoError(t, err)
		require.Equal(t, whole[10:20], second.ids)
		require.NotEmpty(t, second.Next.View)
		w.call(t, "DELETE", "/_pit", fmt.Appendf(nil, `{"id": %q}`, second.Next.View))
		third, err := ask(t.Context(), s, q, second.Cursor)
		require.NoError(t, err)
		require.Equal(t, whole[20:30], third.ids, "without the view")
		fourth, err := ask(t.Context(), w.limited(t), q, third.Cursor)
		require.NoError(t, err)
		require.Equal(t, whole[30:40], fourth.ids, "in the database")
	}
	q := ticket.SearchQuery{Text: "quandrel", Limit: 5}
	first, err := ask(t.Context(), s, q, "")
	require.NoError(t, err)
	second, err := ask(t.Context(), w.limited(t), q, first.Cursor)
	require.NoError(t, err, "by rank the place is a number")
	require.Len(t, second.ids, 5)
	third, err := ask(t.Context(), s, q, second.Cursor)
	require.NoError(t, err)
	require.NotEmpty(t, third.ids)
}
