package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// A payment whose workflow task was lost, request and all, may have reserved
// money. The books remember that it began.
func TestAForgottenPaymentIsSettled(t *testing.T) {
	t.Parallel()
	forgotten := ticket.BegunPayment{Attempt: 1, Choice: byBoth}
	t.Run("when the hold ends", func(t *testing.T) {
		t.Parallel()
		w := &world{closing: func(in activities.CloseBookingInput) (found activities.ClosedBooking) {
			if in.Known < forgotten.Attempt {
				found.Unknown = &forgotten
			}
			return found
		}}
		env := w.environment(t)
		env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
		require.Equal(t, ticket.BookingExpired, result(t, env).Status)
		require.ElementsMatch(t, []string{
			"hold [3 4]", "close refused", "settle stripe 1", "settle paypal 2", "close expired", "release",
		}, w.log())
	})
	t.Run("when another payment begins", func(t *testing.T) {
		t.Parallel()
		w := &world{keep: func(in activities.KeepSeatsInput) (activities.KeptSeats, error) {
			kept := activities.KeptSeats{Fence: 7}
			if in.Payment != nil && in.Payment.Attempt <= forgotten.Attempt {
				kept.Unknown = &forgotten
			}
			return kept, nil
		}}
		env := w.environment(t)
		pay := update(t, env, time.Minute, workflows.UpdatePay, workflows.PayRequest{Choice: byStripe})
		env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
		require.Equal(t, ticket.BookingConfirmed, result(t, env).Status)
		require.Equal(t, ticket.BookingConfirmed, pay.outcome.Booking.Status)
		require.ElementsMatch(t, []string{
			"hold [3 4]", "keep paying", "settle stripe 1", "settle paypal 2", "authorize stripe 3", "commit", "capture stripe 3",
			`finish "ch_1"`,
		}, once(w.log()))
	})
}

// once leaves out what happened before: what runs beside the purchase may come
// in between two tries of a step.
func once(effects []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, e := range effects {
		if !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	return out
}
