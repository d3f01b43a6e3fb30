package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// CancelEventType is the workflow type of CancelEvent.
const CancelEventType = "CancelEvent"

// CancelEventID is the workflow id of the cancellation of an event.
func CancelEventID(eventID string) string { return "cancel-event/" + eventID }

// CancelEventInput names the event; State is what a run hands on to the next one.
// Support starts it anew in the Temporal UI with the event alone.
type CancelEventInput struct {
	EventID string       `json:"event_id"`
	State   *CancelState `json:"state,omitempty"`
}

// CancelState is what a cancellation knows of itself. What there is to do it finds
// in the books, so a run that was lost, state and all, is replaced by any other.
type CancelState struct {
	Began time.Time `json:"began"`
	// Paused is who stopped it, until somebody resumes it.
	Paused *SaleRequest `json:"paused,omitempty"`
	// Refused are bookings that cannot be refunded, until support says to try again.
	Refused []activities.RefusedBooking `json:"refused,omitempty"`
	// Handed counts refunds that have got workflows of their own.
	Handed int `json:"handed,omitempty"`
	Runs   int `json:"runs"`
	// Desk is what support did.
	Desk desk `json:"desk,omitempty"`
}

// CancelResult is how a cancellation ended.
type CancelResult struct {
	Figures ticket.CancelFigures `json:"figures"`
	Handed  int                  `json:"handed,omitempty"`
	Problem *Problem             `json:"problem,omitempty"`
	Desk    []DeskNote           `json:"desk,omitempty"`
}

// CancelAttributes are the search attributes of a cancellation.
func CancelAttributes(eventID string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(EventIDKey.ValueSet(eventID))
}

const (
	// surveyBusy is how often a cancellation that goes on looks where it stands.
	surveyBusy = 5 * time.Second
	// lateHolds is how long after its beginning an event's purchases may still come
	// up: what processes remember of an event while its database is away.
	lateHolds = 75 * time.Second
	// longCancel is when a run hands on to the next, in events.
	longCancel = 4000
)

var cancellations *activities.Cancellations

// CancelEvent refunds every booking of a canceled event, in batches, a lane for
// each provider, and ends the purchases that are under way. It goes forward only,
// and ends when nothing is left: neither tickets, nor refunds that are not through.
func CancelEvent(ctx workflow.Context, in CancelEventInput) (CancelResult, error) {
	c, err := newCancellation(ctx, in)
	if err != nil {
		return CancelResult{}, err
	}
	if c.prepare() {
		c.openLanes()
		for !c.settled() && !c.endless() {
			c.endPurchases()
			c.show()
			c.rest()
			c.survey()
		}
	}
	if err := c.close(); err != nil {
		return CancelResult{}, err
	}
	if c.refusal == nil && !c.settled() {
		c.state.Runs++
		return CancelResult{}, workflow.NewContinueAsNewError(ctx, CancelEventType, CancelEventInput{EventID: in.EventID, State: &c.state})
	}
	return CancelResult{Figures: c.seen.Figures, Handed: c.state.Handed, Problem: c.refusal, Desk: c.state.Desk}, nil
}

// cancellation is one run of the workflow.
type cancellation struct {
	ctx     workflow.Context // never cancelled: what is owed is owed
	in      CancelEventInput
	state   CancelState
	terms   activities.CancelTerms
	refusal *Problem
	seen    activities.CancelSurvey
	trouble string // what the last look came to nothing for

	lanes   []*lane
	open    int  // lanes at work
	closing bool // they are to come to an end
	stirred bool // something asks for a look
	asked   map[string]bool
	shown   shownCancel
	pause   time.Duration
	flagged bool
}

// shownCancel is what everybody was told last.
type shownCancel struct {
	phase ticket.CancelPhase
	note  string
}

