package app

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/internal/health"
)

// queryMeter tells the meter, and Prometheus, how long every query took.
type queryMeter struct {
	meter *health.Meter
	done  prometheus.Observer
	fails prometheus.Observer
}

func newQueryMeter(m *health.Meter, r prometheus.Registerer) queryMeter {
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "yourticket_db_query_duration_seconds", Help: "Time of a query of PostgreSQL, by outcome.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 10},
	}, []string{"outcome"})
	if r != nil {
		r.MustRegister(took)
	}
	return queryMeter{meter: m, done: took.WithLabelValues("done"), fails: took.WithLabelValues("failed")}
}

type queryStart struct{}

// TraceQueryStart implements pgx.QueryTracer.
func (q queryMeter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, queryStart{}, time.Now())
}

// TraceQueryEnd implements pgx.QueryTracer.
func (q queryMeter) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	start, ok := ctx.Value(queryStart{}).(time.Time)
	if !ok || errors.Is(data.Err, context.Canceled) {
		return
	}
	now := time.Now()
	took := now.Sub(start)
	q.meter.Query(now, took, data.Err != nil)
	if data.Err != nil {
		q.fails.Observe(took.Seconds())
		return
	}
	q.done.Observe(took.Seconds())
}

// registerDatabase shows the connections of a pool.
func registerDatabase(r prometheus.Registerer, name string, pool *pgxpool.Pool) {
	labels := prometheus.Labels{"database": name}
	gauge := func(metric, help string, value func(*pgxpool.Stat) float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yourticket_db_" + metric, Help: help, ConstLabels: labels},
			func() float64 { return value(pool.Stat()) }))
	}
	gauge("connections", "Connections to a database.", func(s *pgxpool.Stat) float64 { return float64(s.TotalConns()) })
	gauge("connections_busy", "Connections to a database that are in use.", func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) })
	gauge("connections_most", "Connections that a process may have to a database.", func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) })
	r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "yourticket_db_waits_total", Help: "How often a query had to wait for a connection.", ConstLabels: labels,
	}, func() float64 { return float64(pool.Stat().EmptyAcquireCount()) }))
}

// redisWatch times the commands of Redis.
type redisWatch struct {
	took   prometheus.Histogram
	failed prometheus.Counter
}

// watchRedis shows the commands and connections of Redis.
func watchRedis(r prometheus.Registerer, db goredis.UniversalClient) {
	w := redisWatch{
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yourticket_redis_duration_seconds", Help: "Time of a command or pipeline of Redis.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1},
		}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "yourticket_redis_failures_total", Help: "Commands or pipelines of Redis that were not answered, or with an error.",
		}),
	}
	r.MustRegister(w.took, w.failed,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "yourticket_redis_connections", Help: "Connections to Redis."},
			func() float64 { return float64(db.PoolStats().TotalConns) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "yourticket_redis_pool_timeouts_total", Help: "How often a command got no connection to Redis in time.",
		}, func() float64 { return float64(db.PoolStats().Timeouts) }))
	db.AddHook(w)
}

// DialHook implements goredis.Hook.
func (w redisWatch) DialHook(next goredis.DialHook) goredis.DialHook { return next }

// ProcessHook implements goredis.Hook.
func (w redisWatch) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, cmd goredis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmd)
		w.observe(start, err)
		return err
	}
}

// ProcessPipelineHook implements goredis.Hook.
func (w redisWatch) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []goredis.Cmder) error {
		start := time.Now()
		err := next(ctx, cmds)
		w.observe(start, err)
		return err
	}
}

func (w redisWatch) observe(start time.Time, err error) {
	w.took.Observe(time.Since(start).Seconds())
	if err != nil && !errors.Is(err, goredis.Nil) && !errors.Is(err, context.Canceled) {
		w.failed.Inc()
	}
}
