package cdc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"yourticket.example/internal/elastic"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// Auditor compares what is derived with what it is derived from, and has it
// built anew. It works beside a running capture.
type Auditor struct {
	Catalogue    *postgres.Catalogue
	CatalogueLog *postgres.Capture
	Sales        *postgres.Sales
	Indexer      *elastic.Indexer
	// Patience is how long a difference may last before it counts as one: what
	// has just changed is on its way. Default 15 s.
	Patience time.Duration
}

// Difference is an event whose document or stock is not as it should be.
type Difference struct {
	EventID string `json:"event_id"`
	What    string `json:"what"`
}

// Comparison is the result of Compare.
type Comparison struct {
	// Events are those of the catalogue that buyers may see, Documents those in
	// Elasticsearch.
	Events    int `json:"events"`
	Documents int `json:"documents"`
	// Missing, Surplus and Different count documents; Stock counts events whose
	// stock is not what their shard says.
	Missing   int `json:"missing"`
	Surplus   int `json:"surplus"`
	Different int `json:"different"`
	Stock     int `json:"stock"`
	// Refused counts documents that are known to be refused. They are among the
	// missing or different, too.
	Refused int `json:"refused"`
	// Examples are the first of the differences.
	Examples []Difference `json:"examples"`
}

// Equal tells whether there is no difference.
func (c *Comparison) Equal() bool { return c.Missing+c.Surplus+c.Different+c.Stock == 0 }

// maxExamples bounds the differences that are named, maxDoubts those that are
// looked at again before they count.
const (
	maxExamples = 20
	maxDoubts   = 10_000
)

// Compare reads both sides by id, side by side, a page at a time. What differs
// is looked at again until it does not or Patience is over.
func (a *Auditor) Compare(ctx context.Context) (c Comparison, err error) {
	if err := a.refresh(ctx); err != nil {
		return c, err
	}
	doubts, err := a.walk(ctx, &c)
	if err != nil {
		return c, err
	}
	state, err := a.Catalogue.SearchIndex(ctx)
	if err != nil {
		return c, err
	}
	refused, err := a.Catalogue.SearchRejects(ctx, state.Name)
	if err != nil {
		return c, err
	}
	c.Refused = len(refused)
	patience := a.Patience
	if patience == 0 {
		patience = 15 * time.Second
	}
	for deadline := time.Now().Add(patience); ; {
		if doubts, err = a.again(ctx, doubts); err != nil {
			return c, err
		}
		if len(doubts) == 0 || time.Now().After(deadline) {
			break
		}
		if err := sleep(ctx, min(patience, 500*time.Millisecond)); err != nil {
			return c, err
		}
	}
	for _, d := range doubts {
		c.add(d)
	}
	return c, nil
}

// refresh makes what was written visible; no index is no reason to fail, all
// documents are missing then.
func (a *Auditor) refresh(ctx context.Context) error {
	index, _, err := a.Indexer.Live(ctx)
	if err != nil || index == "" {
		return err
	}
	return a.Indexer.Refresh(ctx, index)
}

// kind is how an event differs.
type kind int

const (
	missing kind = iota + 1
	surplus
	different
	stale // its stock
)

// doubt is an event that seemed to differ.
type doubt struct {
	id   string
	kind kind
	what string
}

func (c *Comparison) add(d doubt) {
	switch d.kind {
	case missing:
		c.Missing++
	case surplus:
		c.Surplus++
	case different:
		c.Different++
	case stale:
		c.Stock++
	}
	if len(c.Examples) < maxExamples {
		c.Examples = append(c.Examples, Difference{EventID: d.id, What: d.what})
	}
}

// walk merges both sides and returns what seems to differ.
func (a *Auditor) walk(ctx context.Context, c *Comparison) ([]doubt, error) {
	m := merge{auditor: a, result: c, more: true}
	for last := ""; ; {
		rows, err := a.rows(ctx, last)
		if err != nil {
			return nil, err
		}
		end := len(rows) == 0
		if !end {
			last = rows[len(rows)-1].ID
		}
		if err := m.fetch(ctx, last, end); err != nil {
			return nil, err
		}
		c.Events += len(rows)
		found, rest := match(rows, m.stored, last, end)
		m.stored = rest
		m.seem(found...)
		if end {
			return m.doubts, nil
		}
		stale, err := a.stock(ctx, rows)
		if err != nil {
			return nil, err
		}
		m.seem(stale...)
	}
}

// merge is how far a walk has come.
type merge struct {
	auditor *Auditor
	result  *Comparison
	doubts  []doubt
	stored  []elastic.Stored // read and not matched yet
	after   string           // the last of them
	more    bool             // whether there may be more
}

// seem notes doubts. Those beyond maxDoubts count at once: so many are not on
// their way.
func (m *merge) seem(list ...doubt) {
	for _, d := range list {
		if len(m.doubts) < maxDoubts {
			m.doubts = append(m.doubts, d)
			continue
		}
		m.result.add(d)
	}
}

// fetch reads documents up to an id, or all that are left, which nothing can
// match any more.
func (m *merge) fetch(ctx context.Context, last string, end bool) error {
	for m.more && (end || m.after <= last) {
		page, err := m.auditor.documents(ctx, m.after)
		if err != nil {
			return err
		}
		m.result.Documents += len(page)
		if m.more = len(page) == pageSize; len(page) > 0 {
			m.after = page[len(page)-1].ID
		}
		m.stored = append(m.stored, page...)
		if end {
			m.seem(onlyStored(m.stored)...)
			m.stored = nil
		}
	}
	return nil
}

