// Package telemetry is how a process is seen from outside: traces that are sent
// to an OpenTelemetry collector, log lines that name their trace, and the
// metrics of Temporal's SDK.
//
// Traces are off unless the environment names a collector. What is off is not
// there: a nil *Tracing adds no interceptor, hook or wrapper to anything.
//
// What leaves the process is what a list allows (redact.go): no address, query,
// argument, body or message of an error, and so nothing of a person.
package telemetry
