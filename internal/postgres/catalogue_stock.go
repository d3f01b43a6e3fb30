package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// StockCapture is how far the counts of a shard's sales can be relied on.
type StockCapture struct {
	// Generation rises when the shard's replication slot is made anew.
	Generation int64
	// Seeded tells whether all of its events were counted since.
	Seeded bool
}

// StockCapture reads how capture stands with a shard.
func (c *Catalogue) StockCapture(ctx context.Context, shard int) (s StockCapture, err error) {
	defer wrap(&err, "postgres.StockCapture(%d)", shard)
	err = c.db(ctx).QueryRow(ctx, `SELECT generation, seeded FROM stock_captures WHERE shard = $1`, shard).Scan(&s.Generation, &s.Seeded)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, nil
	}
	return s, err
}

// RenewStockCapture begins a new generation: no count of an earlier one is
// written any more, and all events have to be counted.
func (c *Catalogue) RenewStockCapture(ctx context.Context, shard int) (s StockCapture, err error) {
	defer wrap(&err, "postgres.RenewStockCapture(%d)", shard)
	err = c.db(ctx).QueryRow(ctx, `
		INSERT INTO stock_captures AS s (shard, generation) VALUES ($1, 1)
		ON CONFLICT (shard) DO UPDATE SET generation = s.generation + 1, seeded = false
		RETURNING generation, seeded`, shard).Scan(&s.Generation, &s.Seeded)
	return s, err
}

// SetStockSeeded records that all events of a shard were counted.
func (c *Catalogue) SetStockSeeded(ctx context.Context, shard int, generation int64) (err error) {
	defer wrap(&err, "postgres.SetStockSeeded(%d)", shard)
	_, err = c.db(ctx).Exec(ctx, `UPDATE stock_captures SET seeded = true WHERE shard = $1 AND generation = $2`, shard, generation)
	return err
}

// EventsOfShard lists a page of the ids of the events that live on a shard, after one.
func (c *Catalogue) EventsOfShard(ctx context.Context, shard int, after string, limit int) (ids []string, err error) {
	defer wrap(&err, "postgres.EventsOfShard(%d, %s)", shard, after)
	rows, err := c.db(ctx).Query(ctx, `SELECT id FROM events WHERE shard = $1 AND id > $2 ORDER BY id LIMIT $3`, shard, after, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// StockCount is what was counted on a shard at a position.
type StockCount struct {
	Shard      int
	Generation int64
	Position   Position
	// Taken has the places that are sold or blocked, by event. An event that is
	// asked about and has none is there with 0.
	Taken map[string]int
}

// SaveStock writes what was counted, unless a newer count is there, and returns
// how many places each event has left; ErrOutrun when the generation is over. Events that are not in the catalogue are
// left out; one that never had a place taken gets no row.
func (c *Catalogue) SaveStock(ctx context.Context, s StockCount) (left map[string]int, err error) {
	defer wrap(&err, "postgres.SaveStock(shard %d, %d events)", s.Shard, len(s.Taken))
	var (
		ids   []string
		taken []int
	)
	for id, n := range s.Taken {
		ids, taken = append(ids, id), append(taken, n)
	}
	rows, err := c.db(ctx).Query(ctx, `
		WITH counted AS (
			SELECT e.id, greatest(e.capacity - t.taken, 0) AS available, t.taken
			FROM unnest($4::text[], $5::int[]) AS t (id, taken) JOIN events e ON e.id = t.id
		), written AS (
			INSERT INTO event_stock AS s (event_id, sold_out, available, generation, shard_position)
			SELECT c.id, c.available = 0, c.available, $2, $3::text::pg_lsn
			FROM counted c JOIN stock_captures g ON g.shard = $1 AND g.generation = $2
			WHERE c.taken > 0 OR EXISTS (SELECT FROM event_stock o WHERE o.event_id = c.id)
			ORDER BY c.id
			ON CONFLICT (event_id) DO UPDATE
			SET sold_out = EXCLUDED.sold_out, available = EXCLUDED.available, generation = EXCLUDED.generation,
			    shard_position = EXCLUDED.shard_position, updated_at = now()
			WHERE (s.generation, s.shard_position) <= (EXCLUDED.generation, EXCLUDED.shard_position)
		)
		SELECT id, available, EXISTS (SELECT FROM stock_captures WHERE shard = $1 AND generation = $2) FROM counted`, s.Shard, s.Generation, s.Position.String(), ids, taken)
	if err != nil {
		return nil, err
	}
	left = make(map[string]int, len(ids))
	var (
		id  string
		n   int
		our bool
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &n, &our}, func() error {
		if left[id] = n; !our {
			return ErrOutrun
		}
		return nil
	})
	return left, err
}

// Stock is what the catalogue knows of an event's sale.
type Stock struct {
	Available int
	SoldOut   bool
}

// Stock reads the stock of events; one that never had a place taken is missing.
func (c *Catalogue) Stock(ctx context.Context, eventIDs []string) (stock map[string]Stock, err error) {
	defer wrap(&err, "postgres.Stock(%d)", len(eventIDs))
	rows, err := c.db(ctx).Query(ctx, `SELECT event_id, available, sold_out FROM event_stock WHERE event_id = ANY($1)`, eventIDs)
	if err != nil {
		return nil, err
	}
	stock = make(map[string]Stock, len(eventIDs))
	var (
		id string
		s  Stock
	)
	_, err = pgx.ForEachRow(rows, []any{&id, &s.Available, &s.SoldOut}, func() error { stock[id] = s; return nil })
	return stock, err
}

// WantStock asks for all events of all shards to be counted anew.
func (c *Catalogue) WantStock(ctx context.Context) (err error) {
	defer wrap(&err, "postgres.WantStock()")
	_, err = c.db(ctx).Exec(ctx, `UPDATE stock_captures SET seeded = false`)
	return err
}

// StockCounted tells whether all events of the shards 0 to n-1 were counted
// since it was last asked for.
func (c *Catalogue) StockCounted(ctx context.Context, n int) (counted bool, err error) {
	defer wrap(&err, "postgres.StockCounted(%d)", n)
	err = c.db(ctx).QueryRow(ctx, `SELECT count(*) = $1 FROM stock_captures WHERE seeded AND shard < $1`, n).Scan(&counted)
	return counted, err
}
