package e2e_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traceSink is an OpenTelemetry collector that keeps what it gets.
type traceSink struct {
	*httptest.Server

	mu    sync.Mutex
	spans []seenSpan
	raw   bytes.Buffer // all that arrived, as it arrived
}

// seenSpan is a span with the process that sent it.
type seenSpan struct {
	*tracepb.Span

	service string
}

func (s seenSpan) id() string     { return hex.EncodeToString(s.GetSpanId()) }
func (s seenSpan) parent() string { return hex.EncodeToString(s.GetParentSpanId()) }
func (s seenSpan) trace() string  { return hex.EncodeToString(s.GetTraceId()) }

func newTraceSink(t *testing.T) *traceSink {
	t.Helper()
	sink := &traceSink{}
	sink.Server = httptest.NewServer(http.HandlerFunc(sink.take))
	t.Cleanup(sink.Close)
	return sink
}

func (k *traceSink) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request coltrace.ExportTraceServiceRequest
	if err != nil || r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &request) != nil {
		http.Error(w, "not OTLP", http.StatusBadRequest)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.raw.Write(body)
	for _, resource := range request.GetResourceSpans() {
		service := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				k.spans = append(k.spans, seenSpan{span, service})
			}
		}
	}
}

// find gives the spans of a name.
func (k *traceSink) find(name string) (found []seenSpan) {
	return k.all(func(s seenSpan) bool { return s.GetName() == name })
}

func (k *traceSink) all(wanted func(seenSpan) bool) (found []seenSpan) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.spans {
		if wanted(s) {
			found = append(found, s)
		}
	}
	return found
}

// of gives the spans of a trace in the order in which they began.
func (k *traceSink) of(trace string) []seenSpan {
	found := k.all(func(s seenSpan) bool { return s.trace() == trace })
	slices.SortFunc(found, func(a, b seenSpan) int { return int(int64(a.GetStartTimeUnixNano()) - int64(b.GetStartTimeUnixNano())) })
	return found
}

// holds tells whether a text arrived in whatever field.
func (k *traceSink) holds(text string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return bytes.Contains(k.raw.Bytes(), []byte(text))
}

// tree writes a trace as people read it: who called whom, when, how long.
func tree(spans []seenSpan) string {
	var b strings.Builder
	known := map[string]bool{}
	for _, s := range spans {
		known[s.id()] = true
	}
	var write func(parent string, depth int)
	write = func(parent string, depth int) {
		for _, s := range spans {
			root := depth == 0 && !known[s.parent()]
			if !root && (depth == 0 || s.parent() != parent) {
				continue
			}
			at := float64(s.GetStartTimeUnixNano()-spans[0].GetStartTimeUnixNano()) / 1e6
			took := float64(s.GetEndTimeUnixNano()-s.GetStartTimeUnixNano()) / 1e6
			fmt.Fprintf(&b, "%7.1f ms %8.2f ms  %s%s [%s]\n", at, took, strings.Repeat("  ", depth), s.GetName(), strings.TrimPrefix(s.service, "yourticket-"))
			write(s.id(), depth+1)
		}
	}
	write("", 0)
	return b.String()
}
