package sandbox

import (
	"encoding/json"
	"fmt"
)

// table keeps rows of one kind in the order of their creation. Rows are never changed in place: an update
// puts a changed copy, so that a row handed out (to an event that waits to be sent, say) stays what it was.
type table[T any] struct {
	kind  string
	id    func(*T) string
	rows  []*T
	index map[string]int
}

func newTable[T any](kind string, id func(*T) string) *table[T] {
	return &table[T]{kind: kind, id: id, index: map[string]int{}}
}

func (t *table[T]) get(id string) (*T, bool) {
	i, ok := t.index[id]
	if !ok {
		return nil, false
	}
	return t.rows[i], true
}

// put replaces the row of the same id, or appends it.
func (t *table[T]) put(row *T) {
	id := t.id(row)
	if i, ok := t.index[id]; ok {
		t.rows[i] = row
		return
	}
	t.index[id] = len(t.rows)
	t.rows = append(t.rows, row)
}

// page walks from the newest row to the oldest and returns up to limit rows that match, beginning after
// the row startingAfter or, for endingBefore, the rows just newer than that one, newest first. ok is false
// when the row to begin at is unknown.
func (t *table[T]) page(limit int, startingAfter, endingBefore string, match func(*T) bool) (rows []*T, more, ok bool) {
	from, step := len(t.rows)-1, -1
	if startingAfter != "" {
		i, known := t.index[startingAfter]
		if !known {
			return nil, false, false
		}
		from = i - 1
	} else if endingBefore != "" {
		i, known := t.index[endingBefore]
		if !known {
			return nil, false, false
		}
		from, step = i+1, 1
	}
	for i := from; i >= 0 && i < len(t.rows); i += step {
		if !match(t.rows[i]) {
			continue
		}
		if len(rows) == limit {
			more = true
			break
		}
		rows = append(rows, t.rows[i])
	}
	if step > 0 {
		for i, j := 0, len(rows)-1; i < j; i, j = i+1, j-1 {
			rows[i], rows[j] = rows[j], rows[i]
		}
	}
	return rows, more, true
}

// stored is a table as the journal sees it.
type stored interface {
	name() string
	restore(raw json.RawMessage) error
	dump(write func(kind string, row any) error) error
}

func (t *table[T]) name() string { return t.kind }

func (t *table[T]) restore(raw json.RawMessage) error {
	row := new(T)
	if err := json.Unmarshal(raw, row); err != nil {
		return fmt.Errorf("sandbox: journal record %s: %w", t.kind, err)
	}
	t.put(row)
	return nil
}

func (t *table[T]) dump(write func(kind string, row any) error) error {
	for _, row := range t.rows {
		if err := write(t.kind, row); err != nil {
			return err
		}
	}
	return nil
}
