package e2e_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// month is a month of purchases, pressed into minutes: random payers, random
// faults of both providers, and whatever becomes of a payment afterwards. It
// keeps what nobody could hear of, which is what reconciliation has to find.
type month struct {
	*deskShop
	halls []*system.Event
	rnd   *rand.Rand

	mu      sync.Mutex
	sold    []system.Booking
	fails   map[string]bool // bookings whose refunds fail later
	planted map[string]int  // movements at a provider that our books do not know
	done    map[string]int
}

// monthOf is how many purchases a month has: E2E_MONTH, 20000 for a whole one,
// else what fits a run of all tests.
func monthOf() int {
	if n, err := strconv.Atoi(os.Getenv("E2E_MONTH")); err == nil && n > 0 {
		return n
	}
	return 150
}

const (
	hallSize = 2000
	// failsAfter is when a refund has failed that a bank sends back.
	failsAfter = 5 * time.Second
)

// TestAMonth buys, refunds, disputes and loses webhooks. Reconciliation must find
// exactly the differences that were planted, and after it has healed them none;
// and in the end providers, bookings and journal agree to the cent.
func TestAMonth(t *testing.T) {
	t.Parallel()
	m := openMonth(t, monthOf())
	began := time.Now()
	m.faults(t)
	m.buy(t, monthOf())
	bought := time.Since(began)
	m.mend(t)
	settled(t, m.System, 3*time.Minute+time.Duration(monthOf())*20*time.Millisecond)

	m.faults(t)
	m.aftermath(t, m.heard, 0.35)
	m.mend(t)
	m.settles(t)
	require.NoError(t, m.LoseWebhooks(t.Context()))
	m.aftermath(t, m.unheard, 0.15)
	time.Sleep(failsAfter) // nobody hears of that either
	m.mend(t)

	require.Equal(t, m.planted, m.reconciles(t), "exactly what was planted")
	m.settles(t)
	require.Empty(t, m.reconciles(t), "all of it was healed")
	m.agree(t)
	t.Logf("%d purchases in %s, %d confirmed; in all %s; %v; differences planted and found: %d",
		monthOf(), bought.Round(time.Second), len(m.sold), time.Since(began).Round(time.Second), m.done, sumOf(m.planted))
}

func openMonth(t *testing.T, purchases int) *month {
	t.Helper()
	m := &month{
		deskShop: &deskShop{refundShop: &refundShop{shop: &shop{System: start(t, system.Options{})}}},
		rnd:      rand.New(rand.NewPCG(6, uint64(purchases))), planted: map[string]int{}, done: map[string]int{}, fails: map[string]bool{},
	}
	for range 1 + purchases*3/hallSize {
		m.halls = append(m.halls, event(t, m.System, system.Hall{Rows: hallSize / 50, Width: 50}))
	}
	var err error
	m.support, err = m.Account(t.Context(), ticket.RoleSupport)
	require.NoError(t, err)
	return m
}

// faults are all that the sandbox can do, each for a few of the calls.
func (m *month) faults(t *testing.T) {
	t.Helper()
	for _, p := range []string{"stripe", "paypal"} {
		for kind, rate := range map[string]float64{"error": 0.02, "lost_reply": 0.02, "rate_limit": 0.01, "slow": 0.03, "timeout": 0.003} {
			f := system.Fault{Provider: p, Fault: kind, Rate: rate}
			if kind == "slow" {
				ms := 300
				f.DelayMS = &ms
			}
			require.NoError(t, m.AddFault(t.Context(), f))
		}
	}
}

// payers are who buys, each as often as it stands here.
var payers = []*system.Pay{
	system.Visa, system.Visa, system.Visa, system.Vaulted, system.Vaulted, system.Both, system.Both, system.Declined,
	{StripePaymentMethod: "pm_card_pendingRefund"}, {StripePaymentMethod: "pm_card_refundFail"},
}

// buy makes so many purchases, some at the same time. What is not confirmed is
// given up.
func (m *month) buy(t *testing.T, purchases int) {
	t.Helper()
	buyers, err := m.Buyers(t.Context(), min(purchases, 400))
	require.NoError(t, err)
	type wish struct {
		key   string
		buyer *system.Client
		order system.Order
	}
	wishes := make(chan wish)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			for w := range wishes {
				m.purchase(t, w.buyer, w.key, w.order)
			}
		})
	}
	next := 0
	for i := range purchases {
		places := 1 + m.rnd.IntN(3)
		if next%hallSize+places > hallSize {
			next = (next/hallSize + 1) * hallSize
		}
		hall := m.halls[min(next/hallSize, len(m.halls)-1)]
		wishes <- wish{
			key: fmt.Sprint("month-", i), buyer: buyers[i%len(buyers)],
			order: system.Order{
				EventID: hall.ID, Seats: hall.Seats[next%hallSize : next%hallSize+places], Payment: payers[m.rnd.IntN(len(payers))],
			},
		}
		next += places
	}
	close(wishes)
	wg.Wait()
}

