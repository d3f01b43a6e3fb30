package telemetry_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"yourticket.example/internal/telemetry"
)

// collector keeps what is sent to it.
type collector struct {
	*httptest.Server

	mu    sync.Mutex
	spans []*tracepb.Span
	raw   bytes.Buffer
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		var request coltrace.ExportTraceServiceRequest
		if proto.Unmarshal(body, &request) != nil {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.raw.Write(body)
		for _, rs := range request.GetResourceSpans() {
			for _, ss := range rs.GetScopeSpans() {
				c.spans = append(c.spans, ss.GetSpans()...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, s := range c.spans {
		names = append(names, s.GetName())
	}
	return names
}

func tracing(t *testing.T, c *collector, o telemetry.Options) *telemetry.Tracing {
	t.Helper()
	o.Service, o.Endpoint = "test", telemetry.TracesURL(c.URL, "")
	tr, err := telemetry.Start(t.Context(), o)
	require.NoError(t, err)
	return tr
}

func TestWithoutACollectorNothingIsThere(t *testing.T) {
	t.Parallel()
	tr, err := telemetry.Start(t.Context(), telemetry.Options{Service: "test"})
	require.NoError(t, err)
	require.Nil(t, tr)
	require.Nil(t, tr.Provider())
	require.Nil(t, tr.Transport("stripe"))
	interceptors, err := tr.Interceptors()
	require.NoError(t, err)
	require.Empty(t, interceptors)
	tr.Close()
}

func TestNothingOfAPersonLeaves(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	tr := tracing(t, c, telemetry.Options{})
	ctx, span := tr.Provider().Tracer("x").Start(t.Context(), "POST /v1/bookings")
	span.SetAttributes(attribute.String("http.route", "/v1/bookings"), attribute.String("url.full", "https://x/?q=ann@example.org"),
		attribute.String("user.id", "us_ann"), attribute.String("temporalUpdateID", "pay/ann"), attribute.String("db.query.text", strings.Repeat("S", 5000)))
	span.RecordError(errors.New("Key (email)=(ann@example.org) exists"))
	span.SetStatus(codes.Error, "ann@example.org is taken")
	span.End()
	_, child := tr.Provider().Tracer("x").Start(ctx, "child")
	child.End()
	tr.Close()

	require.ElementsMatch(t, []string{"POST /v1/bookings", "child"}, c.names())
	require.NotContains(t, c.raw.String(), "ann")
	for _, s := range c.spans {
		if s.GetName() == "child" {
			continue
		}
		require.Equal(t, tracepb.Status_STATUS_CODE_ERROR, s.GetStatus().GetCode(), "that it failed stays")
		require.Len(t, s.GetAttributes(), 2)
		require.Len(t, s.GetEvents(), 1)
		require.Less(t, c.raw.Len(), 4000, "long statements are cut")
	}
}

func TestSamplersDecideWhatIsTraced(t *testing.T) {
	t.Parallel()
	request := func(tr trace.Tracer) {
		ctx, span := tr.Start(t.Context(), "GET /v1/events", trace.WithSpanKind(trace.SpanKindServer))
		_, child := tr.Start(ctx, "SELECT", trace.WithSpanKind(trace.SpanKindClient))
		child.End()
		span.End()
	}
	alone := func(tr trace.Tracer) {
		_, span := tr.Start(t.Context(), "SELECT", trace.WithSpanKind(trace.SpanKindClient))
		span.End()
	}
	sale := func(tr trace.Tracer) {
		ctx, span := tr.Start(t.Context(), "RunWorkflow:OnSale")
		_, child := tr.Start(ctx, "RunActivity:MeasureSale")
		child.End()
		span.End()
	}
	tests := map[string]struct {
		sampler, arg string
		do           func(trace.Tracer)
		want         []string
	}{
		"all by default":               {do: request, want: []string{"SELECT", "GET /v1/events"}},
		"nothing when off":             {sampler: "always_off", do: request},
		"nothing of a share of none":   {sampler: "parentbased_traceidratio", arg: "0", do: request},
		"all of a share of one":        {sampler: "traceidratio", arg: "1", do: request, want: []string{"SELECT", "GET /v1/events"}},
		"a call of nobody's is left":   {do: alone},
		"a quiet workflow is left":     {do: sale},
		"a parent's decision is heard": {sampler: "parentbased_always_off", do: request},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t)
			tr := tracing(t, c, telemetry.Options{Sampler: tt.sampler, SamplerArg: tt.arg, Quiet: []string{"OnSale"}})
			tt.do(tr.Provider().Tracer("x"))
			tr.Close()
			require.Equal(t, tt.want, c.names())
		})
	}
}

func TestFaultsOfTheVariablesAreNamed(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]telemetry.Options{
		"OTEL_TRACES_SAMPLER: must be one of": {Endpoint: "http://localhost:1", Sampler: "sometimes"},
		"OTEL_TRACES_SAMPLER_ARG: must be a":  {Endpoint: "http://localhost:1", Sampler: "traceidratio", SamplerArg: "2"},
	} {
		_, err := telemetry.Start(t.Context(), o)
		require.ErrorContains(t, err, want)
	}
}

