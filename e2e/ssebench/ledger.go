package main

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// ledger knows every map that some client has had, so that thousands of clients
// need not keep and change a map each: a client's map is a number, and what a
// frame makes of it is worked out once for all who have the same.
type ledger struct {
	seed maphash.Seed
	last atomic.Pointer[edge] // most clients go the same way

	mu     sync.RWMutex
	states []state
	edges  map[step]int
}

type state struct {
	version string
	seats   []byte
}

type step struct {
	from  int
	frame uint64
}

type edge struct {
	step
	to int
}

func newLedger() *ledger {
	return &ledger{seed: maphash.MakeSeed(), states: []state{{}}, edges: map[step]int{}}
}

// apply gives the map that a client has after an event; 0 is none.
func (l *ledger) apply(from int, kind string, data []byte) (int, error) {
	s := step{from, maphash.Bytes(l.seed, data)}
	if e := l.last.Load(); e != nil && e.step == s {
		return e.to, nil
	}
	l.mu.RLock()
	to, known := l.edges[s]
	l.mu.RUnlock()
	if !known {
		var err error
		if to, err = l.add(s, kind, data); err != nil {
			return 0, err
		}
	}
	l.last.Store(&edge{s, to})
	return to, nil
}

func (l *ledger) add(s step, kind string, data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if to, known := l.edges[s]; known {
		return to, nil
	}
	var body struct {
		Version string            `json:"version"`
		Seats   string            `json:"seats"`
		Changes []json.RawMessage `json:"changes"`
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return 0, fmt.Errorf("%s: %w", kind, err)
	}
	next := state{version: body.Version, seats: []byte(body.Seats)}
	if kind == "delta" {
		next.seats = append([]byte(nil), l.states[s.from].seats...)
		for _, c := range body.Changes {
			var index int
			var letter string
			if err := json.Unmarshal(c, &[]any{&index, &letter}); err != nil {
				return 0, fmt.Errorf("change %s: %w", c, err)
			}
			if index >= len(next.seats) || len(letter) != 1 {
				return 0, fmt.Errorf("change %s of %d places", c, len(next.seats))
			}
			next.seats[index] = letter[0]
		}
	}
	l.states = append(l.states, next)
	l.edges[s] = len(l.states) - 1
	return len(l.states) - 1, nil
}

// is tells whether a client's map is the given one.
func (l *ledger) is(at int, version, seats string) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.states[at].version == version && string(l.states[at].seats) == seats
}

func (l *ledger) version(at int) string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.states[at].version
}
