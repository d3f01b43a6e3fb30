package activities

import (
	"context"
	"strings"
	"sync"
	"time"

	"yourticket.example/ticket"
)

// MeasureInput says of what a sale wants to know how it goes.
type MeasureInput struct {
	EventID string `json:"event_id"`
	// Queues are the task queues whose backlog counts, in the order of the answer.
	Queues []string `json:"queues,omitempty"`
}

// SaleMeasures is how a sale goes.
type SaleMeasures struct {
	SaleTerms
	Serving int64 `json:"serving"`
	Issued  int64 `json:"issued"`
	// Live sessions, Open turns that may still be claimed, and how many did not come.
	Live    int64 `json:"live"`
	Open    int64 `json:"open"`
	Skipped int64 `json:"skipped,omitempty"`
	// Seats that are free, and held.
	Free int `json:"free"`
	Held int `json:"held,omitempty"`
	// BookingMs is the p99 of requests to book in the last ten seconds, Bookings
	// how many those were, Unanswered how many failed for want of a part.
	BookingMs  int64 `json:"booking_ms,omitempty"`
	Bookings   int64 `json:"bookings,omitempty"`
	Unanswered int64 `json:"unanswered,omitempty"`
	// BacklogMs is the age of the oldest task of each queue.
	BacklogMs []int64 `json:"backlog_ms,omitempty"`
	// PaymentRoom is the share of payment permits that is free.
	PaymentRoom float64 `json:"payment_room"`
	// Down names the critical parts that do not answer.
	Down []string `json:"down,omitempty"`
}

// checkTime bounds one check.
const checkTime = 1500 * time.Millisecond

// MeasureSale ends sessions and turns whose time is over, and measures what the
// rate of admissions depends on.
func (s *Sales) MeasureSale(ctx context.Context, in MeasureInput) (m SaleMeasures, err error) {
	room, terms, err := s.Rooms.Tick(ctx, in.EventID)
	if err != nil {
		return m, err
	}
	m = SaleMeasures{
		SaleTerms: saleTerms(terms), Serving: room.Serving, Issued: room.Issued, Live: room.Live, Open: room.Open,
		Skipped: room.Skipped, PaymentRoom: 1, BacklogMs: make([]int64, len(in.Queues)),
	}
	vitals, err := s.Rooms.Vitals(ctx)
	if err != nil {
		return m, err
	}
	m.BookingMs, m.Bookings, m.Unanswered = vitals.P99.Milliseconds(), vitals.Bookings, vitals.Unanswered
	if err := s.measureSeats(ctx, in.EventID, &m); err != nil {
		return m, err
	}
	if s.PaymentRoom != nil {
		if m.PaymentRoom, err = s.PaymentRoom(ctx); err != nil {
			return m, err
		}
	}
	s.check(ctx, in, &m)
	s.Seen.measured(in.EventID, &m)
	return m, nil
}

func (s *Sales) measureSeats(ctx context.Context, eventID string, m *SaleMeasures) error {
	e, err := s.Events.Event(ctx, eventID)
	if err != nil {
		return err
	}
	counts, err := s.Seats.Counts(ctx, []*ticket.Event{e})
	if err != nil {
		return err
	}
	m.Free = counts[0].Available
	if m.Free > 0 {
		return nil
	}
	_, seats, err := s.Seats.Snapshot(ctx, e)
	m.Free, m.Held = strings.Count(seats, string(rune(ticket.SeatAvailable))), strings.Count(seats, string(rune(ticket.SeatHeld)))
	return err
}

// check reaches all critical parts, and asks for the backlogs, at the same time.
func (s *Sales) check(ctx context.Context, in MeasureInput, m *SaleMeasures) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var wg sync.WaitGroup
	down := make([]bool, len(s.Checks))
	for i, c := range s.Checks {
		wg.Go(func() { down[i] = c.Run(ctx) != nil })
	}
	if s.Backlogs != nil {
		for i, queue := range in.Queues {
			wg.Go(func() {
				if oldest, err := s.Backlogs.Backlog(ctx, queue); err == nil { // Temporal answers, or this would not run
					m.BacklogMs[i] = oldest.Milliseconds()
				}
			})
		}
	}
	wg.Wait()
	for i, c := range s.Checks {
		if down[i] {
			m.Down = append(m.Down, c.Name)
		}
	}
}
