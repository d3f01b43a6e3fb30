package catalogue_test

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/catalogue"
	"yourticket.example/ticket"
)

// store is a fake of functions.
type store struct {
	event func(ctx context.Context, key string) (*ticket.Event, error)
	plan  func(ctx context.Context, id string) (ticket.StoredPlan, error)
}

func (s store) Event(ctx context.Context, key string) (*ticket.Event, error) {
	return s.event(ctx, key)
}

func (s store) Plan(ctx context.Context, id string) (ticket.StoredPlan, error) {
	return s.plan(ctx, id)
}

// clock is a time that tests move, in nanoseconds since 2030.
type clock struct{ since atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(c.since.Load()))
}

func (c *clock) advance(d time.Duration) { c.since.Add(int64(d)) }

func TestEventIsFreshForASecondAndStaleWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	var (
		reads atomic.Int32
		away  atomic.Bool
		c     clock
	)
	cache, err := catalogue.New(store{event: func(context.Context, string) (*ticket.Event, error) {
		if away.Load() {
			return nil, ticket.Errorf(ticket.CodeUnavailable, "away")
		}
		return &ticket.Event{ID: "ev_1", Slug: "night", Version: int64(reads.Add(1))}, nil
	}}, c.now)
	require.NoError(t, err)
	version := func() int64 {
		t.Helper()
		e, err := cache.Event(t.Context(), "night")
		require.NoError(t, err)
		return e.Version
	}
	require.Equal(t, int64(1), version())
	c.advance(999 * time.Millisecond)
	require.Equal(t, int64(1), version())
	c.advance(2 * time.Millisecond)
	require.Equal(t, int64(2), version())
	cache.Forget(&ticket.Event{ID: "ev_1", Slug: "night"})
	require.Equal(t, int64(3), version(), "a change of our own is seen at once")

	away.Store(true)
	c.advance(59 * time.Second)
	require.Equal(t, int64(3), version())
	c.advance(2 * time.Second)
	_, err = cache.Event(t.Context(), "night")
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err), "after a minute it is not served any more")
	away.Store(false)
	require.Equal(t, int64(4), version())
}

func TestAbsenceIsRememberedForASecond(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	var c clock
	cache, err := catalogue.New(store{event: func(context.Context, string) (*ticket.Event, error) {
		reads.Add(1)
		return nil, ticket.Errorf(ticket.CodeNotFound, "none")
	}}, c.now)
	require.NoError(t, err)
	for range 3 {
		_, err := cache.Event(t.Context(), "night")
		require.Equal(t, ticket.CodeNotFound, ticket.CodeOf(err))
	}
	require.Equal(t, int32(1), reads.Load())
}

func TestManyWhoAskAtOnceCauseOneReading(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	cache, err := catalogue.New(store{event: func(context.Context, string) (*ticket.Event, error) {
		reads.Add(1)
		time.Sleep(50 * time.Millisecond)
		return &ticket.Event{ID: "ev_1"}, nil
	}}, nil)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := cache.Event(t.Context(), "night"); err != nil {
				t.Errorf("event: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int32(1), reads.Load())
}

func TestWhoLeavesDoesNotTakeTheOthersAlong(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	cache, err := catalogue.New(store{event: func(ctx context.Context, _ string) (*ticket.Event, error) {
		select {
		case <-release:
			return &ticket.Event{ID: "ev_1"}, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}}, nil)
	require.NoError(t, err)
	first, leave := context.WithCancel(t.Context())
	left, stayed := make(chan error, 1), make(chan error, 1)
	go func() { _, err := cache.Event(first, "night"); left <- err }()
	time.Sleep(20 * time.Millisecond)
	go func() { _, err := cache.Event(t.Context(), "night"); stayed <- err }()
	time.Sleep(20 * time.Millisecond)
	leave()
	require.ErrorIs(t, <-left, context.Canceled)
	close(release)
	require.NoError(t, <-stayed)
}

const document = `{"name": "Club", "categories": [{"name": "A", "color": "#abc"}], "size": {"width": 300, "height": 200},
	"zones": [{"name": "Floor", "position": {"x": 10, "y": 10}, "rows": [{"row_number": "1", "position": {"x": 0, "y": 0},
		"seats": [{"seat_guid": "F-1-1", "seat_number": "1", "position": {"x": 0, "y": 0}, "category": "A"},
		          {"seat_guid": "F-1-2", "seat_number": "2", "position": {"x": 20, "y": 0}, "category": "A"}]}]}]}`

func TestPlanIsReadOnceAndPrepared(t *testing.T) {
	t.Parallel()
	var reads atomic.Int32
	cache, err := catalogue.New(store{plan: func(_ context.Context, id string) (ticket.StoredPlan, error) {
		reads.Add(1)
		return ticket.StoredPlan{ID: id, Name: "Club", Document: []byte(document)}, nil
	}}, nil)
	require.NoError(t, err)
	var plan *catalogue.Plan
	for range 3 {
		plan, err = cache.Plan(t.Context(), "pl_1")
		require.NoError(t, err)
	}
	require.Equal(t, int32(1), reads.Load())
	var seatMap catalogue.SeatMap
	require.NoError(t, json.Unmarshal(plan.SeatMap, &seatMap))
	require.Equal(t, plan.Places.Seats, seatMap.Seats)
	require.Len(t, seatMap.Seats, 2)
	require.NotEqual(t, plan.ETag, plan.GzipETag)
	places, finder, err := cache.Places(t.Context(), "pl_1")
	require.NoError(t, err)
	require.Same(t, plan.Places, places)
	require.NotNil(t, finder)
}
