package audit

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// The invariants that are about money at the providers.
const (
	numberNet    = 6
	numberCommit = 7
	numberOnce   = 8
	numberPrice  = 13
	numberClosed = 15
)

// fault is something wrong with a booking's money.
type fault struct {
	invariant int
	id        string
	detail    string
}

// moneyAudit compares the providers' books with ours, for all invariants that
// are about money. It holds the charges of the window in memory, some 200 bytes
// each; the bookings pass by.
type moneyAudit struct {
	a       *audit
	charges map[string][]ticket.ChargeBalance // by booking
	foreign int
	// checked counts bookings and charges, faults is what stayed wrong.
	checked  int64
	faults   []fault
	inFlight map[int]int64
	left     int64 // suspects that were not looked at again
	sums     map[string]*sum
	notes    []string
	err      error
}

// sum is what was compared in one currency.
type sum struct{ captured, refunded, disputed, open, live int64 }

// readMoney compares once for all.
func (a *audit) readMoney(ctx context.Context) *moneyAudit {
	if a.money == nil {
		a.money = &moneyAudit{
			a: a, charges: map[string][]ticket.ChargeBalance{}, inFlight: map[int]int64{}, sums: map[string]*sum{},
		}
		a.money.err = a.money.run(ctx)
		a.money.charges = nil
	}
	return a.money
}

// run reads the providers first and our books after them: a capture follows its
// commit, so what is captured in the one must be confirmed in the other.
func (m *moneyAudit) run(ctx context.Context) error {
	for _, name := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		if err := m.readProvider(ctx, name); err != nil {
			return err
		}
	}
	suspects := map[string]postgres.MoneyRow{}
	seen := map[string]bool{}
	err := m.a.Sales.MoneySince(ctx, m.a.since.Add(-windowMargin), func(r postgres.MoneyRow) error {
		if _, charged := m.charges[r.ID]; charged {
			seen[r.ID] = true
		}
		m.consider(r, suspects)
		return nil
	})
	if err != nil {
		return err
	}
	if err := m.readOthers(ctx, seen, suspects); err != nil {
		return err
	}
	return m.again(ctx, suspects)
}

// windowMargin is how much longer back our books are read than the providers':
// a charge may come some time after its booking.
const windowMargin = 3 * time.Hour

func (m *moneyAudit) readProvider(ctx context.Context, name ticket.Provider) error {
	books, ok := m.a.Providers[name]
	if !ok {
		return m.a.without(partOf(name))
	}
	until, err := books.Balances(ctx, m.a.since, func(b ticket.ChargeBalance) error {
		if !ticket.IsID(ticket.KindBooking, b.BookingID) {
			m.foreign++
			return nil
		}
		m.checked++
		m.charges[b.BookingID] = append(m.charges[b.BookingID], b)
		return nil
	})
	if err != nil {
		return err
	}
	if lag := m.a.Now().Sub(until); lag > time.Minute {
		m.notes = append(m.notes, fmt.Sprintf("%s's books reach to %s; newer payments were read one by one, as far as ours name them.",
			partOf(name), until.Format(time.RFC3339)))
	}
	return nil
}

func partOf(name ticket.Provider) Part {
	if name == ticket.Stripe {
		return PartStripe
	}
	return PartPayPal
}

// readOthers reads the bookings whose charges are in the window while they are not.
func (m *moneyAudit) readOthers(ctx context.Context, seen map[string]bool, suspects map[string]postgres.MoneyRow) error {
	var others []string
	for id := range m.charges {
		if !seen[id] {
			others = append(others, id)
		}
	}
	for some := range slices.Chunk(others, 5000) {
		found := map[string]bool{}
		err := m.a.Sales.MoneyOf(ctx, some, func(r postgres.MoneyRow) error {
			found[r.ID] = true
			m.consider(r, suspects)
			return nil
		})
		if err != nil {
			return err
		}
		for _, id := range some {
			if !found[id] {
				m.consider(postgres.MoneyRow{ID: id}, suspects)
			}
		}
	}
	return nil
}

// consider judges a booking by what was read so far, and keeps it in mind when
// something may be wrong.
func (m *moneyAudit) consider(r postgres.MoneyRow, suspects map[string]postgres.MoneyRow) {
	m.checked++
	charges := m.charges[r.ID]
	if len(judge(r, charges, m.a.started)) > 0 {
		suspects[r.ID] = r
		return
	}
	m.book(r, charges)
}

// book adds a booking that is right to the sums.
func (m *moneyAudit) book(r postgres.MoneyRow, charges []ticket.ChargeBalance) {
	for _, c := range charges {
		s := m.sum(c.Currency)
		s.captured, s.refunded, s.open = s.captured+c.Captured, s.refunded+c.Refunded, s.open+c.Open
		s.disputed += c.Disputed
	}
	if len(charges) > 0 {
		m.sum(r.Currency).live += r.Live
	}
}

func (m *moneyAudit) sum(currency string) *sum {
	if m.sums[currency] == nil {
		m.sums[currency] = &sum{}
	}
	return m.sums[currency]
}

// result gives what was found of one invariant to its finding.
func (a *audit) fromMoney(ctx context.Context, f *Finding) error {
	m := a.readMoney(ctx)
	number := f.Number
	f.Checked += m.checked
	f.InFlight += m.inFlight[number]
	for _, x := range m.faults {
		if x.invariant == number {
			f.breach(x.id, "%s", x.detail)
		}
	}
	if m.err != nil {
		return m.err
	}
	if m.left > 0 {
		return fmt.Errorf("%d bookings look wrong, more than are looked at twice in one audit", m.left)
	}
	return nil
}

// describe says what was compared, currency by currency.
func (m *moneyAudit) describe(f *Finding) {
	f.Notes = append(f.Notes, m.notes...)
	for _, currency := range slices.Sorted(maps.Keys(m.sums)) {
		s := m.sums[currency]
		f.note(fmt.Sprintf("Providers since %s: captured %s, refunded %s, disputed %s, reserved %s; live tickets %s.", m.a.since.Format(time.RFC3339),
			money(s.captured, currency), money(s.refunded, currency), money(s.disputed, currency), money(s.open, currency), money(s.live, currency)))
	}
	if m.foreign > 0 {
		f.note(fmt.Sprintf("%d charges at the providers name no booking of ours and were left out.", m.foreign))
	}
}

func money(amount int64, currency string) string {
	return ticket.Money{Amount: amount, Currency: currency}.String()
}
