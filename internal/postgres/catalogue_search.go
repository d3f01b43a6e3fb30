package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

// SearchIndex is how the search index stands.
type SearchIndex struct {
	// Name is the index that was last built, "" before the first.
	Name string
	// The index has to be built while Built is less than Wanted.
	Wanted, Built int64
	// Epoch rises when a reader takes over.
	Epoch int64
}

const searchIndexColumns = ` name, wanted, built, epoch`

// ErrOutrun tells that another reader of changes has taken over since.
var ErrOutrun = errors.New("another reader has taken over")

func (c *Catalogue) searchIndex(ctx context.Context, sql string) (SearchIndex, error) {
	rows, err := c.db(ctx).Query(ctx, sql)
	if err != nil {
		return SearchIndex{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[SearchIndex])
}

// SearchIndex reads how the index stands.
func (c *Catalogue) SearchIndex(ctx context.Context) (s SearchIndex, err error) {
	defer wrap(&err, "postgres.SearchIndex()")
	return c.searchIndex(ctx, `SELECT`+searchIndexColumns+` FROM search_index`)
}

// BeatSearch commits a small change, which lets the position of an idle
// database advance.
func (c *Catalogue) BeatSearch(ctx context.Context) (s SearchIndex, err error) {
	defer wrap(&err, "postgres.BeatSearch()")
	return c.searchIndex(ctx, `UPDATE search_index SET beat_at = now() RETURNING`+searchIndexColumns)
}

// TakeOverSearch begins a new epoch, after the swap of an earlier one has ended.
func (c *Catalogue) TakeOverSearch(ctx context.Context) (s SearchIndex, err error) {
	defer wrap(&err, "postgres.TakeOverSearch()")
	return c.searchIndex(ctx, `UPDATE search_index SET epoch = epoch + 1 RETURNING`+searchIndexColumns)
}

// WantSearchIndex asks for the index to be built anew.
func (c *Catalogue) WantSearchIndex(ctx context.Context) (s SearchIndex, err error) {
	defer wrap(&err, "postgres.WantSearchIndex()")
	return c.searchIndex(ctx, `UPDATE search_index SET wanted = wanted + 1 RETURNING`+searchIndexColumns)
}

// SwapSearchIndex records that an index was built for what was wanted, and runs
// swap in the same transaction; ErrOutrun, and nothing, when the epoch is over.
// What was refused by other indices is forgotten.
func (c *Catalogue) SwapSearchIndex(ctx context.Context, s SearchIndex, swap func(ctx context.Context) error) (err error) {
	defer wrap(&err, "postgres.SwapSearchIndex(%s)", s.Name)
	return c.inTx(ctx, func(ctx context.Context) error {
		tag, err := c.db(ctx).Exec(ctx, `
			UPDATE search_index SET name = $2, built = greatest(built, $3) WHERE epoch = $1`, s.Epoch, s.Name, s.Wanted)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return ErrOutrun
		}
		if _, err := c.db(ctx).Exec(ctx, `DELETE FROM search_rejects WHERE index_name <> $1`, s.Name); err != nil {
			return err
		}
		return swap(ctx)
	})
}

// SearchReject is a document that Elasticsearch refused for what is in it.
type SearchReject struct {
	EventID  string
	Position Position
	Reason   string
}

// SaveSearchRejects records what an index refused.
func (c *Catalogue) SaveSearchRejects(ctx context.Context, index string, rejects []SearchReject) (err error) {
	defer wrap(&err, "postgres.SaveSearchRejects(%s, %d)", index, len(rejects))
	batch := &pgx.Batch{}
	for _, r := range rejects {
		batch.Queue(`
			INSERT INTO search_rejects AS r (index_name, event_id, position, reason) VALUES ($1, $2, $3::text::pg_lsn, $4)
			ON CONFLICT (index_name, event_id) DO UPDATE
			SET position = EXCLUDED.position, reason = EXCLUDED.reason, times = r.times + 1, last_at = now()
			WHERE r.position <= EXCLUDED.position`, index, r.EventID, r.Position.String(), r.Reason)
	}
	return c.inTx(ctx, func(ctx context.Context) error {
		return c.db(ctx).(pgx.Tx).SendBatch(ctx, batch).Close() //nolint:forcetypeassert // inTx made it
	})
}

// ClearSearchRejects forgets the refusals of documents that the index has taken since.
func (c *Catalogue) ClearSearchRejects(ctx context.Context, index string, eventIDs []string) (err error) {
	defer wrap(&err, "postgres.ClearSearchRejects(%s, %d)", index, len(eventIDs))
	_, err = c.db(ctx).Exec(ctx, `DELETE FROM search_rejects WHERE index_name = $1 AND event_id = ANY($2)`, index, eventIDs)
	return err
}

// SearchRejects lists the events whose documents an index refuses.
func (c *Catalogue) SearchRejects(ctx context.Context, index string) (list []SearchReject, err error) {
	defer wrap(&err, "postgres.SearchRejects(%s)", index)
	rows, err := c.db(ctx).Query(ctx, `
		SELECT event_id, (position - '0/0'::pg_lsn)::bigint, reason FROM search_rejects WHERE index_name = $1 ORDER BY event_id`, index)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[SearchReject])
}
