//go:build browser

package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// refund makes the buyer's refund by the API, as it is usually made.
func (c *call) refund(t *testing.T) {
	t.Helper()
	a, err := c.support.Refund(t.Context(), c.booking.ID, "a")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, "%s", a)
}

func refundFails(t *testing.T, c *call) {
	c.books(t, 1, &system.Pay{StripePaymentMethod: "pm_card_refundFail"}, "confirmed")
	c.refund(t)
	c.becomes(t, c.booking.ID, "refunded")
	require.Eventually(t, func() bool {
		l, err := c.Ledger(t.Context(), c.booking.ID)
		return err == nil && l.Net(c.booking.ID, "stripe") == system.SeatTotal
	}, time.Minute, 50*time.Millisecond, "the bank sends the refund back")
	c.finds(t, "refund/", "succeeded:")
	id := read[string](t, c.tab, `document.querySelector("[data-testid=workflow-id-heading]").innerText.trim()`)
	c.start(t, "Refund", id, c.writes())
	c.list(t, fmt.Sprintf(`WorkflowId = %q AND NeedsAttention = true`, id))
	c.open(t, id)
	c.says(t, "Needs attention.", "RetryPayment")
	c.refused(t, "Resolve", `{"by": "you@example.com"}`, "say who resolves it (by) and how (note)")
	c.update(t, "Resolve", c.inputs[1])
	c.says(t, "Resolve by you@example.com: paid by bank transfer, reference 4711")
	c.becomes(t, c.booking.ID, "refunded")
}

func refundDisputed(t *testing.T, c *call) {
	c.books(t, 1, system.Visa, "confirmed")
	sandbox := system.NewClient(c.Sandbox.URL)
	a := c.ask(t, sandbox, http.MethodPost, "/sandbox/disputes", map[string]string{"provider": "stripe", "booking_id": c.booking.ID}, http.StatusCreated)
	c.refund(t)
	c.finds(t, "refund/", "Needs attention.", "charge_disputed")
	c.ask(t, sandbox, http.MethodPost, "/sandbox/disputes/"+field(t, a, "id")+"/close", map[string]string{"outcome": "won"}, http.StatusOK)
	c.update(t, "RetryPayment", c.writes())
	c.says(t, "RetryPayment by you@example.com: the dispute was withdrawn", "succeeded:")
	c.becomes(t, c.booking.ID, "refunded")
}

func notTaken(t *testing.T, c *call) {
	require.NoError(t, c.Break(t.Context(), "stripe", "error", "capture"))
	c.books(t, 1, system.Visa, "confirmed")
	intent := c.intent(t)
	_, err := c.StripeAPI().PaymentIntents.Cancel(intent, nil)
	require.NoError(t, err)
	require.NoError(t, c.Mend(t.Context()))
	c.becomes(t, c.booking.ID, "needs_attention")
	c.finds(t, c.booking.ID, "Needs attention.", "the money could not be taken")
	c.refused(t, "Refund", c.writes(), "RetryPayment or Resolve first")
	c.update(t, "Resolve", c.writes())
	c.says(t, "Resolve by you@example.com: paid at the box office, receipt 17")
	b := c.becomes(t, c.booking.ID, "confirmed")
	require.Equal(t, "live", b.Tickets[0].Status)
	c.taken(t, c.booking.ID, 0)
}

// intent is the booking's payment at Stripe.
func (c *call) intent(t *testing.T) string {
	t.Helper()
	l, err := c.Ledger(t.Context(), c.booking.ID)
	require.NoError(t, err)
	for _, e := range l.Entries {
		if e.Provider == "stripe" && e.Type == "authorization" {
			return e.ObjectID
		}
	}
	require.Fail(t, "Stripe has no authorization", "%v", l)
	return ""
}

func notSettled(t *testing.T, c *call) {
	for _, f := range []system.Fault{
		{Provider: "stripe", Fault: "lost_reply", Operation: "authorize", Rate: 1},
		{Provider: "stripe", Fault: "error", Operation: "list", Rate: 1}, {Provider: "stripe", Fault: "error", Operation: "get", Rate: 1},
	} {
		require.NoError(t, c.AddFault(t.Context(), f))
	}
	pay := *system.Both
	pay.StripePaymentMethod = "pm_card_createDispute"
	c.books(t, 1, &pay, "confirmed")
	_, err := c.StripeAPI().PaymentIntents.Capture(c.intent(t), &stripego.PaymentIntentCaptureParams{})
	require.NoError(t, err)
	require.NoError(t, c.Mend(t.Context()))
	c.finds(t, "settle/"+c.booking.ID, "A charge could not be settled:", "charge_disputed")
	c.update(t, "Resolve", c.writes())
	c.says(t, "Resolve by you@example.com: the bank took it back by the dispute dp_1")
}

