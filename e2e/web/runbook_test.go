//go:build browser

package web_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// answers are what the runbook's entries come to, by their numbers.
var answers = map[int]func(*testing.T, *call){
	1: paidNoTicket, 2: declinedCard, 3: holdExpired, 4: chargedTwice, 5: secondLine, 6: secureHangs, 7: payPalLost,
	8: wrongSeats, 9: changedMind, 10: oneIsIll, 11: refundPends, 12: refundFails, 13: refundDisputed, 14: notTaken,
	15: notSettled, 16: isPostponed, 17: lostMail, 18: gaveAway, 19: usedTicket, 20: stopSale, 21: frozenTicket,
	22: eraseData, 23: showCanceled,
}

// always are the entries that every run answers; E2E_RUNBOOK=all answers each.
var always = []int{4, 7, 8, 12, 14}

// call is an entry of the runbook that is being answered.
type call struct {
	*deskUI
	entry
	buyer   *system.Client
	booking system.Booking
}

// TestTheRunbook does in the Temporal UI what docs/support.md says, with the
// filters and inputs that stand there, and looks at what it came to.
func TestTheRunbook(t *testing.T) {
	t.Parallel()
	entries := readRunbook(t)
	require.Len(t, entries, len(answers))
	d := openDesk(t)
	t.Run("sealed to all but support", d.opensForSupport)
	t.Run("saved views", d.savesViews)
	for _, e := range entries {
		if os.Getenv("E2E_RUNBOOK") != "all" && !slices.Contains(always, e.number) {
			continue
		}
		t.Run(fmt.Sprintf("%02d %s", e.number, e.title), func(t *testing.T) {
			defer func() { require.NoError(t, d.Mend(t.Context())) }()
			d.shots = 0
			buyer, err := d.Account(t.Context())
			require.NoError(t, err)
			answers[e.number](t, &call{deskUI: d, entry: e, buyer: buyer})
		})
	}
}

// opensForSupport looks at a history without an account, with one of another
// role, and with one of support.
func (d *deskUI) opensForSupport(t *testing.T) {
	buyer, err := d.Account(t.Context())
	require.NoError(t, err)
	c := &call{deskUI: d, buyer: buyer}
	c.books(t, 1, system.Visa, "confirmed")
	const sealed, open = `document.body.innerText.includes("This history is sealed.")`, `document.body.innerText.includes("pm_card_visa")`
	look := func(expression string) {
		d.list(t, fmt.Sprintf("WorkflowId = %q", "purchase/"+c.booking.ID))
		d.open(t, c.booking.ID)
		d.do(t, until(expression))
		d.shot(t, "look")
	}
	look(sealed)
	for _, role := range []string{"buyer", "organizer", "support"} {
		d.logIn(t, role)
		look(map[bool]string{true: open, false: sealed}[role == "support"])
		require.Equal(t, role == "support", read[bool](t, d.tab, open), "%s", role)
		if role != "support" {
			d.do(t, chromedp.Navigate(d.Codec.URL), press("form button"), see("[name=email]"))
		}
	}
}

// savesViews opens the links that the manual has for saved views, and asks for
// every filter that it lists.
func (d *deskUI) savesViews(t *testing.T) {
	links := viewLink.FindAllStringSubmatch(manual(t), -1)
	require.GreaterOrEqual(t, len(links), 5)
	for _, link := range links {
		u, err := url.Parse(link[1])
		require.NoError(t, err)
		name := u.Query().Get("savedQuery")
		d.do(t, d.visit(link[1]), until(`document.querySelector("[data-testid=saved-views-bar]")?.innerText.includes(`+strconv.Quote(name)+`)`))
	}
	d.shot(t, "views")
	d.do(t, chromedp.Navigate(d.Codec.URL), tap(`li a[href*="Takes"]`),
		until(`document.querySelector("[data-testid=saved-views-bar]")?.innerText.includes("Takes long")`), see("[data-testid=saved-views-bar]"))
	filters := filterCell.FindAllStringSubmatch(manual(t), -1)
	require.GreaterOrEqual(t, len(filters), 10)
	for _, f := range filters {
		_, err := d.TemporalSDK.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: f[1]})
		require.NoError(t, err, f[1])
	}
}

// seats gives places that nobody has.
func (c *call) seats(n int) []string {
	c.next += n
	return c.event.Seats[c.next-n : c.next]
}

// books makes the caller's booking.
func (c *call) books(t *testing.T, places int, p *system.Pay, status string) {
	t.Helper()
	c.booking = c.booked(t, c.buyer, places, p, status)
}

