package api_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/ticket"
)

// instance serves a service in a process of its own, as far as HTTP can tell.
func instance(t *testing.T, handler http.Handler, asked *atomic.Int64) *httptest.Server {
	t.Helper()
	ts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(ts.Close)
	return ts
}

// behind serves one service from memory.
func behind(t *testing.T, service string) http.Handler {
	t.Helper()
	deps, _ := lightDeps(t, &logBuffer{})
	server, err := api.New(deps, service)
	require.NoError(t, err)
	return server.Handler()
}

// gatewayTo serves the gateway alone; the services run at the addresses.
func gatewayTo(t *testing.T, urls string) (*world, func(roles ...ticket.Role) string) {
	t.Helper()
	ups, err := api.ParseUpstreams(urls)
	require.NoError(t, err)
	return lightWorld(t, func(d *api.Deps) { d.Upstreams = ups }, "gateway")
}

func TestTheGatewayPassesOnWhatOthersServe(t *testing.T) {
	t.Parallel()
	var events, bookings atomic.Int64
	w, issue := gatewayTo(t, fmt.Sprintf("events=%s,bookings=%s",
		instance(t, behind(t, "events"), &events).URL, instance(t, behind(t, "bookings"), &bookings).URL))
	a := w.do(t, "GET", "/v1/events/night", "", nil, header{"X-Request-Id", "my-request.1"}, header{"Origin", "https://shop.example"}).want(t, http.StatusOK)
	require.Equal(t, "night", a.body["slug"])
	for _, name := range []string{"X-Request-Id", "X-Content-Type-Options", "Access-Control-Allow-Origin", "Content-Security-Policy"} {
		require.Len(t, a.header.Values(name), 1, name)
	}
	require.Equal(t, "my-request.1", a.header.Get("X-Request-Id"))
	w.do(t, "HEAD", "/v1/events/night", "", nil).want(t, http.StatusOK)
	require.EqualValues(t, 2, events.Load())
	w.do(t, "GET", "/v1/bookings/bk_1", issue(ticket.RoleBuyer), nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
	require.EqualValues(t, 1, bookings.Load())
	w.do(t, "POST", "/v1/sessions", "", object{"email": "ada@example.org", "password": "correct horse"}).want(t, http.StatusCreated)
	w.do(t, "DELETE", "/v1/events/night", "", nil).problem(t, http.StatusMethodNotAllowed, ticket.CodeMethodNotAllowed)
	contract := w.do(t, "GET", "/openapi.json", "", nil).want(t, http.StatusOK)
	require.Contains(t, contract.body["paths"], "/v1/bookings/{booking_id}/payment", "the contract is whole")
	require.Contains(t, string(w.do(t, "GET", "/metrics", "", nil).raw), `route="/v1/events/{event_id}",status="200"`)
}

func TestWhoMayNotCallIsRefusedAtTheGateway(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	w, issue := gatewayTo(t, "bookings="+instance(t, behind(t, "bookings"), &asked).URL)
	w.do(t, "GET", "/v1/me/bookings", "", nil).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	w.do(t, "POST", "/v1/bookings", "stolen", object{}).problem(t, http.StatusUnauthorized, ticket.CodeUnauthorized)
	w.do(t, "POST", "/v1/bookings", issue(ticket.RoleDoor), object{}).problem(t, http.StatusForbidden, ticket.CodeForbidden)
	require.Zero(t, asked.Load())
}

func TestAServiceThatIsAwayTakesNothingElseWithIt(t *testing.T) {
	t.Parallel()
	var events, bookings atomic.Int64
	first, second := instance(t, behind(t, "events"), &events), instance(t, behind(t, "events"), &events)
	sales := instance(t, behind(t, "bookings"), &bookings)
	w, issue := gatewayTo(t, fmt.Sprintf("events=%s,events=%s,bookings=%s", first.URL, second.URL, sales.URL))
	sales.Close()
	first.Close()
	for range 10 {
		w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusOK)
		away := w.do(t, "GET", "/v1/bookings/bk_1", issue(ticket.RoleBuyer), nil).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
		require.Equal(t, "1", away.header.Get("Retry-After"))
	}
	w.do(t, "POST", "/v1/sessions", "", object{"email": "ada@example.org", "password": "correct horse"}).want(t, http.StatusCreated)
	w.do(t, "GET", "/healthz", "", nil).want(t, http.StatusOK)
	status := w.do(t, "GET", "/v1/status", "", nil).want(t, http.StatusOK)
	require.Equal(t, []any{"bookings"}, status.body["degraded"])
}

