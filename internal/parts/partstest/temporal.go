package partstest

import (
	"context"
	"testing"

	"yourticket.example/internal/parts"
)

// Temporal returns the address and the namespace of the process's Temporal
// server, which keeps everything in memory and knows YourTicket's search
// attributes. The tests of one process share the namespace: workflow ids and
// task queues must differ between tests that run in parallel, or take a
// TemporalServer each.
func Temporal(t testing.TB) (address, namespace string) {
	t.Helper()
	return shared(t, "temporal", startTemporal(true)).URL, "default"
}

// TemporalServer starts a Temporal for this test alone, which may kill and
// restart it. Unlike the shared one it keeps its state over a restart. Its URL
// is host:port, its namespace is default.
func TemporalServer(t testing.TB) *parts.Part {
	t.Helper()
	return private(t, startTemporal(false))
}

func startTemporal(inMemory bool) func(context.Context, parts.Options) (*parts.Part, error) {
	return func(ctx context.Context, o parts.Options) (*parts.Part, error) {
		o.Ephemeral = inMemory
		return parts.StartTemporal(ctx, parts.TemporalOptions{Options: o, NoUI: true})
	}
}
