package api_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/api"
	"yourticket.example/ticket"
)

// stock is a live state and the books, and counts who asks them.
type stock struct {
	api.Availability
	live, books   map[string]int
	away          error
	looks, counts int
}

func (s *stock) Live(_ context.Context, events []*ticket.Event) ([]int, error) {
	s.looks++
	out := make([]int, len(events))
	for i, e := range events {
		n, ok := s.live[e.ID]
		if out[i] = n; !ok {
			out[i] = -1
		}
	}
	return out, s.away
}

func (s *stock) Booked(_ context.Context, events []*ticket.Event) ([]int, error) {
	s.counts++
	out := make([]int, len(events))
	for i, e := range events {
		out[i] = s.books[e.ID]
	}
	return out, nil
}

// Of events that nobody buys from, the books are asked every ten seconds and the
// live state every two, so that the first sale shows as soon as any other.
func TestFreePlacesOfQuietEventsAreCountedRarely(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &stock{live: map[string]int{"busy": 7}, books: map[string]int{"quiet": 100, "busy": 9}}
	busy, quiet := &ticket.Event{ID: "busy"}, &ticket.Event{ID: "quiet"}
	free := api.FreePlaces(s, func() time.Time { return now })
	of := func(after time.Duration) (ofBusy, ofQuiet int) {
		t.Helper()
		now = now.Add(after)
		list := free(t.Context(), busy, quiet)
		return list[0], list[1]
	}
	want := func(after time.Duration, ofBusy, ofQuiet, looks, counts int) {
		t.Helper()
		b, q := of(after)
		require.Equal(t, []int{ofBusy, ofQuiet, looks, counts}, []int{b, q, s.looks, s.counts})
	}
	want(0, 7, 100, 1, 1)
	s.live["busy"], s.books["quiet"] = 6, 99
	want(time.Second, 7, 100, 1, 1)
	want(2*time.Second, 6, 100, 2, 1)
	want(8*time.Second, 6, 99, 3, 2)
	s.live["quiet"] = 50
	want(3*time.Second, 6, 50, 4, 2)
	delete(s.live, "quiet") // lost: the books are asked, whatever they said before
	s.books["quiet"] = 49
	want(3*time.Second, 6, 49, 5, 3)
	s.away, s.books["quiet"] = errors.New("away"), 48
	want(3*time.Second, 9, 48, 6, 4)
}
