package paygate_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/paygate"
	"yourticket.example/ticket"
)

// fakeProvider answers every charge by charge and every other call by err.
type fakeProvider struct {
	mu     sync.Mutex
	charge ticket.Charge
	err    error
	calls  int
	block  chan struct{}
}

func (f *fakeProvider) set(c ticket.Charge, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.charge, f.err = c, err
}

func (f *fakeProvider) called() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *fakeProvider) answer() (ticket.Charge, error) {
	f.mu.Lock()
	f.calls++
	block := f.block
	c, err := f.charge, f.err
	f.mu.Unlock()
	if block != nil {
		<-block
	}
	return c, err
}

func (f *fakeProvider) Authorize(context.Context, ticket.ChargeRequest) ticket.Charge {
	c, _ := f.answer()
	return c
}

func (f *fakeProvider) Resume(context.Context, ticket.ChargeRequest, ticket.Charge) ticket.Charge {
	c, _ := f.answer()
	return c
}

func (f *fakeProvider) LookUp(context.Context, ticket.ChargeQuery) (ticket.ChargeFound, error) {
	c, err := f.answer()
	return ticket.ChargeFound{Charge: c}, err
}

func (f *fakeProvider) Capture(context.Context, ticket.ChargeRequest, ticket.Charge) (string, error) {
	_, err := f.answer()
	return "cap", err
}

func (f *fakeProvider) Void(context.Context, ticket.ChargeRequest, ticket.Charge) error {
	_, err := f.answer()
	return err
}

func (f *fakeProvider) Refund(context.Context, ticket.ChargeRequest, ticket.Charge) (string, error) {
	_, err := f.answer()
	return "ref", err
}

// fakeGate has so many permits, and says when the next one comes.
type fakeGate struct {
	mu      sync.Mutex
	permits int
	after   time.Duration
	asked   int
}

func (g *fakeGate) Take(ctx context.Context, _ ticket.Provider) (bool, time.Duration, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	g.asked++
	if g.permits == 0 {
		return false, g.after, nil
	}
	g.permits--
	return true, 0, nil
}

func (g *fakeGate) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.permits += n
}

var (
	authorized = ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Outcome: ticket.OutcomeAuthorized, Ref: "pi_1"}
	silent     = ticket.Charge{Provider: ticket.Stripe, Attempt: 1, Outcome: ticket.OutcomeUnanswered, Code: "timeout"}
	request    = ticket.ChargeRequest{BookingID: "bk_1", Attempt: 1}
)

func guard(t *testing.T, o paygate.Options) *paygate.Guard {
	t.Helper()
	if o.Name == "" {
		o.Name = ticket.Stripe
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	g, err := paygate.New(o)
	require.NoError(t, err)
	return g
}

// series counts the label sets that a metric has been seen with.
func series(t *testing.T, registry *prometheus.Registry, name string) int {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return len(f.GetMetric())
		}
	}
	return 0
}

func (f *fakeProvider) SendRefund(context.Context, *ticket.Refund) (ticket.ProviderRefund, error) {
	_, err := f.answer()
	return ticket.ProviderRefund{}, err
}

func (f *fakeProvider) Refunds(context.Context, ticket.TakenCharge) ([]ticket.ProviderRefund, error) {
	_, err := f.answer()
	return nil, err
}

func (f *fakeProvider) Disputes(context.Context, ticket.TakenCharge) ([]ticket.ProviderDispute, error) {
	_, err := f.answer()
	return nil, err
}
