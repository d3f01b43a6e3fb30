package sandbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// The providers forget idempotency keys; callers must not count on them for longer.
const (
	stripeKeyLife = 24 * time.Hour
	paypalKeyLife = 6 * time.Hour
	// maxAnswers bounds memory in long load tests; the oldest answers go first.
	maxAnswers = 200_000
)

// fingerprint identifies the parameters a key was first used with.
type fingerprint string

func fingerprintOf(parts ...string) fingerprint {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return fingerprint(hex.EncodeToString(h.Sum(nil)[:16]))
}

// answer is what a keyed request was answered. A busy one is still being worked on.
type answer struct {
	Key     string          `json:"k"`
	Print   fingerprint     `json:"f"`
	Status  int             `json:"s"`
	Body    json.RawMessage `json:"b"`
	Expires int64           `json:"x"`
	busy    bool
}

// appendJSON writes the answer for the journal. The body is JSON already and is copied, not checked again.
func (a *answer) appendJSON(b []byte) []byte {
	w := jsonw{b: b}
	w.b = append(w.b, '{')
	w.str("k", a.Key)
	w.str("f", string(a.Print))
	w.num("s", int64(a.Status))
	w.num("x", a.Expires)
	if len(a.Body) > 0 {
		w.raw("b", a.Body)
	}
	w.close()
	return w.b
}

// answers remembers keyed requests. Its caller holds the sandbox's lock.
type answers struct {
	byKey map[string]*answer
	queue []*answer
}

func newAnswers() *answers { return &answers{byKey: map[string]*answer{}} }

// get returns the answer under key unless it has expired.
func (a *answers) get(key string, now time.Time) (*answer, bool) {
	found, ok := a.byKey[key]
	if !ok || (!found.busy && now.Unix() >= found.Expires) {
		return nil, false
	}
	return found, true
}

// reserve marks key as being worked on until store or release.
func (a *answers) reserve(key string, mark fingerprint) {
	a.byKey[key] = &answer{Key: key, Print: mark, busy: true}
}

// release forgets a reservation that came to nothing.
func (a *answers) release(key string) {
	if found, ok := a.byKey[key]; ok && found.busy {
		delete(a.byKey, key)
	}
}

// store remembers an answer and forgets those that are over age or over number.
func (a *answers) store(done *answer, now time.Time) {
	a.byKey[done.Key] = done
	a.queue = append(a.queue, done)
	for len(a.queue) > maxAnswers || now.Unix() >= a.queue[0].Expires {
		if oldest := a.queue[0]; a.byKey[oldest.Key] == oldest {
			delete(a.byKey, oldest.Key)
		}
		a.queue = a.queue[1:]
		if len(a.queue) == 0 {
			return
		}
	}
}

const answerKind = "key"

func (a *answers) name() string { return answerKind }

func (a *answers) restore(raw json.RawMessage) error {
	done := &answer{}
	if err := json.Unmarshal(raw, done); err != nil {
		return fmt.Errorf("sandbox: journal record %s: %w", answerKind, err)
	}
	if now := time.Now(); now.Unix() < done.Expires {
		a.store(done, now)
	}
	return nil
}

func (a *answers) dump(write func(kind string, row any) error) error {
	for _, done := range a.queue {
		if a.byKey[done.Key] != done {
			continue
		}
		if err := write(answerKind, done); err != nil {
			return err
		}
	}
	return nil
}