func TestCallsOverHTTPAreTracedAndNotTold(t *testing.T) {
	t.Parallel()
	c := newCollector(t)
	tr := tracing(t, c, telemetry.Options{})
	var header http.Header
	part := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { header = r.Header }))
	t.Cleanup(part.Close)
	ctx, span := tr.Provider().Tracer("x").Start(t.Context(), "step")
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, part.URL+"/v1/payment_intents?secret=ann", http.NoBody)
	require.NoError(t, err)
	client := http.Client{Transport: tr.Transport("stripe")(http.DefaultTransport)}
	res, err := client.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	span.End()
	tr.Close()
	require.ElementsMatch(t, []string{"stripe POST", "step"}, c.names())
	require.NotContains(t, c.raw.String(), "ann")
	require.Empty(t, header.Get("Traceparent"), "a provider is not told of our traces")
}

func TestLogLinesNameTheirTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(telemetry.NewLogHandler(slog.NewTextHandler(&out, nil))).With("part", "x")
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	log.InfoContext(trace.ContextWithSpanContext(t.Context(), span), "inside")
	log.InfoContext(t.Context(), "outside")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Contains(t, lines[0], "trace_id=01000000000000000000000000000000 span_id=0200000000000000")
	require.NotContains(t, lines[1], "trace_id")
}

func TestTemporalsMetricsHaveTheLabelsOfTheList(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	m := telemetry.TemporalMetrics(registry)
	a := m.WithTags(map[string]string{"task_queue": "purchases", "workflow_type": "none", "client_name": "temporal_go", "host": "h1"})
	b := a.WithTags(map[string]string{"workflow_type": "Purchase"})
	a.Counter("temporal_request").Inc(2)
	b.Counter("temporal_request").Inc(3)
	b.Gauge("temporal_num_pollers").Update(7)
	b.Timer("temporal_latency").Record(20 * time.Millisecond)
	families, err := registry.Gather()
	require.NoError(t, err)
	seen := map[string]int{}
	for _, f := range families {
		seen[f.GetName()] = len(f.GetMetric())
		for _, metric := range f.GetMetric() {
			for _, l := range metric.GetLabel() {
				require.NotContains(t, []string{"host", "client_name"}, l.GetName())
			}
		}
	}
	require.Equal(t, map[string]int{
		"temporal_request_total": 2, "temporal_num_pollers": 1, "temporal_latency_seconds": 1, "temporal_workflow_task_execution_failed_total": 1,
	}, seen)
	require.Equal(t, 2, testutil.CollectAndCount(registry, "temporal_request_total"))
}
