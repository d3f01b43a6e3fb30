package health_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yourticket.example/internal/health"
)

func TestBucketsEndWithinAnEighthOfWhatTheyHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := time.Duration(rapid.Int64Range(0, int64(100*time.Second)).Draw(t, "a"))
		b := time.Duration(rapid.Int64Range(int64(a), int64(100*time.Second)).Draw(t, "b"))
		i, end := health.Bucket(a)
		j, _ := health.Bucket(b)
		require.LessOrEqual(t, i, j)
		require.Greater(t, end, a.Truncate(time.Microsecond))
		require.LessOrEqual(t, float64(end), float64(a)*1.125+2000)
	})
}

func TestIndicatorsAreJudgedByTheTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		value   float64
		samples uint64
		want    health.State
	}{
		{health.LatencyP99, 199, 100, health.Normal},
		{health.LatencyP99, 200, 100, health.Warning},
		{health.LatencyP99, 500, 100, health.Alarm},
		{health.LatencyP99, 900, 3, health.Normal},
		{health.ErrorRate, 0.05, 10_000, health.Normal},
		{health.ErrorRate, 0.1, 10_000, health.Warning},
		{health.ErrorRate, 0.6, 10_000, health.Alarm},
		{health.ErrorRate, 50, 10, health.Normal},
		{health.BookingSuccessRate, 99.5, 1000, health.Normal},
		{health.BookingSuccessRate, 99.4, 1000, health.Warning},
		{health.BookingSuccessRate, 90, 1000, health.Alarm},
		{health.CPU, 69, 0, health.Normal},
		{health.CPU, 70, 0, health.Warning},
		{health.CPU, 95, 0, health.Alarm},
		{health.Memory, 90, 0, health.Alarm},
		{health.DatabaseLatencyP99, 100, 50, health.Warning},
		{health.PartsUnreached, 1, 0, health.Warning},
		{health.PartsUnreached, 10, 0, health.Alarm},
	} {
		require.Equal(t, c.want, health.Judge(c.name, c.value, c.samples), "%s %v of %d", c.name, c.value, c.samples)
	}
}

func indicator(t *testing.T, r health.Report, name string) health.Indicator {
	t.Helper()
	for _, i := range r.Indicators {
		if i.Name == name {
			return i
		}
	}
	t.Fatalf("no indicator %s in %v", name, r)
	return health.Indicator{}
}

func TestTheReportTellsTheLastMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		meter := &health.Meter{}
		m := health.NewMonitor(meter, nil, func() []string { return []string{"search", "search"} })
		for range 990 {
			meter.Request(health.Other, 200, time.Now(), 10*time.Millisecond)
			meter.Request(health.Booking, 409, time.Now(), time.Second)
			meter.Query(time.Now(), 2*time.Millisecond, false)
		}
		for range 11 {
			meter.Request(health.Other, 500, time.Now(), 700*time.Millisecond)
			meter.Request(health.Booking, 503, time.Now(), time.Second)
		}
		meter.Request(health.Slow, 200, time.Now(), time.Minute)
		meter.Request(health.Unmeasured, 500, time.Now(), time.Minute)
		time.Sleep(time.Second)
		r := m.Report(t.Context())
		require.Equal(t, health.Alarm, r.State)
		require.Equal(t, []string{"search"}, r.Degraded)
		require.InEpsilon(t, 700, indicator(t, r, health.LatencyP99).Value, 0.13)
		require.Equal(t, health.Alarm, indicator(t, r, health.LatencyP99).State)
		require.InEpsilon(t, 1000, indicator(t, r, health.BookingLatencyP99).Value, 0.13)
		require.InDelta(t, 2, indicator(t, r, health.DatabaseLatencyP99).Value, 0.3)
		require.InDelta(t, 1.1, indicator(t, r, health.ErrorRate).Value, 0.01)
		require.InDelta(t, 98.9, indicator(t, r, health.BookingSuccessRate).Value, 0.01)
		time.Sleep(time.Minute)
		r = m.Report(t.Context())
		require.Equal(t, health.Normal, indicator(t, r, health.LatencyP99).State, "a minute later it is over")
		require.Zero(t, indicator(t, r, health.ErrorRate).Value)
		require.InDelta(t, 100, indicator(t, r, health.BookingSuccessRate).Value, 0)
	})
}

