package paygate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/sony/gobreaker/v2"

	"yourticket.example/ticket"
)

// The codes of charges that this package did not let through.
const (
	// CodeRateGate: our share of the provider's rate is used up; wait for a turn.
	CodeRateGate = ticket.ChargeRateGate
	// CodeCircuitOpen: the provider has been in trouble; ask another one.
	CodeCircuitOpen = "circuit_open"
)

const (
	defaultTripAfter  = 5
	defaultWindow     = time.Minute
	defaultProbeAfter = 5 * time.Second
)

// Gate hands out permits for requests to a provider.
type Gate interface {
	// Take takes one permit. Without one it says after which time another may be
	// had. It fails only when ctx ends.
	Take(ctx context.Context, provider ticket.Provider) (ok bool, retryAfter time.Duration, err error)
}

// Options says what a guard stands before.
type Options struct {
	Name     ticket.Provider
	Provider ticket.PaymentProvider
	// Gate limits the rate; nil lets everything through.
	Gate Gate
	// TripAfter is how many calls in a row, within Window, must have found the
	// provider in trouble to open the circuit; default 5 in a minute.
	TripAfter uint32
	Window    time.Duration
	// ProbeAfter is how long the circuit stays open before a call probes; default 5 s.
	ProbeAfter time.Duration
	// Observe is told of each call that was made, and whether it failed; may be nil.
	Observe func(took time.Duration, failed bool)
	// Registerer takes the metrics; nil registers none.
	Registerer prometheus.Registerer
	// Logger hears of circuits that open and close; default slog.Default().
	Logger *slog.Logger
}

// Guard is a payment provider behind a gate and a circuit breaker. It is safe
// for concurrent use.
type Guard struct {
	name     ticket.Provider
	provider ticket.PaymentProvider
	gate     Gate
	patient  bool
	breaker  *gobreaker.TwoStepCircuitBreaker[any]
	metrics  *metrics
	observe  func(took time.Duration, failed bool)
}

var _ ticket.PaymentProvider = (*Guard)(nil)

// New makes a guard that does not wait for permits.
func New(o Options) (*Guard, error) {
	if o.Provider == nil || o.Name == "" {
		return nil, errors.New("paygate: a provider and its name are needed")
	}
	if o.TripAfter == 0 {
		o.TripAfter = defaultTripAfter
	}
	if o.Window <= 0 {
		o.Window = defaultWindow
	}
	if o.ProbeAfter <= 0 {
		o.ProbeAfter = defaultProbeAfter
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, fmt.Errorf("paygate: metrics: %w", err)
	}
	m.circuit(string(o.Name), gobreaker.StateClosed)
	return &Guard{name: o.Name, provider: o.Provider, gate: o.Gate, breaker: newBreaker(o, m), metrics: m, observe: o.Observe}, nil
}

// Away tells whether the provider is not asked now, because it was in trouble.
func (g *Guard) Away() bool { return g.breaker.State() == gobreaker.StateOpen }

// Patient gives a guard for provider, which is the same one with perhaps more
// time for a call, that waits for its permits: for half of the time that the
// context leaves, since the call needs the rest, or half a minute without a
// deadline. It shares gate, circuit and metrics with g.
func (g *Guard) Patient(provider ticket.PaymentProvider) *Guard {
	patient := *g
	patient.provider, patient.patient = provider, true
	return &patient
}

// refusal is why a call was not let through.
type refusal struct {
	code  string
	after time.Duration
}

// enter lets a call through or says why not. done must be called with whether
// the call found the provider in trouble.
func (g *Guard) enter(ctx context.Context, operation string) (done func(verdict error), no *refusal) {
	if g.breaker.State() == gobreaker.StateOpen {
		return nil, &refusal{code: CodeCircuitOpen}
	}
	if no := g.permit(ctx, operation); no != nil {
		return nil, no
	}
	done, err := g.breaker.Allow()
	if err != nil {
		return nil, &refusal{code: CodeCircuitOpen}
	}
	return done, nil
}

// permit takes the permits of a call. Those taken before one is missing are
// lost, which errs on the provider's side. Resume always waits: its buyer has
// been at the bank and must not be sent away for want of a permit.
func (g *Guard) permit(ctx context.Context, operation string) *refusal {
	if g.gate == nil {
		return nil
	}
	until := time.Now()
	if g.patient || operation == opResume {
		until = patience(ctx)
	}
	for range requests(g.name, operation) {
		for {
			ok, after, err := g.gate.Take(ctx, g.name)
			if err != nil {
				return &refusal{code: CodeRateGate}
			}
			if ok {
				break
			}
			if time.Now().Add(after).After(until) || !rest(ctx, after) {
				return &refusal{code: CodeRateGate, after: after}
			}
		}
	}
	return nil
}

// requests is how many requests a call makes when all goes well.
func requests(name ticket.Provider, operation string) int {
	if name == ticket.PayPal && (operation == opAuthorize || operation == opResume || operation == opRefund) {
		return 2
	}
	return 1
}

// patience is until when a patient guard waits.
func patience(ctx context.Context) time.Time {
	end, ok := ctx.Deadline()
	if !ok {
		return time.Now().Add(30 * time.Second)
	}
	return time.Now().Add(time.Until(end) / 2)
}

// rest waits; false means that ctx ended.
func rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
