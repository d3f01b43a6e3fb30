package parts_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts"
)

// starter starts one kind of part.
type starter func(context.Context, parts.Options) (*parts.Part, error)

func startTemporal(ctx context.Context, o parts.Options) (*parts.Part, error) {
	return parts.StartTemporal(ctx, parts.TemporalOptions{Options: o})
}

// kinds are all parts, for what must hold of each.
var kinds = map[string]starter{
	"postgres":      parts.StartPostgres,
	"redis":         parts.StartRedis,
	"elasticsearch": parts.StartElasticsearch,
	"temporal":      startTemporal,
}

// tempDir is a data directory that another user can enter, too.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "yourticket-parts-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// start starts a part that is stopped at the end of the test.
func start(t *testing.T, f starter, o parts.Options) *parts.Part {
	t.Helper()
	p, err := f(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, p) })
	return p
}

func stop(t *testing.T, p *parts.Part) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
}

// portOf is the port that a part listens on.
func portOf(t *testing.T, p *parts.Part) int {
	t.Helper()
	var port int
	switch p.Name {
	case "postgres":
		c, err := pgx.ParseConfig(p.URL)
		require.NoError(t, err)
		port = int(c.Port)
	case "redis":
		_, err := fmt.Sscanf(p.URL, "redis://127.0.0.1:%d", &port)
		require.NoError(t, err)
	case "elasticsearch":
		_, err := fmt.Sscanf(p.URL, "http://127.0.0.1:%d", &port)
		require.NoError(t, err)
	default:
		_, err := fmt.Sscanf(p.URL, "127.0.0.1:%d", &port)
		require.NoError(t, err)
	}
	return port
}

func requireAnswers(t *testing.T, p *parts.Part) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", portOf(t, p)), 5*time.Second)
	require.NoError(t, err)
	require.NoError(t, conn.Close())
}

func TestPartStopsCleanlyAndStartsAgainOnItsData(t *testing.T) {
	t.Parallel()
	for name, f := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			first := start(t, f, parts.Options{Dir: dir})
			requireAnswers(t, first)
			done := first.Done()
			stop(t, first)
			require.Zero(t, first.Pid())
			require.NoError(t, first.Err(), "a stop is not a failure")
			<-done

			second := start(t, f, parts.Options{Dir: dir, Port: portOf(t, first)})
			requireAnswers(t, second)
			require.Equal(t, first.URL, second.URL)
		})
	}
}

func TestKilledPartRestartsOnItsPort(t *testing.T) {
	t.Parallel()
	for name, f := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, f, parts.Options{Dir: tempDir(t)})
			pid := p.Pid()
			p.Kill()
			require.Zero(t, p.Pid())
			require.NoError(t, p.Restart(t.Context()))
			require.NotEqual(t, pid, p.Pid())
			requireAnswers(t, p)
			require.NoError(t, p.Restart(t.Context()), "a running part restarts, too")
			requireAnswers(t, p)
		})
	}
}

func TestTakenPortIsNamed(t *testing.T) {
	t.Parallel()
	for name, f := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			taken, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer func() { require.NoError(t, taken.Close()) }()
			port := taken.Addr().(*net.TCPAddr).Port
			_, err = f(t.Context(), parts.Options{Dir: tempDir(t), Port: port})
			require.EqualError(t, err, fmt.Sprintf("%s did not start: port %d is taken by another process", name, port))
		})
	}
}

func TestPartThatDiesSaysSo(t *testing.T) {
	t.Parallel()
	for name, f := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, f, parts.Options{Dir: tempDir(t)})
			family := parts.DescendantsOf(p.Pid())
			process, err := os.FindProcess(p.Pid())
			require.NoError(t, err)
			require.NoError(t, process.Kill())
			<-p.Done()
			if name != "postgres" { // Whose children are groups of their own, and end a moment later.
				require.False(t, slices.ContainsFunc(family, parts.Alive), "what it started goes with it")
			}
			require.EqualError(t, p.Err(), name+" stopped: it was ended by signal: killed; see "+p.LogFile)
		})
	}
}

func TestUnusableDataDirectoryIsOneLine(t *testing.T) {
	t.Parallel()
	for name, f := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(tempDir(t), "file")
			require.NoError(t, os.WriteFile(file, nil, 0o600))
			_, err := f(t.Context(), parts.Options{Dir: filepath.Join(file, "data")})
			require.ErrorContains(t, err, name+": mkdir ")
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestRedisKeepsItsDataUnlessEphemeral(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ephemeral bool
		want      string
	}{
		"durable":   {ephemeral: false, want: "value"},
		"ephemeral": {ephemeral: true, want: ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, parts.StartRedis, parts.Options{Dir: tempDir(t), Ephemeral: tt.ephemeral})
			o, err := redis.ParseURL(p.URL)
			require.NoError(t, err)
			client := redis.NewClient(o)
			defer func() { require.NoError(t, client.Close()) }()
			require.NoError(t, client.Set(t.Context(), "key", "value", 0).Err())
			p.Kill()
			require.NoError(t, p.Restart(t.Context()))
			got, err := client.Get(t.Context(), "key").Result()
			if tt.want == "" {
				require.ErrorIs(t, err, redis.Nil)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}
