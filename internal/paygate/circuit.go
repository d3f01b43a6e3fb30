package paygate

import (
	"context"
	"errors"

	"github.com/sony/gobreaker/v2"

	"yourticket.example/ticket"
)

// What a call tells the circuit, besides nil for a provider that is well.
var (
	errTrouble = errors.New("the provider is in trouble")
	errNothing = errors.New("the call tells nothing about the provider")
)

// troubles are the codes of charges that found the provider in trouble.
var troubles = map[string]bool{
	"unreachable": true, "timeout": true, "no_reply": true, "server_error": true, "in_progress": true, "credentials": true,
}

func newBreaker(o Options, m *metrics) *gobreaker.TwoStepCircuitBreaker[any] {
	return gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Name:         string(o.Name),
		MaxRequests:  1,
		Interval:     o.Window,
		BucketPeriod: o.Window / 6,
		Timeout:      o.ProbeAfter,
		ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= o.TripAfter },
		IsExcluded:   func(err error) bool { return errors.Is(err, errNothing) },
		OnStateChange: func(name string, from, to gobreaker.State) {
			o.Logger.Warn("Payment circuit changes", "provider", name, "from", from.String(), "to", to.String())
			m.circuit(name, to)
		},
	})
}

// ofCharge tells the circuit what came of Authorize or Resume.
func ofCharge(ctx context.Context, c ticket.Charge) error {
	uncertain := c.Outcome == ticket.OutcomeNotExecuted || c.Outcome == ticket.OutcomeUnanswered
	switch {
	case !uncertain:
		return nil
	case errors.Is(ctx.Err(), context.Canceled):
		return errNothing
	case troubles[c.Code]:
		return errTrouble
	}
	return errNothing
}

// ofError tells the circuit what came of another call.
func ofError(ctx context.Context, err error) error {
	e, ok := errors.AsType[*ticket.Error](err)
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.Canceled) || !ok:
		return errNothing
	case e.Code != ticket.CodeProviderUnavailable:
		return nil // a refusal is an answer
	case e.RetryAfterSeconds > 0:
		return errNothing
	}
	return errTrouble
}