func (c *call) booked(t *testing.T, by *system.Client, places int, p *system.Pay, status string) system.Booking {
	t.Helper()
	order := system.Order{EventID: c.event.ID, Seats: c.seats(places), Payment: p}
	a, err := by.Book(t.Context(), fmt.Sprint("k", c.next), order)
	require.NoError(t, err)
	id := a.Problem().BookingID
	if id == "" {
		b, err := a.Booking()
		require.NoError(t, err)
		id = b.ID
	}
	return c.becomes(t, id, status)
}

// becomes waits until a booking has a status.
func (c *call) becomes(t *testing.T, id, status string) system.Booking {
	t.Helper()
	var b system.Booking
	require.Eventually(t, func() bool {
		a, err := c.support.Get(t.Context(), id)
		if err != nil {
			return false
		}
		b, err = a.Booking()
		return err == nil && b.Status == status
	}, time.Minute, 50*time.Millisecond, "booking %s never became %s", id, status)
	return b
}

// finds opens what the entry's filter finds.
func (c *call) finds(t *testing.T, id string, words ...string) {
	t.Helper()
	e := c.filled("BUYER", c.buyer.UserID, "BOOKING", c.booking.ID, "EVENT", c.event.ID)
	c.list(t, e.filter)
	c.open(t, id)
	c.readable(t)
	c.says(t, words...)
}

// writes is the entry's input, the first one where it has several.
func (c *call) writes(pairs ...string) string {
	return c.filled(append(pairs, "BOOKING", c.booking.ID)...).inputs[0]
}

// refunds starts the entry's refund in the UI and opens it.
func (c *call) refunds(t *testing.T, input string, words ...string) {
	t.Helper()
	id := fmt.Sprintf("refund/case-%02d", c.number)
	c.start(t, "Refund", id, input)
	c.list(t, fmt.Sprintf("WorkflowId = %q", id))
	c.open(t, id)
	c.says(t, words...)
}

// taken makes sure of what the providers have of a booking.
func (c *call) taken(t *testing.T, id string, amount int64) {
	t.Helper()
	l, err := c.Ledger(t.Context(), id)
	require.NoError(t, err)
	var net int64
	for _, s := range l.Summary {
		require.Zero(t, s.Authorized, "%s still reserves money", s.Provider)
		net += s.Net
	}
	require.Equal(t, amount, net)
}

func (c *call) ask(t *testing.T, by *system.Client, method, path string, body any, status int) *system.Answer {
	t.Helper()
	a, err := by.Do(t.Context(), method, path, body)
	require.NoError(t, err)
	require.Equal(t, status, a.Status, "%s", a)
	return a
}

func (c *call) resends(t *testing.T) {
	t.Helper()
	c.ask(t, c.support, http.MethodPost, "/v1/bookings/"+c.booking.ID+"/tickets/resend", nil, http.StatusAccepted)
	shard, _ := ticket.ShardOf(c.booking.ID)
	var mails int
	require.NoError(t, c.Shards[shard].QueryRow(t.Context(),
		`SELECT count(*) FROM outbox WHERE booking_id = $1 AND kind = 'resend'`, c.booking.ID).Scan(&mails))
	require.Equal(t, 1, mails)
}

func paidNoTicket(t *testing.T, c *call) {
	c.books(t, 2, system.Visa, "confirmed")
	c.finds(t, c.booking.ID, "Confirmed: 2 seats for", "paid by stripe", "all of this buyer")
	buyers := read[string](t, c.tab, `[...document.querySelectorAll("iframe")].map((f) => f.contentDocument?.querySelector("a")?.href).find(Boolean)`)
	c.do(t, chromedp.Navigate(buyers), tap(`[data-testid=workflows-summary-configurable-table-row] a[href*="`+c.booking.ID+`"]`))
	c.resends(t)
}

func declinedCard(t *testing.T, c *call) {
	c.books(t, 2, system.Declined, "held")
	c.finds(t, c.booking.ID, "Not paid:", "Holds 2 seats until")
	c.taken(t, c.booking.ID, 0)
}

func holdExpired(t *testing.T, c *call) {
	c.buyer = c.buyer.At(c.APIs[1])
	c.books(t, 1, nil, "held")
	c.becomes(t, c.booking.ID, "expired")
	c.finds(t, c.booking.ID, "expired: The hold ended before it was paid.")
	c.taken(t, c.booking.ID, 0)
}