func (m *month) purchase(t *testing.T, c *system.Client, key string, o system.Order) {
	a, err := c.Book(t.Context(), key, o)
	for try := 0; err == nil && a.Status >= http.StatusInternalServerError && try < 3; try++ {
		time.Sleep(time.Second) // as a buyer does: the same request again
		a, err = c.Book(t.Context(), key, o)
	}
	if err != nil {
		t.Error(err)
		return
	}
	b, err := a.Booking()
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil && b.Status == "confirmed" {
		m.sold = append(m.sold, b)
		m.fails[b.ID] = o.Payment.StripePaymentMethod == "pm_card_refundFail"
		m.done["bought"]++
		return
	}
	m.done["not bought: "+a.Code()+b.Status]++
	id := b.ID
	if id == "" {
		id = a.Problem().BookingID
	}
	if id != "" {
		_, _ = c.Cancel(t.Context(), id) // what cannot be given up ends by itself, or is confirmed after all
	}
}

// aftermath does something with a share of the bookings to which nothing has
// happened yet.
func (m *month) aftermath(t *testing.T, act func(*testing.T, system.Booking, int), share float64) {
	t.Helper()
	n := int(float64(len(m.sold)) * share)
	chosen := m.sold[:n]
	var wg sync.WaitGroup
	work := make(chan func())
	for range 6 {
		wg.Go(func() {
			for do := range work {
				do()
			}
		})
	}
	for i, b := range chosen {
		work <- func() { act(t, b, i) }
	}
	close(work)
	wg.Wait()
	m.sold = append(slices.Clone(m.sold[n:]), chosen...)
}

func (m *month) count(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done[what]++
}

// heard does what the books hear of: by our own refunds, or by a webhook.
func (m *month) heard(t *testing.T, b system.Booking, i int) {
	p := b.Payment.Provider
	switch i % 6 {
	case 0:
		m.count("refunded whole")
		_, err := m.support.Refund(t.Context(), b.ID, "a")
		m.ok(t, err)
	case 1:
		m.count("refunded by seat")
		_, err := m.support.Refund(t.Context(), b.ID, "a", b.Seats[0].ID)
		m.ok(t, err)
	case 2:
		m.count("refunded by hand")
		m.ok(t, m.RefundByHand(t.Context(), p, b.ID, 0))
	case 3:
		m.count("a part given back by hand")
		m.ok(t, m.RefundByHand(t.Context(), p, b.ID, 700))
	default:
		m.disputes(t, b, i/6, false)
	}
}

// unheard does at the providers what nobody hears of.
func (m *month) unheard(t *testing.T, b system.Booking, i int) {
	p := b.Payment.Provider
	plant := func(kind ticket.MovementKind, amount int64) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.planted[fmt.Sprintf("%s %s %d", b.ID, kind, amount)]++
		if kind == ticket.MovementRefund && m.fails[b.ID] {
			m.planted[fmt.Sprintf("%s %s %d", b.ID, ticket.MovementRefundFailed, -amount)]++
		}
	}
	switch i % 4 {
	case 0:
		m.count("unheard: refunded by hand")
		m.ok(t, m.RefundByHand(t.Context(), p, b.ID, 0))
		plant(ticket.MovementRefund, -b.Total.Amount)
	case 1:
		m.count("unheard: a part given back by hand")
		m.ok(t, m.RefundByHand(t.Context(), p, b.ID, 700))
		plant(ticket.MovementRefund, -700)
	default:
		plant(ticket.MovementDispute, -b.Total.Amount)
		if m.disputes(t, b, i/4, true) == "won" {
			plant(ticket.MovementDisputeWon, b.Total.Amount)
		}
	}
}

// disputes lets the payer dispute, and the provider decide: for us, for the
// payer, or not yet.
func (m *month) disputes(t *testing.T, b system.Booking, i int, unheard bool) (outcome string) {
	outcome = []string{"won", "lost", ""}[i%3]
	what := "disputed"
	if unheard {
		what = "unheard: disputed"
	}
	m.count(what + " " + outcome)
	id, err := m.DisputePayment(t.Context(), b.Payment.Provider, b.ID, 0)
	if m.ok(t, err); err == nil && outcome != "" {
		m.ok(t, m.DecideDispute(t.Context(), id, outcome))
	}
	return outcome
}

// ok notes an error; it may be called by any of those at work.
func (m *month) ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func sumOf(counts map[string]int) (n int) {
	for c := range maps.Values(counts) {
		n += c
	}
	return n
}
