package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/ticket"
)

func TestEveryAnswerHasARequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := w.do(t, "GET", "/v1/events", "", nil, header{"X-Request-Id", "my-request.1"}).want(t, http.StatusOK)
	require.Equal(t, "my-request.1", own.header.Get("X-Request-Id"))
	for _, insane := range []string{"", "short", "with space in it", strings.Repeat("x", 200), "semi;colon-attack"} {
		a := w.do(t, "GET", "/nowhere", "", nil, header{"X-Request-Id", insane}).problem(t, http.StatusNotFound, ticket.CodeNotFound)
		require.NotEqual(t, insane, a.header.Get("X-Request-Id"))
		require.Len(t, a.header.Get("X-Request-Id"), 26)
	}
	require.Equal(t, "nosniff", own.header.Get("X-Content-Type-Options"))
	require.Contains(t, w.log.String(), "route=/v1/events")
}

func TestOtherMethodsAreRefusedAndTheRightOnesNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.do(t, "PUT", "/v1/events/some", "", nil).problem(t, http.StatusMethodNotAllowed, ticket.CodeMethodNotAllowed)
	require.Equal(t, []string{"GET", "PATCH"}, a.header.Values("Allow"))
	require.Empty(t, w.do(t, "HEAD", "/v1/events", "", nil).want(t, http.StatusOK).raw)
}

func TestPagesOfAnyOriginMayCall(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	origin := header{"Origin", "https://shop.example"}
	pre := w.do(t, "OPTIONS", "/v1/users", "", nil, origin, header{"Access-Control-Request-Method", "POST"}).want(t, http.StatusNoContent)
	require.Equal(t, "*", pre.header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, pre.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key")
	require.Equal(t, "*", w.do(t, "GET", "/v1/events", "", nil, origin).want(t, http.StatusOK).header.Get("Access-Control-Allow-Origin"))
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do(t, "GET", "/healthz", "", nil).want(t, http.StatusOK)
	ready := w.do(t, "GET", "/readyz", "", nil).want(t, http.StatusOK)
	require.Equal(t, "catalogue", ready.body["parts"].([]any)[0].(object)["name"])
	w.do(t, "GET", "/v1/events", "", nil).want(t, http.StatusOK)
	metrics := w.do(t, "GET", "/metrics", "", nil).want(t, http.StatusOK)
	require.Contains(t, string(metrics.raw), `yourticket_http_request_duration_seconds_count{kind="other",method="GET",route="/v1/events",status="200"} 1`)
}

func TestAPartThatDoesNotAnswerIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server, err := api.New(api.Deps{Tokens: w.auth, Parts: []api.Part{
		{Name: "well", Ping: func(context.Context) error { return nil }},
		{Name: "hung", Ping: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		{Name: "broken", Ping: func(context.Context) error { return errors.New("password s3cret is wrong") }},
	}, CatalogueDeps: api.CatalogueDeps{Accounts: w.auth, Keys: w.auth.Keys, Secrets: w.auth.Passwords, Persons: noPersons{}, Requests: w.store}}, "gateway")
	require.NoError(t, err)
	w.listen(t, server)
	a := w.do(t, "GET", "/readyz", "", nil).want(t, http.StatusServiceUnavailable)
	require.NotContains(t, string(a.raw), "s3cret")
	parts := a.body["parts"].([]any)
	for i, want := range []object{{"name": "well", "ok": true}, {"name": "hung", "ok": false, "error": "timeout"}, {"name": "broken", "ok": false, "error": "internal"}} {
		got := parts[i].(object)
		delete(got, "ms")
		require.Equal(t, want, got)
	}
	w.do(t, "GET", "/v1/events", "", nil).problem(t, http.StatusNotFound, ticket.CodeNotFound)
}

func TestServicesAndTheirNeedsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := api.New(api.Deps{})
	require.ErrorContains(t, err, "access tokens")
	w := newWorld(t)
	_, err = api.New(api.Deps{Tokens: w.auth}, "nothing")
	require.ErrorContains(t, err, `no service is named "nothing"`)
	_, err = api.New(api.Deps{Tokens: w.auth}, "events")
	require.ErrorContains(t, err, `service events needs Availability`)
}

// failing is a store that breaks.
type failing struct {
	api.Catalogue
	fail func() error
}

func (f failing) UpcomingEvents(context.Context, time.Time, ticket.EventCursor, int) ([]*ticket.Event, error) {
	return nil, f.fail()
}

func TestFailuresOfOursAreLoggedAndNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for outcome, fail := range map[string]func() error{
		"error": func() error { return errors.New("relation s3cret does not exist") },
		"panic": func() error { panic("s3cret") },
	} {
		w.serve(t, failing{w.store, fail})
		a := w.do(t, "GET", "/v1/events", "", nil).problem(t, http.StatusInternalServerError, ticket.CodeInternal)
		require.NotContains(t, string(a.raw), "s3cret", outcome)
		require.Contains(t, w.log.String(), "s3cret")
		require.Contains(t, w.log.String(), a.header.Get("X-Request-Id"))
	}
	w.serve(t, failing{w.store, func() error { return ticket.Errorf(ticket.CodeUnavailable, "Away.") }})
	away := w.do(t, "GET", "/v1/events", "", nil).problem(t, http.StatusServiceUnavailable, ticket.CodeUnavailable)
	require.Equal(t, "1", away.header.Get("Retry-After"))
}

func TestOversizedHeadersAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", strings.Repeat("x", 20<<10))
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "431")
}

func TestContractAndItsReferencePageNeedNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contract := w.do(t, "GET", "/openapi.json", "", nil).want(t, http.StatusOK)
	require.Equal(t, "3.1.0", contract.body["openapi"])
	paths := contract.body["paths"].(object)
	require.Contains(t, paths, "/v1/events/{event_id}/availability")
	for path, methods := range paths {
		for method, operation := range methods.(object) {
			require.Contains(t, operation.(object)["responses"], "default", "%s %s documents its problems", method, path)
			require.NotEmpty(t, operation.(object)["summary"], "%s %s", method, path)
			require.NotEmpty(t, operation.(object)["tags"], "%s %s", method, path)
		}
	}
	for _, path := range []string{"/docs", "/docs/reference.js", "/docs/reference.css"} {
		page := w.do(t, "GET", path, "", nil).want(t, http.StatusOK)
		require.NotContains(t, string(page.raw), "https://", "the page loads nothing from elsewhere")
		w.do(t, "GET", path, "", nil, header{"If-None-Match", page.header.Get("ETag")}).want(t, http.StatusNotModified)
	}
}
