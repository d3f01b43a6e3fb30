package paygate_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/paygate"
	"yourticket.example/ticket"
)

func client(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	require.NoError(t, err)
	o.MaxRetries = -1
	c := redis.NewClient(o)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func newGate(t *testing.T, c *redis.Client, rate, processes int) *paygate.RedisGate {
	t.Helper()
	g, err := paygate.NewRedisGate(paygate.GateOptions{Redis: c, Rates: map[ticket.Provider]int{ticket.Stripe: rate}, Processes: processes})
	require.NoError(t, err)
	return g
}

// taken counts the permits that several callers of each gate get in a time.
func taken(t *testing.T, length time.Duration, gates ...*paygate.RedisGate) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	var n atomic.Int64
	var wg sync.WaitGroup
	for _, g := range gates {
		for range 4 {
			wg.Go(func() {
				for ctx.Err() == nil {
					ok, after, err := g.Take(ctx, ticket.Stripe)
					switch {
					case err != nil:
						return
					case ok:
						n.Add(1)
					default:
						time.Sleep(min(after, 20*time.Millisecond))
					}
				}
			})
		}
	}
	wg.Wait()
	return int(n.Load())
}

func TestGatesOfTwoProcessesShareOneRate(t *testing.T) {
	t.Parallel()
	c := client(t, partstest.Redis(t))
	got := taken(t, 2*time.Second, newGate(t, c, 100, 2), newGate(t, c, 100, 2))
	require.LessOrEqual(t, got, 2*100+10, "two seconds' worth and the burst")
	require.GreaterOrEqual(t, got, 100)
}

func TestGateAsksRedisOncePerBlock(t *testing.T) {
	t.Parallel()
	c := client(t, partstest.Redis(t))
	asked := &counting{}
	c.AddHook(asked)
	g := newGate(t, c, 1000, 1)
	for range 50 {
		ok, _, err := g.Take(t.Context(), ticket.Stripe)
		require.NoError(t, err)
		require.True(t, ok)
	}
	require.LessOrEqual(t, asked.n.Load(), int64(10), "a block of 50, and loading the script")
}

func TestPermitsGoStale(t *testing.T) {
	t.Parallel()
	c := client(t, partstest.Redis(t))
	asked := &counting{}
	c.AddHook(asked)
	g := newGate(t, c, 1000, 1)
	for range 3 {
		ok, _, err := g.Take(t.Context(), ticket.Stripe)
		require.NoError(t, err)
		require.True(t, ok)
		time.Sleep(120 * time.Millisecond)
	}
	require.GreaterOrEqual(t, asked.n.Load(), int64(3))
}

func TestGateWithoutPermitsSaysWhenAndDoesNotAskAgainBefore(t *testing.T) {
	t.Parallel()
	c := client(t, partstest.Redis(t))
	g := newGate(t, c, 1, 1)
	var after time.Duration
	for ok := true; ok; {
		var err error
		ok, after, err = g.Take(t.Context(), ticket.Stripe)
		require.NoError(t, err)
	}
	require.Greater(t, after, 200*time.Millisecond)
	require.LessOrEqual(t, after, time.Second)
	asked := &counting{}
	c.AddHook(asked)
	for range 20 {
		ok, _, err := g.Take(t.Context(), ticket.Stripe)
		require.NoError(t, err)
		require.False(t, ok)
	}
	require.Zero(t, asked.n.Load())
}

func TestGateWithoutRedisAllowsACautiousShare(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	c := client(t, server.URL)
	g := newGate(t, c, 100, 4)
	ok, _, err := g.Take(t.Context(), ticket.Stripe)
	require.NoError(t, err)
	require.True(t, ok)
	server.Kill()
	got := taken(t, 2*time.Second, g)
	require.GreaterOrEqual(t, got, 20)
	require.LessOrEqual(t, got, 2*25+10, "a quarter of the rate, and what was in hand")
}

func TestGateLimitsOnlyWhatHasARate(t *testing.T) {
	t.Parallel()
	g := newGate(t, client(t, partstest.Redis(t)), 1, 1)
	for range 100 {
		ok, _, err := g.Take(t.Context(), ticket.PayPal)
		require.NoError(t, err)
		require.True(t, ok)
	}
}

func TestRoomIsWhatIsLeftOfTheBurst(t *testing.T) {
	t.Parallel()
	c := client(t, partstest.Redis(t))
	g := newGate(t, c, 100, 1) // 10 at once, in blocks of 5
	room, err := g.Room(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 1, room, 0)
	for ok := true; ok; {
		ok, _, err = g.Take(t.Context(), ticket.Stripe)
		require.NoError(t, err)
	}
	room, err = g.Room(t.Context())
	require.NoError(t, err)
	require.Less(t, room, 0.5)
	require.Eventually(t, func() bool {
		room, err = g.Room(t.Context())
		return err == nil && room == 1
	}, 5*time.Second, 20*time.Millisecond, "asking takes no permits")
}

func TestRoomCannotBeReadWithoutRedis(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	g := newGate(t, client(t, server.URL), 100, 1)
	server.Kill()
	_, err := g.Room(t.Context())
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}

func TestTakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	g := newGate(t, client(t, partstest.Redis(t)), 100, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ok, _, err := g.Take(ctx, ticket.Stripe)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, ok)
}

// counting counts the commands sent to Redis.
type counting struct{ n atomic.Int64 }

func (h *counting) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *counting) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "eval" || cmd.Name() == "evalsha" {
			h.n.Add(1)
		}
		return next(ctx, cmd)
	}
}

func (h *counting) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