func TestAWriteThatNeverReachedOneInstanceGoesToAnother(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	w, issue := gatewayTo(t, fmt.Sprintf("events=%s,events=%s", dead.URL, instance(t, behind(t, "events"), &asked).URL))
	for n := range int64(4) {
		w.do(t, "POST", "/v1/venues", issue(ticket.RoleOrganizer), object{"name": 7}).problem(t, http.StatusUnprocessableEntity, ticket.CodeInvalid)
		require.Equal(t, n+1, asked.Load())
	}
}

// TestAnOnlyAddressIsTriedTwice breaks every other connection, as a balancer does
// one of whose two instances has died.
func TestAnOnlyAddressIsTriedTwice(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	handler := behind(t, "events")
	half := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Load()%2 == 1 {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	})
	w, _ := gatewayTo(t, "events="+instance(t, half, &asked).URL)
	for range 20 {
		w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusOK)
	}
}

func TestAWriteThatMayHaveHappenedIsNotSentAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	breaks := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	w, issue := gatewayTo(t, fmt.Sprintf("events=%s,events=%s", instance(t, breaks, &asked).URL, instance(t, breaks, &asked).URL))
	w.do(t, "POST", "/v1/venues", issue(ticket.RoleOrganizer), object{}).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
	require.EqualValues(t, 1, asked.Load())
	w.do(t, "GET", "/v1/events/night", "", nil).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
	require.EqualValues(t, 3, asked.Load(), "a read is tried at both")
}

func TestAnInstanceThatComesBackIsAskedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	var broken atomic.Bool
	handler := behind(t, "events")
	flaky := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			panic(http.ErrAbortHandler)
		}
		handler.ServeHTTP(w, r)
	})
	w, _ := gatewayTo(t, "events="+instance(t, flaky, &asked).URL)
	broken.Store(true)
	for range 20 {
		w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusServiceUnavailable)
	}
	require.LessOrEqual(t, asked.Load(), int64(12), "an instance that fails rests (the client repeats a read on a fresh connection)")
	broken.Store(false)
	require.Eventually(t, func() bool {
		return w.do(t, "GET", "/v1/events/night", "", nil).status == http.StatusOK
	}, 5*time.Second, 100*time.Millisecond)
	for range 5 {
		w.do(t, "GET", "/v1/events/night", "", nil).want(t, http.StatusOK)
	}
}

func TestStreamsPassUnbuffered(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	ended := make(chan struct{})
	stream := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "data: first\n\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(ended)
	})
	w, issue := gatewayTo(t, "bookings="+instance(t, stream, &asked).URL)
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/v1/bookings/bk_1/stream", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+issue(ticket.RoleBuyer))
	res, err := w.client.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "data: first\n", line)
	leave()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("the service was not told that the client left")
	}
}

func TestEveryServiceCanRunElsewhere(t *testing.T) {
	t.Parallel()
	for _, service := range api.ServiceNames() {
		if service == "gateway" {
			continue
		}
		w, _ := gatewayTo(t, service+"=http://127.0.0.1:1")
		w.do(t, "GET", "/healthz", "", nil).want(t, http.StatusOK)
	}
}

func TestAddressesOfServicesAreChecked(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"events", "events=", "events=ftp://x", "events=http://", "events=http://x/path", "http://x"} {
		_, err := api.ParseUpstreams(bad)
		require.Error(t, err, bad)
	}
	ups, err := api.ParseUpstreams(" events=http://a:1 , events=http://b:1,bookings=https://c ")
	require.NoError(t, err)
	require.Len(t, ups["events"], 2)
	deps, _ := lightDeps(t, &logBuffer{})
	deps.Upstreams, err = api.ParseUpstreams("nothing=http://a")
	require.NoError(t, err)
	_, err = api.New(deps, "gateway")
	require.ErrorContains(t, err, `no service is named "nothing"`)
}
