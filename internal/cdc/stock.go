package cdc

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// stockEvery is how old the count of an event may get while its sale goes on.
// One that may be sold out, or not any more, is counted at once.
const stockEvery = 3 * time.Second

// stock follows a sales shard and writes each event's stock into the catalogue.
//
// It does not add up what the stream says, which would be wrong for ever after
// one mistake: it counts. An event is counted when its count could tell that it
// is sold out: each change takes one place at most, so not before as many places
// changed as were left. And it is counted some seconds after a change in any
// case. So a sale of 50,000 places costs a count every few seconds, and its end
// shows at once.
type stock struct {
	shard     int
	db        *postgres.Capture
	catalogue *postgres.Catalogue
	sales     *postgres.Sales
	metrics   *metrics

	generation int64
	seeded     bool
	dirty      map[string]*uncounted
	xids       map[uint32]struct{} // of the transactions that made them dirty
	through    postgres.Position
	left       map[string]int // places left, as of the last count of an event
}

// uncounted is an event that changed since it was counted.
type uncounted struct {
	first postgres.Position // the commit of the first change
	since time.Time
	taken int  // places that may have been taken since the count
	freed bool // whether one may have been given back
}

func newStock(shard int, db *postgres.Capture, catalogue *postgres.Catalogue, sales *postgres.Sales, m *metrics) *stock {
	return &stock{shard: shard, db: db, catalogue: catalogue, sales: sales, metrics: m}
}

func (*stock) publications() []string { return []string{"yourticket_sales"} }
func (*stock) columns() []string      { return []string{"event_id", "status"} }

func (s *stock) lost(ctx context.Context) error {
	_, err := s.catalogue.RenewStockCapture(ctx, s.shard)
	return err
}

func (s *stock) begin(ctx context.Context) error {
	s.dirty, s.xids, s.left = map[string]*uncounted{}, map[uint32]struct{}{}, map[string]int{}
	state, err := s.catalogue.StockCapture(ctx, s.shard)
	if err == nil && state.Generation == 0 {
		state, err = s.catalogue.RenewStockCapture(ctx, s.shard) // the slot is older than the shard
	}
	if err != nil {
		return err
	}
	s.generation, s.seeded = state.Generation, state.Seeded
	return s.seed(ctx)
}

// seed counts all events, from a snapshot, unless that was done before.
func (s *stock) seed(ctx context.Context) error {
	if s.seeded {
		return nil
	}
	err := s.db.Snapshot(ctx, func(ctx context.Context, v *postgres.View, at postgres.Position) error {
		for after := ""; ; {
			ids, err := s.catalogue.EventsOfShard(ctx, s.shard, after, pageSize)
			if err != nil || len(ids) == 0 {
				return err
			}
			counted, err := v.Taken(ctx, ids)
			if err != nil {
				return err
			}
			if err := s.save(ctx, ids, counted, at-1); err != nil {
				return err
			}
			after = ids[len(ids)-1]
		}
	})
	if err != nil {
		return err
	}
	s.seeded = true
	slog.InfoContext(ctx, "the stock of all events was counted", "shard", s.shard)
	return s.catalogue.SetStockSeeded(ctx, s.shard, s.generation)
}

// save writes what was counted of events in a view that includes all up to a position.
func (s *stock) save(ctx context.Context, ids []string, counted map[string]int, at postgres.Position) error {
	taken := make(map[string]int, len(ids))
	for _, id := range ids {
		taken[id] = counted[id] // 0 where nothing is taken
	}
	left, err := s.catalogue.SaveStock(ctx, postgres.StockCount{
		Shard: s.shard, Generation: s.generation, Position: at, Taken: taken,
	})
	if err != nil {
		return err
	}
	s.metrics.counts.WithLabelValues(strconv.Itoa(s.shard)).Add(float64(len(taken)))
	const remembered = 50_000
	if len(s.left) > remembered {
		clear(s.left) // the next change of each is counted at once, that is all
	}
	maps.Copy(s.left, left)
	return nil
}

func (s *stock) note(c postgres.Change) int {
	if c.Kind == postgres.ChangeTruncate {
		s.seeded = false
		return 1
	}
	if c.Table != "tickets" && c.Table != "blocks" {
		return 0
	}
	id := c.Row["event_id"]
	if shard, ok := ticket.ShardOf(id); !ok || shard != s.shard {
		return 0
	}
	u := s.dirty[id]
	if u == nil {
		u = &uncounted{first: c.Commit, since: time.Now()}
		s.dirty[id] = u
	}
	switch {
	case c.Kind == postgres.ChangeDelete, c.Row["status"] == "refunded":
		u.freed = true
	default:
		u.taken++
	}
	s.xids[c.XID], s.through = struct{}{}, c.Commit
	return 1
}

// due tells whether an event has to be counted now.
func (s *stock) due(id string, u *uncounted) bool {
	left, known := s.left[id]
	switch {
	case !known, time.Since(u.since) >= stockEvery:
		return true
	case left == 0:
		return u.freed
	default:
		return u.taken >= left
	}
}

func (s *stock) flush(ctx context.Context, _ received) error {
	if !s.seeded {
		return s.reseed(ctx)
	}
	all := len(s.xids) > 20*batchSize // bounds what is remembered
	var ids []string
	for id, u := range s.dirty {
		if all || s.due(id, u) {
			ids = append(ids, id)
		}
	}
	for page := range slices.Chunk(ids, batchSize) {
		var counted map[string]int
		err := see(ctx, s.db, s.xids, func(ctx context.Context, v *postgres.View) (err error) {
			counted, err = v.Taken(ctx, page)
			return err
		})
		if err != nil {
			return err
		}
		if err := s.save(ctx, page, counted, s.through); err != nil {
			return err
		}
		for _, id := range page {
			delete(s.dirty, id)
		}
	}
	if len(s.dirty) == 0 {
		clear(s.xids)
	}
	return nil
}

// reseed begins a new generation after a table was emptied.
func (s *stock) reseed(ctx context.Context) error {
	if err := s.lost(ctx); err != nil {
		return err
	}
	return s.begin(ctx)
}

func (s *stock) held() postgres.Position {
	first := postgres.Position(0)
	for _, u := range s.dirty {
		if first == 0 || u.first < first {
			first = u.first
		}
	}
	return first
}

// beat commits something. It also counts anew if somebody asked for that.
func (s *stock) beat(ctx context.Context) error {
	if err := s.sales.Beat(ctx, s.shard); err != nil {
		return err
	}
	state, err := s.catalogue.StockCapture(ctx, s.shard)
	if err != nil {
		return err
	}
	if state.Generation != s.generation {
		return postgres.ErrOutrun
	}
	s.seeded = state.Seeded
	return s.seed(ctx)
}
