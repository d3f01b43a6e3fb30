package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"yourticket.example/activities"
	"yourticket.example/ticket"
	"yourticket.example/workflows"
)

// TestOneCallPurchase is the undo table of a purchase whose payment comes with
// the request: for each way it can fail, the exact order of effects.
func TestOneCallPurchase(t *testing.T) {
	t.Parallel()
	refused := &activities.Refusal{Code: ticket.CodeSeatsUnavailable, Message: "gone", Unavailable: []int{3}}
	tests := map[string]struct {
		world   *world
		payment ticket.PaymentChoice
		effects []string
		status  ticket.BookingStatus
		problem ticket.Code // of the answer to the buyer
	}{
		"all goes well": {
			payment: byStripe, status: ticket.BookingConfirmed,
			effects: []string{"hold [3 4]", "authorize stripe 1", "commit", "capture stripe 1", `finish "ch_1"`},
		},
		"PayPal alone": {
			payment: byPayPal, status: ticket.BookingConfirmed,
			effects: []string{"hold [3 4]", "authorize paypal 1", "commit", "capture paypal 1", `finish "ch_1"`},
		},
		"the seats are taken": {
			world:   &world{hold: func() (activities.HeldSeats, error) { return activities.HeldSeats{Refusal: refused}, nil }},
			payment: byStripe, status: ticket.BookingFailed, problem: ticket.CodeSeatsUnavailable,
			effects: []string{"hold [3 4]"},
		},
		"the hold is not answered": {
			world:   &world{hold: func() (activities.HeldSeats, error) { return activities.HeldSeats{}, errBroken }},
			payment: byStripe, status: ticket.BookingFailed, problem: ticket.CodeUnavailable,
			effects: []string{"hold [3 4]", "close failed", "release"},
		},
		"the card is declined": {
			world:   &world{authorize: answers(ticket.OutcomeDeclined)},
			payment: byBoth, status: ticket.BookingExpired, problem: ticket.CodePaymentDeclined,
			effects: []string{"hold [3 4]", "authorize stripe 1", "keep held", "close expired", "release"},
		},
		"the payment method does not exist": {
			world:   &world{authorize: answers(ticket.OutcomeRejected)},
			payment: byStripe, status: ticket.BookingExpired, problem: ticket.CodeInvalid,
			effects: []string{"hold [3 4]", "authorize stripe 1", "keep held", "close expired", "release"},
		},
		"Stripe is down and PayPal takes over": {
			world:   &world{authorize: answers(ticket.OutcomeNotExecuted, ticket.OutcomeAuthorized)},
			payment: byBoth, status: ticket.BookingConfirmed,
			effects: []string{
				"hold [3 4]", "authorize stripe 1", "authorize paypal 2", "commit", "capture paypal 2", `finish "ch_1"`,
			},
		},
		"Stripe does not answer, PayPal takes over, Stripe is settled": {
			world:   &world{authorize: answers(ticket.OutcomeUnanswered, ticket.OutcomeAuthorized)},
			payment: byBoth, status: ticket.BookingConfirmed,
			effects: []string{
				"hold [3 4]", "authorize stripe 1", "settle stripe 1", "authorize paypal 2", "commit", "capture paypal 2", `finish "ch_1"`,
			},
		},
		"both are down": {
			world:   &world{authorize: answers(ticket.OutcomeNotExecuted)},
			payment: byBoth, status: ticket.BookingExpired, problem: ticket.CodePaymentsUnavailable,
			effects: []string{"hold [3 4]", "authorize stripe 1", "authorize paypal 2", "keep held", "close expired", "release"},
		},
		"nobody answers": {
			world:   &world{authorize: answers(ticket.OutcomeUnanswered)},
			payment: byStripe, status: ticket.BookingExpired, problem: ticket.CodePaymentsUnavailable,
			effects: []string{"hold [3 4]", "authorize stripe 1", "settle stripe 1", "keep held", "close expired", "release"},
		},
		"a slow answer is heard on the payments fleet": {
			world:   &world{authorize: answers(ticket.OutcomeUnanswered, ticket.OutcomeAuthorized)},
			payment: byStripe, status: ticket.BookingConfirmed,
			effects: []string{"hold [3 4]", "authorize stripe 1", "commit", "capture stripe 1", `finish "ch_1"`},
		},
		"the seats went to another in Postgres": {
			world:   &world{commit: func() (activities.Committed, error) { return activities.Committed{Refusal: refused}, nil }},
			payment: byStripe, status: ticket.BookingFailed, problem: ticket.CodeSeatsUnavailable,
			effects: []string{"hold [3 4]", "authorize stripe 1", "commit", "close failed", "void stripe 1", "release"},
		},
		"and the charge cannot be voided at once": {
			world: &world{
				commit: func() (activities.Committed, error) { return activities.Committed{Refusal: refused}, nil },
				void:   func() error { return errBroken },
			},
			payment: byStripe, status: ticket.BookingFailed, problem: ticket.CodeSeatsUnavailable,
			effects: []string{"hold [3 4]", "authorize stripe 1", "commit", "close failed", "void stripe 1", "settle stripe 1", "release"},
		},
		"the capture comes late": {
			world:   &world{capture: failsFirst(1)},
			payment: byStripe, status: ticket.BookingConfirmed,
			effects: []string{
				"hold [3 4]", "authorize stripe 1", "commit", "capture stripe 1", `finish ""`, "capture stripe 1", `finish "ch_1"`,
			},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := tt.world
			if w == nil {
				w = &world{}
			}
			env := w.environment(t)
			begin := update(t, env, 0, workflows.UpdateBegin, nil)
			env.ExecuteWorkflow(workflows.PurchaseType, input(&tt.payment))
			r := result(t, env)
			require.Equal(t, tt.status, r.Status)
			require.ElementsMatch(t, tt.effects, w.log())
			require.Equal(t, withoutSettling(tt.effects), withoutSettling(w.log()))
			require.NoError(t, begin.err)
			if tt.problem == "" {
				require.Nil(t, begin.outcome.Problem)
				require.Equal(t, ticket.BookingConfirmed, begin.outcome.Booking.Status)
				return
			}
			require.Equal(t, tt.problem, begin.outcome.Problem.Code)
		})
	}
}

