package postgres_test

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/postgres"
)

// followed is a database with a table `things`, published and with a slot.
type followed struct {
	url  string
	pool *pgxpool.Pool
	log  *postgres.Capture
	slot string
}

// newFollowed makes a database on the server at url.
func newFollowed(t *testing.T, url string) followed {
	t.Helper()
	pool, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	f := followed{url: url, pool: pool, log: postgres.NewCapture(url, pool)}
	f.exec(t, `CREATE TABLE things (id text PRIMARY KEY, event_id text, text text)`)
	f.exec(t, `CREATE PUBLICATION all_things FOR TABLE things`)
	f.slot, err = f.log.SlotName(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, f.log.CheckSlot(t.Context(), f.slot), postgres.ErrSlotLost)
	f.renew(t)
	t.Cleanup(func() {
		ctx := context.Background() // the test's own is over
		require.Eventually(t, func() bool { return f.log.DropSlot(ctx, f.slot) == nil }, 10*time.Second, 20*time.Millisecond)
	})
	return f
}

func (f followed) renew(t *testing.T) {
	t.Helper()
	told := false
	require.NoError(t, f.log.RenewSlot(t.Context(), f.slot, func(context.Context) error { told = true; return nil }))
	require.True(t, told, "whoever relied on the slot is told")
}

func (f followed) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := f.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func (f followed) follow(t *testing.T) *postgres.Stream {
	t.Helper()
	s, err := f.log.Follow(t.Context(), f.options())
	for try := 0; errors.Is(err, postgres.ErrSlotInUse) && try < 100; try++ { // a stream that was closed is let go a moment later
		time.Sleep(50 * time.Millisecond)
		s, err = f.log.Follow(t.Context(), f.options())
	}
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func (f followed) options() postgres.StreamOptions {
	return postgres.StreamOptions{Slot: f.slot, Publications: []string{"all_things"}, Columns: []string{"id", "event_id"}, Buffer: 4}
}

// next gives the next change that is no keep-alive.
func next(t *testing.T, s *postgres.Stream) postgres.Change {
	t.Helper()
	for {
		select {
		case c, ok := <-s.Changes():
			require.True(t, ok, "the stream ended: %v", s.Err())
			if c.Kind != postgres.ChangeIdle {
				return c
			}
		case <-time.After(20 * time.Second):
			t.Fatal("no change came")
		}
	}
}

func TestAStreamTellsCommittedChangesInOrder(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, partstest.Postgres(t))
	long := strings.Repeat("unchanged and stored apart ", 1000)
	f.exec(t, `INSERT INTO things VALUES ('a', 'e1', $1), ('b', 'e2', $1)`, long)
	f.exec(t, `UPDATE things SET event_id = 'e3' WHERE id = 'a'`)
	f.exec(t, `ALTER TABLE things ADD COLUMN later integer DEFAULT 3`)
	f.exec(t, `DELETE FROM things WHERE id = 'b'`)
	f.exec(t, `TRUNCATE things`)
	s := f.follow(t)

	var seen []string
	last := postgres.Position(0)
	for range 9 {
		c := next(t, s)
		require.NotZero(t, c.XID)
		require.WithinDuration(t, time.Now(), c.At, time.Minute)
		switch c.Kind {
		case postgres.ChangeCommit:
			require.Greater(t, c.Commit, last, "positions rise")
			require.Greater(t, c.End, c.Commit)
			last = c.Commit
			seen = append(seen, "commit")
		case postgres.ChangeTruncate:
			seen = append(seen, "truncate")
		default:
			require.Equal(t, "things", c.Table)
			require.NotContains(t, c.Row, "text", "only what was asked for is handed on")
			seen = append(seen, strings.Join(slices.Sorted(maps.Values(c.Row)), " "))
		}
	}
	require.Equal(t, []string{"a e1", "b e2", "commit", "a e3", "commit", "b", "commit", "truncate", "commit"}, seen)
}

func TestWhatIsNotConfirmedComesAgain(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, partstest.Postgres(t))
	f.exec(t, `INSERT INTO things VALUES ('a')`)
	f.exec(t, `INSERT INTO things VALUES ('b')`)
	s := f.follow(t)
	require.Equal(t, "a", next(t, s).Row["id"])
	first := next(t, s)
	require.Equal(t, "b", next(t, s).Row["id"])
	second := next(t, s)
	s.Confirm(first.End)
	s.Close()

	s = f.follow(t)
	require.Equal(t, "b", next(t, s).Row["id"], "a was confirmed, b was not")
	next(t, s)
	s.Confirm(second.Commit) // its beginning is not its end
	s.Close()
	s = f.follow(t)
	require.Equal(t, "b", next(t, s).Row["id"])
}

func TestOneReaderASlot(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, partstest.Postgres(t))
	s := f.follow(t)
	require.ErrorIs(t, f.log.CheckSlot(t.Context(), f.slot), postgres.ErrSlotInUse)
	_, err := f.log.Follow(t.Context(), f.options())
	require.ErrorIs(t, err, postgres.ErrSlotInUse)
	never := func(context.Context) error { return errors.New("nothing was lost") }
	require.ErrorIs(t, f.log.RenewSlot(t.Context(), f.slot, never), postgres.ErrSlotInUse, "a slot in use is not taken away")
	s.Close()
	require.Eventually(t, func() bool { return f.log.CheckSlot(t.Context(), f.slot) == nil }, 10*time.Second, 20*time.Millisecond)
	require.NoError(t, f.log.RenewSlot(t.Context(), f.slot, never), "one that is there stays")
	f.follow(t)
}

