package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// allowed are the attributes that may leave the process. All say what was done;
// none says with whose data. Statements of SQL are here because theirs are
// constants whose values travel apart, and those of Redis are not.
var allowed = map[attribute.Key]bool{
	"http.request.method": true, "http.response.status_code": true, "http.route": true, "request.id": true,
	"server.address": true, "server.port": true, "network.protocol.name": true, "network.protocol.version": true,
	"error.type": true, "exception.type": true,
	"db.system": true, "db.system.name": true, "db.namespace": true, "db.operation.name": true, "db.operation": true,
	"db.query.text": true, "db.statement": true, "db.collection.name": true, "db.response.status_code": true,
	"db.redis.num_cmd": true, "rows_affected": true, "pgx.rows_affected": true,
	"temporalWorkflowID": true, "temporalRunID": true, "temporalActivityID": true,
}

// redacting passes spans on without what is not allowed.
type redacting struct{ sdktrace.SpanExporter }

// ExportSpans implements sdktrace.SpanExporter.
func (r redacting) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	clean := make([]sdktrace.ReadOnlySpan, len(spans))
	for i, s := range spans {
		clean[i] = redacted{s}
	}
	return r.SpanExporter.ExportSpans(ctx, clean)
}

// redacted is a span of which only what is allowed can be read. That something
// failed stays; the message may quote what a person wrote.
type redacted struct{ sdktrace.ReadOnlySpan }

// Attributes implements sdktrace.ReadOnlySpan.
func (r redacted) Attributes() []attribute.KeyValue { return only(r.ReadOnlySpan.Attributes()) }

// Status implements sdktrace.ReadOnlySpan.
func (r redacted) Status() sdktrace.Status {
	return sdktrace.Status{Code: r.ReadOnlySpan.Status().Code}
}

// Events implements sdktrace.ReadOnlySpan.
func (r redacted) Events() []sdktrace.Event {
	var out []sdktrace.Event
	for _, e := range r.ReadOnlySpan.Events() {
		e.Attributes = only(e.Attributes)
		out = append(out, e)
	}
	return out
}

// Links implements sdktrace.ReadOnlySpan.
func (r redacted) Links() []sdktrace.Link {
	var out []sdktrace.Link
	for _, l := range r.ReadOnlySpan.Links() {
		l.Attributes = only(l.Attributes)
		out = append(out, l)
	}
	return out
}

func only(attributes []attribute.KeyValue) []attribute.KeyValue {
	var out []attribute.KeyValue
	for _, a := range attributes {
		if allowed[a.Key] {
			out = append(out, a)
		}
	}
	return out
}
