//go:build browser

package web_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// deskUI is what somebody of support has before them: the Temporal UI in a
// browser, over a system whose histories are sealed.
type deskUI struct {
	*tab
	*system.System
	event   *system.Event
	support *system.Client
	next    int // the next seat that nobody has
	shots   int
}

// password is that of every account at the desk.
const password = "a long password"

// openDesk starts a system of its own, because runbook entries break the
// providers. No webhook reaches it: what a provider has done is only known when
// somebody looks.
func openDesk(t *testing.T) *deskUI {
	t.Helper()
	key := "PAYLOAD_KEYS=a:" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	deaf := []string{"STRIPE_WEBHOOK_SECRET=whsec_of_another", "PAYPAL_WEBHOOK_ID=WH-of-another"}
	s, err := system.Start(t.Context(), system.Options{
		Name: "desk", Desk: true, Env: []string{key}, APIs: []system.Role{{Env: deaf}, {Env: append(deaf, "HOLD_FOR=8s")}},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(s.Logs(40))
		}
		require.NoError(t, s.Stop())
	})
	d := &deskUI{System: s}
	d.event, err = s.NewEvent(t.Context(), system.Hall{Rows: 10, Width: 20})
	require.NoError(t, err)
	d.support, err = s.Account(t.Context(), ticket.RoleSupport)
	require.NoError(t, err)
	d.tab = open(t, s.Temporal.UIURL, 1500)
	return d
}

// logIn logs somebody in at the codec server, in the same browser.
func (d *deskUI) logIn(t *testing.T, roles ...string) {
	t.Helper()
	email := fmt.Sprintf("desk-%d@example.org", visitors.Add(1))
	answer, err := d.Anonymous().Do(t.Context(), http.MethodPost, "/v1/users", map[string]string{"email": email, "password": password, "name": "Dora Desk"})
	require.NoError(t, err)
	require.Equal(t, http.StatusCreated, answer.Status, "%s", answer)
	_, err = d.CatalogueDB.Exec(t.Context(), `UPDATE users SET roles = $2 WHERE email = $1`, email, roles)
	require.NoError(t, err)
	d.do(t, chromedp.Navigate(d.Codec.URL), enter("[name=email]", email), enter("[name=password]", password), press("form button"), see(`form[action="/logout"]`))
	d.shot(t, "codec")
}