func TestAReaderThatTakesNothingKeepsItsSlot(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, partstest.Postgres(t))
	s := f.follow(t)
	// More than stream, kernel and server buffer together.
	f.exec(t, `INSERT INTO things SELECT 'id' || n, repeat('e', 200), '' FROM generate_series(1, 100000) n`)
	select {
	case <-s.Done():
		t.Fatalf("the stream ended: %v", s.Err())
	case <-time.After(12 * time.Second): // longer than the server waits for a sign of life
	}
	rows := 0
	for next(t, s).Kind != postgres.ChangeCommit {
		rows++
	}
	require.Equal(t, 100_000, rows)
}

func TestALostSlotIsNoticedAndMadeAnew(t *testing.T) {
	t.Parallel()
	f := newFollowed(t, partstest.Postgres(t))
	require.NoError(t, f.log.DropSlot(t.Context(), f.slot))
	_, err := f.log.Follow(t.Context(), f.options())
	require.ErrorIs(t, err, postgres.ErrSlotLost)
	_, err = f.log.Behind(t.Context(), f.slot)
	require.ErrorIs(t, err, postgres.ErrSlotLost)
	f.renew(t)
	s := f.follow(t)
	f.exec(t, `INSERT INTO things VALUES ('new')`)
	require.Equal(t, "new", next(t, s).Row["id"])
}

// TestASlotThatTheServerGaveUpIsLost needs a server of its own: how much of the
// log slots may keep is a setting of the server.
func TestASlotThatTheServerGaveUpIsLost(t *testing.T) {
	t.Parallel()
	server := partstest.PostgresServer(t)
	f := newFollowed(t, server.URL)
	conn, err := pgx.Connect(t.Context(), f.url)
	require.NoError(t, err)
	for _, sql := range []string{
		`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`, `SELECT pg_reload_conf()`,
		`INSERT INTO things SELECT 'id' || n, 'e', repeat(md5(n::text), 30) FROM generate_series(1, 40000) n`,
		`SELECT pg_switch_wal()`, `CHECKPOINT`,
	} {
		_, err = conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
	require.NoError(t, conn.Close(t.Context()))
	require.ErrorIs(t, f.log.CheckSlot(t.Context(), f.slot), postgres.ErrSlotLost)
	_, err = f.log.Follow(t.Context(), f.options())
	require.ErrorIs(t, err, postgres.ErrSlotLost)
	f.renew(t)
	f.follow(t)
}

func TestAStreamEndsWithItsServer(t *testing.T) {
	t.Parallel()
	server := partstest.PostgresServer(t)
	f := newFollowed(t, server.URL)
	s := f.follow(t)
	server.Kill()
	select {
	case <-s.Done():
		require.Error(t, s.Err())
	case <-time.After(20 * time.Second):
		t.Fatal("the stream goes on without a server")
	}
	require.NoError(t, server.Restart(t.Context()))
	require.Eventually(t, func() bool { return f.log.CheckSlot(t.Context(), f.slot) == nil }, 20*time.Second, 50*time.Millisecond)
}

func TestAStreamEndsWhenItsServerIsOutOfReach(t *testing.T) {
	t.Parallel()
	address := partstest.Postgres(t)
	f := newFollowed(t, address)
	wire := newWire(t, address)
	s, err := postgres.NewCapture(wire.url, f.pool).Follow(t.Context(), f.options())
	require.NoError(t, err)
	t.Cleanup(s.Close)
	f.exec(t, `INSERT INTO things VALUES ('a')`)
	require.Equal(t, "a", next(t, s).Row["id"])
	wire.cut()
	ended := time.After(60 * time.Second)
	for {
		select {
		case <-s.Changes(): // what is on its way
			continue
		case <-s.Done():
			require.ErrorContains(t, s.Err(), "said nothing")
		case <-ended:
			t.Fatal("the stream goes on without a word from the server")
		}
		break
	}
	require.Eventually(t, func() bool { return f.log.CheckSlot(t.Context(), f.slot) == nil }, 60*time.Second, 100*time.Millisecond,
		"the server gives the slot up, too")
}

// wire is a network path that can lose everything without a word.
type wire struct {
	url string
	off atomic.Bool
}

func newWire(t *testing.T, to string) *wire {
	t.Helper()
	target, err := url.Parse(to)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	host := target.Host
	target.Host = listener.Addr().String()
	w := &wire{url: target.String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("tcp", host)
			if err != nil {
				return
			}
			go w.carry(client, server)
			go w.carry(server, client)
		}
	}()
	return w
}

func (w *wire) cut() { w.off.Store(true) }

func (w *wire) carry(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if w.off.Load() {
			if err != nil {
				return // without telling the other side
			}
			continue
		}
		if err != nil {
			_ = to.Close()
			return
		}
		_, _ = to.Write(buffer[:n])
	}
}
