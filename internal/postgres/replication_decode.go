package postgres

import (
	"fmt"
	"time"

	"github.com/jackc/pglogrepl"
)

// ChangeKind is what a Change tells.
type ChangeKind int

// The kinds of changes. Commit ends a transaction, Idle says that everything
// before a position was delivered.
const (
	ChangeInsert ChangeKind = iota + 1
	ChangeUpdate
	ChangeDelete
	ChangeTruncate
	ChangeCommit
	ChangeIdle
)

// Change is one row that a committed transaction changed, or one of the marks
// between them.
type Change struct {
	Kind  ChangeKind
	Table string
	// Row has the new values, those of the key or of the old row for a deletion.
	// A value that is not known (NULL, or stored apart and not changed) is missing.
	Row map[string]string
	// Commit is the position of the transaction's commit, and XID its number.
	Commit Position
	XID    uint32
	At     time.Time
	// End is what may be confirmed once a Commit, or all before an Idle, is done with.
	End Position
}

// decoder turns pgoutput's messages into changes. New columns and tables make
// no difference: the server describes each table before its rows.
type decoder struct {
	columns   map[string]bool
	relations map[uint32]*pglogrepl.RelationMessage
	begin     *pglogrepl.BeginMessage // of the transaction that is being received
}

func newDecoder(columns []string) decoder {
	d := decoder{columns: map[string]bool{}, relations: map[uint32]*pglogrepl.RelationMessage{}}
	for _, c := range columns {
		d.columns[c] = true
	}
	return d
}

// idle is what a keep-alive says: whatever was committed before end has been
// sent. In the middle of a transaction it says nothing.
func (d *decoder) idle(end Position) Change {
	if d.begin != nil || end == 0 {
		return Change{}
	}
	return Change{Kind: ChangeIdle, End: end}
}

func (d *decoder) decode(data []byte) (Change, error) {
	message, err := pglogrepl.Parse(data)
	if err != nil {
		return Change{}, err
	}
	switch m := message.(type) {
	case *pglogrepl.RelationMessage:
		d.relations[m.RelationID] = m
	case *pglogrepl.BeginMessage:
		d.begin = m
	case *pglogrepl.CommitMessage:
		c := d.change(ChangeCommit)
		c.End = Position(m.TransactionEndLSN)
		d.begin = nil
		return c, nil
	case *pglogrepl.InsertMessage:
		return d.row(ChangeInsert, m.RelationID, m.Tuple)
	case *pglogrepl.UpdateMessage:
		return d.row(ChangeUpdate, m.RelationID, m.NewTuple)
	case *pglogrepl.DeleteMessage:
		return d.row(ChangeDelete, m.RelationID, m.OldTuple)
	case *pglogrepl.TruncateMessage:
		return d.truncate(m)
	}
	return Change{}, nil
}

func (d *decoder) change(kind ChangeKind) Change {
	c := Change{Kind: kind}
	if d.begin != nil {
		c.Commit, c.XID, c.At = Position(d.begin.FinalLSN), d.begin.Xid, d.begin.CommitTime
	}
	return c
}

func (d *decoder) row(kind ChangeKind, relation uint32, tuple *pglogrepl.TupleData) (Change, error) {
	r, ok := d.relations[relation]
	if !ok || d.begin == nil {
		return Change{}, fmt.Errorf("a row of the unknown relation %d", relation)
	}
	c := d.change(kind)
	c.Table, c.Row = r.RelationName, make(map[string]string, 3)
	if tuple == nil {
		return c, nil
	}
	for i, column := range tuple.Columns {
		if i < len(r.Columns) && column.DataType == pglogrepl.TupleDataTypeText && d.columns[r.Columns[i].Name] {
			c.Row[r.Columns[i].Name] = string(column.Data)
		}
	}
	return c, nil
}

// truncate names one table. A cascade empties several at once, but what depends
// on any of ours has to be looked at whole anyway.
func (d *decoder) truncate(m *pglogrepl.TruncateMessage) (Change, error) {
	c := d.change(ChangeTruncate)
	for _, id := range m.RelationIDs {
		if r, ok := d.relations[id]; ok {
			c.Table = r.RelationName
		}
	}
	return c, nil
}