func (a *Auditor) rows(ctx context.Context, after string) (rows []postgres.SearchRow, err error) {
	err = a.CatalogueLog.View(ctx, func(ctx context.Context, v *postgres.View) (err error) {
		rows, err = v.Published(ctx, after, pageSize)
		return err
	})
	return rows, err
}

// documents reads a page; without an index there are none.
func (a *Auditor) documents(ctx context.Context, after string) ([]elastic.Stored, error) {
	page, err := a.Indexer.After(ctx, after, pageSize)
	if ticket.CodeOf(err) == ticket.CodeNotFound {
		return nil, nil
	}
	return page, err
}

func onlyStored(stored []elastic.Stored) (doubts []doubt) {
	for _, s := range stored {
		doubts = append(doubts, doubt{id: s.ID, kind: surplus, what: "there is a document of no event"})
	}
	return doubts
}

// match compares the rows with the documents up to the id last, or all at the
// end, and returns the documents that come later.
func match(rows []postgres.SearchRow, stored []elastic.Stored, last string, end bool) (doubts []doubt, rest []elastic.Stored) {
	i := 0
	for _, row := range rows {
		for i < len(stored) && stored[i].ID < row.ID {
			doubts = append(doubts, onlyStored(stored[i:i+1])...)
			i++
		}
		if i < len(stored) && stored[i].ID == row.ID {
			if what := compare(row, stored[i]); what != "" {
				doubts = append(doubts, doubt{id: row.ID, kind: different, what: what})
			}
			i++
			continue
		}
		doubts = append(doubts, doubt{id: row.ID, kind: missing, what: "there is no document"})
	}
	for i < len(stored) && (end || stored[i].ID <= last) {
		doubts = append(doubts, onlyStored(stored[i:i+1])...)
		i++
	}
	return doubts, append([]elastic.Stored(nil), stored[i:]...)
}

// compare says how a document differs from its event, "" if it does not.
func compare(row postgres.SearchRow, stored elastic.Stored) string {
	want := newDocument(row, 0)
	if want.fault != nil {
		return "the event makes no document: " + want.fault.Error()
	}
	var got elastic.Document
	if err := json.Unmarshal(stored.Source, &got); err != nil {
		return "the document cannot be read: " + err.Error()
	}
	text, err := json.Marshal(got)
	if err != nil {
		return "the document cannot be read: " + err.Error()
	}
	if bytes.Equal(text, want.Source) {
		return ""
	}
	return "the document has " + firstDifference(text, want.Source)
}

// firstDifference shows where two texts part.
func firstDifference(got, want []byte) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	from := max(0, i-40)
	return fmt.Sprintf("%q where the event has %q", excerpt(got, from), excerpt(want, from))
}

func excerpt(b []byte, from int) []byte {
	return b[min(from, len(b)):min(from+100, len(b))]
}

// stock compares the stock of events with their shards.
func (a *Auditor) stock(ctx context.Context, rows []postgres.SearchRow) (doubts []doubt, err error) {
	ids := make([]string, 0, len(rows))
	for _, row := range rows {
		if row.Fault == nil {
			ids = append(ids, row.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	recorded, err := a.Catalogue.Stock(ctx, ids)
	if err != nil {
		return nil, err
	}
	taken, err := a.Sales.Unsellable(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.Fault != nil {
			continue
		}
		left := max(row.Event.Capacity-taken[row.ID], 0)
		has, known := recorded[row.ID]
		if !known {
			has = postgres.Stock{Available: row.Event.Capacity, SoldOut: row.Event.Capacity == 0}
		}
		if has.Available != left || has.SoldOut != (left == 0) {
			doubts = append(doubts, doubt{
				id: row.ID, kind: stale, what: fmt.Sprintf("its stock is %d, and its shard has %d left", has.Available, left),
			})
		}
	}
	return doubts, nil
}

// again looks at doubtful events as they are now and returns those that still
// differ.
func (a *Auditor) again(ctx context.Context, doubts []doubt) (still []doubt, err error) {
	for len(doubts) > 0 {
		n := min(len(doubts), pageSize)
		ids := make([]string, n)
		for i, d := range doubts[:n] {
			ids[i] = d.id
		}
		differ, err := a.look(ctx, ids)
		if err != nil {
			return nil, err
		}
		still, doubts = append(still, differ...), doubts[n:]
	}
	return still, nil
}

// look compares events by id. Elasticsearch is read first: what it has is never
// newer than what PostgreSQL has later.
func (a *Auditor) look(ctx context.Context, ids []string) (doubts []doubt, err error) {
	documents, err := a.Indexer.Read(ctx, ids)
	if err != nil && ticket.CodeOf(err) != ticket.CodeNotFound {
		return nil, err
	}
	var rows []postgres.SearchRow
	err = a.CatalogueLog.View(ctx, func(ctx context.Context, v *postgres.View) (err error) {
		rows, err = v.Events(ctx, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	has := make(map[string]elastic.Stored, len(documents))
	for _, d := range documents {
		has[d.ID] = d
	}
	var visible []postgres.SearchRow
	for _, row := range rows {
		if row.Fault == nil && row.Event.Status == ticket.EventDraft {
			continue
		}
		visible = append(visible, row)
		stored, there := has[row.ID]
		delete(has, row.ID)
		if !there {
			doubts = append(doubts, doubt{id: row.ID, kind: missing, what: "there is no document"})
		} else if what := compare(row, stored); what != "" {
			doubts = append(doubts, doubt{id: row.ID, kind: different, what: what})
		}
	}
	for _, d := range has {
		doubts = append(doubts, onlyStored([]elastic.Stored{d})...)
	}
	stocks, err := a.stock(ctx, visible)
	return append(doubts, stocks...), err
}
