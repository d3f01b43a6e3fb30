package paygate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"yourticket.example/ticket"
)

const (
	// probedFor is how long what a probe found is told without asking again, and
	// staleAfter how long it is told without waiting for the next answer.
	probedFor  = 5 * time.Second
	staleAfter = 10 * time.Second
	// probeTimeout bounds one round of questions.
	probeTimeout = 4 * time.Second
	// probeRef names a payment that no provider has.
	probeRef = "yourticket-probe"
)

// Probe tells whether buyers can pay at all: whether any provider answers. It is
// safe for concurrent use.
type Probe struct {
	providers map[ticket.Provider]ticket.PaymentProvider

	mu     sync.Mutex
	asking chan struct{} // closed when the answers are there; nil when nobody asks
	at     time.Time
	found  error
}

// NewProbe makes a probe of the providers. It sends nothing.
func NewProbe(providers map[ticket.Provider]ticket.PaymentProvider) *Probe {
	return &Probe{providers: providers}
}

// Check tells whether any provider answers, as of some seconds ago. It waits for
// them only when that is too old, and then no longer than ctx lasts: after that
// the last that was found still holds. The error names the providers that do not
// answer, and is there only when none does.
func (p *Probe) Check(ctx context.Context) error {
	p.mu.Lock()
	age := time.Since(p.at)
	if p.asking == nil && age > probedFor {
		p.asking = make(chan struct{})
		go p.ask(context.WithoutCancel(ctx), p.asking)
	}
	asking := p.asking
	p.mu.Unlock()
	if asking != nil && age > staleAfter {
		select {
		case <-asking:
		case <-ctx.Done():
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.found
}

func (p *Probe) ask(ctx context.Context, done chan struct{}) {
	defer close(done)
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		away []error
	)
	for name, provider := range p.providers {
		wg.Go(func() {
			if err := answers(ctx, provider); err != nil {
				mu.Lock()
				defer mu.Unlock()
				away = append(away, fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	wg.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asking, p.at, p.found = nil, time.Now(), nil
	if len(away) == len(p.providers) {
		p.found = errors.Join(away...)
	}
}

// answers asks for a payment that does not exist: that there is none is an
// answer, and so is that others ask too much.
func answers(ctx context.Context, provider ticket.PaymentProvider) error {
	_, err := provider.LookUp(ctx, ticket.ChargeQuery{Ref: probeRef})
	e, ok := errors.AsType[*ticket.Error](err)
	if ok && (e.Code != ticket.CodeProviderUnavailable || e.RetryAfterSeconds > 0) {
		return nil
	}
	return err
}
