package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"yourticket.example/activities"
	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

var now = time.Date(2030, 5, 1, 10, 0, 0, 0, time.UTC)

// stage is a concert with two places at 50.00 and 2.50 fee.
type stage struct {
	activities.Inventory
	activities.HoldBooks
	event ticket.Event
	hold  func(r redis.HoldRequest) (redis.Hold, error)
	rows  []postgres.HoldRow
	found *ticket.Booking
	saved error
}

func (s *stage) Event(context.Context, string) (*ticket.Event, error) { return &s.event, nil }

func (s *stage) Places(context.Context, string) (*ticket.Plan, *bestseats.Finder, error) {
	return ticket.NewPlan("pl_1", "", []ticket.Seat{{ID: "1", Category: "A"}, {ID: "2", Index: 1, Category: "A"}}), nil, nil
}

func (s *stage) Hold(_ context.Context, _ *ticket.Event, r redis.HoldRequest) (redis.Hold, error) {
	return s.hold(r)
}

func (s *stage) SaveHold(_ context.Context, h postgres.HoldRow) (bool, error) {
	s.rows = append(s.rows, h)
	return len(s.rows) > 1, s.saved
}

func (s *stage) Booking(context.Context, string) (*ticket.Booking, error) {
	if s.found == nil {
		return nil, ticket.Errorf(ticket.CodeNotFound, "none")
	}
	return s.found, nil
}

func newStage() *stage {
	return &stage{
		event: ticket.Event{
			ID: "ev_1", OnSaleAt: now.Add(-time.Hour), StartsAt: now.Add(time.Hour), Currency: "EUR", MaxTicketsPerBuyer: 4,
			Prices: []ticket.Price{{
				Category: "A", Price: ticket.Money{Amount: 5000, Currency: "EUR"}, Fee: ticket.Money{Amount: 250, Currency: "EUR"},
			}},
		},
		hold: func(r redis.HoldRequest) (redis.Hold, error) {
			h := redis.Hold{Fence: 9, Seats: r.Seats}
			if r.Life > 0 {
				h.ExpiresAt = now.Add(r.Life)
			}
			return h, nil
		},
	}
}

func (s *stage) steps() *activities.Seats {
	return &activities.Seats{Inventory: s, Catalogue: s, Books: s, Now: func() time.Time { return now }}
}

func wanted(payment *ticket.BegunPayment) activities.HoldSeatsInput {
	return activities.HoldSeatsInput{
		BookingID: "bk_1", EventID: "ev_1", BuyerID: "us_1", Wish: activities.Wish{Seats: []int{0, 1}}, HoldSeconds: 600,
		Payment: payment, At: now,
	}
}

func TestHoldSeatsPricesAndWritesWhatItHolds(t *testing.T) {
	t.Parallel()
	for name, payment := range map[string]*ticket.BegunPayment{"held": nil, "paying": {Attempt: 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage()
			got, err := s.steps().HoldSeats(t.Context(), wanted(payment))
			require.NoError(t, err)
			require.Nil(t, got.Refusal)
			require.Equal(t, ticket.Money{Amount: 10500, Currency: "EUR"}, got.Total)
			require.Equal(t, now.Add(10*time.Minute), got.ExpiresAt)
			require.Equal(t, ticket.BookingStatus(name), s.rows[0].Status)
			require.Equal(t, payment, s.rows[0].Payment, "a payment is written before any provider is asked")
		})
	}
}

