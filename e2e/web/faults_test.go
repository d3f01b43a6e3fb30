//go:build browser

package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

func TestALostAnswerIsAskedForAgainAndBooksOnce(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 4, Width: 6})
	b := desktop(t)
	b.register(t)
	// The page dies between the request and its answer.
	b.do(t, b.visit("/events/"+e.ID), see(".best"), run(`window.fetch = ((real) => async (path, o) => {
		const answer = await real(path, o);
		if (o?.method === "POST") { window.lost = (await answer.clone().json()).id; return new Promise(() => {}); }
		return answer;
	})(window.fetch)`), press(".best .primary"), until(`window.lost !== undefined`))
	lost := read[string](t, b, `window.lost`)
	b.do(t, chromedp.Reload(), see("#countdown"))
	require.Equal(t, lost, b.booking(t), "the reload finds the same booking")
	b.do(t, b.visit("/bookings"), see(".bookings li"))
	require.Equal(t, 1, read[int](t, b, `document.querySelectorAll(".bookings > li").length`))

	// The connection breaks while paying; the button repeats the same request.
	b.do(t, b.visit("/bookings/"+lost), see("form.pay"), run(`window.keys = []; window.fetch = ((real) => async (path, o) => {
		if (o?.method !== "POST") return real(path, o);
		keys.push(o.headers["Idempotency-Key"]);
		const answer = await real(path, o);
		if (keys.length === 1) throw new TypeError("connection lost");
		return answer;
	})(window.fetch)`), pay(visa), until(`window.keys.length >= 1`), see(".ticket, .problem[data-code=network]"))
	b.do(t, chromedp.Reload(), see(".ticket .qr"))
	ledger, err := shop.Ledger(t.Context(), lost)
	require.NoError(t, err)
	require.Equal(t, 1, ledger.Count(lost, "stripe", "capture"))
}

func TestPlacesThatOthersTakeAreTakenFromTheChoice(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 4, Width: 6})
	b := desktop(t)
	b.do(t, b.visit("/events/"+e.ID+"/seats"), see(".legend button"))
	b.click(t, 3)
	other, err := shop.Account(t.Context())
	require.NoError(t, err)
	answer, err := other.Book(t.Context(), "someone-was-faster", system.Order{EventID: e.ID, Seats: e.Seats[3:4]})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, answer.Status, "%s", answer)
	b.do(t, until(`document.querySelectorAll(".chosen li").length === 0`), see(".basket .problem"))
}

func TestFaultsOfAFormStandBesideItsFields(t *testing.T) {
	t.Parallel()
	b := desktop(t)
	b.do(t, b.visit("/register"), enter("[name=email]", "nowhere"), enter("[name=password]", "short"), press("form .primary"), see("#fault-password"))
	require.Equal(t, "name", read[string](t, b, `document.activeElement.name`), "the first field that is wrong")
	require.Equal(t, "password-hint fault-password", read[string](t, b, `document.querySelector("[name=password]").getAttribute("aria-describedby")`))
	b.do(t, b.visit("/login"), enter("[name=email]", "no@example.org"), enter("[name=password]", "not the password"), press("form .primary"),
		see(".problem[data-code=bad-credentials]"))
	b.do(t, b.visit("/login?next=//evil.example/"), see("form"))
	require.NotContains(t, read[string](t, b, `document.querySelector("form a").href`), "evil")
}

func TestPagesFitAPhone(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 8, Width: 12, Standing: 200})
	b := open(t, shop.APIs[0].URL, 320)
	b.register(t)
	id := b.holdBest(t, e, 1)
	for path, shown := range map[string]string{
		"/": ".event", "/events/" + e.ID: ".best", "/events/" + e.ID + "/seats": ".legend button", "/events/" + e.ID + "/queue": ".room",
		"/bookings": ".bookings li", "/bookings/" + id: "form.pay", "/login": "form", "/nowhere": "main h1",
	} {
		b.do(t, b.visit(path), see(shown))
		require.LessOrEqual(t, read[int](t, b, `document.documentElement.scrollWidth`), 320, path)
	}
	b.do(t, b.visit("/bookings/"+id), pay(visa), see(".ticket .qr"))
	require.LessOrEqual(t, read[int](t, b, `document.documentElement.scrollWidth`), 320)
}

func TestTheSearchFindsEventsWithoutASearchService(t *testing.T) {
	t.Parallel()
	e := newEvent(t, system.Hall{Rows: 2, Width: 2})
	b := desktop(t)
	b.do(t, b.visit("/events/"+e.ID), see("h1"))
	name := read[string](t, b, `document.querySelector("h1").textContent`)
	b.do(t, b.visit("/"), enter("input[type=search]", name+" berlin"), until(fmt.Sprintf(`[...document.querySelectorAll(".event h2")].some((h) => h.textContent === %q)`, name)))
	b.do(t, enter("input[type=search]", "qqqqzzzz"), until(`document.querySelectorAll(".event").length === 0`))
}

// The code of a ticket as a picture was checked with an independent reader when
// this sum was taken.
func TestTicketCodesArePicturesThatReadersKnow(t *testing.T) {
	t.Parallel()
	b := desktop(t)
	b.do(t, b.visit("/"), see("h1"))
	const code = "dGlfMDAwZW13bnJteDk4enJiMTF3dGRlMHM3eHLcAyWc38aK5PCqLM3S8aR68kguw0zwV9tECs-3yIYk-1k3DiUV68Qs6OdYDMompweqr26h1bS72blcHtrN8MUF"
	modules := read[string](t, b, fmt.Sprintf(`import(document.querySelector("script[type=module]").src.replace("main.js", "qr.js"))
		.then(({ qr }) => qr(%q).map((row) => row.map((dark) => dark ? 1 : 0).join("")).join("\n"))`, code))
	sum := sha256.Sum256([]byte(modules))
	require.Equal(t, "3a6f0b2f7cdd75319ba3b1c6568b0c974d4bfc809f4ac82bfb3b64d95d23ae2b", hex.EncodeToString(sum[:]))
}
