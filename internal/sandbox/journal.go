package sandbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
)

// journal is the append-only file behind a sandbox: one JSON line a changed row, the last one of an id
// counts. Rows are written before the request that changed them is answered, so a killed process loses
// nothing it answered for; a machine that loses power may.
type journal struct {
	file *os.File
	buf  []byte
	// failed is set by the first write that went wrong, for instance on a full disk. The sandbox goes on
	// in memory and says so in /healthz.
	failed bool
}

// A line is {"t":kind,"v":row}.
const (
	lineStart  = `{"t":"`
	lineMiddle = `","v":`
	lineEnd    = "}\n"
)

// openJournal reads what the file holds into the tables, rewrites it without superseded rows, and leaves
// it open for appending. A last line cut short by a crash is dropped.
func openJournal(path string, tables []stored) (*journal, error) {
	if err := loadJournal(path, tables); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("sandbox: data file: %w", err)
	}
	if err := compactJournal(path, tables); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("sandbox: data file: %w", err)
	}
	return &journal{file: file}, nil
}

func loadJournal(path string, tables []stored) error {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("sandbox: data file: %w", err)
	}
	defer func() { _ = file.Close() }()
	byName := make(map[string]stored, len(tables))
	for _, t := range tables {
		byName[t.name()] = t
	}
	in := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sandbox: data file: %w", err)
		}
		if err := loadLine(line, byName); err != nil {
			return fmt.Errorf("%w (%s, line %d)", err, path, n)
		}
	}
}

// loadLine restores the row of a line as appendLine wrote it. Rows of a kind that is not known any more
// are dropped.
func loadLine(line []byte, tables map[string]stored) error {
	rest, begins := bytes.CutPrefix(line, []byte(lineStart))
	kind, row, middle := bytes.Cut(rest, []byte(lineMiddle))
	row, ends := bytes.CutSuffix(row, []byte(lineEnd))
	if !begins || !middle || !ends {
		return errors.New("sandbox: data file is damaged")
	}
	if t, ok := tables[string(kind)]; ok {
		return t.restore(row)
	}
	return nil
}

// compactJournal writes the live rows beside the file and puts the new one in its place, so that a crash
// in between leaves the old one whole.
func compactJournal(path string, tables []stored) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("sandbox: data file: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
			err = fmt.Errorf("sandbox: data file: %w", err)
		}
	}()
	out := bufio.NewWriterSize(tmp, 1<<20)
	for _, t := range tables {
		err = t.dump(func(kind string, row any) error {
			line, err := appendLine(nil, kind, row)
			if err != nil {
				return err
			}
			_, err = out.Write(line)
			return err
		})
		if err != nil {
			return errors.Join(err, tmp.Close())
		}
	}
	if err = errors.Join(out.Flush(), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// appendLine appends one journal line. A row that can write itself (answers, the widest rows) does.
func appendLine(b []byte, kind string, row any) ([]byte, error) {
	b = append(b, lineStart...)
	b = append(b, kind...)
	b = append(b, lineMiddle...)
	if own, ok := row.(interface{ appendJSON([]byte) []byte }); ok {
		b = own.appendJSON(b)
	} else {
		v, err := json.Marshal(row)
		if err != nil {
			return b, err
		}
		b = append(b, v...)
	}
	return append(b, lineEnd...), nil
}

// record adds a changed row to what the next flush writes.
func (j *journal) record(kind string, row any) {
	if j == nil || j.failed {
		return
	}
	b, err := appendLine(j.buf, kind, row)
	if err != nil {
		j.fail(err)
		return
	}
	j.buf = b
}

// healthy tells whether what happens is still written; a sandbox without a file has nothing to fail.
func (j *journal) healthy() bool { return j == nil || !j.failed }

// flush hands the recorded rows to the operating system in one write.
func (j *journal) flush() {
	if j == nil || len(j.buf) == 0 || j.failed {
		return
	}
	if _, err := j.file.Write(j.buf); err != nil {
		j.fail(err)
	}
	j.buf = j.buf[:0]
}

func (j *journal) fail(err error) {
	j.failed = true
	slog.Error("sandbox: data file cannot be written, going on in memory", "error", err)
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.flush()
	return errors.Join(j.file.Sync(), j.file.Close())
}
