package postgres_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
	"yourticket.example/migrations"
	"yourticket.example/ticket"
)

func TestAViewTellsWhichTransactionsItSees(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, partstest.Postgres(t))
	tx, err := f.pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	var running, ended uint32
	require.NoError(t, tx.QueryRow(t.Context(), `SELECT (pg_current_xact_id()::text::bigint % 4294967296)`).Scan(&running))
	require.NoError(t, f.pool.QueryRow(t.Context(), `SELECT (pg_current_xact_id()::text::bigint % 4294967296)`).Scan(&ended))

	sees := func(xids ...uint32) (all bool) {
		set := map[uint32]struct{}{}
		for _, xid := range xids {
			set[xid] = struct{}{}
		}
		require.NoError(t, f.log.View(t.Context(), func(ctx context.Context, v *postgres.View) (err error) {
			all, err = v.Sees(ctx, set)
			return err
		}))
		return all
	}
	require.True(t, sees())
	require.True(t, sees(ended))
	require.False(t, sees(ended, running), "it has not ended")
	require.False(t, sees(ended+1000), "it has not begun")
	require.NoError(t, tx.Commit(t.Context()))
	require.True(t, sees(ended, running))
}

// newViewed makes a catalogue with one event, which is a sales shard too.
func newViewed(t *testing.T) (*pgxpool.Pool, *postgres.Capture, *postgres.Catalogue, *ticket.Event) {
	t.Helper()
	url := partstest.Postgres(t)
	c, u := newCatalogueAt(t, url)
	_, err := postgres.MigrateUp(t.Context(), url, "sales", migrations.Sales())
	require.NoError(t, err)
	e := newEvent(t, c, u)
	require.NoError(t, c.CreateEvent(t.Context(), e))
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool, postgres.NewCapture(url, pool), c, e
}

func TestASnapshotIsOfItsPosition(t *testing.T) {
	t.Parallel()
	pool, log, _, _ := newViewed(t)
	var before postgres.Position
	require.NoError(t, log.Snapshot(t.Context(), func(ctx context.Context, v *postgres.View, at postgres.Position) error {
		before = at
		_, err := pool.Exec(ctx, `UPDATE events SET name = 'Later'`)
		require.NoError(t, err)
		rows, err := v.Published(ctx, "", 10)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, "Night", rows[0].Event.Name)
		return nil
	}))
	require.NoError(t, log.Snapshot(t.Context(), func(ctx context.Context, v *postgres.View, at postgres.Position) error {
		require.Greater(t, at, before)
		rows, err := v.Published(ctx, "", 10)
		require.NoError(t, err)
		require.Equal(t, "Later", rows[0].Event.Name)
		return nil
	}))
}

func TestAViewReadsAroundRowsThatNobodyCanRead(t *testing.T) {
	t.Parallel()
	pool, log, c, e := newViewed(t)
	second := *e
	second.Slug = "second"
	require.NoError(t, c.CreateEvent(t.Context(), &second))
	draft := *e
	draft.Slug, draft.Status = "draft", ticket.EventDraft
	require.NoError(t, c.CreateEvent(t.Context(), &draft))
	_, err := pool.Exec(t.Context(), `UPDATE events SET starts_at = 'infinity' WHERE id = $1`, e.ID)
	require.NoError(t, err)
	require.NoError(t, log.View(t.Context(), func(ctx context.Context, v *postgres.View) error {
		rows, err := v.Published(ctx, "", 10)
		require.NoError(t, err)
		require.Len(t, rows, 2, "a draft is not published")
		for _, row := range rows {
			if row.ID == e.ID {
				require.Error(t, row.Fault)
				continue
			}
			require.NoError(t, row.Fault)
			require.Equal(t, "second", row.Event.Slug)
		}
		all, err := v.EventsOfVenue(ctx, e.Venue.ID, "", 10)
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.Subset(t, all, []string{e.ID, second.ID, draft.ID})
		rest, err := v.EventsOfVenue(ctx, e.Venue.ID, all[0], 10)
		require.NoError(t, err)
		require.Equal(t, all[1:], rest)
		return nil
	}))
}

