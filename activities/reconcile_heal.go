package activities

import (
	"context"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// LinesInput names some lines of a reconciliation: those after a position.
type LinesInput struct {
	ID    string `json:"id"`
	After int64  `json:"after"`
}

// Healed is what was done about some differences, and what has to be done.
type Healed struct {
	// Orphans are charges that pay for nothing: they are to be settled.
	Orphans []Orphan `json:"orphans,omitempty"`
	// Reviews are charges that the provider gave back, or withheld, without our
	// having heard of it: they are to be reviewed.
	Reviews []ToReview `json:"reviews,omitempty"`
	Last    int64      `json:"last"`
	Done    bool       `json:"done,omitempty"`
}

// Orphan is a charge at a provider that pays for no booking.
type Orphan struct {
	Position int64              `json:"position"`
	Query    ticket.ChargeQuery `json:"query"`
}

// ToReview is a booking whose charge has news at its provider.
type ToReview struct {
	Position  int64  `json:"position"`
	BookingID string `json:"booking_id"`
}

// HealDifferences books captures that we missed, notes those that our books have
// at another time, and finds the charges that pay for nothing and those of which
// we missed what the provider did. A charge is an orphan only if it names a booking
// of ours that another charge, or none, pays for; what does not name one is left to
// people. An orphan that was given back whole is no difference any more, and neither
// is the refund that did it.
func (r *Reconciliations) HealDifferences(ctx context.Context, in LinesInput) (Healed, error) {
	lines, err := r.Books.ReconciliationLines(ctx, in.ID, in.After, healPage, true)
	if err != nil {
		return Healed{}, err
	}
	h := &healing{Reconciliations: r, id: in.ID, out: Healed{Last: in.After, Done: len(lines) < healPage}}
	if err := h.readStrays(ctx, lines); err != nil {
		return Healed{}, err
	}
	for _, l := range lines {
		h.out.Last = l.Position
		switch {
		case l.Result != ticket.ResultProviderOnly || l.Parent == "":
		case l.Kind == ticket.MovementCapture:
			err = h.capture(ctx, l)
		default:
			err = h.change(ctx, l)
		}
		if err != nil {
			return h.out, err
		}
	}
	return h.out, nil
}

// healing is what is done about one page of differences.
type healing struct {
	*Reconciliations
	id     string
	strays map[stray]postgres.StrayCapture
	out    Healed
}

// stray names a capture that may pay for nothing.
type stray struct {
	provider ticket.Provider
	ref      string
}

func (h *healing) readStrays(ctx context.Context, lines []ticket.ReconciliationLine) error {
	refs := map[ticket.Provider][]string{}
	for _, l := range lines {
		if l.Result != ticket.ResultProviderOnly || l.Parent == "" {
			continue
		}
		switch l.Kind {
		case ticket.MovementCapture:
			if ticket.IsID(ticket.KindBooking, l.BookingID) { // else it is for people
				refs[l.Provider] = append(refs[l.Provider], l.Ref)
			}
		case ticket.MovementRefund:
			refs[l.Provider] = append(refs[l.Provider], l.Parent)
		default:
		}
	}
	h.strays = map[stray]postgres.StrayCapture{}
	for p, some := range refs {
		found, err := h.Books.StrayCaptures(ctx, h.id, p, some)
		if err != nil {
			return err
		}
		for _, c := range found {
			h.strays[stray{p, c.Ref}] = c
		}
	}
	return nil
}

// capture books a capture that we missed, and has one undone that pays for nothing.
func (h *healing) capture(ctx context.Context, l ticket.ReconciliationLine) error {
	if !ticket.IsID(ticket.KindBooking, l.BookingID) {
		return nil
	}
	home, err := h.Money.ChargeHome(ctx, l.BookingID, l.Provider, l.Parent)
	if err != nil {
		return err
	}
	if home.Known {
		return h.knownCapture(ctx, l, home)
	}
	if c := h.strays[stray{l.Provider, l.Ref}]; c.Amount != 0 && c.Amount == -c.GivenBack {
		return h.Books.RecordUndone(ctx, h.id, l.Position, "paid for nothing, and was given back")
	}
	h.out.Orphans = append(h.out.Orphans, Orphan{Position: l.Position, Query: ticket.ChargeQuery{
		Request: ticket.ChargeRequest{BookingID: l.BookingID, Attempt: l.Attempt, Amount: ticket.Money{
			Amount: *l.TheirAmount, Currency: l.Currency,
		}},
		Provider: l.Provider, Ref: l.Parent, AskedAt: l.At,
	}})
	return nil
}

// knownCapture books the capture of a payment of ours. One that was booked already
// has another time in our books, or this step runs once more. Another amount, or
// another capture than that of our books, is left to people.
func (h *healing) knownCapture(ctx context.Context, l ticket.ReconciliationLine, home postgres.ChargeHome) error {
	switch {
	case home.Amount != ticket.Money{Amount: *l.TheirAmount, Currency: l.Currency}:
		return nil
	case !home.Captured:
		if err := h.Money.RecordCaptureAt(ctx, l.BookingID, l.Ref, l.At); err != nil {
			return err
		}
		return h.Books.RecordAction(ctx, h.id, l.Position, "the capture was booked")
	case home.CaptureRef == l.Ref:
		return h.Books.RecordAction(ctx, h.id, l.Position, "our books have the capture, at another time")
	}
	return nil
}

// change has a charge of ours reviewed that changed without our having heard of
// it, or says that a refund gave back what paid for nothing.
func (h *healing) change(ctx context.Context, l ticket.ReconciliationLine) error {
	bookingID, err := h.Money.BookingOfCharge(ctx, l.Provider, "", l.Parent)
	if err != nil {
		return err
	}
	if bookingID != "" {
		h.out.Reviews = append(h.out.Reviews, ToReview{Position: l.Position, BookingID: bookingID})
		return nil
	}
	c, ok := h.strays[stray{l.Provider, l.Parent}]
	if !ok || l.Kind != ticket.MovementRefund || !ticket.IsID(ticket.KindBooking, c.BookingID) {
		return nil
	}
	if !c.Undone {
		home, err := h.Money.ChargeHome(ctx, c.BookingID, l.Provider, c.Parent)
		if err != nil || home.Known || c.Amount != -c.GivenBack {
			return err
		}
	}
	return h.Books.RecordUndone(ctx, h.id, l.Position, "gave "+l.Parent+" back, which paid for nothing")
}

// NoteInput says what was done about a line.
type NoteInput struct {
	ID       string `json:"id"`
	Position int64  `json:"position"`
	Action   string `json:"action"`
}

// NoteAction writes at a line what was done about it.
func (r *Reconciliations) NoteAction(ctx context.Context, in NoteInput) error {
	return r.Books.RecordAction(ctx, in.ID, in.Position, in.Action)
}

// BookFees writes what the providers kept of some movements into the journal.
func (r *Reconciliations) BookFees(ctx context.Context, in LinesInput) (Healed, error) {
	lines, err := r.Books.ReconciliationLines(ctx, in.ID, in.After, linePage, false)
	if err != nil {
		return Healed{}, err
	}
	out := Healed{Last: in.After, Done: len(lines) < linePage}
	byProvider := map[ticket.Provider][]ticket.ReconciliationLine{}
	for _, l := range lines {
		out.Last = l.Position
		if l.Fee != 0 && explained(l) {
			byProvider[l.Provider] = append(byProvider[l.Provider], l)
		}
	}
	for p, some := range byProvider {
		if err := r.Money.BookFees(ctx, p, some); err != nil {
			return out, err
		}
	}
	return out, nil
}

// explained tells whether it is known what a movement was, so that its fee can be
// booked. The day of a capture that was just healed, or that our books have on
// another day, is not reconciled again.
func explained(l ticket.ReconciliationLine) bool {
	return l.Result == ticket.ResultMatched || l.Result == ticket.ResultUndone || l.Kind == ticket.MovementCapture && l.Action != ""
}