// withoutSettling leaves out what runs beside the purchase, in no fixed order.
func withoutSettling(effects []string) []string {
	var out []string
	for _, e := range effects {
		if len(e) < 6 || e[:6] != "settle" {
			out = append(out, e)
		}
	}
	return out
}

func failsFirst(n int) func() (string, error) {
	return func() (string, error) {
		if n--; n >= 0 {
			return "", errBroken
		}
		return "ch_1", nil
	}
}

func TestADeclinedCardKeepsTheHoldForASecondOne(t *testing.T) {
	t.Parallel()
	w := &world{authorize: answers(ticket.OutcomeDeclined, ticket.OutcomeAuthorized)}
	env := w.environment(t)
	begin := update(t, env, 0, workflows.UpdateBegin, nil)
	pay := update(t, env, time.Minute, workflows.UpdatePay, workflows.PayRequest{Choice: byStripe})
	env.ExecuteWorkflow(workflows.PurchaseType, input(&byStripe))
	require.Equal(t, ticket.BookingConfirmed, result(t, env).Status)
	require.Equal(t, ticket.CodePaymentDeclined, begin.outcome.Problem.Code)
	require.Equal(t, ticket.BookingHeld, begin.outcome.Booking.Status)
	require.Equal(t, ticket.BookingConfirmed, pay.outcome.Booking.Status)
	require.Equal(t, []string{
		"hold [3 4]", "authorize stripe 1", "keep held", "keep paying", "authorize stripe 2", "commit", "capture stripe 2", `finish "ch_1"`,
	}, w.log())
}

func TestAHoldIsPaidCanceledOrExpires(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		name    string // the update, a minute after the hold
		arg     any
		cancel  bool
		status  ticket.BookingStatus
		effects []string
	}{
		"paid": {
			name: workflows.UpdatePay, arg: workflows.PayRequest{Choice: byStripe}, status: ticket.BookingConfirmed,
			effects: []string{"hold [3 4]", "keep paying", "authorize stripe 1", "commit", "capture stripe 1", `finish "ch_1"`},
		},
		"canceled by an update": {
			name: workflows.UpdateCancel, arg: workflows.SupportRequest{By: "us_1"}, status: ticket.BookingCanceled,
			effects: []string{"hold [3 4]", "close canceled", "release"},
		},
		"canceled by Temporal": {cancel: true, status: ticket.BookingCanceled, effects: []string{"hold [3 4]", "close canceled", "release"}},
		"left alone":           {status: ticket.BookingExpired, effects: []string{"hold [3 4]", "close expired", "release"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{}
			env := w.environment(t)
			begin := update(t, env, 0, workflows.UpdateBegin, nil)
			if tt.name != "" {
				update(t, env, time.Minute, tt.name, tt.arg)
			}
			if tt.cancel {
				env.RegisterDelayedCallback(env.CancelWorkflow, time.Minute)
			}
			env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
			require.Equal(t, tt.status, result(t, env).Status)
			require.Equal(t, tt.effects, w.log())
			require.Equal(t, ticket.BookingHeld, begin.outcome.Booking.Status)
			require.Equal(t, start.Add(10*time.Minute), begin.outcome.Booking.HoldExpiresAt)
		})
	}
}

