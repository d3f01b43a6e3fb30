package ratelimit_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/ratelimit"
)

func client(t testing.TB, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	require.NoError(t, err)
	o.MaxRetries, o.DialTimeout = -1, time.Second
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

const patient = 20 * time.Second

// limiter waits for Redis as long as a busy machine may need.
func limiter(t testing.TB, c redis.UniversalClient, patience time.Duration) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(ratelimit.Options{Redis: c, Patience: patience, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return l
}

// passed counts the takes that pass, of several callers at once.
func passed(t *testing.T, n int, limit *ratelimit.Limit, limiters ...*ratelimit.Limiter) int {
	t.Helper()
	var count atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if ratelimit.Refused(limiters[i%len(limiters)].TakeAll(t.Context(), ask(limit, "ada"))) == nil {
				count.Add(1)
			}
		})
	}
	wg.Wait()
	return int(count.Load())
}

func TestProcessesShareOneCount(t *testing.T) {
	t.Parallel()
	url := partstest.Redis(t)
	a, b := limiter(t, client(t, url), patient), limiter(t, client(t, url), patient)
	limit := &ratelimit.Limit{Name: "shared", Quota: 20, Window: time.Hour}
	require.Equal(t, 20, passed(t, 60, limit, a, b))
	require.False(t, a.Alone())
	refused := ratelimit.Refused(b.TakeAll(t.Context(), ask(limit, "ada")))
	require.InDelta(t, 3*time.Minute, refused.RetryAfter, float64(10*time.Second))
}

func TestEveryLimitOfARequestCounts(t *testing.T) {
	t.Parallel()
	l := limiter(t, client(t, partstest.Redis(t)), patient)
	wide, narrow := &ratelimit.Limit{Name: "wide", Quota: 10, Window: 10 * time.Second}, &ratelimit.Limit{Name: "narrow", Quota: 2, Window: time.Second}
	for left := 1; left >= 0; left-- {
		got := l.TakeAll(t.Context(), ask(wide, "ada"), ask(narrow, "ada"))
		require.Nil(t, ratelimit.Refused(got))
		require.Equal(t, left, got[1].Remaining)
		require.Equal(t, left+8, got[0].Remaining)
	}
	require.Equal(t, narrow, ratelimit.Refused(l.TakeAll(t.Context(), ask(wide, "ada"), ask(narrow, "ada"))).Limit)
	require.Eventually(t, func() bool {
		return ratelimit.Refused(l.TakeAll(t.Context(), ask(narrow, "ada"))) == nil
	}, 3*time.Second, 50*time.Millisecond, "the quota refills")
}

func TestWhoeverHammersCostsRedisNothing(t *testing.T) {
	t.Parallel()
	c := client(t, partstest.Redis(t))
	var calls atomic.Int64
	c.AddHook(counting{&calls})
	l, limit := limiter(t, c, patient), &ratelimit.Limit{Name: "once", Quota: 1, Window: time.Hour}
	require.Equal(t, 1, passed(t, 1, limit, l))
	require.Equal(t, 0, passed(t, 1, limit, l))
	before := calls.Load()
	require.Equal(t, 0, passed(t, 100, limit, l))
	require.Equal(t, before, calls.Load())
}

// counting counts round trips.
type counting struct{ calls *atomic.Int64 }

func (h counting) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h counting) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (h counting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if cmds[0].Name() == "evalsha" || cmds[0].Name() == "eval" {
			h.calls.Add(1)
		}
		return next(ctx, cmds)
	}
}

func TestWithoutRedisTheGatesStayAndTheShopIsOpen(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	l := limiter(t, client(t, server.URL), patient)
	limit := &ratelimit.Limit{Name: "shop", Quota: 40, Window: time.Hour}
	require.Equal(t, 1, passed(t, 1, limit, l))
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGKILL))
	require.Equal(t, 10, passed(t, 60, limit, l), "a quarter of the limit: the share of one process of four")
	require.True(t, l.Alone())
}

func TestARedisThatHangsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	l := limiter(t, client(t, server.URL), 0)
	limit := &ratelimit.Limit{Name: "hung", Quota: 400_000, Window: time.Second}
	require.Equal(t, 1, passed(t, 1, limit, l))
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGSTOP))
	start := time.Now()
	for range 20 {
		require.Equal(t, 1, passed(t, 1, limit, l))
	}
	require.Less(t, time.Since(start), 2*time.Second, "one waits, the others do not")
	require.True(t, l.Alone())
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGCONT))
	require.Eventually(t, func() bool {
		passed(t, 1, limit, l)
		return !l.Alone()
	}, 10*time.Second, 100*time.Millisecond, "and Redis is asked again once it is back")
}

func BenchmarkTakeTwoFromRedis(b *testing.B) {
	l := limiter(b, client(b, partstest.Redis(b)), patient)
	x, y := &ratelimit.Limit{Name: "x", Quota: 1_000_000_000, Window: time.Second}, &ratelimit.Limit{Name: "y", Quota: 1_000_000_000, Window: time.Second}
	require.Eventually(b, func() bool {
		l.TakeAll(b.Context(), ask(x, "ada"))
		return !l.Alone()
	}, 10*time.Second, 100*time.Millisecond)
	b.ReportAllocs()
	for b.Loop() {
		if ratelimit.Refused(l.TakeAll(b.Context(), ask(x, "ada"), ask(y, "ada"))) != nil {
			b.Fatal("refused")
		}
	}
	require.False(b, l.Alone())
}
