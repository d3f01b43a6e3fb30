package workflows

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

const (
	// ReconcileType is the workflow type of Reconcile.
	ReconcileType = "Reconcile"
	// QueueFinance is the task queue of finance.
	QueueFinance = "finance"
)

// ReconcileID is the workflow id of a reconciliation.
func ReconcileID(id string) string { return "reconcile/" + id }

// ReconcileInput says what to compare. Without an id it is the day before the
// one for which it was scheduled, in UTC, however late it runs.
type ReconcileInput struct {
	ID          string            `json:"id,omitempty"`
	Providers   []ticket.Provider `json:"providers"`
	From        time.Time         `json:"from,omitzero"`
	To          time.Time         `json:"to,omitzero"`
	RequestedBy string            `json:"requested_by,omitempty"`
	// At is where the run before has stopped.
	At *ReconcilePlace `json:"at,omitempty"`
}

// ReconcilePlace is how far a reconciliation is.
type ReconcilePlace struct {
	Provider int                 `json:"provider"` // which of the input's
	Theirs   bool                `json:"theirs"`   // their books are gathered
	Done     activities.Gathered `json:"done"`
	Until    time.Time           `json:"until,omitzero"`
	Entries  int                 `json:"entries"`
	// Behind the last provider: the position behind which differences are healed,
	// whether all are, and the position behind which fees are booked.
	Healed    int64 `json:"healed,omitempty"`
	AllHealed bool  `json:"all_healed,omitempty"`
	Fees      int64 `json:"fees,omitempty"`
	Orphans   int   `json:"orphans,omitempty"`
}

// longReconcile is when a run hands on to the next, in events. A page of
// differences makes as many again at most.
const longReconcile = 4000

// The changes to Reconcile that older histories do not have.
const (
	changeScheduledDay = "scheduled-day" // the day is that of the schedule's time
	changeHealing      = "healing"       // healing hands on between pages, and tells a review that runs
)

// maxTells is how often a review that has just ended is started again.
const maxTells = 3

// scheduledStart is when the server should have started what a schedule started.
var scheduledStart = temporal.NewSearchAttributeKeyTime("TemporalScheduledStartTime")

// Reconcile compares our books with the providers' own: it gathers both page by
// page, matches them, undoes charges that pay for nothing, books fees and missed
// captures, and leaves a report. What is left over needs attention.
func Reconcile(ctx workflow.Context, in ReconcileInput) (ticket.Reconciliation, error) {
	r := newReconciliation(ctx, in)
	if err := r.begin(); err != nil {
		return ticket.Reconciliation{}, err
	}
	for r.at.Provider < len(r.in.Providers) {
		done, err := r.compare(r.in.Providers[r.at.Provider])
		if err != nil {
			return r.fail(err)
		}
		if !done {
			return ticket.Reconciliation{}, r.handOn()
		}
		r.at = ReconcilePlace{Provider: r.at.Provider + 1, Entries: r.at.Entries}
	}
	r.healing = workflow.GetVersion(r.ctx, changeHealing, workflow.DefaultVersion, 1)
	for _, part := range []func() (done bool, err error){r.heal, r.bookFees} {
		done, err := part()
		if err != nil {
			return r.fail(err)
		}
		if !done {
			return ticket.Reconciliation{}, r.handOn()
		}
	}
	return r.finish("")
}

// handOn has the next run go on from where this one is.
func (r *reconciliation) handOn() error {
	r.in.At = &r.at
	return workflow.NewContinueAsNewError(r.ctx, ReconcileType, r.in)
}

// long tells whether the next run shall go on.
func (r *reconciliation) long() bool {
	return workflow.GetInfo(r.ctx).GetCurrentHistoryLength() > longReconcile
}

// full tells whether the next run shall go on with differences and fees, which
// older histories did not hand on.
func (r *reconciliation) full() bool { return r.healing != workflow.DefaultVersion && r.long() }

// reconciliation is one run of the workflow.
type reconciliation struct {
	ctx     workflow.Context
	in      ReconcileInput
	at      ReconcilePlace
	healing workflow.Version
}