func isPostponed(t *testing.T, c *call) {
	event, err := c.NewEvent(t.Context(), system.Hall{Rows: 1, Width: 4})
	require.NoError(t, err)
	defer func(before *system.Event, next int) { c.event, c.next = before, next }(c.event, c.next)
	c.event, c.next = event, 0
	c.books(t, 1, system.Visa, "confirmed")
	c.ask(t, event.Organizer, http.MethodPost, "/v1/events/"+event.ID+"/postpone", map[string]string{"reason": "the singer is ill"}, http.StatusOK)
	c.finds(t, c.booking.ID, "Confirmed: 1 seat for")
	c.refunds(t, c.writes(), "succeeded:")
	c.becomes(t, c.booking.ID, "refunded")
}

func lostMail(t *testing.T, c *call) {
	c.books(t, 1, system.Visa, "confirmed")
	c.finds(t, c.booking.ID, "Confirmed: 1 seat for")
	c.resends(t)
}

func gaveAway(t *testing.T, c *call) {
	c.books(t, 1, system.Visa, "confirmed")
	friend, err := c.Account(t.Context())
	require.NoError(t, err)
	c.ask(t, c.buyer, http.MethodPost, "/v1/tickets/"+c.booking.Tickets[0].ID+"/transfer",
		map[string]string{"to_email": friend.UserID + "@shop.example"}, http.StatusOK)
	c.finds(t, c.booking.ID, "Confirmed: 1 seat for")
	c.refunds(t, c.writes(), "succeeded:")
	c.becomes(t, c.booking.ID, "refunded")
	c.taken(t, c.booking.ID, 0)
}

func usedTicket(t *testing.T, c *call) {
	c.books(t, 1, system.Visa, "confirmed")
	door, err := c.Account(t.Context(), ticket.RoleDoor)
	require.NoError(t, err)
	mine := c.ask(t, c.buyer, http.MethodGet, "/v1/bookings/"+c.booking.ID, nil, http.StatusOK)
	b, err := mine.Booking()
	require.NoError(t, err)
	scan := map[string]string{"code": b.Tickets[0].Code, "device_id": "gate-3"}
	c.ask(t, door, http.MethodPost, "/v1/checkins", scan, http.StatusOK)
	c.finds(t, c.booking.ID, "Confirmed: 1 seat for")
	c.refunds(t, c.writes(), "Refused: One of the tickets was used at the door.")
	c.becomes(t, c.booking.ID, "confirmed")
	c.taken(t, c.booking.ID, system.SeatTotal)
}

func stopSale(t *testing.T, c *call) {
	before := c.event
	defer func() { c.event = before }()
	var err error
	c.event, err = c.NewEvent(t.Context(), system.Hall{Rows: 1, Width: 4, Sessions: 2})
	require.NoError(t, err)
	c.finds(t, "onsale/"+c.event.ID)
	c.update(t, "Pause", c.writes())
	c.says(t, "you@example.com")
	a := c.ask(t, c.buyer, http.MethodGet, "/v1/events/"+c.event.ID+"/queue", nil, http.StatusOK)
	require.Equal(t, "paused", field(t, a, "phase"))
	c.update(t, "Resume", c.writes())
}

func frozenTicket(t *testing.T, c *call) {
	c.books(t, 1, system.Visa, "confirmed")
	sandbox := system.NewClient(c.Sandbox.URL)
	dispute := map[string]string{"provider": "stripe", "booking_id": c.booking.ID}
	a := c.ask(t, sandbox, http.MethodPost, "/sandbox/disputes", dispute, http.StatusCreated)
	c.start(t, "ReviewCharge", "review/"+c.booking.ID, c.writes())
	c.finds(t, "review/"+c.booking.ID, "1 disputes of this charge")
	path := "/v1/bookings/" + c.booking.ID
	require.Contains(t, string(c.ask(t, c.support, http.MethodGet, path, nil, http.StatusOK).Body), `"frozen":true`)
	c.refunds(t, c.filled("BOOKING", c.booking.ID).inputs[1], "Refused: The payment is disputed")
	c.ask(t, sandbox, http.MethodPost, "/sandbox/disputes/"+field(t, a, "id")+"/close", map[string]string{"outcome": "won"}, http.StatusOK)
	c.start(t, "ReviewCharge", "review/"+c.booking.ID, c.writes())
	require.Eventually(t, func() bool {
		return !strings.Contains(string(c.ask(t, c.support, http.MethodGet, path, nil, http.StatusOK).Body), `"frozen":true`)
	}, time.Minute, 50*time.Millisecond)
}