func TestPartsThatAreAwayAreToldByWhatTheyDegrade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		var searchErr, redisErr error
		m := health.NewMonitor(&health.Meter{}, []health.Part{
			{Name: "elasticsearch", Optional: true, Feature: "search", Ping: func(context.Context) error { return searchErr }},
			{Name: "redis", Ping: func(context.Context) error { return redisErr }},
		}, nil)
		require.Equal(t, health.Normal, indicator(t, m.Report(t.Context()), health.PartsUnreached).State)
		searchErr = down
		time.Sleep(6 * time.Second)
		r := m.Report(t.Context())
		require.Equal(t, health.Warning, indicator(t, r, health.PartsUnreached).State)
		require.Equal(t, []string{"search"}, r.Degraded)
		redisErr = down
		time.Sleep(6 * time.Second)
		r = m.Report(t.Context())
		require.Equal(t, health.Alarm, r.State)
		require.Equal(t, []string{"redis", "search"}, r.Degraded)
		searchErr, redisErr = nil, nil
		time.Sleep(6 * time.Second)
		require.Empty(t, m.Report(t.Context()).Degraded)
	})
}

func TestPrometheusGetsTheSameNumbers(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(health.NewMonitor(&health.Meter{}, []health.Part{
		{Name: "redis", Ping: func(context.Context) error { return errors.New("down") }},
	}, nil))
	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "yourticket_health_state" {
				got[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
			}
		}
	}
	require.InDelta(t, 2, got["all"], 0)
	require.InDelta(t, 2, got[health.PartsUnreached], 0)
	require.Zero(t, got[health.ErrorRate])
}

func BenchmarkRequest(b *testing.B) {
	m := &health.Meter{}
	now := time.Now()
	for b.Loop() {
		m.Request(health.Other, 200, now, 40*time.Microsecond)
	}
}

func TestProvidersAndAttacksAreToldOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var providers health.Providers
		meter := &health.Meter{}
		m := health.NewMonitor(meter, nil, nil)
		m.WatchProviders(func(context.Context) (health.Providers, error) { return providers, nil })
		require.Equal(t, health.Normal, m.Report(t.Context()).State)
		providers = health.Providers{P99: 3 * time.Second, Calls: 10, Away: 1}
		for range 100 {
			meter.SecurityEvent(time.Now())
		}
		time.Sleep(6 * time.Second)
		r := m.Report(t.Context())
		require.Equal(t, health.Warning, indicator(t, r, health.ProviderLatencyP99).State)
		require.Equal(t, health.Warning, indicator(t, r, health.ProvidersAway).State)
		require.Equal(t, health.Warning, indicator(t, r, health.SecurityEvents).State)
		providers.Away = 2
		time.Sleep(6 * time.Second)
		r = m.Report(t.Context())
		require.Equal(t, health.Alarm, indicator(t, r, health.ProvidersAway).State)
		require.Equal(t, health.Alarm, r.State)
	})
}

func TestAControlGroupMayGiveLessThanAProcessor(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"50000 100000\n": 0.5, "200000 100000\n": 2, "max 100000\n": math.Inf(1), "": math.Inf(1), "x y": math.Inf(1), "-1 100000": math.Inf(1),
	} {
		require.InDelta(t, 1/want, 1/health.Quota(text), 0, text)
	}
	require.LessOrEqual(t, health.CPUs(), float64(runtime.GOMAXPROCS(0)))
	require.Positive(t, health.CPUs())
}
