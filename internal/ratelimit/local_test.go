package ratelimit_test

import (
	"net/netip"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/ratelimit"
)

func ask(l *ratelimit.Limit, who string) ratelimit.Ask {
	return ratelimit.Ask{Limit: l, Subject: ratelimit.Subject{ID: who}}
}

func TestAQuotaIsSpentAtOnceAndRefillsEvenly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, limit := ratelimit.NewLocal(), &ratelimit.Limit{Name: "x", Quota: 4, Window: 8 * time.Second}
		for left := 3; left >= 0; left-- {
			v := local.Take(ask(limit, "ada"))
			require.True(t, v.OK)
			require.Equal(t, left, v.Remaining)
		}
		refused := local.Take(ask(limit, "ada"))
		require.False(t, refused.OK)
		require.Equal(t, 2*time.Second, refused.RetryAfter)
		require.Equal(t, 8*time.Second, refused.Reset)
		require.True(t, local.Take(ask(limit, "eve")).OK, "another subject has a quota of its own")
		time.Sleep(2 * time.Second)
		require.True(t, local.Take(ask(limit, "ada")).OK)
		require.False(t, local.Take(ask(limit, "ada")).OK)
	})
}

func TestMoreSubjectsThanMemoryHasAreForgotten(t *testing.T) {
	t.Parallel()
	local, limit := ratelimit.NewLocal(), &ratelimit.Limit{Name: "x", Quota: 1, Window: time.Hour}
	for n := range 200_000 {
		require.True(t, local.Take(ask(limit, strconv.Itoa(n))).OK)
	}
	known := 0
	for n := range 200_000 {
		if !local.Take(ask(limit, strconv.Itoa(n))).OK {
			known++
		}
	}
	require.Positive(t, known)
	require.LessOrEqual(t, known, 64*2048)
}

func TestHeadersAreWrittenAsTheDraftHasThem(t *testing.T) {
	t.Parallel()
	a, b := &ratelimit.Limit{Name: "account", Quota: 100, Window: time.Minute}, &ratelimit.Limit{Name: "address", Quota: 5, Window: time.Second}
	verdicts := []ratelimit.Verdict{
		{Limit: a, OK: true, Remaining: 99, Reset: 11100 * time.Millisecond},
		{Limit: b, RetryAfter: 1500 * time.Millisecond, Reset: time.Second},
	}
	require.Equal(t, `"account";q=100;w=60, "address";q=5;w=1`, ratelimit.PolicyHeader(verdicts))
	require.Equal(t, `"account";r=99;t=12, "address";r=0;t=1`, ratelimit.Header(verdicts))
	require.Equal(t, b, ratelimit.Refused(verdicts).Limit)
	require.Equal(t, 2, ratelimit.Refused(verdicts).RetrySeconds())
	require.Nil(t, ratelimit.Refused(verdicts[:1]))
}

func TestLimitsAreReadFromTheConfiguration(t *testing.T) {
	t.Parallel()
	p, err := ratelimit.Parse("bookings-account=5/1m, address=off")
	require.NoError(t, err)
	for _, wide := range []bool{false, true} {
		require.Equal(t, &ratelimit.Limit{Name: "bookings-account", Quota: 5, Window: time.Minute}, p.BookingsAccount.For(wide))
		require.Nil(t, p.Address.For(wide))
	}
	require.Less(t, p.LoginEmail.For(false).Quota, p.LoginEmail.For(true).Quota, "callers on this machine have room")
	off, err := ratelimit.Parse(" off ")
	require.NoError(t, err)
	require.Nil(t, off)
	for outcome, text := range map[string]string{
		"unknown name": "nothing=1/1s", "no value": "address", "no quota": "address=/1s", "negative": "address=-1/1s",
		"no window": "address=5", "too short": "address=5/1ms", "not a number": "address=x/1s",
	} {
		_, err := ratelimit.Parse(text)
		require.Error(t, err, outcome)
	}
}

func BenchmarkLocalTake(b *testing.B) {
	local, limit := ratelimit.NewLocal(), &ratelimit.Limit{Name: "x", Quota: 1_000_000_000, Window: time.Second}
	subject := ratelimit.Subject{Addr: netip.MustParseAddr("192.0.2.1")}
	b.ReportAllocs()
	for b.Loop() {
		local.Take(ratelimit.Ask{Limit: limit, Subject: subject})
	}
}