func chargedTwice(t *testing.T, c *call) {
	keep := c.booked(t, c.buyer, 1, system.Visa, "confirmed")
	c.books(t, 1, system.Visa, "confirmed")
	c.finds(t, c.booking.ID, "Confirmed: 1 seat for")
	c.refunds(t, c.writes(), "succeeded:")
	c.becomes(t, c.booking.ID, "refunded")
	c.taken(t, c.booking.ID, 0)
	c.taken(t, keep.ID, system.SeatTotal)
}

func secondLine(t *testing.T, c *call) {
	require.NoError(t, c.Break(t.Context(), "stripe", "lost_reply", "authorize"))
	c.books(t, 1, system.Both, "confirmed")
	require.NoError(t, c.Mend(t.Context()))
	c.finds(t, "settle/"+c.booking.ID, "Found authorized; undone by: void.")
	c.taken(t, c.booking.ID, system.SeatTotal)
}

func secureHangs(t *testing.T, c *call) {
	c.books(t, 1, system.Secure, "action_required")
	c.finds(t, c.booking.ID, "Waits for the buyer at stripe until")
	c.refused(t, "Cancel", `{"reason": "who is it?"}`, "say who asks for it (by)")
	c.refused(t, "Cancel", `"anna"`, "cannot unmarshal string")
	c.update(t, "Cancel", c.writes())
	c.says(t, "Canceled by you@example.com. 3-D Secure hangs")
	c.becomes(t, c.booking.ID, "canceled")
	c.taken(t, c.booking.ID, 0)
}

func payPalLost(t *testing.T, c *call) {
	c.books(t, 1, system.PayPal, "action_required")
	u, err := url.Parse(c.booking.NextAction.URL)
	require.NoError(t, err)
	require.NoError(t, c.Approve(t.Context(), cmp.Or(u.Query().Get("token"), path.Base(u.Path)), "approved"))
	c.finds(t, c.booking.ID, "Waits for the buyer at paypal until")
	c.signal(t, "PaymentEvent")
	c.says(t, "Confirmed: 1 seat for", "paid by paypal")
	c.becomes(t, c.booking.ID, "confirmed")
	c.taken(t, c.booking.ID, system.SeatTotal)
}

func wrongSeats(t *testing.T, c *call) {
	c.books(t, 2, nil, "held")
	c.finds(t, c.booking.ID, "Holds 2 seats for")
	c.do(t, tap(`[aria-controls="workflow-actions"]`))
	for _, harm := range []string{"terminate-button", "reset-button"} {
		c.do(t, until(shown("[data-testid="+harm+"]")+`?.getAttribute("aria-disabled") === "true"`))
	}
	c.shot(t, "menu")
	c.do(t, chromedp.Reload(), see("[data-testid=workflow-id-heading]"))
	c.refused(t, "RetryPayment", c.writes(), "does not wait for support")
	c.refused(t, "Refund", c.writes(), "nothing was taken")
	c.update(t, "Cancel", c.writes())
	c.says(t, "Canceled by you@example.com. wrong seats")
	c.becomes(t, c.booking.ID, "canceled")
}

func changedMind(t *testing.T, c *call) {
	c.books(t, 2, system.Vaulted, "confirmed")
	c.finds(t, c.booking.ID, "Confirmed: 2 seats for")
	c.refunds(t, c.writes(), "succeeded:", "for 2 seats by paypal")
	c.becomes(t, c.booking.ID, "refunded")
	c.taken(t, c.booking.ID, 0)
}

func oneIsIll(t *testing.T, c *call) {
	c.books(t, 3, system.Visa, "confirmed")
	c.finds(t, c.booking.ID, "Confirmed: 3 seats for")
	c.refunds(t, c.writes("SEAT", c.booking.Seats[1].ID), "succeeded:", "for 1 seat")
	b := c.becomes(t, c.booking.ID, "confirmed")
	require.Equal(t, []string{"live", "refunded", "live"}, []string{b.Tickets[0].Status, b.Tickets[1].Status, b.Tickets[2].Status})
	c.taken(t, c.booking.ID, 2*system.SeatTotal)
}

func refundPends(t *testing.T, c *call) {
	c.books(t, 1, &system.Pay{StripePaymentMethod: "pm_card_pendingRefund"}, "confirmed")
	for _, operation := range []string{"get", "list"} { // its end is not heard of meanwhile
		require.NoError(t, c.Break(t.Context(), "stripe", "error", operation))
	}
	c.refund(t)
	c.finds(t, "refund/", "stripe is paying 52.50 EUR out (re_")
	require.NoError(t, c.Mend(t.Context()))
	c.becomes(t, c.booking.ID, "refunded")
}
