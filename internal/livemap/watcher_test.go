package livemap_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// message is one server-sent event, or a comment.
type message struct {
	kind string // snapshot, delta, comment, retry
	id   string
	data string
}

// watcher is a client. It keeps its map as a page would, and remembers it when
// its connection ends.
type watcher struct {
	mu       sync.Mutex
	version  string
	seats    []byte
	fault    error
	messages []message
	header   http.Header
	over     chan struct{}
	leave    context.CancelFunc
}

// watch connects. A watcher that was connected before goes on with its map.
func (p *process) watch(t *testing.T, w *watcher) *watcher {
	t.Helper()
	if w == nil {
		w = &watcher{}
	}
	require.NoError(t, p.connect(w))
	t.Cleanup(w.leave)
	return w
}

func (p *process) connect(w *watcher) error {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, nil)
	if err != nil {
		cancel()
		return err
	}
	w.mu.Lock()
	if w.version != "" {
		r.Header.Set("Last-Event-ID", w.version)
	}
	w.messages, w.over, w.leave = nil, make(chan struct{}), cancel
	w.mu.Unlock()
	res, err := p.client.Do(r) //nolint:bodyclose // closed by the goroutine that reads it
	if err != nil {
		cancel()
		close(w.over)
		return err
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		cancel()
		close(w.over)
		return fmt.Errorf("status %d", res.StatusCode)
	}
	w.header = res.Header
	go func() {
		defer close(w.over)
		defer func() { _ = res.Body.Close() }()
		w.read(bufio.NewReaderSize(res.Body, 1<<16))
	}()
	return nil
}

// quit leaves and waits until nothing more is read.
func (w *watcher) quit() {
	w.leave()
	<-w.over
}

// readAnswer reads an answer with its head.
func (w *watcher) readAnswer(conn io.Reader) {
	r := bufio.NewReader(conn)
	for line := "-"; line != "\r\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			w.fail(err)
			return
		}
	}
	w.read(r)
}

func (w *watcher) read(r *bufio.Reader) {
	var m message
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return // half an event does not count
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			m.id = value
		case "event":
			m.kind = value
		case "data":
			m.data = value
		case "retry":
			m.kind, m.data = "retry", value
		case "":
			if value != "" {
				m.kind = "comment"
				continue
			}
			w.take(m)
			m = message{}
		default:
			w.fail(fmt.Errorf("line %q", line))
			return
		}
	}
}

func (w *watcher) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = errors.Join(w.fault, err)
}

func (w *watcher) take(m message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.messages = append(w.messages, m)
	var err error
	switch m.kind {
	case "snapshot":
		var body struct{ Version, Seats string }
		if err = json.Unmarshal([]byte(m.data), &body); err == nil {
			w.version, w.seats = body.Version, []byte(body.Seats)
		}
	case "delta":
		if !versionLess(w.version, m.id) {
			err = fmt.Errorf("delta %s after version %s", m.id, w.version)
			break
		}
		var body struct {
			Version string
			Changes [][2]any
		}
		if err = json.Unmarshal([]byte(m.data), &body); err == nil {
			err = w.apply(body.Version, body.Changes)
		}
	case "comment", "retry":
		return
	default:
		err = fmt.Errorf("event %q", m.kind)
	}
	if err == nil && w.version != m.id {
		err = fmt.Errorf("id %s of version %s", m.id, w.version)
	}
	w.fault = errors.Join(w.fault, err)
}

func (w *watcher) apply(version string, changes [][2]any) error {
	for _, c := range changes {
		index, ok := c[0].(float64)
		state, text := c[1].(string)
		if !ok || !text || int(index) >= len(w.seats) || len(state) != 1 {
			return fmt.Errorf("change %v of %d places", c, len(w.seats))
		}
		w.seats[int(index)] = state[0]
	}
	w.version = version
	return nil
}

// now gives what the watcher has, after making sure that nothing was wrong.
func (w *watcher) now(t *testing.T) (version, seats string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	require.NoError(t, w.fault)
	return w.version, string(w.seats)
}

// seen lists the kinds of the messages of this connection.
func (w *watcher) seen(kind string) (found []message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, m := range w.messages {
		if m.kind == kind {
			found = append(found, m)
		}
	}
	return found
}

// requireTruth waits until the watcher has the map that the server has.
func (h *hall) requireTruth(t *testing.T, w *watcher) {
	t.Helper()
	version, seats := h.truth(t)
	deadline := time.Now().Add(10 * time.Second)
	for {
		gotVersion, gotSeats := w.now(t)
		if gotVersion == version {
			require.Equal(t, seats, gotSeats)
			return
		}
		require.True(t, time.Now().Before(deadline), "the watcher stays at %s, the map is at %s", gotVersion, version)
		time.Sleep(5 * time.Millisecond)
	}
}
