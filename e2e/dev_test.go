package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/rehearsal"
)

// devRun is one run of `yourticket dev`, as a person starts it.
type devRun struct {
	cmd  *exec.Cmd
	dir  string
	out  output
	done chan struct{}
	env  map[string]string // of dev.env, once it is ready
}

// output is what a process prints, read while it runs.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var readyLine = regexp.MustCompile(`(?m)^ready\b.*$`)

// startDev starts dev with its data in dir and every port free to choose, and
// waits until it says that it is ready.
func startDev(t *testing.T, dir string) *devRun {
	t.Helper()
	binary, err := system.Binary(t.Context())
	require.NoError(t, err)
	d := &devRun{dir: dir, done: make(chan struct{})}
	args := []string{"dev", "--data-dir", dir}
	for _, port := range []string{"port", "sandbox-port", "temporal-port", "temporal-ui-port", "redis-port", "postgres-port", "elasticsearch-port"} {
		args = append(args, "--"+port, "0")
	}
	d.cmd = exec.Command(binary, args...)
	d.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	d.cmd.Stdout, d.cmd.Stderr = &d.out, &d.out
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, d.cmd.Start())
	go func() {
		_ = d.cmd.Wait() // how it ended is in its state
		close(d.done)
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill() // it has ended, unless the test failed
		<-d.done
		if t.Failed() {
			t.Log(d.out.String())
		}
	})
	require.Eventually(t, func() bool {
		select {
		case <-d.done:
			return true
		default:
			return readyLine.MatchString(d.out.String())
		}
	}, 2*time.Minute, 50*time.Millisecond, "dev never said that it is ready")
	require.Regexp(t, readyLine, d.out.String(), "dev ended")
	d.readEnv(t)
	return d
}

