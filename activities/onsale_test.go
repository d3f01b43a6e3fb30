package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/activities"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// hall is a sale whose parts answer as its fields say.
type hall struct {
	activities.SaleRooms
	activities.SlotRooms
	room     redis.Room
	terms    waitingroom.Terms
	vitals   redis.Vitals
	seats    string
	backlogs map[string]time.Duration
	served   int
	shown    waitingroom.Phase
	refusal  error
}

func (h *hall) Tick(context.Context, string) (redis.Room, waitingroom.Terms, error) {
	return h.room, h.terms, nil
}
func (h *hall) Vitals(context.Context) (redis.Vitals, error) { return h.vitals, nil }

func (h *hall) Show(_ context.Context, _ string, phase waitingroom.Phase, _ string, _, _ float64) error {
	h.shown = phase
	return nil
}

func (h *hall) Serve(_ context.Context, _ string, count int) (int, error) {
	h.served += count
	return count, nil
}

func (h *hall) Event(context.Context, string) (*ticket.Event, error) {
	return &ticket.Event{ID: "ev_1", WaitingRoom: ticket.WaitingRoom{Enabled: true}}, nil
}

func (h *hall) Counts(context.Context, []*ticket.Event) ([]ticket.Availability, error) {
	n := 0
	for _, s := range h.seats {
		if s == 'a' {
			n++
		}
	}
	return []ticket.Availability{{Capacity: len(h.seats), Available: n}}, nil
}

func (h *hall) Snapshot(context.Context, *ticket.Event) (version, seats string, err error) {
	return "1-0", h.seats, nil
}

func (h *hall) Backlog(_ context.Context, queue string) (time.Duration, error) {
	if d, ok := h.backlogs[queue]; ok {
		return d, nil
	}
	return 0, errors.New("no such queue")
}

func (h *hall) TakeSlot(context.Context, *ticket.Event, string, string) error { return h.refusal }

func (h *hall) steps() *activities.Sales {
	return &activities.Sales{Rooms: h, Seats: h, Events: h, Backlogs: h}
}

func TestMeasureSaleLooksAtEverythingThatCounts(t *testing.T) {
	t.Parallel()
	h := &hall{
		room:   redis.Room{Serving: 10, Issued: 30, Live: 4, Open: 2, Skipped: 1},
		terms:  waitingroom.Terms{Name: "Night", MaxSessions: 7},
		vitals: redis.Vitals{P99: 120 * time.Millisecond, Bookings: 40, Unanswered: 3}, seats: "shhs",
		backlogs: map[string]time.Duration{"purchases": 2 * time.Second},
	}
	s := h.steps()
	s.PaymentRoom = func(context.Context) (float64, error) { return 0.25, nil }
	s.Checks = []activities.Check{
		{Name: "well", Run: func(context.Context) error { return nil }},
		{Name: "hung", Run: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
		{Name: "broken", Run: func(context.Context) error { return errors.New("broken") }},
	}
	m, err := s.MeasureSale(t.Context(), activities.MeasureInput{EventID: "ev_1", Queues: []string{"purchases", "payments"}})
	require.NoError(t, err)
	require.Equal(t, activities.SaleMeasures{
		SaleTerms: activities.SaleTerms{Name: "Night", MaxSessions: 7}, Serving: 10, Issued: 30, Live: 4, Open: 2, Skipped: 1,
		Free: 0, Held: 2, BookingMs: 120, Bookings: 40, Unanswered: 3, BacklogMs: []int64{2000, 0}, PaymentRoom: 0.25,
		Down: []string{"hung", "broken"},
	}, m)
	h.seats = "ahha"
	m, err = s.MeasureSale(t.Context(), activities.MeasureInput{EventID: "ev_1"})
	require.NoError(t, err)
	require.Equal(t, 2, m.Free)
}

func TestAdmitBuyersShowsAndServes(t *testing.T) {
	t.Parallel()
	h := &hall{}
	got, err := h.steps().AdmitBuyers(t.Context(), activities.AdmitInput{EventID: "ev_1", Phase: "paused"})
	require.NoError(t, err)
	require.Zero(t, got.Served)
	require.Equal(t, waitingroom.PhasePaused, h.shown)
	got, err = h.steps().AdmitBuyers(t.Context(), activities.AdmitInput{EventID: "ev_1", Phase: "open", Count: 3})
	require.NoError(t, err)
	require.Equal(t, 3, got.Served)
	require.Equal(t, 3, h.served)
}

func TestTakeSlotRefusesWithAnAnswerAndFailsWithAFault(t *testing.T) {
	t.Parallel()
	h := &hall{}
	s := &activities.Slots{Rooms: h, Events: h}
	in := activities.SlotInput{BookingID: "bk_1", EventID: "ev_1", BuyerID: "us_1"}
	got, err := s.TakeSlot(t.Context(), in)
	require.NoError(t, err)
	require.Nil(t, got.Refusal)
	h.refusal = ticket.Errorf(ticket.CodeAdmissionRequired, "No.")
	got, err = s.TakeSlot(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, &activities.Refusal{Code: ticket.CodeAdmissionRequired, Message: "No."}, got.Refusal)
	h.refusal = ticket.Errorf(ticket.CodeUnavailable, "Away.")
	_, err = s.TakeSlot(t.Context(), in)
	require.Equal(t, ticket.CodeUnavailable, ticket.CodeOf(err))
}
