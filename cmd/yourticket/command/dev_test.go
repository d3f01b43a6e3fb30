package command_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/cmd/yourticket/command"
)

// output may be read while a command writes to it.
type output struct {
	mu sync.Mutex
	b  strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// running is a `yourticket dev` in this process.
type running struct {
	out, err output
	cancel   context.CancelFunc
	code     chan int
}

// startDev runs dev on free ports and waits until it is ready.
func startDev(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	r := launch(t, dir, args...)
	require.Eventually(t, func() bool { return strings.Contains(r.out.String(), "\nready ") || len(r.code) > 0 },
		10*time.Minute, 20*time.Millisecond)
	require.Contains(t, r.out.String(), "\nready ", r.err.String())
	return r
}

func launch(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	r := &running{cancel: cancel, code: make(chan int, 1)}
	all := append([]string{
		"dev", "--data-dir", dir, "--port=0", "--temporal-port=0", "--temporal-ui-port=0",
		"--redis-port=0", "--postgres-port=0", "--elasticsearch-port=0", "--sandbox-port=0",
	}, args...)
	go func() { r.code <- command.Run(ctx, all, &r.out, &r.err) }()
	return r
}

func (r *running) stop(t *testing.T) {
	t.Helper()
	began := time.Now()
	r.cancel()
	require.Zero(t, <-r.code, r.err.String())
	require.Less(t, time.Since(began), 15*time.Second)
}

// dataDir is a data directory that another user can enter, too.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "yourticket-dev-test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// sourced returns a variable as a shell that sources dev.env has it.
func sourced(t *testing.T, dir, name string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", `. "$1" && eval "printf %s \"\$$2\""`, "sh",
		filepath.Join(dir, "dev.env"), name).Output()
	require.NoError(t, err)
	return string(out)
}

// countEvents counts the events of the catalogue.
func countEvents(t *testing.T, dir string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), sourced(t, dir, "DATABASE_URL"))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n))
	return n
}

func TestDevKeepsItsDataFromStartToStart(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := startDev(t, dir)
	for _, line := range []string{"API and storefront", "Temporal UI", "payment sandbox", "buyer@", "password yourticket-demo"} {
		require.Contains(t, first.out.String(), line)
	}
	info, err := os.Stat(filepath.Join(dir, "dev.env"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.GreaterOrEqual(t, countEvents(t, dir), 200)
	shards := strings.Split(sourced(t, dir, "SALES_DATABASE_URLS"), ",")
	require.Len(t, shards, 2)
	key := sourced(t, dir, "STRIPE_API_KEY")
	require.NotEmpty(t, key)
	require.NotContains(t, first.out.String(), key, "no secret is printed")

	other := launch(t, dir)
	require.Equal(t, 1, <-other.code)
	require.Contains(t, other.err.String(), "another yourticket dev, process ")

	events := countEvents(t, dir)
	var given []string // As in a shell that has sourced dev.env.
	for _, name := range []string{"database-url", "sales-database-urls", "redis-url", "elasticsearch-url", "temporal-address", "stripe-api-url", "paypal-api-url"} {
		variable := strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		given = append(given, "--"+name+"="+sourced(t, dir, variable))
	}
	first.stop(t)

	second := startDev(t, dir, given...)
	require.Contains(t, second.out.String(), "not using DATABASE_URL, SALES_DATABASE_URLS, REDIS_URL, ELASTICSEARCH_URL, TEMPORAL_ADDRESS, STRIPE_API_URL, PAYPAL_API_URL")
	require.Equal(t, key, sourced(t, dir, "STRIPE_API_KEY"))
	require.Equal(t, events, countEvents(t, dir))
	second.stop(t)
}

func TestDevPartsEphemeralLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	r := startDev(t, dir, "--parts", "--ephemeral")
	require.NotContains(t, r.out.String(), "API and storefront")
	require.NotEmpty(t, sourced(t, dir, "YOURTICKET_SANDBOX_URL"))
	database := sourced(t, dir, "DATABASE_URL")
	require.GreaterOrEqual(t, countEvents(t, dir), 200)
	r.stop(t)
	require.NoFileExists(t, filepath.Join(dir, "dev.env"))
	require.NoDirExists(t, filepath.Join(dir, "postgres"))
	_, err := pgx.Connect(t.Context(), database)
	require.Error(t, err, "the database is gone")
}

func TestDevStopsWhenAPartDies(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	r := startDev(t, dir, "--parts", "--ephemeral")
	o, err := redis.ParseURL(sourced(t, dir, "REDIS_URL"))
	require.NoError(t, err)
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	_ = client.ShutdownNoSave(t.Context()) // The answer is that the connection breaks.
	select {
	case code := <-r.code:
		require.Equal(t, 1, code)
		require.Contains(t, r.err.String(), "yourticket: redis stopped: ")
	case <-time.After(20 * time.Second):
		t.Fatal("dev went on without Redis")
	}
}