func newCancellation(ctx workflow.Context, in CancelEventInput) (*cancellation, error) {
	c := &cancellation{in: in, asked: map[string]bool{}}
	c.ctx, _ = workflow.NewDisconnectedContext(ctx)
	if in.State != nil {
		c.state = *in.State
	}
	if c.state.Began.IsZero() {
		c.state.Began = clock(c.ctx)
	}
	return c, c.setHandlers()
}

// step runs a step on the sales fleet, again and again while it must.
func (c *cancellation) step(activity, input, result any, summary string) {
	for {
		ctx := local(c.ctx, giveUp, patiently, summary)
		err := workflow.ExecuteLocalActivity(ctx, activity, input).Get(ctx, result)
		if err == nil {
			c.trouble = ""
			return
		}
		c.trouble = cause(err)
		c.tell()
	}
}

// prepare finds out what is to be done; false when the event is not canceled.
func (c *cancellation) prepare() bool {
	c.step(cancellations.PrepareCancellation, c.ref(), &c.terms, "prepare")
	if c.terms.Refusal != nil {
		c.refusal = problemOf(c.terms.Refusal)
		workflow.SetCurrentDetails(c.ctx, "Refused: "+c.refusal.Message)
		return false
	}
	c.survey()
	return true
}

func (c *cancellation) ref() activities.CancelRef { return activities.CancelRef{EventID: c.in.EventID} }

// survey looks where everything stands and lets the lanes look for work.
func (c *cancellation) survey() {
	before := c.seen.Figures
	var seen activities.CancelSurvey
	c.step(cancellations.SurveyCancellation, c.ref(), &seen, "survey")
	c.seen = seen
	switch {
	case seen.Figures != before || c.pause == 0:
		c.pause = surveyBusy
	case c.busy() && c.state.Paused == nil:
		c.pause = min(2*c.pause, awayLate)
	default:
		c.pause = min(2*c.pause, lookLate)
	}
	for _, l := range c.lanes {
		l.look = l.look || c.busy()
	}
}

// busy tells whether there is something that goes on by itself.
func (c *cancellation) busy() bool {
	f := c.seen.Figures
	return f.Holding > 0 || f.Waiting > len(c.state.Refused)
}

// endPurchases has the purchases that were under way ended. One that is being paid
// is carried to its outcome first; if that is a confirmation, it is refunded.
func (c *cancellation) endPurchases() {
	var requests []workflow.Future
	for _, id := range c.seen.Holding {
		if !c.asked[id] {
			c.asked[id] = true
			requests = append(requests, workflow.RequestCancelExternalWorkflow(c.ctx, PurchaseID(id), ""))
		}
	}
	for _, r := range requests {
		_ = r.Get(c.ctx, nil) // one that is over needs none
	}
}

// settled tells whether nothing is left, and nothing more can come.
func (c *cancellation) settled() bool {
	return c.refusal != nil || c.seen.Figures.Settled() && !workflow.Now(c.ctx).Before(c.state.Began.Add(lateHolds))
}

// endless tells that the run has become long enough for the next one to begin.
func (c *cancellation) endless() bool {
	info := workflow.GetInfo(c.ctx)
	return info.GetCurrentHistoryLength() >= longCancel || info.GetContinueAsNewSuggested()
}

func (c *cancellation) rest() {
	wait := c.pause
	if c.seen.Figures.Settled() {
		wait = min(wait, max(time.Second, c.state.Began.Add(lateHolds).Sub(workflow.Now(c.ctx))))
	}
	_, _ = workflow.AwaitWithTimeout(c.ctx, wait, func() bool { return c.stirred }) // never cancelled
	c.stirred = false
}

// close lets lanes and waiting callers come to an end, and shows how it ended.
func (c *cancellation) close() error {
	c.closing = true
	if err := workflow.Await(c.ctx, func() bool { return c.open == 0 }); err != nil {
		return err
	}
	if c.refusal == nil && c.settled() {
		c.show()
	}
	return workflow.Await(c.ctx, func() bool { return workflow.AllHandlersFinished(c.ctx) })
}
