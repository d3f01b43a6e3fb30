package probe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/probe"
)

func TestChecksAreMadeMoreOftenWhileSomethingIsWrong(t *testing.T) {
	t.Parallel()
	well := map[string]string{
		"/healthz": `{}`, "/readyz": `{}`, "/v1/status": `{"state":"normal"}`,
		"/v1/events":      `{"items":[{"id":"ev_0","status":"sold_out"},{"id":"ev_1","status":"on_sale"}]}`,
		"/v1/search":      `{"items":[]}`,
		"/v1/events/ev_1": `{"availability":{"capacity":3}}`, "/v1/events/ev_1/availability": `{"seats":"ahs"}`,
	}
	tests := map[string]struct {
		path, body string // "" answers 503
		failed     []string
		normal     bool
	}{
		"all is well":           {path: "/none", normal: true},
		"the system is warned":  {path: "/v1/status", body: `{"state":"warning"}`},
		"a part is away":        {path: "/readyz", failed: []string{"parts"}},
		"nothing tells how":     {path: "/v1/status", failed: []string{"status"}},
		"search is away":        {path: "/v1/search", failed: []string{"search"}},
		"search answers wrong":  {path: "/v1/search", body: `{}`, failed: []string{"search"}},
		"places are missing":    {path: "/v1/events/ev_1/availability", body: `{"seats":"ah"}`, failed: []string{"seats"}},
		"no map":                {path: "/v1/events/ev_1/availability", failed: []string{"seats"}},
		"an answer is no JSON":  {path: "/v1/events", body: `<html>`, failed: []string{"events"}},
		"nothing is on sale":    {path: "/v1/events", body: `{"items":[]}`, normal: true},
		"nothing answers there": {path: "/v1/events", failed: []string{"events"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body := well[r.URL.Path]
				if r.URL.Path == tt.path {
					body = tt.body
				}
				if body == "" {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				fmt.Fprint(w, body)
			}))
			t.Cleanup(server.Close)
			registry := prometheus.NewRegistry()
			round := probe.New(probe.Options{URL: server.URL + "/", Registerer: registry}).Once(t.Context())
			require.Equal(t, tt.failed, round.Failed(), "%+v", round)
			next := probe.WhenNot
			if tt.normal {
				next = probe.WhenNormal
			}
			require.Equal(t, next, round.Next())
			count, err := testutil.GatherAndCount(registry, "yourticket_probe_up")
			require.NoError(t, err)
			require.Equal(t, 6, count)
		})
	}
}