func newReconciliation(ctx workflow.Context, in ReconcileInput) *reconciliation {
	if in.From.IsZero() {
		in.To = dueAt(ctx).UTC().Truncate(24 * time.Hour)
		in.From = in.To.AddDate(0, 0, -1)
	}
	if in.ID == "" {
		in.ID = DailyReconciliation(in.Providers[0], in.From)
		in.RequestedBy = "schedule"
	}
	r := &reconciliation{ctx: workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute, HeartbeatTimeout: time.Minute, ScheduleToCloseTimeout: giveUp, RetryPolicy: patiently,
	}), in: in}
	if in.At != nil {
		r.at = *in.At
	}
	return r
}

// dueAt is when this run should have started: a schedule that was stopped makes
// up for what it has missed, one run after another.
func dueAt(ctx workflow.Context) time.Time {
	at, ok := workflow.GetTypedSearchAttributes(ctx).GetTime(scheduledStart)
	if ok && workflow.GetVersion(ctx, changeScheduledDay, workflow.DefaultVersion, 1) != workflow.DefaultVersion {
		return at
	}
	return workflow.Now(ctx)
}

// DailyReconciliation is the id of the scheduled reconciliation of a day.
func DailyReconciliation(p ticket.Provider, day time.Time) string {
	return fmt.Sprintf("rc_%s_%s", p, day.Format(time.DateOnly))
}

// Activities are named through a nil pointer: only their names are used here.
var reconciliations *activities.Reconciliations

func (r *reconciliation) begin() error {
	in := ticket.Reconciliation{ID: r.in.ID, Providers: r.in.Providers, From: r.in.From, To: r.in.To, RequestedBy: r.in.RequestedBy}
	return workflow.ExecuteActivity(r.ctx, reconciliations.BeginReconciliation, in).Get(r.ctx, nil)
}

// compare gathers and matches one provider. It is false when the run has become
// long and the next one shall go on.
func (r *reconciliation) compare(p ticket.Provider) (done bool, err error) {
	in := activities.GatherInput{ID: r.in.ID, Provider: p, From: r.in.From, To: r.in.To}
	for {
		if r.long() {
			return false, nil
		}
		r.tell("Reading %s; %d entries so far.", p, r.at.Entries)
		step := any(reconciliations.GatherTheirs)
		if r.at.Theirs {
			step = reconciliations.GatherOurs
		}
		in.Cursor, in.Ours, in.Before, in.Until = r.at.Done.Cursor, r.at.Done.Ours, r.at.Done.Before, r.at.Done.Until
		var out activities.Gathered
		if err := workflow.ExecuteActivity(r.ctx, step, in).Get(r.ctx, &out); err != nil {
			return false, err
		}
		r.at.Done, r.at.Entries = out, r.at.Entries+out.Entries
		switch {
		case !out.Done:
		case r.at.Theirs:
			match := activities.MatchInput{ID: r.in.ID, Provider: p, Until: r.at.Until}
			return true, workflow.ExecuteActivity(r.ctx, reconciliations.MatchEntries, match).Get(r.ctx, nil)
		default:
			r.at.Theirs, r.at.Until, r.at.Done = true, out.Until, activities.Gathered{}
		}
	}
}

// heal undoes what pays for nothing, and books what we missed. It is false when
// the run has become long.
func (r *reconciliation) heal() (done bool, err error) {
	r.tell("Looking at differences.")
	for !r.at.AllHealed {
		if r.full() {
			return false, nil
		}
		var out activities.Healed
		in := activities.LinesInput{ID: r.in.ID, After: r.at.Healed}
		if err := workflow.ExecuteActivity(r.ctx, reconciliations.HealDifferences, in).Get(r.ctx, &out); err != nil {
			return false, err
		}
		for _, o := range out.Orphans {
			if err := r.settle(o); err != nil {
				return false, err
			}
		}
		for _, v := range out.Reviews {
			if err := r.review(v); err != nil {
				return false, err
			}
		}
		r.at.Healed, r.at.AllHealed = out.Last, out.Done
	}
	return true, nil
}

