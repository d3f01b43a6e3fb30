package ratelimit

import (
	"cmp"
	"context"
	_ "embed"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
)

const (
	// redisPatience is how long a request waits for Redis, unless Options say
	// otherwise, before it is counted here, and redisPause how long nobody asks
	// Redis again after that.
	redisPatience = 250 * time.Millisecond
	redisPause    = time.Second
	// rememberFrom is the shortest refusal that is worth remembering, and
	// remembered how many are.
	rememberFrom = 50 * time.Millisecond
	remembered   = 65_536
)

//go:embed gcra.lua
var gcra string

var script = redis.NewScript(gcra)

// Options says what a Limiter works with.
type Options struct {
	// Policies are the limits; Default() when nil.
	Policies *Policies
	// Redis is where all processes meet. Without it each counts alone.
	Redis redis.UniversalClient
	// Processes is how many processes to expect, for the share that each one
	// allows itself while Redis is away; default 4.
	Processes int
	// Patience is how long a request waits for Redis; default 250 ms.
	Patience time.Duration
	// Logger hears when Redis goes away; default slog.Default().
	Logger *slog.Logger
	// Registerer gets the metrics; none when nil.
	Registerer prometheus.Registerer
}

// Limiter counts in Redis and in this process. It is safe for concurrent use.
type Limiter struct {
	Policies *Policies

	local     *Local
	db        redis.UniversalClient
	processes int
	patience  time.Duration
	log       *slog.Logger
	refusals  *lru.Cache[Ask, time.Time] // until when Redis would refuse
	alone     atomic.Int64               // until when Redis is not asked, in Unix nanoseconds
	metrics   metrics
}

// New makes a Limiter. It sends nothing.
func New(o Options) (*Limiter, error) {
	refusals, err := lru.New[Ask, time.Time](remembered)
	if err != nil {
		return nil, err
	}
	l := &Limiter{
		Policies: o.Policies, local: NewLocal(), db: o.Redis, processes: cmp.Or(max(0, o.Processes), 4),
		patience: cmp.Or(o.Patience, redisPatience),
		log:      o.Logger, refusals: refusals, metrics: newMetrics(o.Registerer),
	}
	if l.Policies == nil {
		l.Policies = Default()
	}
	if l.log == nil {
		l.log = slog.Default()
	}
	return l, nil
}

// Take takes one from a limit that is counted in this process alone.
func (l *Limiter) Take(ask Ask) Verdict {
	v := l.local.Take(ask)
	if !v.OK {
		l.metrics.refused.WithLabelValues(v.Limit.Name).Inc()
	}
	return v
}

// TakeAll takes one from each of the limits, which all processes share, at one
// round trip to Redis. A take that is refused by one of them is still counted
// by the others. It waits no longer than its patience, and never fails:
// without Redis the process counts alone.
func (l *Limiter) TakeAll(ctx context.Context, asks ...Ask) []Verdict {
	verdicts, known := l.known(asks)
	if !known {
		verdicts = l.ask(ctx, asks)
	}
	for _, v := range verdicts {
		if !v.OK {
			l.metrics.refused.WithLabelValues(v.Limit.Name).Inc()
		}
	}
	return verdicts
}

// Alone tells that Redis is away and the process counts by itself.
func (l *Limiter) Alone() bool { return time.Now().UnixNano() < l.alone.Load() }

// known refuses what Redis has refused already, so that whoever hammers costs
// Redis nothing.
func (l *Limiter) known(asks []Ask) ([]Verdict, bool) {
	for _, ask := range asks {
		until, ok := l.refusals.Get(ask)
		if !ok {
			continue
		}
		left := time.Until(until)
		if left <= 0 {
			l.refusals.Remove(ask)
			continue
		}
		return []Verdict{{Limit: ask.Limit, Reset: max(left, ask.Limit.Window), RetryAfter: left}}, true
	}
	return nil, false
}

func (l *Limiter) ask(ctx context.Context, asks []Ask) []Verdict {
	if l.db == nil || !l.mayAsk() {
		return l.share(asks)
	}
	answers := make(chan []Verdict, 1)
	go func() {
		verdicts, err := l.fetch(context.WithoutCancel(ctx), asks)
		if err != nil {
			l.goAlone(err)
		}
		answers <- verdicts
	}()
	timer := time.NewTimer(l.patience)
	defer timer.Stop()
	select {
	case verdicts := <-answers:
		if verdicts != nil {
			l.alone.Store(0)
			return verdicts
		}
	case <-timer.C:
		l.goAlone(errors.New("no answer in time"))
	}
	return l.share(asks)
}

// mayAsk says whether to ask Redis. After a pause one caller finds out how it
// is, while the others go on without.
func (l *Limiter) mayAsk() bool {
	until := l.alone.Load()
	if until == 0 {
		return true
	}
	now := time.Now()
	return now.UnixNano() >= until && l.alone.CompareAndSwap(until, now.Add(redisPause).UnixNano())
}

func (l *Limiter) goAlone(err error) {
	if l.alone.Swap(time.Now().Add(redisPause).UnixNano()) == 0 {
		l.log.Warn("Requests are counted without Redis", "error", err)
	}
}

// share counts here, against this process's part of each limit.
func (l *Limiter) share(asks []Ask) []Verdict {
	l.metrics.alone.Inc()
	verdicts := make([]Verdict, len(asks))
	for i, ask := range asks {
		quota := ask.Limit.Quota
		if l.db != nil {
			quota = max(1, quota/l.processes)
		}
		verdicts[i] = l.local.take(ask, quota, time.Since(l.local.start))
	}
	return verdicts
}

// fetch asks Redis for all at once. In a cluster the keys live on several
// nodes, which are asked at the same time.
func (l *Limiter) fetch(ctx context.Context, asks []Ask) ([]Verdict, error) {
	results, err := l.send(ctx, asks, redis.Pipeliner.EvalSha, script.Hash())
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		// A Redis that has just been started knows no scripts. Another node of a
		// cluster may have counted already, which is then counted twice.
		results, err = l.send(ctx, asks, redis.Pipeliner.Eval, gcra)
	}
	if err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(asks))
	for i, result := range results {
		n, err := result.Int64Slice()
		if err != nil || len(n) != 4 {
			return nil, errors.Join(errors.New("unexpected answer"), err)
		}
		verdicts[i] = Verdict{
			Limit: asks[i].Limit, OK: n[0] == 1, Remaining: int(n[1]),
			Reset: time.Duration(n[2]) * time.Microsecond, RetryAfter: time.Duration(n[3]) * time.Microsecond,
		}
		if after := verdicts[i].RetryAfter; after >= rememberFrom {
			l.refusals.Add(asks[i], time.Now().Add(after))
		}
	}
	return verdicts, nil
}

type evalFunc func(p redis.Pipeliner, ctx context.Context, code string, keys []string, args ...any) *redis.Cmd

func (l *Limiter) send(ctx context.Context, asks []Ask, eval evalFunc, code string) ([]*redis.Cmd, error) {
	pipe := l.db.Pipeline()
	results := make([]*redis.Cmd, len(asks))
	for i, ask := range asks {
		results[i] = eval(pipe, ctx, code, []string{key(ask)}, ask.Limit.Quota, ask.Limit.Window.Microseconds())
	}
	_, err := pipe.Exec(ctx)
	return results, err
}

// key names a counter in Redis.
func key(ask Ask) string {
	var b strings.Builder
	b.WriteString("rate:")
	b.WriteString(ask.Limit.Name)
	b.WriteByte(':')
	b.WriteString(ask.Subject.String())
	return b.String()
}
