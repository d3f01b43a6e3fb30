package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/ratelimit"
	"yourticket.example/ticket"
)

// limited is a change that sets limits over Redis; without a URL each process
// counts alone.
func limited(t testing.TB, redisURL, text string) func(*api.Deps) {
	t.Helper()
	policies, err := ratelimit.Parse(text)
	require.NoError(t, err)
	o := ratelimit.Options{Policies: policies, Patience: 20 * time.Second}
	if redisURL != "" {
		options, err := goredis.ParseURL(redisURL)
		require.NoError(t, err)
		c := goredis.NewClient(options)
		t.Cleanup(func() { _ = c.Close() })
		o.Redis = c
	}
	limits, err := ratelimit.New(o)
	require.NoError(t, err)
	return func(d *api.Deps) { d.Limits = limits }
}

// wantLimited makes sure of a refusal with its three headers.
func wantLimited(t *testing.T, a answer, name string) {
	t.Helper()
	a.problem(t, http.StatusTooManyRequests, ticket.CodeRateLimited)
	require.Regexp(t, `^[1-9]\d*$`, a.header.Get("Retry-After"))
	require.Contains(t, a.header.Get("RateLimit-Policy"), fmt.Sprintf(`"%s";q=2;w=60`, name))
	require.Regexp(t, fmt.Sprintf(`"%s";r=0;t=\d+`, name), a.header.Get("RateLimit"))
}

func TestEachLimitIsKept(t *testing.T) {
	t.Parallel()
	login := object{"email": "Ada@example.org", "password": "correct horse"}
	account := object{"email": "ada@example.org", "password": "correct horse", "name": "Ada"}
	for name, c := range map[string]struct {
		method, path string
		body         any
		role         ticket.Role
	}{
		"address":              {"GET", "/v1/events/night", nil, ""},
		"reads":                {"GET", "/v1/me", nil, ticket.RoleBuyer},
		"login-email":          {"POST", "/v1/sessions", login, ""},
		"login-address":        {"POST", "/v1/sessions", login, ""},
		"registration-email":   {"POST", "/v1/users", account, ""},
		"registration-address": {"POST", "/v1/users", account, ""},
		"bookings-account":     {"POST", "/v1/bookings", object{}, ticket.RoleBuyer},
		"bookings-address":     {"POST", "/v1/bookings", object{}, ticket.RoleBuyer},
		"payments-account":     {"POST", "/v1/bookings/bk_1/cancel", nil, ticket.RoleBuyer},
		"queue-account":        {"POST", "/v1/events/night/queue", nil, ticket.RoleBuyer},
		"writes-account":       {"DELETE", "/v1/sessions/current", nil, ticket.RoleBuyer},
		"writes-address":       {"POST", "/v1/sessions/refresh", object{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, issue := lightWorld(t, limited(t, partstest.Redis(t), name+"=2/1m"))
			token := ""
			if c.role != "" {
				token = issue(c.role)
			}
			for left := 1; left >= 0; left-- {
				a := w.do(t, c.method, c.path, token, c.body)
				require.NotEqual(t, http.StatusTooManyRequests, a.status, "%s", a.raw)
				require.Contains(t, a.header.Get("RateLimit"), fmt.Sprintf(`"%s";r=%d;t=`, name, left))
				require.Contains(t, a.header.Get("RateLimit-Policy"), fmt.Sprintf(`"%s";q=2;w=60`, name))
			}
			wantLimited(t, w.do(t, c.method, c.path, token, c.body), name)
			w.do(t, "GET", "/healthz", "", nil).want(t, http.StatusOK)
			require.Contains(t, string(w.do(t, "GET", "/v1/status", "", nil).want(t, http.StatusOK).raw), `"state"`)
		})
	}
}

func TestAnotherEmailAndAnotherAccountHaveLimitsOfTheirOwn(t *testing.T) {
	t.Parallel()
	w, issue := lightWorld(t, limited(t, partstest.Redis(t), "login-email=2/1m,writes-account=2/1m"))
	for _, email := range []string{"ada@example.org", "ADA@example.org ", "eve@example.org", "eve@example.org"} {
		w.do(t, "POST", "/v1/sessions", "", object{"email": email, "password": "correct horse"}).want(t, http.StatusCreated)
	}
	wantLimited(t, w.do(t, "POST", "/v1/sessions", "", object{"email": "ada@example.org", "password": "x"}), "login-email")
	for range 4 {
		w.do(t, "DELETE", "/v1/sessions/current", issue(ticket.RoleBuyer), nil).want(t, http.StatusNoContent)
	}
}

func TestWithoutRedisCallersAreStillLimitedAndServed(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	w, issue := lightWorld(t, limited(t, server.URL, "writes-account=8/1m"))
	token := issue(ticket.RoleBuyer)
	w.do(t, "DELETE", "/v1/sessions/current", token, nil).want(t, http.StatusNoContent)
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGKILL))
	passed := 0
	for range 8 {
		if w.do(t, "DELETE", "/v1/sessions/current", token, nil).status == http.StatusNoContent {
			passed++
		}
	}
	require.Equal(t, 2, passed, "the share of one process of four")
	w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusOK)
}