// bookFees books what the providers kept. It is false when the run has become long.
func (r *reconciliation) bookFees() (done bool, err error) {
	for !done {
		if r.full() {
			return false, nil
		}
		var out activities.Healed
		in := activities.LinesInput{ID: r.in.ID, After: r.at.Fees}
		if err := workflow.ExecuteActivity(r.ctx, reconciliations.BookFees, in).Get(r.ctx, &out); err != nil {
			return false, err
		}
		r.at.Fees, done = out.Last, out.Done
	}
	return true, nil
}

// settle leaves a charge that pays for nothing to a workflow of its own, which
// may be at it already.
func (r *reconciliation) settle(o activities.Orphan) error {
	id := SettleID(o.Query.Request.BookingID, o.Query.Provider, o.Query.Request.Attempt)
	ctx := workflow.WithChildOptions(r.ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: QueuePayments, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: temporal.NewSearchAttributes(PaymentProviderKey.ValueSet(string(o.Query.Provider))),
		StaticSummary:         "undo a charge that pays for nothing, found by " + r.in.ID,
	})
	err := workflow.ExecuteChildWorkflow(ctx, SettleType, SettleInput{Query: o.Query}).GetChildWorkflowExecution().Get(ctx, nil)
	if err != nil && !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return err
	}
	r.at.Orphans++
	note := activities.NoteInput{ID: r.in.ID, Position: o.Position, Action: ticket.UndoneBy + id}
	return workflow.ExecuteActivity(r.ctx, reconciliations.NoteAction, note).Get(r.ctx, nil)
}

// review leaves a charge of which we missed something to a workflow of its own;
// one that runs already is told to look again.
func (r *reconciliation) review(v activities.ToReview) error {
	id := ReviewID(v.BookingID)
	ctx := workflow.WithChildOptions(r.ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, TaskQueue: QueuePayments, ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		StaticSummary: "news of a charge, found by " + r.in.ID,
	})
	for tries := 0; ; tries++ {
		err := workflow.ExecuteChildWorkflow(ctx, ReviewType, activities.ReviewInput{BookingID: v.BookingID}).GetChildWorkflowExecution().Get(ctx, nil)
		if err == nil {
			break
		}
		if !temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			return err
		}
		if r.healing == workflow.DefaultVersion {
			break
		}
		err = workflow.SignalExternalWorkflow(r.ctx, id, "", SignalPaymentEvent, nil).Get(r.ctx, nil)
		if err == nil {
			break
		}
		if tries == maxTells { // it ended in between, each time
			return err
		}
	}
	note := activities.NoteInput{ID: r.in.ID, Position: v.Position, Action: "booked by " + id}
	return workflow.ExecuteActivity(r.ctx, reconciliations.NoteAction, note).Get(r.ctx, nil)
}

func (r *reconciliation) fail(failed error) (ticket.Reconciliation, error) {
	out, err := r.finish(cause(failed))
	if err != nil {
		return out, err
	}
	return out, failed
}

// finish ends the report, and calls for attention when anything is unexplained.
func (r *reconciliation) finish(failure string) (out ticket.Reconciliation, err error) {
	in := activities.FinishInput{ID: r.in.ID, Failure: failure}
	if err := workflow.ExecuteActivity(r.ctx, reconciliations.FinishReconciliation, in).Get(r.ctx, &out); err != nil {
		return out, err
	}
	if out.Differences > 0 || failure != "" {
		err = workflow.UpsertTypedSearchAttributes(r.ctx, NeedsAttentionKey.ValueSet(true))
	}
	r.tell("**%s**: %d differences, of which %d charges are being undone. %s\n\nThe report: `GET /v1/finance/reconciliations/%s`.",
		out.Status, out.Differences, r.at.Orphans, failure, r.in.ID)
	return out, err
}

func (r *reconciliation) tell(format string, args ...any) {
	workflow.SetCurrentDetails(r.ctx, fmt.Sprintf("%s, %s to %s.\n\n", r.in.ID, r.in.From.Format(time.RFC3339), r.in.To.Format(time.RFC3339))+
		fmt.Sprintf(format, args...))
}