func TestStockIsNeverReplacedByAnOlderCount(t *testing.T) {
	t.Parallel()
	_, _, c, e := newViewed(t)
	first, err := c.RenewStockCapture(t.Context(), 0)
	require.NoError(t, err)
	save := func(generation int64, at postgres.Position, taken int) error {
		left, err := c.SaveStock(t.Context(), postgres.StockCount{Generation: generation, Position: at, Taken: map[string]int{e.ID: taken, "ev_none": 1}})
		if err == nil {
			require.Equal(t, map[string]int{e.ID: max(e.Capacity-taken, 0)}, left)
		}
		return err
	}
	stock := func() postgres.Stock {
		s, err := c.Stock(t.Context(), []string{e.ID})
		require.NoError(t, err)
		return s[e.ID]
	}
	require.NoError(t, save(first.Generation, 50, 0))
	none, err := c.Stock(t.Context(), []string{e.ID})
	require.NoError(t, err)
	require.Empty(t, none, "an event of which nothing is taken needs no row")
	require.NoError(t, save(first.Generation, 100, 2))
	require.Equal(t, postgres.Stock{Available: 0, SoldOut: true}, stock())
	require.NoError(t, save(first.Generation, 99, 1))
	require.True(t, stock().SoldOut, "an older count changes nothing")
	require.NoError(t, save(first.Generation, 100, 1))
	require.Equal(t, postgres.Stock{Available: 1}, stock())
	require.NoError(t, save(first.Generation, 101, 3))
	require.Equal(t, postgres.Stock{Available: 0, SoldOut: true}, stock(), "never below nothing")

	second, err := c.RenewStockCapture(t.Context(), 0)
	require.NoError(t, err)
	require.ErrorIs(t, save(first.Generation, 200, 1), postgres.ErrOutrun)
	require.True(t, stock().SoldOut)
	require.NoError(t, save(second.Generation, 5, 0), "positions begin anew")
	require.Equal(t, postgres.Stock{Available: 2}, stock())
}

func TestTheIndexIsSwappedInItsEpochOnly(t *testing.T) {
	t.Parallel()
	_, _, c, e := newViewed(t)
	state, err := c.SearchIndex(t.Context())
	require.NoError(t, err)
	require.Less(t, state.Built, state.Wanted, "the first index is wanted")
	old, err := c.TakeOverSearch(t.Context())
	require.NoError(t, err)
	state, err = c.TakeOverSearch(t.Context())
	require.NoError(t, err)

	never := func(context.Context) error { t.Error("swapped"); return nil }
	require.ErrorIs(t, c.SwapSearchIndex(t.Context(), old, never), postgres.ErrOutrun)
	state.Name = "one"
	require.Error(t, c.SwapSearchIndex(t.Context(), state, func(context.Context) error { return errors.New("Elasticsearch is away") }))
	after, err := c.SearchIndex(t.Context())
	require.NoError(t, err)
	require.Empty(t, after.Name, "nothing is recorded that was not done")

	reject := []postgres.SearchReject{{EventID: e.ID, Position: 7, Reason: "a reason"}}
	require.NoError(t, c.SaveSearchRejects(t.Context(), "zero", reject))
	require.NoError(t, c.SaveSearchRejects(t.Context(), "one", reject))
	require.NoError(t, c.SwapSearchIndex(t.Context(), state, func(context.Context) error { return nil }))
	after, err = c.SearchIndex(t.Context())
	require.NoError(t, err)
	require.Equal(t, postgres.SearchIndex{Name: "one", Wanted: state.Wanted, Built: state.Wanted, Epoch: state.Epoch}, after)
	for index, want := range map[string][]postgres.SearchReject{"zero": {}, "one": reject} {
		list, err := c.SearchRejects(t.Context(), index)
		require.NoError(t, err)
		require.Equal(t, want, list, index)
	}
	require.NoError(t, c.ClearSearchRejects(t.Context(), "one", []string{e.ID}))
	list, err := c.SearchRejects(t.Context(), "one")
	require.NoError(t, err)
	require.Empty(t, list)
}