func TestAChargeThatWaitsForTheBuyer(t *testing.T) {
	t.Parallel()
	news := workflows.SignalPaymentEvent
	tests := map[string]struct {
		resume  func(activities.ChargeInput) (ticket.Charge, error)
		signal  bool
		status  ticket.BookingStatus
		effects []string
	}{
		"is confirmed when the provider has news": {
			signal: true, status: ticket.BookingConfirmed,
			effects: []string{"resume stripe 1", "commit", "capture stripe 1", `finish "ch_1"`},
		},
		"is looked at a last time before the hold ends": {
			status:  ticket.BookingConfirmed,
			effects: []string{"resume stripe 1", "commit", "capture stripe 1", `finish "ch_1"`},
		},
		"is voided when nobody acted": {
			resume: answers(ticket.OutcomeActionRequired), status: ticket.BookingExpired,
			effects: []string{"resume stripe 1", "close expired", "void stripe 1", "release"},
		},
		"is voided when the provider cannot be asked": {
			resume: answers(ticket.OutcomeUnanswered), status: ticket.BookingExpired,
			effects: []string{"resume stripe 1", "close expired", "void stripe 1", "release"},
		},
		"is declined after all": {
			resume: answers(ticket.OutcomeDeclined), signal: true, status: ticket.BookingExpired,
			effects: []string{"resume stripe 1", "keep held", "close expired", "release"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{authorize: answers(ticket.OutcomeActionRequired), resume: tt.resume}
			env := w.environment(t)
			begin := update(t, env, 0, workflows.UpdateBegin, nil)
			if tt.signal {
				env.RegisterDelayedCallback(func() { env.SignalWorkflow(news, nil) }, time.Minute)
			}
			env.ExecuteWorkflow(workflows.PurchaseType, input(&byStripe))
			require.Equal(t, tt.status, result(t, env).Status)
			before := []string{"hold [3 4]", "authorize stripe 1", "keep action_required"}
			require.Equal(t, append(before, tt.effects...), w.log())
			require.Equal(t, ticket.BookingActionRequired, begin.outcome.Booking.Status)
			require.Equal(t, "secret", begin.outcome.Booking.NextAction.ClientSecret)
		})
	}
}

func TestAnotherMethodGivesUpTheChargeThatWaits(t *testing.T) {
	t.Parallel()
	w := &world{authorize: answers(ticket.OutcomeActionRequired, ticket.OutcomeAuthorized)}
	env := w.environment(t)
	pay := update(t, env, time.Minute, workflows.UpdatePay, workflows.PayRequest{Choice: byPayPal})
	env.ExecuteWorkflow(workflows.PurchaseType, input(&byStripe))
	require.Equal(t, ticket.BookingConfirmed, result(t, env).Status)
	require.Equal(t, ticket.PayPal, pay.outcome.Booking.Payment.Provider)
	require.Equal(t, []string{
		"hold [3 4]", "authorize stripe 1", "keep action_required", "void stripe 1", "keep paying",
		"authorize paypal 2", "commit", "capture paypal 2", `finish "ch_1"`,
	}, w.log())
}

func TestALostHoldFailsThePaymentBeforeMoneyIsAskedFor(t *testing.T) {
	t.Parallel()
	w := &world{keep: func(activities.KeepSeatsInput) (activities.KeptSeats, error) {
		return activities.KeptSeats{Refusal: &activities.Refusal{Code: ticket.CodeSeatsUnavailable, Message: "gone", Unavailable: []int{3}}}, nil
	}}
	env := w.environment(t)
	pay := update(t, env, time.Minute, workflows.UpdatePay, workflows.PayRequest{Choice: byStripe})
	env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
	require.Equal(t, ticket.BookingFailed, result(t, env).Status)
	require.Equal(t, ticket.CodeSeatsUnavailable, pay.outcome.Problem.Code)
	require.Equal(t, []string{"hold [3 4]", "keep paying", "close failed", "release"}, w.log())
}

