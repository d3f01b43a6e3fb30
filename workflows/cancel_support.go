package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// CancelStatus is how a cancellation stands: the answer to the query Status and
// to its updates.
type CancelStatus struct {
	Phase   ticket.CancelPhase          `json:"phase"`
	Note    string                      `json:"note,omitempty"`
	Figures ticket.CancelFigures        `json:"figures"`
	Handed  int                         `json:"handed,omitempty"`
	Refused []activities.RefusedBooking `json:"refused,omitempty"`
	Paused  *SaleRequest                `json:"paused,omitempty"`
}

// setHandlers must run before anything else of the workflow.
func (c *cancellation) setHandlers() error {
	if err := workflow.SetQueryHandler(c.ctx, QueryStatus, func() (CancelStatus, error) { return c.status(), nil }); err != nil {
		return err
	}
	return setUpdateHandlers(c.ctx,
		updateHandler{UpdatePause, c.onPause, c.mayPause, aboutPauseCancel},
		updateHandler{UpdateResume, c.onResume, c.mayResume, aboutResumeCancel},
		updateHandler{UpdateRetryPayment, c.onRetry, func(r SupportRequest) error { return signedBy(r.By) }, aboutRetryCancel},
	)
}

// What the dialog of the Temporal UI says of each update.
const (
	aboutPauseCancel  = `Begins no further refunds: {"by": "you@example.com", "reason": "the promoter has doubts"}`
	aboutResumeCancel = `Goes on after Pause: {"by": "you@example.com", "reason": "it is decided"}`
	aboutRetryCancel  = `Tries again what could not be refunded: {"by": "you@example.com", "reason": "the books are mended"}`
)

func (c *cancellation) mayPause(r SaleRequest) error {
	if c.state.Paused != nil {
		return refused("the cancellation is paused already, by %s", c.state.Paused.By)
	}
	return signedBy(r.By)
}

// onPause lets the batches that are under way come to their end and begins no more.
func (c *cancellation) onPause(ctx workflow.Context, r SaleRequest) (CancelStatus, error) {
	c.state.Desk.add(ctx, r.By, UpdatePause, r.Reason)
	c.state.Paused, c.stirred = &r, true
	return c.status(), nil
}

func (c *cancellation) mayResume(r SaleRequest) error {
	if c.state.Paused == nil {
		return refused("nobody has paused the cancellation")
	}
	return signedBy(r.By)
}

func (c *cancellation) onResume(ctx workflow.Context, r SaleRequest) (CancelStatus, error) {
	c.state.Desk.add(ctx, r.By, UpdateResume, r.Reason)
	c.state.Paused, c.stirred = nil, true
	return c.status(), nil
}

// onRetry has bookings that were refused tried again, and everything looked at.
func (c *cancellation) onRetry(ctx workflow.Context, r SupportRequest) (CancelStatus, error) {
	c.state.Desk.add(ctx, r.By, UpdateRetryPayment, r.Reason)
	c.state.Refused, c.stirred = nil, true
	return c.status(), nil
}

func (c *cancellation) status() CancelStatus {
	return CancelStatus{
		Phase: c.phase(), Note: c.note(), Figures: c.seen.Figures, Handed: c.state.Handed, Refused: c.state.Refused, Paused: c.state.Paused,
	}
}

func (c *cancellation) phase() ticket.CancelPhase {
	switch {
	case c.settled():
		return ticket.CancelDone
	case c.state.Paused != nil:
		return ticket.CancelPaused
	case c.busy() || c.seen.Figures.Settled():
		return ticket.CancelRunning
	}
	return ticket.CancelWaiting
}

// note says what stands in the way, if anything does.
func (c *cancellation) note() string {
	var notes []string
	if c.state.Paused != nil {
		notes = append(notes, strings.TrimSpace(fmt.Sprintf("Paused by %s. %s", c.state.Paused.By, c.state.Paused.Reason)))
	}
	for _, l := range c.lanes {
		if l.away != "" {
			notes = append(notes, fmt.Sprintf("Refunds at %s wait: %s", l.provider, l.away))
		}
	}
	if n := len(c.state.Refused); n > 0 {
		notes = append(notes, fmt.Sprintf("%d bookings cannot be refunded, such as %s: %s", n, c.state.Refused[0].BookingID, c.state.Refused[0].Reason))
	}
	if c.trouble != "" {
		notes = append(notes, "Trouble: "+c.trouble)
	}
	return strings.Join(notes, " ")
}

// show tells everybody how the cancellation stands, when that has changed.
func (c *cancellation) show() {
	c.tell()
	if attention := len(c.state.Refused) > 0; attention != c.flagged {
		c.flagged = attention
		_ = workflow.UpsertTypedSearchAttributes(c.ctx, NeedsAttentionKey.ValueSet(attention)) // fails on an unknown key only
	}
	now := shownCancel{c.phase(), c.note()}
	if now == c.shown {
		return
	}
	in := activities.ShowCancellationInput{EventID: c.in.EventID, Phase: now.phase, Note: now.note}
	c.step(cancellations.ShowCancellation, in, nil, "show")
	c.shown = now
}

// tell shows support where the cancellation stands.
func (c *cancellation) tell() {
	f := c.seen.Figures
	lines := []string{
		fmt.Sprintf("**%s is canceled: %d of %d bookings are refunded (%s).** %s\n", c.terms.Name, f.Refunded, f.Sold, c.phase(), c.note()),
		fmt.Sprintf("- %d wait for their turn, with tickets for %s", f.Waiting, f.Kept),
		fmt.Sprintf("- %d are at their provider, with %s; %d of all needed a workflow `Refund` of their own", f.Refunding, f.Owed, c.state.Handed),
		fmt.Sprintf("- %d wait for support (`NeedsAttention = true AND EventId = \"%s\"`), %d for the end of a dispute", f.Attention, c.in.EventID, f.Disputed),
		fmt.Sprintf("- %d purchases were under way and are being ended", f.Holding),
		fmt.Sprintf("- %s went back", f.Paid),
		"\nUpdates: `Pause`, `Resume` {by, reason}; `RetryPayment` {by} tries again what was refused. Terminated, it can be started anew and finds what is left.",
	}
	workflow.SetCurrentDetails(c.ctx, strings.Join(lines, "\n")+c.state.Desk.String())
}
