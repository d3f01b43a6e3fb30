//go:build browser

package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

func TestABuyerChoosesOnTheMapLogsInAndPays(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 8, Width: 12})
	b := desktop(t)
	b.do(t, b.visit("/events/"+e.ID+"/seats"), see(".legend button"))
	b.click(t, 30)
	b.do(t, chromedp.Focus(chromedp.CSS("canvas")), chromedp.KeyEvent(kb.ArrowRight), chromedp.KeyEvent(kb.Enter),
		until(`document.querySelectorAll(".chosen li").length === 2`), press(".basket .primary"), until(`location.pathname === "/login"`))
	next := read[string](t, b, `new URLSearchParams(location.search).get("next")`)
	b.register(t)
	b.do(t, b.visit(next), until(`document.querySelectorAll(".chosen li").length === 2`), press(".basket .primary"), see("#countdown"))

	id := b.booking(t)
	b.do(t, pay(declined), see(`.problem[data-code=payment-declined]`), see("#countdown"), pay(visa), see(".ticket .qr"))
	got := b.stored(t, id)
	require.Equal(t, "confirmed", got.Status)
	require.Equal(t, []string{e.Seats[30], e.Seats[31]}, []string{got.Seats[0].ID, got.Seats[1].ID}, "the seat that was clicked, and the one beside it")
	require.Equal(t, 2, read[int](t, b, `document.querySelectorAll(".ticket").length`))
	require.Empty(t, read[string](t, b, `Object.keys(sessionStorage).filter((k) => k.includes("attempt") || k.includes("choice")).join()`))
}

// click presses a seat of a hall without standing places on the map that shows
// all of it.
func (b *tab) click(t *testing.T, index int) {
	t.Helper()
	at := read[[]float64](t, b, fmt.Sprintf(`(async () => {
		const id = location.pathname.split("/")[2];
		const { seats } = await (await fetch("/v1/events/" + id + "/seatmap")).json();
		const box = document.querySelector("canvas").getBoundingClientRect();
		const range = (f) => [Math.min(...seats.map(f)) - 40, Math.max(...seats.map(f)) + 40];
		const [left, right] = range((s) => s.x), [top, bottom] = range((s) => s.y);
		const scale = Math.min(box.width / (right - left), box.height / (bottom - top));
		return [box.x + box.width / 2 + (seats[%[1]d].x - (left + right) / 2) * scale, box.y + box.height / 2 + (seats[%[1]d].y - (top + bottom) / 2) * scale];
	})()`, index))
	b.do(t, chromedp.MouseClickXY(at[0], at[1]), until(`document.querySelectorAll(".chosen li").length === 1`))
}

func TestEveryWayToPayEndsWithTickets(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 8, Width: 12})
	b := desktop(t)
	b.register(t)
	for _, tt := range []struct {
		name     string
		way      int
		answer   string // The button on the provider's page.
		provider string
	}{
		{"card", visa, "", "stripe"},
		{"3-D Secure", threeDSecure, "succeeded", "stripe"},
		{"PayPal without the buyer", payPalKnown, "", "paypal"},
		{"PayPal with approval", payPalApproval, "approved", "paypal"},
		{"card before PayPal", visaElsePayPal, "", "stripe"},
	} {
		t.Log(tt.name)
		id := b.holdBest(t, e, 1)
		b.do(t, pay(tt.way))
		if tt.answer != "" {
			b.do(t, press(`button[value=`+tt.answer+`]`))
		}
		b.do(t, see(".ticket .qr"))
		require.Equal(t, id, b.booking(t), tt.name)
		require.Empty(t, read[string](t, b, `document.querySelector(".problem")?.innerText ?? ""`), tt.name)
		got := b.stored(t, id)
		require.Equal(t, tt.provider, got.Payment.Provider, tt.name)
	}
	b.do(t, b.visit("/bookings"), until(`document.querySelectorAll(".bookings [data-status=confirmed]").length === 5`))
}

func TestLeavingThePaymentPageKeepsThePlaces(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 4, Width: 6})
	b := desktop(t)
	b.register(t)
	id := b.holdBest(t, e, 2)
	b.do(t, pay(payPalApproval), press(`button[value=declined]`), see(".problem"), see("#action"), see("#countdown"))
	require.Equal(t, "action_required", b.stored(t, id).Status)
	b.do(t, press("#action"), press(`button[value=approved]`), see(".ticket .qr"))
	require.Equal(t, "confirmed", b.stored(t, id).Status)

	id = b.holdBest(t, e, 1)
	b.do(t, pay(threeDSecure), press(`button[value=failed]`), see(".problem"), see("form.pay"))
	require.Equal(t, "held", b.stored(t, id).Status)
}

func TestABookingCanBeGivenUp(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 4, Width: 6})
	b := desktop(t)
	b.register(t)
	id := b.holdBest(t, e, 2)
	b.do(t, b.visit("/bookings"), press(".bookings button"), press("dialog .primary"), see(".bookings [data-status=canceled]"))
	require.Equal(t, "canceled", b.stored(t, id).Status)
	b.do(t, press(".bookings h2 a"), until(`document.querySelector("h1").textContent === "The booking is canceled"`))
}

func TestTicketsOfAPostponedEventCanBeGivenBack(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 4, Width: 6})
	b := desktop(t)
	b.register(t)
	id := b.holdBest(t, e, 2)
	b.do(t, pay(visa), see(".ticket .qr"))
	require.False(t, read[bool](t, b, `Boolean(document.querySelector("#give-back"))`), "the event does not refund by itself")

	last := time.Now().Add(48 * time.Hour)
	a, err := e.Organizer.Do(t.Context(), http.MethodPost, "/v1/events/"+e.ID+"/postpone",
		map[string]any{"reason": "The singer <b>is</b> ill.", "refunds_until": last.UTC().Format(time.RFC3339)})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, a.Status, "%s", a)
	time.Sleep(time.Second) // other readers of an event know of a change after a second
	b.do(t, b.visit("/events/"+e.ID), see("#tickets .news"), b.visit("/bookings/"+id), see(".news"), see(".ticket .qr"))
	told := read[string](t, b, `document.querySelector(".news").textContent`)
	require.Contains(t, told, "The event is postponed.")
	require.Contains(t, told, "The singer <b>is</b> ill.")
	require.Contains(t, told, "You may give your tickets back until")

	b.do(t, press("#give-back"), press("dialog .primary"), until(`["refunding", "refunded"].includes(document.querySelector("[data-status]").dataset.status)`),
		until(`document.querySelector("h1").textContent === "Refunded"`))
	require.Equal(t, "refunded", b.stored(t, id).Status)
}
