package api

import (
	"context"
	"net/http"
	"net/netip"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// traceContext reads and writes the headers traceparent and tracestate.
var traceContext = propagation.TraceContext{}

// startSpan begins the span of a request; nil where nothing is traced. Probes
// are not worth one, and a stream would last a quarter of an hour.
func (s *Server) startSpan(r *http.Request, c class) (*http.Request, trace.Span) {
	if s.tracer == nil || c == classFree || c == classStream {
		return r, nil
	}
	ctx := r.Context()
	if s.continues(r) {
		ctx = traceContext.Extract(ctx, propagation.HeaderCarrier(r.Header))
	}
	about := trace.WithAttributes(
		attribute.String("http.request.method", shortMethod(r.Method)), attribute.String("request.id", requestID(ctx)),
	)
	//nolint:spancheck // endSpan ends it, when the request has been answered
	ctx, span := s.tracer.Start(ctx, shortMethod(r.Method), trace.WithSpanKind(trace.SpanKindServer), about)
	return r.WithContext(ctx), span //nolint:spancheck // see above
}

// continues tells whether a request belongs to a trace of ours: a gateway that
// is believed has passed it on. What strangers send would let them choose what
// we keep.
func (s *Server) continues(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return !s.edge && err == nil && s.deps.Trusted.trusts(0, peer.Addr().Unmap())
}

// endSpan names the span by its route, which is known only now. Only a failure
// of ours makes it one.
func endSpan(span trace.Span, method, route string, status int) {
	if span == nil {
		return
	}
	span.SetName(shortMethod(method) + " " + route)
	span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", status))
	if status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

// handOnTrace tells a service to which trace a request belongs. What the caller
// sent of that kind does not go on.
func handOnTrace(ctx context.Context, out http.Header) {
	for _, name := range []string{"Traceparent", "Tracestate", "Baggage"} {
		out.Del(name)
	}
	traceContext.Inject(ctx, propagation.HeaderCarrier(out))
}
