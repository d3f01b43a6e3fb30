package parts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts"
)

// query returns the one value that a statement gives.
func query(t *testing.T, url, statement string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	var value string
	require.NoError(t, conn.QueryRow(t.Context(), statement).Scan(&value))
	return value
}

func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ephemeral bool
		want      map[string]string
	}{
		"durable":   {ephemeral: false, want: map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}},
		"ephemeral": {ephemeral: true, want: map[string]string{"fsync": "off", "synchronous_commit": "on", "full_page_writes": "off"}},
	}
	always := map[string]string{
		"wal_level": "logical", "max_connections": "300", "server_encoding": "UTF8",
		"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "TimeZone": "UTC",
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, parts.StartPostgres, parts.Options{Dir: tempDir(t), Ephemeral: tt.ephemeral})
			for setting, want := range always {
				require.Equal(t, want, query(t, p.URL, "SHOW "+setting), setting)
			}
			for setting, want := range tt.want {
				require.Equal(t, want, query(t, p.URL, "SHOW "+setting), setting)
			}
			require.Equal(t, "É", query(t, p.URL, "SELECT upper('é')"), "upper case beyond ASCII")
			require.Equal(t, "t", query(t, p.URL, "SELECT ('B' < 'a')::text")[:1], "the order of code points")
		})
	}
}

func TestPostgresKeepsWhatWasCommittedBeforeAKill(t *testing.T) {
	t.Parallel()
	p := start(t, parts.StartPostgres, parts.Options{Dir: tempDir(t)})
	require.NoError(t, parts.Execute(t.Context(), p.URL, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)"))
	p.Kill()
	require.NoError(t, p.Restart(t.Context()))
	require.Equal(t, "7", query(t, p.URL, "SELECT n::text FROM kept"))
}

func TestPostgresStartsBesideAStaleLock(t *testing.T) {
	t.Parallel()
	tests := map[string]func(dir string) string{
		"whose process is gone":     func(string) string { return "4194303" },
		"whose id is now another's": func(string) string { return fmt.Sprint(os.Getpid()) },
		"that is no number":         func(string) string { return "x" },
	}
	for name, pid := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tempDir(t)
			first := start(t, parts.StartPostgres, parts.Options{Dir: dir})
			first.Kill()
			data := filepath.Join(dir, "postgres", "data")
			lock := fmt.Sprintf("%s\n%s\n1700000000\n5432\n\n127.0.0.1\n", pid(dir), data)
			require.NoError(t, os.WriteFile(filepath.Join(data, "postmaster.pid"), []byte(lock), 0o644))
			requireAnswers(t, start(t, parts.StartPostgres, parts.Options{Dir: dir}))
		})
	}
}

func TestPostgresOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	data := filepath.Join(dir, "postgres", "data")
	require.NoError(t, os.MkdirAll(data, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600))
	_, err := parts.StartPostgres(t.Context(), parts.Options{Dir: dir})
	require.EqualError(t, err, "postgres: the data in "+data+" was made by PostgreSQL 9, which is not installed")
}

func TestPostgresFirstStartCutShortIsRepeated(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	draft := filepath.Join(dir, "postgres", "data.new")
	require.NoError(t, os.MkdirAll(draft, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(draft, "PG_VERSION"), []byte("1"), 0o600))
	requireAnswers(t, start(t, parts.StartPostgres, parts.Options{Dir: dir}))
}

func TestPostgresBadConfigurationIsNamed(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	stop(t, start(t, parts.StartPostgres, parts.Options{Dir: dir}))
	config := filepath.Join(dir, "postgres", "data", "postgresql.auto.conf")
	require.NoError(t, os.WriteFile(config, []byte("nonsense = 1\n"), 0o644))
	_, err := parts.StartPostgres(t.Context(), parts.Options{Dir: dir})
	require.ErrorContains(t, err, "postgres did not start: ")
	require.ErrorContains(t, err, "postgresql.auto.conf")
	require.NotContains(t, err.Error(), "\n")
}

func TestCreateDatabaseTwice(t *testing.T) {
	t.Parallel()
	p := start(t, parts.StartPostgres, parts.Options{Dir: tempDir(t), Ephemeral: true})
	for range 2 {
		url, err := parts.CreateDatabase(t.Context(), p.URL, "tickets")
		require.NoError(t, err)
		require.Equal(t, "tickets", query(t, url, "SELECT current_database()::text"))
	}
}

func TestTemporalOnPostgres(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	postgres := start(t, parts.StartPostgres, parts.Options{Dir: dir, Ephemeral: true})
	temporal, err := parts.StartTemporal(t.Context(), parts.TemporalOptions{
		Options: parts.Options{Dir: dir}, NoUI: true, PostgresURL: postgres.URL,
	})
	require.NoError(t, err)
	t.Cleanup(func() { stop(t, temporal) })
	database, err := parts.CreateDatabase(t.Context(), postgres.URL, "temporal")
	require.NoError(t, err)
	require.Equal(t, "default", query(t, database, "SELECT name FROM namespaces WHERE name = 'default'"))
	require.NoError(t, temporal.Restart(t.Context()), "a schema that is there is left alone")
}