func TestHoldSeatsRefusesWithAnAnswerAndFailsWithAFault(t *testing.T) {
	t.Parallel()
	taken := ticket.Errorf(ticket.CodeSeatsUnavailable, "gone")
	taken.Extra = map[string]any{"unavailable_indexes": []int{1}}
	tests := map[string]struct {
		change  func(*stage)
		refusal *activities.Refusal
		code    ticket.Code
	}{
		"before the sale": {
			change:  func(s *stage) { s.event.OnSaleAt = now.Add(time.Minute) },
			refusal: &activities.Refusal{Code: ticket.CodeNotOnSale, Message: "The sale starts at 2030-05-01T10:01:00Z."},
		},
		"a canceled event": {
			change:  func(s *stage) { s.event.Status = ticket.EventCanceled },
			refusal: &activities.Refusal{Code: ticket.CodeNotOnSale, Message: "The event is not on sale: it is canceled."},
		},
		"taken seats": {
			change:  func(s *stage) { s.hold = func(redis.HoldRequest) (redis.Hold, error) { return redis.Hold{}, taken } },
			refusal: &activities.Refusal{Code: ticket.CodeSeatsUnavailable, Message: "gone", Unavailable: []int{1}},
		},
		"Redis away": {
			change: func(s *stage) {
				s.hold = func(redis.HoldRequest) (redis.Hold, error) {
					return redis.Hold{}, ticket.Errorf(ticket.CodeUnavailable, "away")
				}
			},
			code: ticket.CodeUnavailable,
		},
		"Postgres away": {
			change: func(s *stage) { s.saved = ticket.Errorf(ticket.CodeUnavailable, "away") },
			code:   ticket.CodeUnavailable,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage()
			tt.change(s)
			got, err := s.steps().HoldSeats(t.Context(), wanted(nil))
			require.Equal(t, tt.code, ticket.CodeOf(err))
			if tt.code == "" {
				require.Equal(t, tt.refusal, got.Refusal)
			}
		})
	}
}

// A crash runs the step again. Meanwhile the sale may have closed; the places
// are the buyer's all the same.
func TestHoldSeatsStandsByWhatItHeldBefore(t *testing.T) {
	t.Parallel()
	s := newStage()
	s.event.Status = ticket.EventCanceled
	s.found = &ticket.Booking{
		ID: "bk_1", Items: []ticket.Item{{SeatIndex: 0, Price: 5000}}, Total: ticket.Money{Amount: 5000, Currency: "EUR"}, Fence: 3,
		HoldExpiresAt: now.Add(time.Minute),
	}
	got, err := s.steps().HoldSeats(t.Context(), wanted(nil))
	require.NoError(t, err)
	require.Nil(t, got.Refusal)
	require.Equal(t, s.found.Items, got.Items)
	require.Equal(t, int64(3), got.Fence)
}

type failing struct {
	interceptor.ActivityInboundInterceptorBase
	err error
}

func (f *failing) ExecuteActivity(context.Context, *interceptor.ExecuteActivityInput) (any, error) {
	return nil, f.err
}

func TestDomainErrorsGetTemporalsRetrySemantics(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err     error
		retried bool
		kind    string
	}{
		"a provider that is away": {ticket.Errorf(ticket.CodeProviderUnavailable, "x"), true, "provider-unavailable"},
		"a part that is away":     {ticket.Errorf(ticket.CodeUnavailable, "x"), true, "unavailable"},
		"a final no":              {ticket.Errorf(ticket.CodeProviderRefused, "x"), false, "provider-refused"},
		"wrapped": {
			errors.Join(errors.New("outer"), ticket.Errorf(ticket.CodeProviderRefused, "x")), false, "provider-refused",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inbound := activities.ErrorInterceptor().InterceptActivity(t.Context(), &failing{err: tt.err})
			_, err := inbound.ExecuteActivity(t.Context(), nil)
			app, ok := errors.AsType[*temporal.ApplicationError](err)
			require.True(t, ok)
			require.Equal(t, tt.kind, app.Type())
			require.Equal(t, tt.retried, !app.NonRetryable())
		})
	}
	inbound := activities.ErrorInterceptor().InterceptActivity(t.Context(), &failing{err: errors.New("plain")})
	_, err := inbound.ExecuteActivity(t.Context(), nil)
	require.EqualError(t, err, "plain", "what is not the domain's stays as it is, and is retried")
}
