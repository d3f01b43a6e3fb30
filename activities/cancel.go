package activities

import (
	"context"

	"yourticket.example/ticket"
)

// CancelledEvents says which events are canceled and how that stands.
type CancelledEvents interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
	Cancellation(ctx context.Context, eventID string) (ticket.Cancellation, error)
	ShowCancellation(ctx context.Context, eventID string, phase ticket.CancelPhase, note string) error
}

// CancelledSales counts what was sold of a canceled event.
type CancelledSales interface {
	CancelFigures(ctx context.Context, eventID string) (ticket.CancelFigures, error)
	HoldingBookings(ctx context.Context, eventID string, limit int) ([]string, error)
}

// Cancellations are the steps of the cancellation of an event that move no money.
type Cancellations struct {
	Events CancelledEvents
	Sales  CancelledSales
}

// CancelRef names a canceled event.
type CancelRef struct {
	EventID string `json:"event_id"`
}

// CancelTerms are what a cancellation works by, or why there is none.
type CancelTerms struct {
	Name    string   `json:"name,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	By      string   `json:"by,omitempty"`
	Refusal *Refusal `json:"refusal,omitempty"`
}

// PrepareCancellation reads who canceled an event, and why. It refuses for one
// that is not canceled: only its organizer can do that, by the API.
func (c *Cancellations) PrepareCancellation(ctx context.Context, in CancelRef) (CancelTerms, error) {
	n, err := c.Events.Cancellation(ctx, in.EventID)
	if err != nil {
		held, err := refuse(err)
		return CancelTerms{Refusal: held.Refusal}, err
	}
	e, err := c.Events.Event(ctx, in.EventID)
	if err != nil {
		return CancelTerms{}, err
	}
	return CancelTerms{Name: e.Name, Reason: n.Reason, By: n.By}, nil
}

// CancelSurvey is how a cancellation stands.
type CancelSurvey struct {
	Figures ticket.CancelFigures `json:"figures"`
	// Holding are purchases that are to be ended.
	Holding []string `json:"holding,omitempty"`
}

// holdingAtOnce bounds how many purchases are ended between two looks.
const holdingAtOnce = 100

// SurveyCancellation counts what has become of the bookings of the event.
func (c *Cancellations) SurveyCancellation(ctx context.Context, in CancelRef) (out CancelSurvey, err error) {
	if out.Figures, err = c.Sales.CancelFigures(ctx, in.EventID); err != nil || out.Figures.Holding == 0 {
		return out, err
	}
	out.Holding, err = c.Sales.HoldingBookings(ctx, in.EventID, holdingAtOnce)
	return out, err
}

// ShowCancellationInput says how a cancellation stands, for everybody to read.
type ShowCancellationInput struct {
	EventID string             `json:"event_id"`
	Phase   ticket.CancelPhase `json:"phase"`
	Note    string             `json:"note,omitempty"`
}

// ShowCancellation writes it down.
func (c *Cancellations) ShowCancellation(ctx context.Context, in ShowCancellationInput) error {
	return c.Events.ShowCancellation(ctx, in.EventID, in.Phase, in.Note)
}
