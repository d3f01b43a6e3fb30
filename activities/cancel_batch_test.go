package activities_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"yourticket.example/activities"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// ledger is the books of a canceled event.
type ledger struct {
	activities.RefundBooks
	mu      sync.Mutex
	refunds map[string]*ticket.Refund
	due     []postgres.DueRefund
	handed  []string
	calls   map[string]int
	// send is what the provider says to the n-th call for a booking.
	send  func(booking string, n int) (ticket.RefundState, error)
	begin func(booking string) error
}

func newLedger(bookings int) *ledger {
	l := &ledger{refunds: map[string]*ticket.Refund{}, calls: map[string]int{}}
	for i := range bookings {
		l.due = append(l.due, postgres.DueRefund{BookingID: ticket.DeriveBookingID("ev_", fmt.Sprint(i), "k")})
	}
	return l
}

func (l *ledger) DueRefunds(_ context.Context, _ string, _ ticket.Provider, skip []string, limit int) (out []postgres.DueRefund, err error) {
	for _, d := range l.due {
		if !slices.Contains(skip, d.BookingID) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

func (l *ledger) HandOver(_ context.Context, _ string, refunds []string) error {
	l.handed = append(l.handed, refunds...)
	return nil
}

func (l *ledger) BeginRefund(_ context.Context, o postgres.RefundOrder) (*ticket.Refund, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.begin != nil {
		if err := l.begin(o.BookingID); err != nil {
			return nil, err
		}
	}
	if _, ok := l.refunds[o.ID]; !ok {
		l.refunds[o.ID] = &ticket.Refund{
			ID: o.ID, BookingID: o.BookingID, Source: o.Source, Amount: ticket.Money{Amount: 5250, Currency: "EUR"}, Status: ticket.RefundRequested,
			Charge: ticket.TakenCharge{Provider: ticket.Stripe},
		}
	}
	return l.refunds[o.ID], nil
}

func (l *ledger) Refund(_ context.Context, id string) (*ticket.Refund, string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := *l.refunds[id]
	return &r, "", nil
}

func (l *ledger) SendingRefund(_ context.Context, id string) (*ticket.Refund, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refunds[id].Status == ticket.RefundRequested {
		l.refunds[id].Status = ticket.RefundSent
	}
	r := *l.refunds[id]
	return &r, nil
}

func (l *ledger) SettleRefund(_ context.Context, id string, n postgres.RefundNews) (*ticket.Refund, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refunds[id].Status = n.Status
	r := *l.refunds[id]
	return &r, nil
}

// bank is the provider that gives the money back.
type bank struct {
	ticket.PaymentProvider
	*ledger
}

func (bank) Refund(context.Context, ticket.ChargeRequest, ticket.Charge) (string, error) {
	return "", nil
}

func (l bank) SendRefund(_ context.Context, r *ticket.Refund) (ticket.ProviderRefund, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls[r.BookingID]++
	state, err := l.send(r.BookingID, l.calls[r.BookingID])
	return ticket.ProviderRefund{Ref: "re_" + r.ID, State: state}, err
}

func (l *ledger) run(t *testing.T, in activities.RefundBatchInput) (out activities.RefundBatchResult) {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	b := &activities.RefundBatches{Due: l, Refunds: &activities.Refunds{
		Books: l, Providers: map[ticket.Provider]ticket.PaymentProvider{ticket.Stripe: bank{ledger: l}},
	}}
	env.RegisterActivity(b)
	in.EventID, in.Provider, in.Limit = "ev_1", ticket.Stripe, 100
	answer, err := env.ExecuteActivity(b.RefundBatch, in)
	require.NoError(t, err)
	require.NoError(t, answer.Get(&out))
	return out
}

func away(int) error { return ticket.Errorf(ticket.CodeProviderUnavailable, "no answer") }

func TestABatchTriesWhatDidNotComeThroughAgain(t *testing.T) {
	t.Parallel()
	l := newLedger(40)
	l.send = func(booking string, n int) (ticket.RefundState, error) {
		if n == 1 && slices.IndexFunc(l.due, func(d postgres.DueRefund) bool { return d.BookingID == booking })%10 == 0 {
			return "", away(n)
		}
		return ticket.RefundStateSucceeded, nil
	}
	out := l.run(t, activities.RefundBatchInput{Handed: []string{"rf_1"}})
	require.Equal(t, activities.RefundBatchResult{Taken: 40, Done: 40}, out)
	require.Equal(t, []string{"rf_1"}, l.handed)
}

func TestABatchHandsOverWhatNeedsMoreTime(t *testing.T) {
	t.Parallel()
	l := newLedger(40)
	slow, deaf := l.due[3].BookingID, l.due[7].BookingID
	l.send = func(booking string, n int) (ticket.RefundState, error) {
		switch booking {
		case slow:
			return ticket.RefundStatePending, nil
		case deaf:
			return "", away(n)
		}
		return ticket.RefundStateSucceeded, nil
	}
	out := l.run(t, activities.RefundBatchInput{})
	require.Equal(t, 38, out.Done)
	require.Empty(t, out.Away)
	require.Len(t, out.Open, 2)
	require.ElementsMatch(t, []string{slow, deaf}, []string{out.Open[0].BookingID, out.Open[1].BookingID})
	require.Equal(t, 3, l.calls[deaf])
}

func TestABatchGivesUpAtOnceWhenTheProviderIsAway(t *testing.T) {
	t.Parallel()
	l := newLedger(40)
	l.send = func(_ string, n int) (ticket.RefundState, error) { return "", away(n) }
	out := l.run(t, activities.RefundBatchInput{})
	require.Equal(t, activities.RefundBatchResult{Taken: 40, Away: "no answer"}, out)
	for booking, n := range l.calls {
		require.Equal(t, 1, n, booking)
	}
}

func TestABatchSaysWhatItCannotRefund(t *testing.T) {
	t.Parallel()
	l := newLedger(6)
	l.send = func(string, int) (ticket.RefundState, error) { return ticket.RefundStateSucceeded, nil }
	l.begin = func(booking string) error {
		if booking == l.due[0].BookingID {
			return ticket.Errorf(ticket.CodeBookingState, "More would be refunded than is left of the payment.")
		}
		return nil
	}
	out := l.run(t, activities.RefundBatchInput{})
	require.Equal(t, 5, out.Done)
	require.Equal(t, []activities.RefusedBooking{{BookingID: l.due[0].BookingID, Reason: "More would be refunded than is left of the payment."}}, out.Refused)
}
