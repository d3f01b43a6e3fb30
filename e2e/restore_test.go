package e2e_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/audit"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// What docs/operations.md says of a restore, done: all databases go back to an
// earlier moment, one booking that was confirmed after it is lost, and Redis and
// Elasticsearch still know what is gone. With E2E_PG_DUMP the backup is pg_dump's,
// else a copy that the server makes.
func TestRestoreOfAllDatabases(t *testing.T) {
	t.Parallel()
	s := &audited{System: start(t, system.Options{Elasticsearch: true})}
	s.hall = event(t, s.System, system.Hall{Rows: 2, Width: 10})
	kept, vaulted := s.buys(t, s.hall, 0, system.Visa), s.buys(t, s.hall, 1, system.Vaulted)
	settled(t, s.System, 30*time.Second, s.hall)
	b := backUp(t, s.System)
	lost := s.buys(t, s.hall, 2, system.Visa)
	settled(t, s.System, 30*time.Second, s.hall)

	require.NoError(t, s.Silence())
	for _, p := range s.CDCs {
		require.NoError(t, p.Stop())
	}
	b.restore(t)
	for _, processes := range [][]*system.Process{s.APIs, s.Workers, s.CDCs} {
		for _, p := range processes {
			require.NoError(t, p.Start(t.Context()))
		}
	}

	report := auditUntil(t, s.System, func(r audit.Report) bool { return broken(r, 18) && broken(r, 16) })
	require.Contains(t, said(report), lost.ID, "the confirmation that was lost is named")
	report = auditUntil(t, s.System, func(r audit.Report) bool { return !broken(r, 16) && len(r.Failed()) == 0 }, "--repair")
	require.True(t, broken(report, 18), "what is derived is rebuilt, books are never changed")
	require.Contains(t, said(report), lost.ID)
	t.Logf("after the repair:\n%s", said(report))

	for _, booking := range []system.Booking{kept, vaulted} {
		require.NotContains(t, said(report), booking.ID, "what was in the backup is whole")
	}
	require.Equal(t, "ss"+strings.Repeat("a", 18), s.redis(t, "GET", "#seats"), "the lost place is free, until somebody decides")
	require.False(t, broken(report, 20))
	undoes(t, s.System, lost)
	answer(t, http.StatusOK)(s.Anonymous().Do(t.Context(), http.MethodGet, "/v1/events/"+s.hall.ID+"/availability", nil))
}

// undoes has a reconciliation give back the money of a booking that the books have
// lost, and of no other. The audit then names the booking for what its buyer was
// told (18) and for having been paid (7), as long as Temporal and the provider
// remember that.
func undoes(t *testing.T, s *system.System, lost system.Booking) {
	t.Helper()
	_, found := reconciled(t, s)
	require.Len(t, found, 1, "one payment pays for nothing")
	require.Equal(t, lost.ID, found[0].BookingID)
	require.Equal(t, ticket.MovementCapture, found[0].Kind)
	settle := workflows.SettleID(lost.ID, found[0].Provider, found[0].Attempt)
	require.NoError(t, s.TemporalSDK.GetWorkflow(t.Context(), settle, "").Get(t.Context(), nil))
	_, found = reconciled(t, s)
	require.Empty(t, found, "it was given back")
	report := auditUntil(t, s, func(r audit.Report) bool { return slices.Equal(r.Broken(), []int{7, 18}) })
	require.Contains(t, said(report), lost.ID)
}

// auditUntil audits until the report is as it should become, for change capture
// and the processes have just started, and gives it.
func auditUntil(t *testing.T, s *system.System, wanted func(audit.Report) bool, flags ...string) (report audit.Report) {
	t.Helper()
	for range 20 {
		var err error
		report, _, err = s.Audit(t.Context(), flags...)
		require.NoError(t, err)
		if wanted(report) {
			return report
		}
		time.Sleep(2 * time.Second)
	}
	require.Fail(t, "the audit never became what it should", said(report))
	return report
}

// broken says whether an invariant does not hold.
func broken(r audit.Report, number int) bool { return slices.Contains(r.Broken(), number) }

// backup is all databases as they were at one moment after the other.
type backup struct {
	server, folder string
	names          []string
	pools          []interface{ Reset() }
}

func backUp(t *testing.T, s *system.System) *backup {
	t.Helper()
	b := &backup{server: s.Postgres.URL, names: []string{"yourticket", "yourticket_sales_1", "yourticket_sales_2"}}
	b.pools = append(b.pools, s.CatalogueDB)
	for _, shard := range s.Shards {
		b.pools = append(b.pools, shard)
	}
	if os.Getenv("E2E_PG_DUMP") != "" {
		b.folder = t.TempDir()
	}
	for _, name := range b.names {
		if b.folder != "" {
			b.program(t, "pg_dump", "--format=custom", "--file="+filepath.Join(b.folder, name), b.url(name))
			continue
		}
		// A copy is made of a database that nobody uses; its users come back by
		// themselves.
		b.sql(t, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS false`,
			`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`,
			`CREATE DATABASE `+name+`_backup TEMPLATE `+name,
			`ALTER DATABASE `+name+` ALLOW_CONNECTIONS true`)
	}
	b.forget()
	return b
}

// restore puts everything back. Replication slots are gone with the databases, as
// they are after any restore.
func (b *backup) restore(t *testing.T) {
	t.Helper()
	for _, name := range b.names {
		b.quiet(t, name)
		b.sql(t, `DROP DATABASE `+name+` WITH (FORCE)`)
		if b.folder == "" {
			b.sql(t, `ALTER DATABASE `+name+`_backup RENAME TO `+name, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS true`)
			continue
		}
		b.sql(t, `CREATE DATABASE `+name)
		b.program(t, "pg_restore", "--exit-on-error", "--dbname="+b.url(name), filepath.Join(b.folder, name))
	}
	b.forget()
}

// quiet waits until nobody reads the database's log any more: the server ends a
// sender a moment after its reader has stopped.
func (b *backup) quiet(t *testing.T, name string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), b.server)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	require.Eventually(t, func() bool {
		var active int
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_replication_slots WHERE database = $1 AND active`, name).Scan(&active)
		return err == nil && active == 0
	}, 30*time.Second, 50*time.Millisecond)
}

// forget drops the connections that the test itself keeps.
func (b *backup) forget() {
	for _, pool := range b.pools {
		pool.Reset()
	}
}

func (b *backup) url(name string) string {
	return strings.Replace(b.server, "/postgres?", "/"+name+"?", 1)
}

func (b *backup) program(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// sql runs statements one by one: databases are not made in transactions.
func (b *backup) sql(t *testing.T, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), b.server)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	for _, statement := range statements {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}
