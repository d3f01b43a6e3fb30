package paygate

import (
	"context"
	"math"
	"time"

	"yourticket.example/ticket"
)

// The operations, as the metrics name them.
const (
	opAuthorize = "authorize"
	opResume    = "resume"
	opLookUp    = "look_up"
	opCapture   = "capture"
	opVoid      = "void"
	opRefund    = "refund"
	opSend      = "send_refund"
	opRefunds   = "list_refunds"
	opDisputes  = "list_disputes"
)

// Authorize implements ticket.PaymentProvider.
func (g *Guard) Authorize(ctx context.Context, r ticket.ChargeRequest) ticket.Charge {
	start := time.Now()
	done, no := g.enter(ctx, opAuthorize)
	if no != nil {
		g.refused(opAuthorize, no.code)
		c := ticket.Charge{Provider: g.name, Attempt: r.Attempt, Outcome: ticket.OutcomeNotExecuted, Code: no.code}
		c.Message = "The payment provider is not asked now."
		return c
	}
	verdict := errNothing
	defer func() { done(verdict) }()
	c := g.provider.Authorize(ctx, r)
	verdict = ofCharge(ctx, c)
	g.answered(opAuthorize, string(c.Outcome), troubleOf(c), start)
	return c
}

// Resume implements ticket.PaymentProvider. A charge that is not let through
// is unanswered: whatever the buyer did at the provider stands.
func (g *Guard) Resume(ctx context.Context, r ticket.ChargeRequest, before ticket.Charge) ticket.Charge {
	start := time.Now()
	done, no := g.enter(ctx, opResume)
	if no != nil {
		g.refused(opResume, no.code)
		before.Provider, before.Attempt, before.Outcome, before.Code = g.name, r.Attempt, ticket.OutcomeUnanswered, no.code
		before.Message = "The payment provider is not asked now."
		return before
	}
	verdict := errNothing
	defer func() { done(verdict) }()
	c := g.provider.Resume(ctx, r, before)
	verdict = ofCharge(ctx, c)
	g.answered(opResume, string(c.Outcome), troubleOf(c), start)
	return c
}

// LookUp implements ticket.PaymentProvider.
func (g *Guard) LookUp(ctx context.Context, q ticket.ChargeQuery) (found ticket.ChargeFound, err error) {
	err = g.call(ctx, opLookUp, func() error {
		found, err = g.provider.LookUp(ctx, q)
		return err
	})
	return found, err
}

// Capture implements ticket.PaymentProvider.
func (g *Guard) Capture(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) (captureRef string, err error) {
	err = g.call(ctx, opCapture, func() error {
		captureRef, err = g.provider.Capture(ctx, r, c)
		return err
	})
	return captureRef, err
}

// Void implements ticket.PaymentProvider.
func (g *Guard) Void(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) error {
	return g.call(ctx, opVoid, func() error { return g.provider.Void(ctx, r, c) })
}

// Refund implements ticket.PaymentProvider.
func (g *Guard) Refund(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) (refundRef string, err error) {
	err = g.call(ctx, opRefund, func() error {
		refundRef, err = g.provider.Refund(ctx, r, c)
		return err
	})
	return refundRef, err
}

// SendRefund implements ticket.RefundProvider.
func (g *Guard) SendRefund(ctx context.Context, r *ticket.Refund) (found ticket.ProviderRefund, err error) {
	err = g.call(ctx, opSend, func() error {
		found, err = g.provider.SendRefund(ctx, r)
		return err
	})
	return found, err
}

// Refunds implements ticket.RefundProvider.
func (g *Guard) Refunds(ctx context.Context, c ticket.TakenCharge) (list []ticket.ProviderRefund, err error) {
	err = g.call(ctx, opRefunds, func() error {
		list, err = g.provider.Refunds(ctx, c)
		return err
	})
	return list, err
}

// Disputes implements ticket.RefundProvider.
func (g *Guard) Disputes(ctx context.Context, c ticket.TakenCharge) (list []ticket.ProviderDispute, err error) {
	err = g.call(ctx, opDisputes, func() error {
		list, err = g.provider.Disputes(ctx, c)
		return err
	})
	return list, err
}

// call lets a call that can fail through, or fails in its place.
func (g *Guard) call(ctx context.Context, operation string, do func() error) error {
	start := time.Now()
	done, no := g.enter(ctx, operation)
	if no != nil {
		g.refused(operation, no.code)
		e := ticket.Errorf(ticket.CodeProviderUnavailable, "The payment provider %s is not asked now: %s.", g.name, no.code)
		if no.code == CodeRateGate {
			e.RetryAfterSeconds = max(1, int(math.Ceil(no.after.Seconds())))
		}
		return e
	}
	verdict := errNothing
	defer func() { done(verdict) }()
	err := do()
	verdict = ofError(ctx, err)
	outcome, trouble := "done", ""
	if err != nil {
		outcome = string(ticket.CodeOf(err))
		trouble = outcome
	}
	g.answered(operation, outcome, trouble, start)
	return err
}
