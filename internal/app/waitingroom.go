package app

import (
	"context"
	"log/slog"
	"time"

	"yourticket.example/activities"
	"yourticket.example/api"
	"yourticket.example/internal/paygate"
	"yourticket.example/internal/redis"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/workers"
)

// openRooms makes the waiting rooms of this process.
func (s *stores) openRooms() (err error) {
	s.queue = redis.NewQueue(s.redisDB)
	s.rooms, err = waitingroom.New(waitingroom.Options{
		Live: s.queue, Books: s.catalogue, Bookings: s.sales, Events: s.events,
		Wake: api.TemporalSales{Client: s.temporal}.Wake,
	})
	return err
}

// announceEvery is how often sales are looked after, so that none depends on
// one request having got through.
const announceEvery = 5 * time.Minute

// announceSales starts the sale of each upcoming event that has a waiting room,
// and sees to the events that were moved or canceled.
func (s *stores) announceSales(ctx context.Context) {
	sales := api.TemporalSales{Client: s.temporal}
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		if _, err := api.AnnounceAll(ctx, s.catalogue, sales, time.Now()); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "sales were not announced", "error", err)
		}
		if err := api.CancelAll(ctx, s.catalogue, api.TemporalCancellations{Client: s.temporal}); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "canceled events wait for their refunds", "error", err)
		}
		if err := api.TellAll(ctx, s.catalogue, s.sales, time.Now()); err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "moved events wait to be told", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// saleSteps are what the sales fleet works with. Nobody is admitted while no
// payment provider answers.
func (s *stores) saleSteps(namespace string, pay payments) *activities.Sales {
	return &activities.Sales{
		Rooms: s.rooms, Seats: s.inventory, Events: s.events, Backlogs: &workers.Backlogs{Client: s.temporal, Namespace: namespace},
		PaymentRoom: pay.gate.Room, Seen: activities.NewSaleMetrics(s.registry),
		Checks: []activities.Check{
			{Name: "Redis", Run: func(ctx context.Context) error { return s.redisDB.Ping(ctx).Err() }},
			{Name: "catalogue database", Run: s.catalogue.Ping},
			{Name: "sales databases", Run: s.sales.Ping},
			{Name: "payment providers", Run: paygate.NewProbe(pay.plain).Check},
		},
	}
}
