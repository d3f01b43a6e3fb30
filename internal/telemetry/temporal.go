package telemetry

import (
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
)

// Interceptors carry traces through Temporal, from those who start and update
// workflows to the activities; none when tracing is off. A client passes them on
// to its workers.
func (t *Tracing) Interceptors() ([]interceptor.ClientInterceptor, error) {
	if t == nil {
		return nil, nil
	}
	tracer, err := opentelemetry.NewTracer(opentelemetry.TracerOptions{
		Tracer: t.provider.Tracer("go.temporal.io/sdk"), TextMapPropagator: propagation.TraceContext{},
		// A workflow that another build has begun must not fail for its trace.
		AllowInvalidParentSpans: true,
		// Queries are asked by people who look, every second.
		DisableQueryTracing: true,
	})
	if err != nil {
		return nil, err
	}
	return []interceptor.ClientInterceptor{interceptor.NewTracingInterceptor(temporalTracer{tracer})}, nil
}

// temporalTracer names traces in the logs of workflows as all others are named.
type temporalTracer struct{ interceptor.Tracer }

// GetLogger implements interceptor.Tracer.
func (temporalTracer) GetLogger(logger log.Logger, ref interceptor.TracerSpanRef) log.Logger {
	span, ok := ref.(interface{ SpanContext() trace.SpanContext })
	if !ok {
		return logger
	}
	return log.With(logger, traceIDKey, span.SpanContext().TraceID().String(), spanIDKey, span.SpanContext().SpanID().String())
}
