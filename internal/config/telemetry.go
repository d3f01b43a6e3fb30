package config

import (
	"errors"
	"slices"
	"strings"

	"yourticket.example/internal/telemetry"
)

// Telemetry is where traces go: nowhere, unless a collector is named. What else
// the OTEL_* variables say (headers, certificates, resource attributes, batches)
// OpenTelemetry's SDK reads itself.
type Telemetry struct {
	// OTelDisabled turns traces off whatever else is set.
	OTelDisabled bool `name:"otel-sdk-disabled" env:"OTEL_SDK_DISABLED" hidden:"" help:"Send no traces."`
	// OTelExporter is otlp or none; otlp without an address means localhost.
	OTelExporter string `name:"otel-traces-exporter" env:"OTEL_TRACES_EXPORTER" hidden:"" placeholder:"otlp|none" help:"How traces are sent."`
	// OTelEndpoint is the collector's base address, OTelTracesEndpoint the whole
	// one for traces, which wins.
	OTelEndpoint       URL `name:"otel-exporter-otlp-endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"OpenTelemetry collector of traces (default: no traces)."`
	OTelTracesEndpoint URL `name:"otel-exporter-otlp-traces-endpoint" env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" hidden:"" placeholder:"URL" help:"Address for traces alone."`
	// OTelProtocol is how the collector is spoken to.
	OTelProtocol string `name:"otel-exporter-otlp-protocol" env:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,OTEL_EXPORTER_OTLP_PROTOCOL" hidden:"" help:"http/protobuf or grpc."`
	// OTelSampler and OTelSamplerArg choose what is traced.
	OTelSampler    string `name:"otel-traces-sampler" env:"OTEL_TRACES_SAMPLER" hidden:"" placeholder:"NAME" help:"Which traces are sent."`
	OTelSamplerArg string `name:"otel-traces-sampler-arg" env:"OTEL_TRACES_SAMPLER_ARG" hidden:"" placeholder:"RATIO" help:"Share of traces that is sent, by samplers that want one."`
}

// localCollector is where a collector listens when nothing else is said.
var localCollector = map[string]string{telemetry.ProtocolHTTP: "http://localhost:4318", telemetry.ProtocolGRPC: "http://localhost:4317"}

// TracesURL is where traces are sent; "" for nowhere.
func (t Telemetry) TracesURL() string {
	exporter := t.OTelExporter
	switch {
	case t.OTelDisabled || exporter == "none":
		return ""
	case !t.OTelTracesEndpoint.IsZero():
		return t.OTelTracesEndpoint.Reveal()
	case !t.OTelEndpoint.IsZero():
		return telemetry.TracesURL(t.OTelEndpoint.Reveal(), t.TracesProtocol())
	case exporter == "otlp":
		return telemetry.TracesURL(localCollector[t.TracesProtocol()], t.TracesProtocol())
	}
	return ""
}

// TracesProtocol is how the collector is spoken to.
func (t Telemetry) TracesProtocol() string {
	if t.OTelProtocol == telemetry.ProtocolGRPC {
		return telemetry.ProtocolGRPC
	}
	return telemetry.ProtocolHTTP
}

func (t Telemetry) fields() []field {
	return []field{
		{"OTEL_TRACES_EXPORTER", t.OTelExporter, oneOf("otlp", "none")},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", t.OTelEndpoint.Reveal(), schemes("http", "https")},
		{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", t.OTelTracesEndpoint.Reveal(), schemes("http", "https")},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", t.OTelProtocol, oneOf(telemetry.ProtocolHTTP, telemetry.ProtocolGRPC)},
		{"OTEL_TRACES_SAMPLER", t.OTelSampler, oneOf(telemetry.Samplers...)},
		{"OTEL_TRACES_SAMPLER_ARG", t.OTelSamplerArg, func(value string) error { _, err := telemetry.Ratio(value); return err }},
	}
}

func oneOf(allowed ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(allowed, value) {
			return errors.New("must be one of " + strings.Join(allowed, ", "))
		}
		return nil
	}
}
