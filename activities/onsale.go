package activities

import (
	"context"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// SaleRooms is what a sale does with its waiting room.
type SaleRooms interface {
	Prepare(ctx context.Context, eventID string) (waitingroom.Terms, error)
	Open(ctx context.Context, eventID string) (entries int64, wait time.Duration, err error)
	Tick(ctx context.Context, eventID string) (redis.Room, waitingroom.Terms, error)
	Serve(ctx context.Context, eventID string, count int) (served int, err error)
	Show(ctx context.Context, eventID string, phase waitingroom.Phase, reason string, rate, pace float64) error
	WriteDown(ctx context.Context, o postgres.QueueOrder) error
	Vitals(ctx context.Context) (redis.Vitals, error)
}

// SaleSeats tells what is left to sell.
type SaleSeats interface {
	Counts(ctx context.Context, events []*ticket.Event) ([]ticket.Availability, error)
	Snapshot(ctx context.Context, e *ticket.Event) (version, seats string, err error)
}

// Backlogs tells how long the oldest task of a task queue has waited.
type Backlogs interface {
	Backlog(ctx context.Context, queue string) (oldest time.Duration, err error)
}

// Check reaches something without which nothing can be sold.
type Check struct {
	// Name is what support reads when it is away.
	Name string
	Run  func(ctx context.Context) error
}

// Sales are the steps of a sale.
type Sales struct {
	Rooms  SaleRooms
	Seats  SaleSeats
	Events SlotEvents
	// Backlogs may be nil: then task queues do not count.
	Backlogs Backlogs
	// PaymentRoom tells which share of the providers' permits is free, from 0 to
	// 1; nil when nobody knows.
	PaymentRoom func(ctx context.Context) (float64, error)
	// Checks are the parts without which the sale is paused.
	Checks []Check
	// Seen shows how the sales go; may be nil.
	Seen *SaleMetrics
}

// SaleInput names the event of a sale.
type SaleInput struct {
	EventID string `json:"event_id"`
}

// SaleTerms are what a sale has to keep to.
type SaleTerms struct {
	Name     string    `json:"name"`
	OnSaleAt time.Time `json:"on_sale_at"`
	StartsAt time.Time `json:"starts_at"`
	// Over says why there is nothing to admit to: off, draft, canceled or past.
	Over        string `json:"over,omitempty"`
	Postponed   bool   `json:"postponed,omitempty"`
	MaxSessions int    `json:"max_sessions"`
	Drawn       bool   `json:"drawn,omitempty"`
}

func saleTerms(t waitingroom.Terms) SaleTerms {
	return SaleTerms{
		Name: t.Name, OnSaleAt: t.OnSaleAt, StartsAt: t.StartsAt, Over: t.Over, Postponed: t.Postponed,
		MaxSessions: t.MaxSessions, Drawn: t.Drawn,
	}
}

// PrepareSale makes the event's waiting room, so that the commitment of its
// draw is public, and reads the terms as they are now.
func (s *Sales) PrepareSale(ctx context.Context, in SaleInput) (SaleTerms, error) {
	t, err := s.Rooms.Prepare(ctx, in.EventID)
	return saleTerms(t), err
}

// OpenedSale is what was drawn, or how long it is until then.
type OpenedSale struct {
	Entries int64         `json:"entries"`
	Wait    time.Duration `json:"wait,omitempty"`
}

// OpenSale draws, reveals the seed and opens; again it changes nothing.
func (s *Sales) OpenSale(ctx context.Context, in SaleInput) (OpenedSale, error) {
	entries, wait, err := s.Rooms.Open(ctx, in.EventID)
	return OpenedSale{Entries: entries, Wait: wait}, err
}

// AdmitInput says what the sale decided.
type AdmitInput struct {
	EventID string `json:"event_id"`
	// Phase is open, paused or closed.
	Phase  string `json:"phase"`
	Reason string `json:"reason,omitempty"`
	// Rate and Pace are a minute: what is aimed at, and what came of late.
	Rate float64 `json:"rate"`
	Pace float64 `json:"pace"`
	// Count is how many further buyers shall be called.
	Count int `json:"count,omitempty"`
}

// Admitted is how many were called.
type Admitted struct {
	Served int `json:"served,omitempty"`
}

// AdmitBuyers shows how the sale stands, and lets the turn of further buyers
// come, never more than sessions are free. Run again after a crash it may call
// as many again, within the same bound.
func (s *Sales) AdmitBuyers(ctx context.Context, in AdmitInput) (Admitted, error) {
	if err := s.Rooms.Show(ctx, in.EventID, waitingroom.Phase(in.Phase), in.Reason, in.Rate, in.Pace); err != nil {
		return Admitted{}, err
	}
	s.Seen.shown(&in)
	if in.Count <= 0 {
		return Admitted{}, nil
	}
	served, err := s.Rooms.Serve(ctx, in.EventID, in.Count)
	return Admitted{Served: served}, err
}

// SaleOrder is what somebody told a sale to do.
type SaleOrder struct {
	EventID   string    `json:"event_id"`
	OrderID   string    `json:"order_id"`
	What      string    `json:"what"`
	By        string    `json:"by"`
	Reason    string    `json:"reason,omitempty"`
	PerMinute float64   `json:"per_minute,omitempty"`
	At        time.Time `json:"at"`
}

// RecordSaleOrder writes down who told the sale what.
func (s *Sales) RecordSaleOrder(ctx context.Context, o SaleOrder) error {
	return s.Rooms.WriteDown(ctx, postgres.QueueOrder{
		EventID: o.EventID, OrderID: o.OrderID, What: o.What, By: o.By, Reason: o.Reason, PerMinute: o.PerMinute, GivenAt: o.At,
	})
}
