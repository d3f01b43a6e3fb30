package activities

import (
	"context"

	"yourticket.example/ticket"
)

// Payments are the steps that ask Stripe and PayPal. On the purchases fleet
// the providers answer or give up within seconds; on the payments fleet the
// same steps have patience.
type Payments struct {
	Providers map[ticket.Provider]ticket.PaymentProvider
}

// ChargeInput names a provider and what is asked of it.
type ChargeInput struct {
	Provider ticket.Provider      `json:"provider"`
	Request  ticket.ChargeRequest `json:"request"`
	Charge   ticket.Charge        `json:"charge,omitzero"`
}

// AuthorizeCharge reserves the money of a booking. It never fails: whatever
// happens is sorted into an outcome.
func (p *Payments) AuthorizeCharge(ctx context.Context, in ChargeInput) (ticket.Charge, error) {
	provider, err := p.provider(in.Provider)
	if err != nil {
		return ticket.Charge{}, err
	}
	return provider.Authorize(ctx, in.Request), nil
}

// ResumeCharge goes on after the buyer has acted.
func (p *Payments) ResumeCharge(ctx context.Context, in ChargeInput) (ticket.Charge, error) {
	provider, err := p.provider(in.Provider)
	if err != nil {
		return ticket.Charge{}, err
	}
	return provider.Resume(ctx, in.Request, in.Charge), nil
}

// CaptureCharge takes the money and returns the capture's reference.
func (p *Payments) CaptureCharge(ctx context.Context, in ChargeInput) (string, error) {
	provider, err := p.provider(in.Provider)
	if err != nil {
		return "", err
	}
	return provider.Capture(ctx, in.Request, in.Charge)
}

// VoidCharge releases an authorization.
func (p *Payments) VoidCharge(ctx context.Context, in ChargeInput) error {
	provider, err := p.provider(in.Provider)
	if err != nil {
		return err
	}
	return provider.Void(ctx, in.Request, in.Charge)
}

// RefundCharge gives an orphaned capture back whole.
func (p *Payments) RefundCharge(ctx context.Context, in ChargeInput) (string, error) {
	provider, err := p.provider(in.Provider)
	if err != nil {
		return "", err
	}
	return provider.Refund(ctx, in.Request, in.Charge)
}

// FindCharge asks a provider what became of a charge.
func (p *Payments) FindCharge(ctx context.Context, q ticket.ChargeQuery) (ticket.ChargeFound, error) {
	provider, err := p.provider(q.Provider)
	if err != nil {
		return ticket.ChargeFound{}, err
	}
	return provider.LookUp(ctx, q)
}

func (p *Payments) provider(name ticket.Provider) (ticket.PaymentProvider, error) {
	provider, ok := p.Providers[name]
	if !ok {
		return nil, ticket.Errorf(ticket.CodeInvalid, "There is no payment provider %q.", name)
	}
	return provider, nil
}