// shot keeps a picture for whoever asks for it.
func (d *deskUI) shot(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("E2E_SHOTS")
	if folder == "" {
		return
	}
	d.shots++
	ctx, cancel := context.WithTimeout(d.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	entry := strings.Trim(regexp.MustCompile(`[^a-zA-Z0-9]+`).ReplaceAllString(filepath.Base(t.Name()), "-"), "-")
	require.NoError(t, os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", entry, d.shots, name)), png, 0o644))
}

// list opens the list of workflows under a filter and waits for its first line.
func (d *deskUI) list(t *testing.T, filter string) {
	t.Helper()
	const row = "[data-testid=workflows-summary-configurable-table-row]"
	// The list is written a moment after the workflow: whoever is too early looks again.
	look := d.visit("/namespaces/default/workflows?query=" + url.QueryEscape(filter))
	d.do(t, look)
	for tries := 0; ; tries++ {
		d.do(t, until(`document.querySelector("`+row+`") || document.body.innerText.includes("No Workflows")`))
		if tries == 20 || read[bool](t, d.tab, `document.querySelector("`+row+`") !== null`) {
			break
		}
		d.do(t, look)
	}
	d.do(t, see(row))
	d.shot(t, "list")
}

// open opens the first workflow of the list whose id has this in it.
func (d *deskUI) open(t *testing.T, id string) {
	t.Helper()
	d.do(t, tap(`[data-testid=workflows-summary-configurable-table-row] a[href*="`+strings.ReplaceAll(id, "/", "%2F")+`"]`), see("[data-testid=workflow-id-heading]"))
}

// readable waits until what the workflow was started with can be read.
func (d *deskUI) readable(t *testing.T) {
	t.Helper()
	d.do(t, until(`/"(booking|event)_id": "/.test(document.querySelector("[data-testid=input-and-result]")?.innerText)`))
	d.shot(t, "timeline")
}

// current is where a workflow stands, in words: the page of its metadata shows
// them in frames of their own.
const current = `[...document.querySelectorAll("iframe")].map((f) => f.contentDocument?.body?.innerText ?? "").join("\n")`

// says waits until the current details of the workflow that is open have these
// words. They are as fresh as the page.
func (d *deskUI) says(t *testing.T, words ...string) {
	t.Helper()
	d.do(t, tap("#user-metadata-tab"))
	var quoted []string
	for _, w := range words {
		quoted = append(quoted, strconv.Quote(w))
	}
	all := `((text) => [` + strings.Join(quoted, ", ") + `].every((w) => text.includes(w)))(` + current + `)`
	for began := time.Now(); ; {
		ctx, cancel := context.WithTimeout(d.ctx, 3*time.Second)
		err := chromedp.Do(ctx, until(all))
		cancel()
		if err == nil {
			break
		}
		if time.Since(began) > patience {
			require.NoError(t, err, "the page says %s", read[string](t, d.tab, current))
		}
		d.do(t, chromedp.Reload(), see("[data-testid=workflow-id-heading]"))
	}
	d.shot(t, "says")
}

// insert types a text at once, as pasting does.
func insert(text string) step {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return chromedp.Void{}, err
	}
}

// modal is the dialog that is open, and its parts.
const (
	modal  = "dialog[open]"
	submit = modal + " [data-testid=confirm-modal-button]"
	editor = modal + " .cm-content"
)

// shown is the first of the things of a selector that can be seen: the UI keeps
// several of most, one for each width of the window.
func shown(selector string) string {
	return `[...document.querySelectorAll(` + strconv.Quote(selector) + `)].find((e) => e.checkVisibility())`
}

// tap presses what a selector shows.
func tap(selector string) step {
	return chromedp.Steps(until(shown(selector)), run(shown(selector)+".click()"))
}

// menu opens the dialog that the menu of the workflow has under this name.
func menu(name string) step {
	return chromedp.Steps(tap(`[aria-controls="workflow-actions"]`), tap("[data-testid="+name+"]"), until(shown(modal)))
}

// choose takes a name from the list of the dialog.
func choose(list, name string) step {
	option := `[...document.querySelectorAll("dialog[open] li[role=option]")].find((o) => o.checkVisibility() && o.innerText.trim().startsWith(` + strconv.Quote(name) + `))`
	return chromedp.Steps(tap(modal+" [data-testid="+list+"]"), until(option), run(option+".click()"))
}

// paste puts a text into the editor that a selector shows, in place of what is there.
func paste(selector, text string) step {
	return chromedp.Steps(
		until(shown(selector)), run(shown(selector)+".focus()"), run(`document.execCommand("selectAll")`), insert(text),
		until(shown(selector)+`.innerText.includes(`+strconv.Quote(strings.SplitN(text, ",", 2)[0][1:])+`)`),
	)
}

// send fills the dialog of an update in and sends it.
func (d *deskUI) send(t *testing.T, name, argument string) {
	t.Helper()
	d.do(t, menu("update-button"), choose("update-select-button", name), paste(editor, argument))
	d.shot(t, "update")
	d.do(t, tap(submit))
}

// update sends an update that is taken: the dialog closes.
func (d *deskUI) update(t *testing.T, name, argument string) {
	t.Helper()
	d.send(t, name, argument)
	d.do(t, until(`!document.querySelector("`+modal+`")`), chromedp.Reload(), see("[data-testid=workflow-id-heading]"))
}

// refused sends an update that is refused, for a reason that the dialog shows.
func (d *deskUI) refused(t *testing.T, name, argument, reason string) {
	t.Helper()
	d.send(t, name, argument)
	d.do(t, until(`document.querySelector("`+modal+`")?.innerText.includes(`+strconv.Quote(reason)+`)`))
	d.shot(t, "refused")
	d.do(t, chromedp.Reload(), see("[data-testid=workflow-id-heading]"))
}

// signal sends a signal that needs no data.
func (d *deskUI) signal(t *testing.T, name string) {
	t.Helper()
	d.do(t, menu("signal-button"), choose("signal-select-button", name))
	d.shot(t, "signal")
	d.do(t, tap(submit), until(`!document.querySelector("`+modal+`")`))
}

// start starts a workflow in the UI, on the queue that the link names.
func (d *deskUI) start(t *testing.T, kind, id, argument string) {
	t.Helper()
	d.do(t, d.visit("/namespaces/default/workflows/start-workflow?taskQueue=payments"),
		enter("#workflowId", id), enter("#workflowType", kind), paste(".cm-content", argument))
	d.shot(t, "start")
	d.do(t, tap("[data-testid=start-workflow-button]"), until(`document.body.innerText.includes("Workflow started successfully")`))
}

// field reads a text out of an answer.
func field(t *testing.T, a *system.Answer, name string) string {
	t.Helper()
	var body map[string]any
	require.NoError(t, json.Unmarshal(a.Body, &body))
	text, ok := body[name].(string)
	require.True(t, ok, "%s", a)
	return text
}
