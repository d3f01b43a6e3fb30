package livemap_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheMapOfAWatchedEventComesFromMemory(t *testing.T) {
	t.Parallel()
	h := newHall(t, 2000)
	p := h.serve(t, quick())
	w := p.watch(t, nil)
	h.hold(t, 7)
	h.requireTruth(t, w)
	before := p.source.snapshots.Load()
	for range 100 {
		a, err := p.Availability(t.Context(), h.event)
		require.NoError(t, err)
		version, seats := h.truth(t)
		require.Equal(t, version, a.Version)
		require.JSONEq(t, `{"version":"`+version+`","seats":"`+seats+`"}`, string(a.Body()))
		require.Equal(t, `"`+version+`"`, a.ETag)
	}
	require.Equal(t, before, p.source.snapshots.Load())
	a, err := p.Availability(t.Context(), h.event)
	require.NoError(t, err)
	require.True(t, a.Compresses())
	require.NotEqual(t, a.ETag, a.GzipETag)
	r, err := gzip.NewReader(bytes.NewReader(a.Gzip()))
	require.NoError(t, err)
	plain, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, string(a.Body()), string(plain))
}

func TestAnEventThatIsPolledOftenIsFollowed(t *testing.T) {
	t.Parallel()
	h := newHall(t, 10)
	o := quick()
	o.Linger = 300 * time.Millisecond
	p := h.serve(t, o)
	ask := func() string {
		a, err := p.Availability(t.Context(), h.event)
		require.NoError(t, err)
		return string(a.Body())
	}
	require.Contains(t, ask(), strings.Repeat("a", 9))
	require.Zero(t, p.Stats().Feeds, "one question is no interest")
	for range 50 {
		ask()
	}
	require.Equal(t, 1, p.Stats().Feeds)
	read := p.source.snapshots.Load()
	require.Less(t, read, int64(30), "most of the crowd was answered from memory")
	h.hold(t, 5)
	eventually(t, "it is as fresh as a tick", func() bool { return strings.Contains(ask(), "baaaahaaaa") })
	require.Equal(t, read, p.source.snapshots.Load())
	eventually(t, "it is forgotten", func() bool { return p.Stats().Feeds == 0 })
	p.stop()
	for i := 6; i < 9; i++ {
		h.hold(t, i)
		_, seats := h.truth(t)
		require.Contains(t, ask(), seats, "without a running hub every map is read")
	}
}
