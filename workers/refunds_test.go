package workers_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/activities"
	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// TestARefundWhoseAnswerWasLostIsFound has a provider do a refund and say nothing.
// With support it is looked up by our own id; an attempt under a new key finds it,
// too, and sends no second one.
func TestARefundWhoseAnswerWasLostIsFound(t *testing.T) {
	t.Parallel()
	for _, p := range []ticket.Provider{ticket.Stripe, ticket.PayPal} {
		for _, retried := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, tried again: %t", p, retried), func(t *testing.T) {
				t.Parallel()
				o := newOffice(t)
				s := o.books(o.takes(p, 5000), "captured", 5000)
				_, err := o.shard(s).Exec(t.Context(), `
					INSERT INTO tickets (id, booking_id, event_id, buyer_id, seat_index, status, price, fee, fence)
					VALUES ($1 || '/1', $1, $2, 'us_1', 1, 'live', 4500, 500, 1)`, s.request.BookingID, s.request.EventID)
				require.NoError(t, err)
				order := postgres.RefundOrder{
					ID: ticket.DeriveRefundID(s.request.BookingID, "a"), BookingID: s.request.BookingID, Reason: "ill", By: "us_1", Source: ticket.RefundBySupport,
				}
				_, err = o.sales.BeginRefund(t.Context(), order)
				require.NoError(t, err)
				steps := &activities.Refunds{Books: o.sales, Providers: o.providers}
				ref := activities.RefundRef{RefundID: order.ID}

				o.control("/sandbox/faults", fmt.Sprintf(`{"provider":%q,"fault":"lost_reply","operation":"refund","rate":1}`, p))
				_, err = steps.SendRefund(t.Context(), ref)
				require.Error(t, err)
				o.control("/sandbox/faults", fmt.Sprintf(`{"provider":%q,"fault":"error","operation":"refund","rate":0}`, p))
				_, err = steps.FlagRefund(t.Context(), activities.FlagRefundInput{RefundID: order.ID, Attempt: 1, Reason: "no answer"})
				require.NoError(t, err)
				if retried {
					_, err = steps.RetryRefund(t.Context(), ref)
					require.NoError(t, err)
				}
				for range 2 {
					r, err := steps.SendRefund(t.Context(), ref)
					require.NoError(t, err)
					require.Equal(t, ticket.RefundSucceeded, r.Status)
				}
				r, _, err := o.sales.Refund(t.Context(), order.ID)
				require.NoError(t, err)
				list, err := o.providers[p].Refunds(t.Context(), r.Charge)
				require.NoError(t, err)
				require.Len(t, list, 1, "the money went back once")
				require.Equal(t, list[0].Ref, r.Ref)
			})
		}
	}
}
