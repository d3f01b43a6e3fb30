//go:build browser

package web_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// patience bounds each wait for the page; the machine may be busy.
const patience = 30 * time.Second

// findBrowser gives the path of a browser that can be driven.
func findBrowser() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no browser: install Chromium (Debian and Ubuntu: apt-get install chromium), one of " + strings.Join(names, ", ") + " must be on the PATH")
}

// tab is a page in a browser of its own, and so a buyer of its own.
type tab struct {
	ctx  context.Context //nolint:containedctx // chromedp keeps the tab in its context
	base string

	mu     sync.Mutex
	faults []string
}

// open starts a browser with a window of the given width. What its console
// reports beyond refused requests fails the test.
func open(t *testing.T, base string, width int64) *tab {
	t.Helper()
	path, err := findBrowser()
	require.NoError(t, err)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	allocator, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...) // It outlives the test for a last picture.
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(allocator)
	b := &tab{ctx: ctx, base: base}
	t.Cleanup(func() {
		b.picture(t)
		end()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Error("the browser's console: " + fault)
		}
	})
	// The first call starts the browser and binds its life to this context.
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(width, 900)))
	require.NoError(t, chromedp.Listen(ctx, b.listen))
	return b
}

func (b *tab) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, (&chromedp.ExceptionError{ExceptionDetails: e.ExceptionDetails}).Error())
	case *log.EventEntryAdded:
		// Requests that are refused are part of the stories told here.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s", e.Entry.Source, e.Entry.Text))
		}
	}
}

// picture keeps what the tab shows, for whoever asks for it.
func (b *tab) picture(t *testing.T) {
	t.Helper()
	folder := os.Getenv("E2E_SHOTS")
	if folder == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Log("no picture: ", err)
		return
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, strings.ReplaceAll(t.Name(), "/", "-")+".png"), png, 0o644))
}

// step is something that a buyer does, or waits for.
type step = chromedp.Action[chromedp.Void]

// do runs steps in the tab, each within the patience there is.
func (b *tab) do(t *testing.T, steps ...step) {
	t.Helper()
	for i, s := range steps {
		ctx, cancel := context.WithTimeout(b.ctx, patience)
		err := chromedp.Do(ctx, s)
		cancel()
		if err != nil {
			require.NoError(t, err, "step %d of %d; the page shows: %s", i+1, len(steps), b.shows())
		}
	}
}

// shows gives address and text of the page, for the report of a failure.
func (b *tab) shows() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText.slice(0, 1500)`))
	if err != nil {
		return err.Error()
	}
	return text
}

// visit opens a page of the shop by its address, as after a reload.
func (b *tab) visit(path string) step { return chromedp.Navigate(b.base + path) }

// until waits for an expression of the page to become true. It survives the
// page's being replaced by another.
func until(expression string) step {
	look := chromedp.Evaluate[bool]("Boolean(" + expression + ")")
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		for {
			if yes, err := look(ctx, target); err == nil && yes {
				return chromedp.Void{}, nil
			}
			select {
			case <-ctx.Done():
				return chromedp.Void{}, fmt.Errorf("waiting for %s: %w", expression, ctx.Err())
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// see waits until the page shows what a selector names.
func see(selector string) step {
	return until("document.querySelector(" + strconv.Quote(selector) + ")?.checkVisibility()")
}

// press clicks the first thing that a selector names, once it is there.
func press(selector string) step {
	return chromedp.Steps(see(selector), chromedp.Click(chromedp.CSS(selector)))
}

// enter types into a field, over what it holds.
func enter(selector, text string) step {
	mark := run("{ const field = document.querySelector(" + strconv.Quote(selector) + "); field.focus(); field.select(); }")
	return chromedp.Steps(see(selector), mark, chromedp.KeyEvent(text))
}

// run evaluates a script of the test in the page.
func run(script string) step { return chromedp.Evaluate[chromedp.Void](script) }

// read evaluates an expression of the page, and waits for what it promises.
func read[T any](t *testing.T, b *tab, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	require.NoError(t, err, "the page shows: %s", b.shows())
	return value
}