func (d *devRun) readEnv(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(d.dir, "dev.env"))
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(d.dir, "dev.env"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "dev.env holds secrets")
	d.env = map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`).FindAllStringSubmatch(string(text), -1) {
		d.env[m[1]] = m[2]
	}
}

// end sends a signal and makes sure that dev ends with the code and leaves no
// process behind.
func (d *devRun) end(t *testing.T, signal syscall.Signal, code int) {
	t.Helper()
	began := time.Now()
	require.NoError(t, d.cmd.Process.Signal(signal))
	select {
	case <-d.done:
	case <-time.After(30 * time.Second):
		require.Fail(t, "dev does not end")
	}
	t.Logf("dev ended %s after %s", time.Since(began).Round(time.Millisecond), signal)
	require.Equal(t, code, d.cmd.ProcessState.ExitCode())
	require.Eventually(t, func() bool { return len(processesOf(d.dir)) == 0 }, 5*time.Second, 50*time.Millisecond,
		"processes are left: %v", processesOf(d.dir))
}

// processesOf lists the processes that work in a folder or name it.
func processesOf(dir string) []string {
	var out []string
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is well-formed
	for _, file := range files {
		command, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		cwd, _ := os.Readlink(filepath.Join(filepath.Dir(file), "cwd")) // "" for one that is hidden from us
		if strings.Contains(string(command), dir) || strings.HasPrefix(cwd, dir) {
			out = append(out, strings.ReplaceAll(string(command), "\x00", " "))
		}
	}
	return out
}

// api calls the running system.
func (d *devRun) api() *system.Client { return system.NewClient(d.env["YOURTICKET_API_URL"]) }

// logIn logs a demo account in.
func logIn(t *testing.T, c *system.Client, email string) *system.Client {
	t.Helper()
	a := answer(t, http.StatusCreated)(c.Do(t.Context(), http.MethodPost, "/v1/sessions",
		map[string]string{"email": email, "password": "yourticket-demo"}))
	var session struct {
		AccessToken string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal(a.Body, &session))
	in := *c
	in.Token = session.AccessToken
	return &in
}

// A fresh start of dev sells a ticket of the demo catalogue; Ctrl-C stops all
// of it; the next start, even after a crash, finds its data.
func TestDevStartsStopsAndFindsItsData(t *testing.T) {
	t.Parallel()
	dir := devDir(t)
	first := startDev(t, dir)
	require.Contains(t, first.out.String(), "yourticket-demo", "the demo accounts are printed")
	for _, page := range []string{"/healthz", "/readyz", "/docs", "/openapi.json", "/metrics", "/v1/events", "/.well-known/jwks.json"} {
		answer(t, http.StatusOK)(first.api().Do(t.Context(), http.MethodGet, page, nil))
	}
	answer(t, http.StatusOK)(system.NewClient(first.env["YOURTICKET_TEMPORAL_UI_URL"]).Do(t.Context(), http.MethodGet, "/", nil))
	rehearse(t, first)
	followReadme(t, first)
	id := buyDemoTicket(t, first)
	beside(t, first)
	first.end(t, syscall.SIGINT, 0)

	second := startDev(t, dir)
	booked(t, "confirmed")(logIn(t, second.api(), "buyer@yourticket.example").Get(t.Context(), id))
	another := buyDemoTicket(t, second)
	second.end(t, syscall.SIGKILL, -1)

	third := startDev(t, dir)
	for _, booking := range []string{id, another} {
		booked(t, "confirmed")(logIn(t, third.api(), "buyer@yourticket.example").Get(t.Context(), booking))
	}
	third.end(t, syscall.SIGTERM, 0)
}

// devDir is a folder that other users can enter: PostgreSQL may run as one.
func devDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "yourticket-e2e-dev-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// buyDemoTicket buys the best place of the demo arena.
func buyDemoTicket(t *testing.T, d *devRun) string {
	t.Helper()
	c := logIn(t, d.api(), "buyer@yourticket.example")
	a := answer(t, http.StatusOK)(c.Do(t.Context(), http.MethodGet, "/v1/events/demo-arena", nil))
	var event struct {
		Status string
		Prices []struct{ Category string }
	}
	require.NoError(t, json.Unmarshal(a.Body, &event))
	require.Equal(t, "on_sale", event.Status)
	require.NotEmpty(t, event.Prices)
	key := fmt.Sprint("demo-", time.Now().UnixNano())
	b := booked(t, "confirmed")(c.Book(t.Context(), key, system.Order{
		EventID: "demo-arena", BestAvailable: &system.Best{Category: event.Prices[0].Category, Quantity: 1}, Payment: system.Both,
	}))
	require.Len(t, b.Tickets, 1)
	return b.ID
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// followReadme runs the README's quick start in a shell, word for word but for
// the ports.
func followReadme(t *testing.T, d *devRun) {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var script strings.Builder
	for _, block := range shellBlock.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], "curl") {
			script.WriteString(block[1] + "\necho\n")
		}
	}
	require.NotEmpty(t, script.String(), "the README has no curl lines")
	lines := strings.NewReplacer(
		"http://localhost:8080", d.env["YOURTICKET_API_URL"], "http://localhost:8090", d.env["YOURTICKET_SANDBOX_URL"],
	).Replace(script.String())
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-eu", "-c", lines)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, 2, strings.Count(string(out), `"status":"confirmed"`), "%s", out)
	require.Contains(t, string(out), `"provider":"paypal","status":"captured","fallback":true`)
}

// rehearse plays a small sale by the command, as dev.env says, with the audit at its end.
func rehearse(t *testing.T, d *devRun) {
	t.Helper()
	binary, err := system.Binary(t.Context())
	require.NoError(t, err)
	page := filepath.Join(t.TempDir(), "report.html")
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `. "$1" && exec "$2" rehearse --json --html "$3" \
		--buyers 30 --seats 15 --pace 0.3 --on-sale-in 3s --duration 15s`, "sh", filepath.Join(d.dir, "dev.env"), binary, page)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	var out, progress bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &progress
	require.NoError(t, cmd.Run(), "%s\n%s", progress.String(), out.String())
	var report rehearsal.Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &report))
	require.True(t, report.Passed)
	require.Positive(t, report.Tickets)
	require.Equal(t, 30, report.Arrived)
	require.True(t, slices.ContainsFunc(report.Checks, func(c rehearsal.Check) bool { return strings.HasPrefix(c.Name, "audit ") }))
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), "The sale held")
}

// beside runs another command of the binary beside dev, by what dev.env says.
func beside(t *testing.T, d *devRun) {
	t.Helper()
	binary, err := system.Binary(t.Context())
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", `. "$1" && exec "$2" migrate status`, "sh", filepath.Join(d.dir, "dev.env"), binary)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
