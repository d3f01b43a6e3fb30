package paygate

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	redisrate "github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"yourticket.example/ticket"
)

const (
	// freshFor is how long permits that were taken in advance may be used.
	freshFor = 100 * time.Millisecond
	// redisTimeout is how long a purchase waits for Redis before it goes on
	// without, and redisPause how long nobody asks Redis again after that.
	redisTimeout = 100 * time.Millisecond
	redisPause   = time.Second

	defaultProcesses = 4
)

// GateOptions says what a RedisGate shares out.
type GateOptions struct {
	// Redis is where all processes meet.
	Redis redis.UniversalClient
	// Rates are the requests a second that each provider gets from all
	// processes together; a provider without one is not limited.
	Rates map[ticket.Provider]int
	// Processes is how many processes to expect, for the share that each one
	// allows itself while Redis is away; default 4.
	Processes int
	// Logger hears when Redis goes away; default slog.Default().
	Logger *slog.Logger
}

// RedisGate shares each provider's rate among all processes, by the generic
// cell rate algorithm in Redis. It is safe for concurrent use.
type RedisGate struct {
	limiter *redisrate.Limiter
	lanes   map[ticket.Provider]*lane
	log     *slog.Logger
}

var _ Gate = (*RedisGate)(nil)

// lane is one provider's share in this process.
type lane struct {
	key   string
	limit redisrate.Limit
	// block is how many permits are taken at a time.
	block int

	mu sync.Mutex
	// ready permits may be used until fresh.
	ready int
	fresh time.Time
	// closed is until when there are none, as Redis said.
	closed time.Time
	// alone is until when Redis is not asked, because it was away.
	alone time.Time
	local bucket
}

// NewRedisGate makes a gate. It sends nothing.
func NewRedisGate(o GateOptions) (*RedisGate, error) {
	if o.Redis == nil {
		return nil, errors.New("paygate: a Redis client is needed")
	}
	if o.Processes <= 0 {
		o.Processes = defaultProcesses
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	g := &RedisGate{limiter: redisrate.NewLimiter(o.Redis), lanes: map[ticket.Provider]*lane{}, log: o.Logger}
	for name, rate := range o.Rates {
		if rate <= 0 {
			continue
		}
		block := max(1, rate/20)
		g.lanes[name] = &lane{
			key:   "payments:" + string(name),
			limit: redisrate.Limit{Rate: rate, Burst: max(2*block, rate/10), Period: time.Second},
			block: block,
			local: bucket{rate: max(1, float64(rate)/float64(o.Processes))},
		}
	}
	return g, nil
}

// Take implements Gate.
func (g *RedisGate) Take(ctx context.Context, provider ticket.Provider) (ok bool, retryAfter time.Duration, err error) {
	if err := ctx.Err(); err != nil {
		return false, 0, err
	}
	l, limited := g.lanes[provider]
	if !limited {
		return true, 0, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	switch {
	case l.ready > 0 && now.Before(l.fresh):
		l.ready--
		return true, 0, nil
	case now.Before(l.closed):
		return false, l.closed.Sub(now), nil
	case now.Before(l.alone):
		ok, retryAfter = l.local.take(now)
		return ok, retryAfter, nil
	}
	ok, retryAfter = g.fetch(ctx, l)
	return ok, retryAfter, nil
}

// Wait waits for a permit, as long as ctx lasts.
func (g *RedisGate) Wait(ctx context.Context, provider ticket.Provider) error {
	for {
		ok, after, err := g.Take(ctx, provider)
		if ok || err != nil {
			return err
		}
		if !rest(ctx, after) {
			return ctx.Err()
		}
	}
}

// fetch takes a block from Redis and one permit of it. Whoever comes meanwhile
// waits for the lane, which is at most as long as Redis has. The caller's own
// hurry does not count as Redis being away.
func (g *RedisGate) fetch(ctx context.Context, l *lane) (ok bool, retryAfter time.Duration) {
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), redisTimeout)
	defer cancel()
	got, err := g.limiter.AllowAtMost(asking, l.key, l.limit, l.block)
	now := time.Now()
	if err != nil {
		if l.alone.IsZero() || now.Sub(l.alone) > redisPause {
			g.log.Warn("Payment permits are shared out without Redis", "key", l.key, "error", err)
		}
		l.alone = now.Add(redisPause)
		return l.local.take(now)
	}
	if got.Allowed == 0 {
		after := max(got.RetryAfter, time.Millisecond)
		l.closed = now.Add(after)
		return false, after
	}
	l.ready, l.fresh = got.Allowed-1, now.Add(freshFor)
	return true, 0
}

// Room tells how much of the scarcest provider's burst of permits is free, from
// 0 (every further call waits) to 1. It takes none.
func (g *RedisGate) Room(ctx context.Context) (float64, error) {
	room := 1.0
	for name, l := range g.lanes {
		left, err := g.limiter.AllowN(ctx, l.key, l.limit, 0)
		if err != nil {
			return 0, ticket.Errorf(ticket.CodeUnavailable, "The payment permits of %s cannot be read: %v.", name, err)
		}
		room = min(room, float64(left.Remaining)/float64(l.limit.Burst))
	}
	return max(0, room), nil
}

// bucket is the limiter of a process on its own: rate permits a second, at most
// a tenth of a second's worth, and at least one, at once.
type bucket struct {
	rate   float64
	tokens float64
	at     time.Time
}

func (b *bucket) take(now time.Time) (ok bool, retryAfter time.Duration) {
	most := max(1, b.rate/10)
	if b.at.IsZero() {
		b.tokens = most
	} else {
		b.tokens = min(most, b.tokens+now.Sub(b.at).Seconds()*b.rate)
	}
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return true, 0
	}
	return false, max(time.Millisecond, time.Duration((1-b.tokens)/b.rate*float64(time.Second)))
}
