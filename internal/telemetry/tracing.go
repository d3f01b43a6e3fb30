package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// The protocols in which spans are sent.
const (
	ProtocolHTTP = "http/protobuf"
	ProtocolGRPC = "grpc"
)

// flushFor bounds the sending of what is left when a process stops.
const flushFor = 5 * time.Second

// longestValue is how many characters of an attribute are kept: a statement is
// known by its beginning.
const longestValue = 512

// Options say where traces go.
type Options struct {
	// Service names the process in traces, unless OTEL_SERVICE_NAME does.
	Service, Version string
	// Endpoint is the collector's URL; "" is off.
	Endpoint string
	// Protocol is ProtocolHTTP, the default, or ProtocolGRPC.
	Protocol string
	// Sampler and SamplerArg are OTEL_TRACES_SAMPLER and its argument.
	Sampler, SamplerArg string
	// Quiet are types of workflows that are never traced: those that run for
	// weeks would make one trace without an end.
	Quiet []string
}

// Tracing sends the spans of a process. Nil is off.
type Tracing struct{ provider *sdktrace.TracerProvider }

// Start begins to trace, or gives nil when no collector is named. A collector
// that is away costs spans and nothing else.
func Start(ctx context.Context, o Options) (*Tracing, error) {
	if o.Endpoint == "" {
		return nil, nil
	}
	sampler, err := newSampler(o.Sampler, o.SamplerArg, o.Quiet)
	if err != nil {
		return nil, err
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(), resource.WithHost(),
		resource.WithAttributes(attribute.String("service.name", o.Service), attribute.String("service.version", o.Version)),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	exporter, err := newExporter(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { slog.Warn("traces are not sent", "error", err) }))
	limits := sdktrace.NewSpanLimits()
	if limits.AttributeValueLengthLimit < 0 {
		limits.AttributeValueLengthLimit = longestValue
	}
	return &Tracing{sdktrace.NewTracerProvider(
		sdktrace.WithBatcher(redacting{exporter}), sdktrace.WithResource(about), sdktrace.WithSampler(sampler), sdktrace.WithRawSpanLimits(limits),
	)}, nil
}

// newExporter makes the client of the collector; headers, certificates and
// timeouts come from the OTEL_EXPORTER_OTLP_* variables, which it reads itself.
func newExporter(ctx context.Context, o Options) (sdktrace.SpanExporter, error) {
	if o.Protocol == ProtocolGRPC {
		return otlptrace.New(ctx, otlptracegrpc.NewClient(otlptracegrpc.WithEndpointURL(o.Endpoint)))
	}
	return otlptrace.New(ctx, otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(o.Endpoint)))
}

// TracesURL is where a collector at a base address takes traces.
func TracesURL(base, protocol string) string {
	if base == "" || protocol == ProtocolGRPC {
		return base
	}
	return strings.TrimRight(base, "/") + "/v1/traces"
}

// Provider makes tracers; nil when tracing is off.
func (t *Tracing) Provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.provider
}

// Close sends what is left, for some seconds at most.
func (t *Tracing) Close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushFor) //nolint:forbidigo // the process ends, and with it every context
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		slog.Warn("traces are not sent", "error", err)
	}
}
