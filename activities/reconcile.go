package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"yourticket.example/internal/postgres"
	"yourticket.example/ticket"
)

// ReconciliationBooks keep reconciliations.
type ReconciliationBooks interface {
	BeginReconciliation(ctx context.Context, r ticket.Reconciliation) error
	AddEntries(ctx context.Context, id string, p ticket.Provider, side string, entries []ticket.Movement) error
	MatchEntries(ctx context.Context, id string, p ticket.Provider, completeTo, settled time.Time) error
	ReconciliationLines(ctx context.Context, id string, after int64, limit int, differences bool) ([]ticket.ReconciliationLine, error)
	RecordAction(ctx context.Context, id string, position int64, action string) error
	StrayCaptures(ctx context.Context, id string, p ticket.Provider, refs []string) ([]postgres.StrayCapture, error)
	RecordUndone(ctx context.Context, id string, position int64, why string) error
	FinishReconciliation(ctx context.Context, id, failure string) error
	Reconciliation(ctx context.Context, id string) (ticket.Reconciliation, error)
}

// MoneyBooks are what we know of the providers' movements.
type MoneyBooks interface {
	Movements(ctx context.Context, p ticket.Provider, from, to time.Time, at postgres.MovementCursor, limit int) (
		[]ticket.Movement, *postgres.MovementCursor, error)
	ChargeHome(ctx context.Context, bookingID string, p ticket.Provider, ref string) (postgres.ChargeHome, error)
	BookingOfCharge(ctx context.Context, p ticket.Provider, ref, captureRef string) (string, error)
	RecordCaptureAt(ctx context.Context, bookingID, captureRef string, at time.Time) error
	BookFees(ctx context.Context, p ticket.Provider, lines []ticket.ReconciliationLine) error
}

// MovementReader reads a provider's own books.
type MovementReader interface {
	Movements(ctx context.Context, from, to time.Time, cursor string) (ticket.MovementPage, error)
}

// Reconciliations are the steps of a reconciliation. Each can be run again.
type Reconciliations struct {
	Books     ReconciliationBooks
	Money     MoneyBooks
	Providers map[ticket.Provider]MovementReader
	// Pace waits until the provider may be asked once more.
	Pace func(ctx context.Context, p ticket.Provider) error
	Now  func() time.Time
}

const (
	// margin is how far beyond the time asked for both sides are read, so that a
	// movement at its edge finds its other half.
	margin = time.Hour
	// settledAfter is how old a movement at a provider is before our books must
	// know it: a capture is booked within seconds, or tried for a while.
	settledAfter = time.Hour
	// pagesAtOnce bounds one run of a gathering step.
	pagesAtOnce = 25
	ourPage     = 2000
	linePage    = 1000
)

// GatherInput names a reconciliation, a provider, and where to go on.
type GatherInput struct {
	ID       string                   `json:"id"`
	Provider ticket.Provider          `json:"provider"`
	From     time.Time                `json:"from"`
	To       time.Time                `json:"to"`
	Cursor   string                   `json:"cursor,omitempty"`
	Ours     *postgres.MovementCursor `json:"ours,omitempty"`
}

// Gathered says where to go on; Done when nothing is left.
type Gathered struct {
	Cursor  string                   `json:"cursor,omitempty"`
	Ours    *postgres.MovementCursor `json:"ours,omitempty"`
	Entries int                      `json:"entries"`
	Until   time.Time                `json:"until,omitzero"`
	Done    bool                     `json:"done,omitempty"`
}

// BeginReconciliation writes down that it began.
func (r *Reconciliations) BeginReconciliation(ctx context.Context, in ticket.Reconciliation) error {
	return r.Books.BeginReconciliation(ctx, in)
}

