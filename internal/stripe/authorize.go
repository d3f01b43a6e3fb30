package stripe

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v76"

	"yourticket.example/ticket"
)

const (
	firstPause = 100 * time.Millisecond
	maxPause   = 800 * time.Millisecond
)

// Authorize reserves the money of a booking. It never fails: see
// ticket.AuthorizeOutcome for what may come back.
func (p *Provider) Authorize(ctx context.Context, r ticket.ChargeRequest) ticket.Charge {
	return p.ask(ctx, r, false, func(ctx context.Context) (*stripego.PaymentIntent, error) {
		params := authorizeParams(r)
		params.Context = ctx
		return p.api.PaymentIntents.New(params)
	})
}

// authorizeParams asks for an intent that is confirmed at once and captured by
// hand. Without a return URL Stripe confirms only if the intent cannot end in
// a method that sends the buyer elsewhere, so redirects are ruled out; 3-D
// Secure still works then, through Stripe's own script.
func authorizeParams(r ticket.ChargeRequest) *stripego.PaymentIntentParams {
	methods := &stripego.PaymentIntentAutomaticPaymentMethodsParams{Enabled: stripego.Bool(true)}
	params := &stripego.PaymentIntentParams{
		Params:                  stripego.Params{IdempotencyKey: stripego.String(keyOf(r, "authorize"))},
		Amount:                  stripego.Int64(r.Amount.Amount),
		Currency:                stripego.String(strings.ToLower(r.Amount.Currency)),
		CaptureMethod:           stripego.String(string(stripego.PaymentIntentCaptureMethodManual)),
		Confirm:                 stripego.Bool(true),
		PaymentMethod:           stripego.String(r.Choice.StripePaymentMethod),
		AutomaticPaymentMethods: methods,
		Metadata: map[string]string{
			"booking_id": r.BookingID, "event_id": r.EventID, "attempt": strconv.Itoa(r.Attempt),
		},
	}
	if r.Description != "" {
		params.Description = stripego.String(r.Description)
	}
	if r.Choice.ReturnURL != "" {
		params.ReturnURL = stripego.String(r.Choice.ReturnURL)
	} else {
		methods.AllowRedirects = stripego.String(string(stripego.PaymentIntentAutomaticPaymentMethodsAllowRedirectsNever))
	}
	return params
}

// Resume goes on after the buyer has acted. It reads the intent, which Stripe
// moves on by itself once 3-D Secure is done, and confirms only where Stripe
// waits for that. Nothing that goes wrong here can mean that nothing happened
// before, so what is not answered is unanswered.
func (p *Provider) Resume(ctx context.Context, r ticket.ChargeRequest, c ticket.Charge) ticket.Charge {
	if c.Ref == "" {
		return p.Authorize(ctx, r)
	}
	next := p.ask(ctx, r, true, func(ctx context.Context) (*stripego.PaymentIntent, error) {
		params := &stripego.PaymentIntentParams{Params: stripego.Params{Context: ctx}}
		pi, err := p.api.PaymentIntents.Get(c.Ref, params)
		if err != nil || pi.Status != stripego.PaymentIntentStatusRequiresConfirmation {
			return pi, err
		}
		confirm := &stripego.PaymentIntentConfirmParams{
			Params: stripego.Params{Context: ctx, IdempotencyKey: stripego.String(keyOf(r, "confirm"))},
		}
		if r.Choice.ReturnURL != "" {
			confirm.ReturnURL = stripego.String(r.Choice.ReturnURL)
		}
		return p.api.PaymentIntents.Confirm(c.Ref, confirm)
	})
	next.Ref = c.Ref
	return next
}

// ask calls until there is an answer or the budget is spent. touched says that
// an earlier call may have done something; a call that may have happened sets
// it too, and from then on "certainly did nothing" is no longer true.
func (p *Provider) ask(
	ctx context.Context, r ticket.ChargeRequest, touched bool, call func(context.Context) (*stripego.PaymentIntent, error),
) ticket.Charge {
	ctx, cancel := context.WithTimeout(ctx, p.budget)
	defer cancel()
	var doubt fault
	for pause, replays := firstPause, 0; ; pause = min(2*pause, maxPause) {
		pi, f := p.try(ctx, call)
		switch {
		case !f.failed():
			return chargeOf(r, pi)
		case f.class == answered:
			return refusal(r, f.err)
		case f.class == untouched && !touched:
			return open(r, ticket.OutcomeNotExecuted, f)
		}
		touched = true
		if f.class != untouched || !doubt.failed() {
			doubt = f
		}
		if f.class != running {
			replays++
		}
		if f.final || replays > p.replays || !rest(ctx, pause) {
			return open(r, ticket.OutcomeUnanswered, doubt)
		}
	}
}

// try makes one call.
func (p *Provider) try(
	ctx context.Context, call func(context.Context) (*stripego.PaymentIntent, error),
) (*stripego.PaymentIntent, fault) {
	ctx, rec, cancel := p.begin(ctx)
	defer cancel()
	pi, err := call(ctx)
	return pi, p.sorted(rec, err)
}

// rest pauses before a replay, by up to a half longer than asked so that many
// callers do not come back together. False means that no time is left.
func rest(ctx context.Context, pause time.Duration) bool {
	pause += rand.N(pause / 2) //nolint:gosec // spreads retries, guards nothing
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
		return false
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
