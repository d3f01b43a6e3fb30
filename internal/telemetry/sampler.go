package telemetry

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Samplers are the values of OTEL_TRACES_SAMPLER.
var Samplers = []string{"always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"}

// Ratio reads OTEL_TRACES_SAMPLER_ARG.
func Ratio(arg string) (float64, error) {
	ratio, err := strconv.ParseFloat(arg, 64)
	if err != nil || ratio < 0 || ratio > 1 {
		return 0, errors.New("must be a number between 0 and 1")
	}
	return ratio, nil
}

// newSampler decides as the variables say, and by two rules of its own: what a
// quiet workflow does is not traced, and a call to a part begins no trace, since
// what nobody asked for would be the most of them.
func newSampler(name, arg string, quiet []string) (sdktrace.Sampler, error) {
	ratio := 1.0
	if arg != "" {
		var err error
		if ratio, err = Ratio(arg); err != nil {
			return nil, errors.New("OTEL_TRACES_SAMPLER_ARG: " + err.Error())
		}
	}
	var s sdktrace.Sampler
	switch name {
	case "", "parentbased_always_on":
		s = sdktrace.ParentBased(sdktrace.AlwaysSample())
	case "always_on":
		s = sdktrace.AlwaysSample()
	case "always_off":
		s = sdktrace.NeverSample()
	case "traceidratio":
		s = sdktrace.TraceIDRatioBased(ratio)
	case "parentbased_always_off":
		s = sdktrace.ParentBased(sdktrace.NeverSample())
	case "parentbased_traceidratio":
		s = sdktrace.ParentBased(sdktrace.TraceIDRatioBased(ratio))
	default:
		return nil, errors.New("OTEL_TRACES_SAMPLER: must be one of " + strings.Join(Samplers, ", "))
	}
	return choosy{s, quiet}, nil
}

type choosy struct {
	sdktrace.Sampler

	quiet []string
}

// ShouldSample implements sdktrace.Sampler.
func (c choosy) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	_, what, _ := strings.Cut(p.Name, ":")
	if p.Kind == trace.SpanKindClient && !parent.IsValid() || slices.Contains(c.quiet, what) {
		return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: parent.TraceState()}
	}
	return c.Sampler.ShouldSample(p)
}
