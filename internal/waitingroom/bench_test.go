package waitingroom_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// meter reads the CPU that this process, Redis and PostgreSQL have used.
type meter struct {
	redis, postgres int
}

func (m meter) read(b *testing.B) (self, redis, postgres time.Duration) {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), cpuOf(m.redis), cpuOf(m.postgres)
}

// cpuOf sums up a process and its children.
func cpuOf(pid int) (sum time.Duration) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		f := strings.Fields(rest)
		parent, _ := strconv.Atoi(f[1])
		if own := strings.HasPrefix(string(text), strconv.Itoa(pid)+" "); own || parent == pid {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			sum += time.Duration(user+system) * 10 * time.Millisecond
		}
	}
	return sum
}

// measure runs n steps over so many workers and reports what one costs.
func (m meter) measure(b *testing.B, what string, n, workers int, step func(i int) error) {
	b.Helper()
	self, redis, postgres := m.read(b)
	began := time.Now()
	var next, failed atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				if err := step(i); err != nil && failed.Add(1) < 5 {
					b.Errorf("%s %d: %v", what, i, err)
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	self2, redis2, postgres2 := m.read(b)
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(n) }
	all := each(self2-self) + each(redis2-redis) + each(postgres2-postgres)
	b.Logf("%s: %d in %v, %.0f/s; CPU each %.1f µs = process %.1f + Redis %.1f + PostgreSQL %.1f", what, n, took.Round(time.Millisecond),
		float64(n)/took.Seconds(), all, each(self2-self), each(redis2-redis), each(postgres2-postgres))
	b.ReportMetric(all, what+"-µs-cpu")
}

func memory(b *testing.B, w *world) int64 {
	b.Helper()
	for line := range strings.Lines(w.redis.Info(context.Background(), "memory").Val()) {
		if n, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			bytes, err := strconv.ParseInt(n, 10, 64)
			require.NoError(b, err)
			return bytes
		}
	}
	b.Fatal("Redis does not tell its memory")
	return 0
}

// BenchmarkMillion lets a million buyers join, draws, admits and loses Redis,
// once however often it is asked to run.
func BenchmarkMillion(b *testing.B) {
	const entries = 1_000_000
	pg, rd := partstest.PostgresServer(b), partstest.RedisServer(b)
	w := newWorldOn(b, pg.URL, rd.URL, time.Hour, ticket.WaitingRoom{MaxSessions: 20_000, SessionMinutes: 10, GraceSeconds: 3600})
	m := meter{redis: rd.Pid(), postgres: pg.Pid()}
	ctx := context.Background()
	w.join(b, 1, 1)
	before := memory(b, w)
	id := func(i int) string { return fmt.Sprintf("us_%026d", i) }
	m.measure(b, "join", entries, 64, func(i int) error {
		_, _, err := w.Join(ctx, w.event, id(i))
		return err
	})
	each := float64(memory(b, w)-before) / entries
	b.Logf("memory: %.1f bytes of Redis a waiting buyer", each)
	b.ReportMetric(each, "bytes/buyer")

	w.change(b, func(e *ticket.Event) { e.OnSaleAt = time.Now().Add(-time.Second).UTC().Truncate(time.Millisecond) })
	began := time.Now()
	require.Equal(b, int64(entries+1), w.open(b))
	b.Logf("draw: %v", time.Since(began))
	b.ReportMetric(float64(time.Since(began).Microseconds()), "draw-µs")
	m.measure(b, "look", 100_000, 64, func(i int) error {
		_, err := w.Standing(ctx, w.event, id(i))
		return err
	})
	m.measure(b, "early-claim", 100_000, 64, func(i int) error {
		if _, err := w.Claim(ctx, w.event, id(i)); ticket.CodeOf(err) != ticket.CodeNotYourTurn {
			return fmt.Errorf("admitted before the turn: %w", err)
		}
		return nil
	})
	m.measure(b, "notice", 1_000_000, 4, func(int) error {
		_, err := w.Notice(ctx, w.event.ID)
		return err
	})
	claims(b, w, m, entries)
	m.measure(b, "late-join", 50_000, 64, func(i int) error {
		_, _, err := w.Join(ctx, w.event, id(entries+i))
		return err
	})
	w.loseRedis(b)
	w.Rooms = w.process(b)
	began = time.Now()
	require.Eventually(b, func() bool { _, err := w.Standing(ctx, w.event, id(7)); return err == nil }, 5*time.Minute, 10*time.Millisecond)
	b.Logf("rebuilt in %v", time.Since(began))
	b.ReportMetric(time.Since(began).Seconds(), "rebuild-s")
}

// claims serves twenty thousand buyers, who claim.
func claims(b *testing.B, w *world, m meter, entries int) {
	b.Helper()
	ctx := context.Background()
	row, err := w.books.MakeRoom(ctx, w.event.ID, make([]byte, 32), make([]byte, 32))
	require.NoError(b, err)
	d := waitingroom.NewDraw(row.Seed, int64(entries+1))
	byEntry := map[int64]string{}
	page, err := w.books.QueueEntries(ctx, w.event.ID, 0, entries+1)
	require.NoError(b, err)
	for _, e := range page {
		byEntry[e.Entry] = e.BuyerID
	}
	m.measure(b, "serve-500", 40, 1, func(int) error {
		_, err := w.Serve(ctx, w.event.ID, 500)
		return err
	})
	var admissions sync.Map
	m.measure(b, "claim", 20_000, 64, func(i int) error {
		buyerID := byEntry[d.Entry(int64(i))]
		a, err := w.Claim(ctx, w.event, buyerID)
		admissions.Store(i, [2]string{buyerID, a.Token})
		return err
	})
	m.measure(b, "verify", 20_000, 64, func(i int) error {
		v, _ := admissions.Load(i)
		a, _ := v.([2]string)
		return w.Verify(ctx, w.event, a[0], a[1], "bk")
	})
	m.measure(b, "slot", 20_000, 64, func(i int) error {
		v, _ := admissions.Load(i)
		a, _ := v.([2]string)
		return w.TakeSlot(ctx, w.event, a[0], "bk_"+a[0])
	})
	m.measure(b, "tick", 100, 1, func(int) error {
		_, _, err := w.Tick(ctx, w.event.ID)
		return err
	})
}
