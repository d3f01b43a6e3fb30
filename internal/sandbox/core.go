package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"sync"
	"time"
)

const (
	providerStripe = "stripe"
	providerPayPal = "paypal"
)

// core is what both providers share. mu guards every table, the ledger, the answers and the journal: a
// request holds it for some tens of microseconds, rendering included, which keeps equal keys equal.
type core struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc

	mu      sync.Mutex
	journal *journal
	answers *answers
	ledger  *ledger
	secret  []byte
	scratch jsonw

	faults *faultSet
	timers sync.WaitGroup
}

func newCore(o Options) *core {
	ctx, cancel := context.WithCancel(context.Background())
	return &core{
		o: o, ctx: ctx, cancel: cancel,
		answers: newAnswers(), ledger: newLedger(), faults: &faultSet{},
	}
}

// render calls fill with an empty writer and returns a copy of what it wrote. The lock must be held.
func (c *core) render(fill func(w *jsonw)) []byte {
	c.scratch.b = c.scratch.b[:0]
	fill(&c.scratch)
	return append([]byte(nil), c.scratch.b...)
}

// later runs fn with the lock held once d has passed, unless the sandbox closes first.
func (c *core) later(d time.Duration, fn func(now time.Time)) {
	c.timers.Go(func() {
		if !c.pause(c.ctx, d) {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		fn(time.Now())
		c.journal.flush()
	})
}

// pause waits for d and tells whether it got to the end before ctx or the sandbox ended.
func (c *core) pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-c.ctx.Done():
		return false
	}
}

// put stores a row and records it for the journal.
func put[T any](c *core, t *table[T], row *T) {
	t.put(row)
	c.journal.record(t.kind, row)
}

// setting is a named value that must outlive a restart, such as the secret that signs tokens.
type setting struct {
	Name  string `json:"n"`
	Value string `json:"v"`
}

const secretSetting = "secret"

// loadSecret takes the secret from the settings, or makes one.
func (c *core) loadSecret(settings *table[setting]) error {
	if kept, ok := settings.get(secretSetting); ok {
		secret, err := hex.DecodeString(kept.Value)
		if err != nil {
			return fmt.Errorf("sandbox: the secret in the data file is damaged: %w", err)
		}
		c.secret = secret
		return nil
	}
	c.secret = make([]byte, 32)
	_, _ = rand.Read(c.secret) // It never fails: without randomness the program ends.
	put(c, settings, &setting{Name: secretSetting, Value: hex.EncodeToString(c.secret)})
	c.journal.flush()
	return nil
}
