package audit

import (
	"context"
	"maps"
	"slices"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// Looks is how many bookings that seem wrong are looked at twice when nothing
// else is said: each costs a request or two to a provider.
const Looks = 5000

// again looks a second time at all that seemed wrong, providers first: what was
// on its way between the two readings is in order now.
func (m *moneyAudit) again(ctx context.Context, suspects map[string]postgres.MoneyRow) error {
	var look []string
	for _, id := range slices.Sorted(maps.Keys(suspects)) {
		if r := suspects[id]; m.underWay(r) {
			m.inFlight[numberClosed]++
			continue
		}
		look = append(look, id)
	}
	if len(look) > m.a.Looks {
		m.left = int64(len(look) - m.a.Looks)
		look = look[:m.a.Looks]
	}
	charges := map[string][]ticket.ChargeBalance{}
	for _, id := range look {
		fresh, err := m.readAgain(ctx, suspects[id])
		if err != nil {
			return err
		}
		charges[id] = fresh
	}
	rows := map[string]postgres.MoneyRow{}
	err := m.a.Sales.MoneyOf(ctx, look, func(r postgres.MoneyRow) error { rows[r.ID] = r; return nil })
	if err != nil {
		return err
	}
	for _, id := range look {
		r, known := rows[id]
		if !known {
			r = postgres.MoneyRow{ID: id}
		}
		if err := m.conclude(ctx, r, charges[id]); err != nil {
			return err
		}
	}
	return nil
}

// underWay tells a hold that still has time, about which no provider has
// anything to say, from what must be looked at.
func (m *moneyAudit) underWay(r postgres.MoneyRow) bool {
	return r.Status == ticket.BookingHeld && m.a.Now().Before(r.ExpiresAt) && len(m.charges[r.ID]) == 0
}

// readAgain reads the booking's charges anew: those that were seen, and the one
// that our books name, which a provider's list may not show yet.
func (m *moneyAudit) readAgain(ctx context.Context, r postgres.MoneyRow) ([]ticket.ChargeBalance, error) {
	known := slices.Clone(m.charges[r.ID])
	if r.Ref != "" && !slices.ContainsFunc(known, func(c ticket.ChargeBalance) bool { return c.Provider == r.Provider && c.Ref == r.Ref }) {
		known = append(known, ticket.ChargeBalance{Provider: r.Provider, Ref: r.Ref, OrderRef: r.OrderRef})
	}
	var out []ticket.ChargeBalance
	for _, c := range known {
		fresh, found, err := m.a.Providers[c.Provider].Balance(ctx, c.Ref, c.OrderRef)
		if err != nil {
			return nil, err
		}
		if found {
			out = append(out, fresh)
		} else if c.BookingID != "" {
			out = append(out, c) // listed, and not to be had by its name: believed as it was listed
		}
	}
	return out, nil
}

// conclude keeps what is still wrong. What a workflow is at work on is in
// flight, as far as it only has to hold in the end.
func (m *moneyAudit) conclude(ctx context.Context, r postgres.MoneyRow, charges []ticket.ChargeBalance) error {
	faults := judge(r, charges, m.a.started)
	if len(faults) == 0 {
		m.book(r, charges)
		return nil
	}
	settling, err := m.settling(ctx, r, charges)
	if err != nil {
		return err
	}
	for _, f := range faults {
		if (settling || r.Owed > 0) && f.invariant == numberClosed { // what is owed, a refund is at work on
			m.inFlight[numberClosed]++
			continue
		}
		m.faults = append(m.faults, f)
	}
	return nil
}

// young is how old a booking's last change is at most for it to count as in
// flight when Temporal cannot be asked.
const young = 10 * time.Minute

// settling tells whether a workflow is at work on the booking or on one of its
// charges.
func (m *moneyAudit) settling(ctx context.Context, r postgres.MoneyRow, charges []ticket.ChargeBalance) (bool, error) {
	if m.a.Temporal == nil {
		return m.a.Now().Sub(r.UpdatedAt) < young, nil
	}
	return m.a.atWork(ctx, r.ID, charges)
}