func TestCallersOnThisMachineHaveRoom(t *testing.T) {
	t.Parallel()
	w, _ := lightWorld(t, limited(t, "", ""))
	for range 600 {
		w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusOK)
	}
	for n := range 200 {
		email := fmt.Sprintf("buyer%d@example.org", n)
		w.do(t, "POST", "/v1/users", "", object{"email": email, "password": "correct horse", "name": "B"}).want(t, http.StatusCreated)
	}
}

func TestTheClientIsWhoTrustedProxiesSayItIs(t *testing.T) {
	t.Parallel()
	for outcome, c := range map[string]struct{ trusted, peer, forwarded, other string }{
		"nobody is believed":               {"", "192.0.2.1:1", "198.51.100.1", "198.51.100.2"},
		"one proxy":                        {"1", "192.0.2.1:1", "203.0.113.9, 198.51.100.1", "203.0.113.8, 198.51.100.1"},
		"two proxies":                      {"2", "192.0.2.1:1", "198.51.100.1, 192.0.2.2", "198.51.100.1, 192.0.2.3"},
		"a network":                        {"192.0.2.0/24", "192.0.2.1:1", "203.0.113.9, 198.51.100.1, 192.0.2.7", "198.51.100.1, 192.0.2.8"},
		"a peer outside of the network":    {"10.0.0.0/8", "192.0.2.1:1", "198.51.100.1", "198.51.100.2"},
		"what is no address is not read":   {"1", "192.0.2.1:1", "198.51.100.1, nonsense", "rubbish"},
		"one network of IPv6 is one house": {"1", "192.0.2.1:1", "2001:db8::1", "2001:db8::ffff"},
	} {
		t.Run(outcome, func(t *testing.T) {
			t.Parallel()
			deps, _ := lightDeps(t, &logBuffer{})
			limited(t, "", "address=1/1m")(&deps)
			trusted, err := api.ParseTrustedProxies(c.trusted)
			require.NoError(t, err)
			deps.Trusted = trusted
			server, err := api.New(deps, "events")
			require.NoError(t, err)
			ask := func(forwarded string) int {
				r := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/events/night", nil)
				r.RemoteAddr = c.peer
				r.Header.Set("X-Forwarded-For", forwarded)
				rec := httptest.NewRecorder()
				server.Handler().ServeHTTP(rec, r)
				return rec.Code
			}
			require.Equal(t, http.StatusOK, ask(c.forwarded))
			require.Equal(t, http.StatusTooManyRequests, ask(c.other), "the same client")
			if c.trusted == "1" {
				require.Equal(t, http.StatusOK, ask("198.51.100.77"), "another client")
			}
		})
	}
	for _, bad := range []string{"-1", "99", "10.0.0.0/99", "proxy"} {
		_, err := api.ParseTrustedProxies(bad)
		require.Error(t, err, bad)
	}
}

func TestOnlyTLSIsPromisedAndPersonalAnswersAreNotKept(t *testing.T) {
	t.Parallel()
	w, issue := lightWorld(t, func(d *api.Deps) { d.Trusted, _ = api.ParseTrustedProxies("1") })
	plain := w.do(t, "GET", "/v1/events/night", "", nil)
	require.Empty(t, plain.header.Get("Strict-Transport-Security"))
	byTLS := w.do(t, "GET", "/v1/events/night", "", nil, header{"X-Forwarded-Proto", "https"})
	require.Equal(t, "max-age=31536000", byTLS.header.Get("Strict-Transport-Security"))
	me := w.do(t, "GET", "/v1/me", issue(ticket.RoleBuyer), nil).want(t, http.StatusOK)
	require.Equal(t, "no-store", me.header.Get("Cache-Control"))
	require.NotEqual(t, "no-store", plain.header.Get("Cache-Control"))
}

// benchmarkCrowd measures a read with and without what stands before it.
func benchmarkCrowd(b *testing.B, change func(*api.Deps)) {
	b.Helper()
	deps, tokens := lightDeps(b, &logBuffer{})
	deps.Logger = nil
	change(&deps)
	server, err := api.New(deps, "events")
	require.NoError(b, err)
	token, _, err := tokens.Issue(auth.User{ID: ticket.NewID(ticket.KindUser, 0), Roles: []ticket.Role{ticket.RoleBuyer}})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/events/night", nil)
		r.RemoteAddr = "127.0.0.1:4711"
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		server.Handler().ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%d: %s", w.Code, w.Body)
		}
	}
}

func BenchmarkReadWithoutLimits(b *testing.B) { benchmarkCrowd(b, func(*api.Deps) {}) }

func BenchmarkReadWithLimits(b *testing.B) {
	benchmarkCrowd(b, func(d *api.Deps) { limited(b, "", "address=1000000/1s")(d) })
}
