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
	// healPage is small, since a difference may make 17 events of the workflow.
	healPage = 250
)

// GatherInput names a reconciliation, a provider, and where to go on.
type GatherInput struct {
	ID       string                   `json:"id"`
	Provider ticket.Provider          `json:"provider"`
	From     time.Time                `json:"from"`
	To       time.Time                `json:"to"`
	Cursor   string                   `json:"cursor,omitempty"`
	Ours     *postgres.MovementCursor `json:"ours,omitempty"`
	// Before and Until are what the run before has said.
	Before time.Time `json:"before,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// Gathered says where to go on; Done when nothing is left. Before is the end of
// the provider's books that are read, which the first page sets for all. Until is
// when they were complete as of the page that was read first: what a provider
// books while they are read may be missing.
type Gathered struct {
	Cursor  string                   `json:"cursor,omitempty"`
	Ours    *postgres.MovementCursor `json:"ours,omitempty"`
	Entries int                      `json:"entries"`
	Before  time.Time                `json:"before,omitzero"`
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
	out := Gathered{Cursor: in.Cursor, Before: in.Before, Until: in.Until}
	for range pagesAtOnce {
		if err := r.Pace(ctx, in.Provider); err != nil {
			return out, err
		}
		if out.Before.IsZero() {
			out.Before = in.To.Add(margin)
			if now := r.Now().Add(time.Second); out.Before.After(now) { // the second that runs counts, too
				out.Before = now
			}
		}
		page, err := reader.Movements(ctx, in.From.Add(-margin), out.Before, out.Cursor)
		if err != nil {
			return out, err
		}
		if err := r.Books.AddEntries(ctx, in.ID, in.Provider, postgres.SideTheirs, page.Movements); err != nil {
			return out, err
		}
		activity.RecordHeartbeat(ctx)
		out.Cursor, out.Entries = page.Next, out.Entries+len(page.Movements)
		if out.Until.IsZero() || page.Until.Before(out.Until) {
			out.Until = page.Until
		}
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
