package postgres

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"yourticket.example/ticket"
)

// LedgerQuery says which entries of the journal are wanted.
type LedgerQuery struct {
	// EventID is empty for all events.
	EventID string
	// From and before To; zero for no bound.
	From, To time.Time
}

// ledgerPage is how many entries of a shard are in memory at once.
const ledgerPage = 1000

// Ledger gives the entries of the journal, of all shards that the query is
// about, by time; the lines of a transaction follow one another. However many
// there are, a page of each shard is in memory at most. An error of each ends it
// and is returned.
func (s *Sales) Ledger(ctx context.Context, q LedgerQuery, each func(*ticket.JournalEntry) error) (err error) {
	defer wrap(&err, "postgres.Ledger(%s)", q.EventID)
	shards := s.shards
	if q.EventID != "" {
		db, err := s.shard(q.EventID)
		if err != nil {
			return err
		}
		shards = []*pgxpool.Pool{db}
	}
	readers := make([]*ledgerReader, len(shards))
	for i, db := range shards {
		readers[i] = &ledgerReader{db: db, q: q}
	}
	for {
		next, err := earliest(ctx, readers)
		if err != nil || next == nil {
			return err
		}
		if err := each(next.take()); err != nil {
			return err
		}
	}
}

// earliest picks the reader whose next entry is the oldest, nil when all are at
// their end.
func earliest(ctx context.Context, readers []*ledgerReader) (first *ledgerReader, err error) {
	for _, r := range readers {
		if err := r.fill(ctx); err != nil {
			return nil, err
		}
		if len(r.page) > 0 && (first == nil || entryOrder(&r.page[0], &first.page[0]) < 0) {
			first = r
		}
	}
	return first, nil
}

func entryOrder(a, b *ticket.JournalEntry) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.TransactionID, b.TransactionID), cmp.Compare(a.Account, b.Account))
}

// ledgerReader reads the journal of one shard page by page.
type ledgerReader struct {
	db   *pgxpool.Pool
	q    LedgerQuery
	page []ticket.JournalEntry
	last ticket.JournalEntry
	done bool
}

// take gives the next entry of a page that is not empty.
func (r *ledgerReader) take() *ticket.JournalEntry {
	r.last = r.page[0]
	r.page = r.page[1:]
	return &r.last
}

// selectEntries reads a page, of an event or of all. What the provider calls the
// matter is in the transaction's own name where that is KIND/PROVIDER/REFERENCE.
const (
	selectEntries = `
SELECT j.transaction_id, j.account, j.event_id, j.booking_id,
       COALESCE(CASE WHEN split_part(j.transaction_id, '/', 2) IN ('stripe', 'paypal') THEN split_part(j.transaction_id, '/', 3)
                     WHEN j.transaction_id LIKE 'rf\_%' THEN r.provider_ref
                     WHEN j.transaction_id LIKE '%/capture' THEN p.capture_ref
                     ELSE p.ref END, ''),
       j.amount, j.currency, j.created_at
FROM (SELECT transaction_id, account, event_id, booking_id, amount, currency, created_at FROM journal
      WHERE created_at >= $1 AND created_at < $2 AND (created_at, transaction_id, account) > ($3, $4, $5)`
	ofEvent     = ` AND event_id = $7`
	entriesJoin = `
      ORDER BY created_at, transaction_id, account LIMIT $6) j
LEFT JOIN payments p ON p.booking_id = j.booking_id
LEFT JOIN refunds r ON r.id = split_part(j.transaction_id, '/', 1)
ORDER BY j.created_at, j.transaction_id, j.account`
)

var (
	firstTime = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
)

// fill reads the next page when the one before is used up.
func (r *ledgerReader) fill(ctx context.Context) error {
	if len(r.page) > 0 || r.done {
		return nil
	}
	from, to := r.q.From, cmp.Or(r.q.To, lastTime)
	if from.IsZero() {
		from = firstTime
	}
	after := r.last.At
	if after.IsZero() {
		after = from
	}
	sql, args := selectEntries+entriesJoin, []any{from, to, after, r.last.TransactionID, r.last.Account, ledgerPage}
	if r.q.EventID != "" {
		sql, args = selectEntries+ofEvent+entriesJoin, append(args, r.q.EventID)
	}
	rows, err := r.db.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	r.page, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e ticket.JournalEntry, err error) {
		err = row.Scan(&e.TransactionID, &e.Account, &e.EventID, &e.BookingID, &e.Reference, &e.Amount.Amount, &e.Amount.Currency, &e.At)
		return e, err
	})
	r.done = len(r.page) < ledgerPage
	return err
}