// GatherTheirs reads some pages of the provider's books.
func (r *Reconciliations) GatherTheirs(ctx context.Context, in GatherInput) (Gathered, error) {
	reader, ok := r.Providers[in.Provider]
	if !ok {
		return Gathered{}, ticket.Errorf(ticket.CodeInvalid, "There is no payment provider %q.", in.Provider)
	}
	out := Gathered{Cursor: in.Cursor}
	for range pagesAtOnce {
		if err := r.Pace(ctx, in.Provider); err != nil {
			return out, err
		}
		to := in.To.Add(margin)
		if now := r.Now().Add(time.Second); to.After(now) { // the second that runs counts, too
			to = now
		}
		page, err := reader.Movements(ctx, in.From.Add(-margin), to, out.Cursor)
		if err != nil {
			return out, err
		}
		if err := r.Books.AddEntries(ctx, in.ID, in.Provider, postgres.SideTheirs, page.Movements); err != nil {
			return out, err
		}
		activity.RecordHeartbeat(ctx)
		out.Cursor, out.Until, out.Entries = page.Next, page.Until, out.Entries+len(page.Movements)
		if page.Next == "" {
			out.Done = true
			break
		}
	}
	return out, nil
}

// GatherOurs reads some pages of our own books.
func (r *Reconciliations) GatherOurs(ctx context.Context, in GatherInput) (Gathered, error) {
	out := Gathered{Ours: in.Ours}
	if out.Ours == nil {
		out.Ours = &postgres.MovementCursor{}
	}
	for range pagesAtOnce {
		list, next, err := r.Money.Movements(ctx, in.Provider, in.From.Add(-margin), in.To.Add(margin), *out.Ours, ourPage)
		if err != nil {
			return out, err
		}
		if err := r.Books.AddEntries(ctx, in.ID, in.Provider, postgres.SideOurs, list); err != nil {
			return out, err
		}
		activity.RecordHeartbeat(ctx)
		out.Entries += len(list)
		if out.Ours = next; next == nil {
			out.Done = true
			break
		}
	}
	return out, nil
}

// beating says that a step is at work, although one statement takes long, until
// it is told to stop.
func beating(ctx context.Context) (stop func()) {
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(10 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() { close(done) }
}

// MatchInput says until when both sides are complete.
type MatchInput struct {
	ID       string          `json:"id"`
	Provider ticket.Provider `json:"provider"`
	Until    time.Time       `json:"until"`
}

// MatchEntries lays both sides side by side.
func (r *Reconciliations) MatchEntries(ctx context.Context, in MatchInput) error {
	defer beating(ctx)()
	return r.Books.MatchEntries(ctx, in.ID, in.Provider, in.Until, r.Now().Add(-settledAfter))
}

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

// HealDifferences books captures that we missed, and finds the charges that pay
// for nothing and those of which we missed what the provider did. A charge is an
// orphan only if it names a booking of ours that another charge, or none, pays
// for; what does not name one is left to people. An orphan that was given back
// whole is no difference any more, and neither is the refund that did it.
func (r *Reconciliations) HealDifferences(ctx context.Context, in LinesInput) (Healed, error) {
	lines, err := r.Books.ReconciliationLines(ctx, in.ID, in.After, linePage, true)
	if err != nil {
		return Healed{}, err
	}
	h := &healing{Reconciliations: r, id: in.ID, out: Healed{Last: in.After, Done: len(lines) < linePage}}
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
		if l.Result != ticket.ResultProviderOnly {
			continue
		}
		switch l.Kind {
		case ticket.MovementCapture:
			refs[l.Provider] = append(refs[l.Provider], l.Ref)
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
	if err != nil || home.Captured {
		return err
	}
	if home.Known {
		if err := h.Money.RecordCaptureAt(ctx, l.BookingID, l.Ref, l.At); err != nil {
			return err
		}
		return h.Books.RecordAction(ctx, h.id, l.Position, "the capture was booked")
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
// booked. The day of a capture that was just healed is not reconciled again.
func explained(l ticket.ReconciliationLine) bool {
	return l.Result == ticket.ResultMatched || l.Result == ticket.ResultUndone || l.Kind == ticket.MovementCapture && l.Action != ""
}

// FinishInput ends a reconciliation; Failure says why it came to nothing.
type FinishInput struct {
	ID      string `json:"id"`
	Failure string `json:"failure,omitempty"`
}

// FinishReconciliation ends a reconciliation and gives its totals.
func (r *Reconciliations) FinishReconciliation(ctx context.Context, in FinishInput) (ticket.Reconciliation, error) {
	defer beating(ctx)()
	if err := r.Books.FinishReconciliation(ctx, in.ID, in.Failure); err != nil {
		return ticket.Reconciliation{}, err
	}
	return r.Books.Reconciliation(ctx, in.ID)
}
