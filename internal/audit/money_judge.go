package audit

import (
	"fmt"
	"strings"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// judge lists what is wrong with a booking's money, by its row (only an id when
// there is none) and by all that is known of its charges.
func judge(r postgres.MoneyRow, charges []ticket.ChargeBalance, now time.Time) []fault {
	j := judgement{row: r, now: now, net: map[ticket.Provider]int64{}}
	attempts := map[string]string{}
	for _, c := range charges {
		j.charge(c)
		key := fmt.Sprintf("%s %d", c.Provider, c.Attempt)
		if other, twice := attempts[key]; twice && other != c.Ref {
			j.add(numberOnce, "%s has two charges for attempt %d: %s and %s", c.Provider, c.Attempt, other, c.Ref)
		}
		attempts[key] = c.Ref
	}
	j.balance()
	j.end()
	return j.faults
}

type judgement struct {
	row    postgres.MoneyRow
	now    time.Time
	net    map[ticket.Provider]int64
	open   []string
	faults []fault
}

func (j *judgement) add(invariant int, format string, args ...any) {
	j.faults = append(j.faults, fault{invariant: invariant, id: j.row.ID, detail: fmt.Sprintf(format, args...)})
}

// charge judges one charge by itself.
func (j *judgement) charge(c ticket.ChargeBalance) {
	j.net[c.Provider] += c.Net()
	if c.Open > 0 {
		j.open = append(j.open, fmt.Sprintf("%s in %s at %s", money(c.Open, c.Currency), c.Ref, c.Provider))
	}
	if c.Captured == 0 {
		return
	}
	if !j.row.Confirmed {
		j.add(numberCommit, "is %s, and %s has captured %s in %s", j.status(), c.Provider, money(c.Captured, c.Currency), c.Ref)
		return
	}
	if c.Captured != j.row.Total || c.Currency != j.row.Currency {
		j.add(numberPrice, "cost %s at the hold, and %s has captured %s in %s",
			money(j.row.Total, j.row.Currency), c.Provider, money(c.Captured, c.Currency), c.Ref)
	}
}

func (j *judgement) status() string {
	if j.row.Status == "" {
		return "in no row"
	}
	return string(j.row.Status)
}

// balance judges what the providers keep of the booking. While it is being
// refunded, or with support, that may be anything.
func (j *judgement) balance() {
	r := &j.row
	if r.Status == ticket.BookingRefunding || r.Status == ticket.BookingNeedsAttention {
		return
	}
	var keep []string
	var total int64
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		if n := j.net[p]; n != 0 {
			keep = append(keep, fmt.Sprintf("%d at %s", n, p))
			total += n
			if p != r.Provider {
				j.add(numberNet, "is %s, paid at %s, and %s keeps %d", j.status(), orNone(string(r.Provider)), p, n)
			}
		}
	}
	if len(keep) > 1 {
		j.add(numberNet, "is paid at two providers: %s", strings.Join(keep, ", "))
	}
	// A refund is booked when it is promised, and again when it is done.
	want := r.Live - r.Apart
	if total != 0 && (total < want || total > want+r.Owed) {
		j.add(numberNet, "is %s with live tickets for %d%s, and the providers keep %s", j.status(), r.Live, j.apart(), strings.Join(keep, ", "))
	}
	if total != want && (total != 0 || !j.untaken()) {
		j.add(numberClosed, "is %s with live tickets for %d%s, and the providers keep %d", j.status(), r.Live, j.apart(), total)
	}
}

func (j *judgement) apart() string {
	if j.row.Apart == 0 {
		return ""
	}
	return fmt.Sprintf(" less %d withheld or given away", j.row.Apart)
}

// untaken tells whether the money is still to be taken, after the seats were given.
func (j *judgement) untaken() bool {
	return j.row.Status == ticket.BookingConfirmed && j.row.Paid == ticket.PaymentAuthorized
}

// end judges whether everything has come to its end.
func (j *judgement) end() {
	r := &j.row
	switch {
	case r.Status == ticket.BookingNeedsAttention:
	case r.Status == ticket.BookingConfirmed && r.Paid == ticket.PaymentAuthorized:
		j.add(numberClosed, "is confirmed, and its money is reserved but not taken")
	case r.Status == "" || r.Status == ticket.BookingConfirmed || r.Status.Terminal():
		for _, open := range j.open {
			j.add(numberClosed, "is %s, and there is still reserved: %s", j.status(), open)
		}
	default:
		j.add(numberClosed, "is %s", j.status())
	}
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
