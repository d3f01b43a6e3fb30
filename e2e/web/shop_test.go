//go:build browser

package web_test

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// shop is the one system of all tests: they do not break it, and each has an
// event and buyers of its own.
var shop *system.System

func TestMain(m *testing.M) {
	os.Exit(runAll(m))
}

func runAll(m *testing.M) int {
	if _, err := findBrowser(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	var err error
	if shop, err = system.Start(ctx, system.Options{Name: "shop"}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if code != 0 {
		fmt.Fprintln(os.Stderr, shop.Logs(40))
	}
	for _, end := range []func() error{shop.Stop, system.RemoveBinary} {
		if err := end(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	return code
}

// visitors tells the accounts of the tests apart.
var visitors atomic.Int64

// newEvent makes an event for one test.
func newEvent(t *testing.T, h system.Hall) *system.Event {
	t.Helper()
	e, err := shop.NewEvent(t.Context(), h)
	require.NoError(t, err)
	return e
}

// desktop opens a tab as wide as a screen.
func desktop(t *testing.T) *tab {
	t.Helper()
	return open(t, shop.APIs[0].URL, 1280)
}

// register fills the form in that is on the page, or opens it.
func (b *tab) register(t *testing.T) {
	t.Helper()
	email := fmt.Sprintf("visitor-%d-%d@example.org", time.Now().UnixNano(), visitors.Add(1))
	b.do(t,
		b.visit("/register"), enter("[name=name]", "Vera Visitor"), enter("[name=email]", email), enter("[name=password]", "a long password"),
		press("form .primary"), until(`sessionStorage.getItem("yourticket.session") !== null && location.pathname !== "/register"`),
	)
}

// holdBest holds the best places of the first category and gives the booking's id.
func (b *tab) holdBest(t *testing.T, e *system.Event, quantity int) string {
	t.Helper()
	b.do(t, b.visit("/events/"+e.ID), enter(".best [name=quantity]", fmt.Sprint(quantity)), press(".best .primary"), see("#countdown"))
	return b.booking(t)
}

// booking gives the id in the address of a booking's page.
func (b *tab) booking(t *testing.T) string {
	t.Helper()
	return read[string](t, b, `location.pathname.split("/")[2]`)
}

// The ways to pay in the order of the form.
const (
	visa = iota
	declined
	threeDSecure
	payPalKnown
	payPalApproval
	visaElsePayPal
)

// pay chooses a way and presses the button.
func pay(way int) step {
	return chromedp.Steps(press(fmt.Sprintf(`input[name=way][value="%d"]`, way)), press("form.pay .primary"))
}

// stored reads a booking through the API, by the buyer of the tab.
func (b *tab) stored(t *testing.T, id string) system.Booking {
	t.Helper()
	return read[system.Booking](t, b, fmt.Sprintf(`(async () => {
		const { access_token: token } = JSON.parse(sessionStorage.getItem("yourticket.session"));
		return (await fetch("/v1/bookings/%s", { headers: { Authorization: "Bearer " + token } })).json();
	})()`, id))
}
