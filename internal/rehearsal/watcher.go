package rehearsal

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"
)

// watcher follows the seat map of the event by its stream, through breaks.
type watcher struct {
	*run
	client *client
	stop   func()

	mu      sync.Mutex
	version string
	seats   []byte
	resumed int
	fault   string
}

// silence is how long a stream may say nothing; a comment comes every 15 s.
const silence = 30 * time.Second

// watch follows the map until stop or the end of ctx.
func (r *run) watch(ctx context.Context, c *client) *watcher {
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{run: r, client: c, stop: cancel}
	go w.follow(ctx)
	return w
}

// startWatchers follows the map from the first to the last second.
func (r *run) startWatchers(ctx context.Context) {
	for range r.o.Watchers {
		w := r.watch(ctx, r.web.client(nil))
		r.mu.Lock()
		r.watchers = append(r.watchers, w)
		r.mu.Unlock()
	}
}

// now is the map as far as it is known; empty before the first snapshot.
func (w *watcher) now() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.seats)
}

func (w *watcher) follow(ctx context.Context) {
	for try := 0; ; try++ {
		began := time.Now()
		err := w.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errContradiction) {
			return
		}
		if time.Since(began) > time.Minute {
			try = 0
		}
		w.client.at.Add(1)
		if sleep(ctx, backoff(try, nil)) != nil {
			return
		}
	}
}

// listen reads one stream to its end. A watcher hangs up now and then, as
// those do who lose their network.
func (w *watcher) listen(ctx context.Context) error {
	ctx, hangUp := context.WithTimeout(ctx, 20*time.Second+rand.N(2*time.Minute)) //nolint:gosec // it need not be secret
	defer hangUp()
	r, err := w.client.newRequest(ctx, request{method: http.MethodGet, path: w.stage.path("/availability/stream"), anonymous: true})
	if err != nil {
		return err
	}
	w.mu.Lock()
	if w.version != "" {
		r.Header.Set("Last-Event-ID", w.version)
		w.resumed++
	}
	w.mu.Unlock()
	sent := time.Now()
	opening := time.AfterFunc(askTime, hangUp)
	res, err := w.client.http.Do(r)
	opening.Stop()
	a := &answer{}
	if err != nil {
		a = nil
	} else {
		a.status = res.StatusCode
		defer func() { _ = res.Body.Close() }() // it is read to its end, or broken off
	}
	if ctx.Err() == nil || err == nil {
		w.record.request("stream", sent, time.Since(sent), a)
	}
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream is answered %s", res.Status)
	}
	return w.readEvents(ctx, res.Body, hangUp)
}

func (w *watcher) readEvents(ctx context.Context, body io.Reader, hangUp func()) error {
	watchdog := time.AfterFunc(silence, hangUp)
	defer watchdog.Stop()
	lines := bufio.NewReaderSize(body, 64<<10)
	var kind string
	var data []byte
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			return err
		}
		watchdog.Reset(silence)
		line = strings.TrimRight(line, "\r\n")
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if err := w.apply(kind, data); err != nil {
				return err
			}
			kind, data = "", nil
		case field == "event":
			kind = value
		case field == "data":
			data = append(data, value...)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// errContradiction says that the stream does not fit together.
var errContradiction = errors.New("the stream contradicts itself")

// apply changes the map by an event.
func (w *watcher) apply(kind string, data []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case "snapshot":
		var m mapAnswer
		if err := json.Unmarshal(data, &m); err != nil {
			return w.contradiction("a snapshot cannot be read: " + err.Error())
		}
		w.version, w.seats = m.Version, []byte(m.Seats)
	case "delta":
		var d struct {
			Version string               `json:"version"`
			Changes [][2]json.RawMessage `json:"changes"`
		}
		if err := json.Unmarshal(data, &d); err != nil {
			return w.contradiction("a delta cannot be read: " + err.Error())
		}
		for _, change := range d.Changes {
			if err := w.change(change); err != nil {
				return err
			}
		}
		w.version = d.Version
	}
	return nil
}

func (w *watcher) change(change [2]json.RawMessage) error {
	var place int
	var state string
	if err := errors.Join(json.Unmarshal(change[0], &place), json.Unmarshal(change[1], &state)); err != nil {
		return w.contradiction("a change cannot be read: " + err.Error())
	}
	if place < 0 || place >= len(w.seats) || len(state) != 1 {
		return w.contradiction(fmt.Sprintf("there is no place %d, or no state %q", place, state))
	}
	w.seats[place] = state[0]
	return nil
}

func (w *watcher) contradiction(text string) error {
	w.fault = text
	w.record.find(checkStreams, text)
	return errContradiction
}