func TestACaptureThatIsRefusedNeedsAttention(t *testing.T) {
	t.Parallel()
	lapsed := temporal.NewNonRetryableApplicationError("the authorization lapsed", string(ticket.CodeProviderRefused), nil)
	tests := map[string]struct {
		update string
		arg    any
		last   []string
	}{
		"and is tried again": {
			workflows.UpdateRetryPayment, workflows.SupportRequest{By: "support"}, []string{"capture stripe 1", `finish "ch_1"`},
		},
		"and is settled by hand": {workflows.UpdateResolve, workflows.ResolveRequest{By: "support", Note: "paid at the door"}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failures := 2
			w := &world{capture: func() (string, error) {
				if failures--; failures >= 0 {
					return "", lapsed
				}
				return "ch_1", nil
			}}
			env := w.environment(t)
			early := update(t, env, time.Minute, tt.update, workflows.ResolveRequest{})
			update(t, env, time.Hour, tt.update, tt.arg)
			env.ExecuteWorkflow(workflows.PurchaseType, input(&byStripe))
			require.Equal(t, ticket.BookingConfirmed, result(t, env).Status)
			require.Error(t, early.err, "nobody stands for it")
			want := append([]string{
				"hold [3 4]", "authorize stripe 1", "commit", "capture stripe 1", `finish ""`, "capture stripe 1",
				"flag needs_attention", "flag confirmed",
			}, tt.last...)
			require.Equal(t, want, w.log())
		})
	}
}

func TestUpdatesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	w := &world{}
	env := w.environment(t)
	retry := update(t, env, time.Minute, workflows.UpdateRetryPayment, workflows.SupportRequest{By: "support"})
	resolve := update(t, env, time.Minute, workflows.UpdateResolve, workflows.ResolveRequest{By: "support", Note: "x"})
	env.ExecuteWorkflow(workflows.PurchaseType, input(nil))
	require.Equal(t, ticket.BookingExpired, result(t, env).Status)
	require.ErrorContains(t, retry.err, "does not wait for support")
	require.ErrorContains(t, resolve.err, "does not wait for support")
}

// An event with a waiting room: the slot comes first and goes back last.
func TestAPurchaseTakesItsSlotFirstAndGivesItBackLast(t *testing.T) {
	t.Parallel()
	refused := &activities.Refusal{Code: ticket.CodeAdmissionRequired, Message: "expired"}
	taken := &activities.Refusal{Code: ticket.CodeSeatsUnavailable, Message: "gone"}
	tests := map[string]struct {
		world   *world
		status  ticket.BookingStatus
		effects []string
	}{
		"confirmed": {
			&world{}, ticket.BookingConfirmed,
			[]string{"take slot", "hold [3 4]", "authorize stripe 1", "commit", "capture stripe 1", `finish "ch_1"`},
		},
		"no admission": {
			&world{slot: func() (activities.TakenSlot, error) { return activities.TakenSlot{Refusal: refused}, nil }},
			ticket.BookingFailed, []string{"take slot", "close failed"},
		},
		"the waiting room is away": {
			&world{slot: func() (activities.TakenSlot, error) { return activities.TakenSlot{}, errBroken }},
			ticket.BookingFailed, []string{"take slot", "close failed", "release slot"},
		},
		"no seats": {
			&world{hold: func() (activities.HeldSeats, error) { return activities.HeldSeats{Refusal: taken}, nil }},
			ticket.BookingFailed, []string{"take slot", "hold [3 4]", "release slot"},
		},
		"lost at the commit": {
			&world{commit: func() (activities.Committed, error) { return activities.Committed{Refusal: taken}, nil }},
			ticket.BookingFailed,
			[]string{"take slot", "hold [3 4]", "authorize stripe 1", "commit", "close failed", "void stripe 1", "release", "release slot"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := tt.world.environment(t)
			in := input(&byStripe)
			in.WaitingRoom = true
			env.ExecuteWorkflow(workflows.PurchaseType, in)
			require.Equal(t, tt.status, result(t, env).Status)
			require.Equal(t, tt.effects, tt.world.log())
		})
	}
}
