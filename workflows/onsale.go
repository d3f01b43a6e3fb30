package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
)

// What others call a sale by.
const (
	OnSaleType = "OnSale"
	// QueueSales is the task queue of sales.
	QueueSales = "sales"

	// UpdatePause and UpdateResume (SaleRequest), and UpdateSetRate
	// (SetRateRequest), answer a SaleStatus when the sale keeps to them.
	UpdatePause   = "Pause"
	UpdateResume  = "Resume"
	UpdateSetRate = "SetRate"
	// SignalEventChanged says that the event is another than before, SignalWake
	// that somebody came to a sale for which nobody waited.
	SignalEventChanged = "EventChanged"
	SignalWake         = "Wake"
)

// OnSaleID is the workflow id of an event's sale. QueryStatus answers a SaleStatus.
func OnSaleID(eventID string) string { return "onsale/" + eventID }

// OnSaleInput names the event; State is what a run hands on to the next one.
type OnSaleInput struct {
	EventID string     `json:"event_id"`
	State   *SaleState `json:"state,omitempty"`
}

// OnSaleResult is how a sale ended.
type OnSaleResult struct {
	Reason  string `json:"reason"`
	Served  int64  `json:"served"`
	Skipped int64  `json:"skipped"`
}

// OnSaleAttributes are the search attributes of a sale.
func OnSaleAttributes(eventID string) temporal.SearchAttributes {
	return temporal.NewSearchAttributes(EventIDKey.ValueSet(eventID))
}

const (
	// A busy sale ticks every few seconds, so that freed sessions are soon given
	// on; one that nobody waits for is woken by the first who comes. None may be
	// slower than the queue's scripts take for an interruption, 45 s.
	tickBusy = 3 * time.Second
	tickIdle = 20 * time.Second
	tickGone = 30 * time.Second
	// retrySoon is when a step that did not succeed is tried again.
	retrySoon = 2 * time.Second
	// lookAgain bounds how long a sale waits without reading its event anew.
	lookAgain = 6 * time.Hour
	// longRun is when a run hands on to the next: some forty minutes of a busy sale.
	longRun = 5000
)

// OnSale sells an event with a waiting room: it opens on time, draws, and lets
// the turn of buyers come as fast as the system can bear, until the event is over.
func OnSale(ctx workflow.Context, in OnSaleInput) (OnSaleResult, error) {
	s, err := newSale(ctx, in)
	if err != nil {
		return OnSaleResult{}, err
	}
	for s.over == "" && !s.endless() && ctx.Err() == nil {
		if s.state.Opened {
			s.rest(s.tick())
		} else {
			s.rest(s.approach())
		}
	}
	if ctx.Err() != nil {
		s.state.Ill = []string{"the workflow was cancelled"}
	}
	if s.over != "" || ctx.Err() != nil {
		s.show(0)
	}
	if err := s.finish(); err != nil {
		return OnSaleResult{}, err
	}
	if s.over == "" && ctx.Err() == nil {
		return OnSaleResult{}, workflow.NewContinueAsNewError(ctx, OnSaleType, OnSaleInput{EventID: in.EventID, State: &s.state})
	}
	return s.result(), ctx.Err()
}

// SaleState is what a sale knows of itself.
type SaleState struct {
	Throttle
	Opened  bool  `json:"opened,omitempty"`
	Entries int64 `json:"entries,omitempty"`
	// Paused is who stopped the sale, until somebody resumes it.
	Paused *SaleRequest `json:"paused,omitempty"`
	// Ill says why the sale stopped by itself, Calm for how many ticks all has
	// been well since.
	Ill  []string `json:"ill,omitempty"`
	Calm int      `json:"calm,omitempty"`
	// Gone: nothing is left to sell.
	Gone   bool  `json:"gone,omitempty"`
	Called int64 `json:"called,omitempty"`
}

// sale is one run of the workflow.
type sale struct {
	ctx  workflow.Context
	safe workflow.Context // steps are not interrupted
	in   OnSaleInput

	state   SaleState
	terms   activities.SaleTerms
	seen    activities.SaleMeasures
	over    string // why it ends
	trouble string // the last step that failed
	verdict verdict
	ticked  time.Time
	ticks   int
	stirred bool // something asks for a look
	shown   shownSale
}

// shownSale is what everybody was told last.
type shownSale struct {
	phase      string
	rate, pace float64
}

func newSale(ctx workflow.Context, in OnSaleInput) (*sale, error) {
	safe, _ := workflow.NewDisconnectedContext(ctx)
	s := &sale{ctx: ctx, safe: safe, in: in}
	if in.State != nil {
		s.state = *in.State
	}
	return s, s.setHandlers()
}

// Activities are named through a nil pointer: only their names are used here.
var sales *activities.Sales

func (s *sale) step(activity, input, result any, summary string) bool {
	ctx := local(s.safe, askBuyer, briskly, summary)
	if err := workflow.ExecuteLocalActivity(ctx, activity, input).Get(ctx, result); err != nil {
		s.trouble = cause(err)
		return false
	}
	s.trouble = ""
	return true
}

// approach goes on towards the opening, and opens when it is time. It says how
// long to wait until the next look.
func (s *sale) approach() time.Duration {
	in := activities.SaleInput{EventID: s.in.EventID}
	if !s.step(sales.PrepareSale, in, &s.terms, "prepare") {
		s.tell()
		return retrySoon
	}
	wait := s.terms.OnSaleAt.Sub(workflow.Now(s.safe))
	switch {
	case s.terms.Over != "":
		s.over = s.terms.Over
	case s.terms.Drawn:
		s.open(s.state.Entries)
	case wait > 0:
	case s.terms.Postponed:
		wait = lookAgain
	default:
		var opened activities.OpenedSale
		switch {
		case !s.step(sales.OpenSale, in, &opened, "open"):
			wait = retrySoon
		case opened.Wait > 0: // the event was moved, or clocks differ
			wait = min(opened.Wait, retrySoon)
		default:
			s.open(opened.Entries)
		}
	}
	s.tell()
	return min(wait, lookAgain)
}

func (s *sale) open(entries int64) {
	s.state.Opened, s.state.Entries = true, entries
	s.state.start(s.terms.MaxSessions)
}

// tick measures, decides and admits. It says how long to wait until the next.
func (s *sale) tick() time.Duration {
	defer s.tell()
	now := workflow.Now(s.safe)
	elapsed := tickBusy
	if !s.ticked.IsZero() {
		elapsed = now.Sub(s.ticked)
	}
	s.ticked = now
	s.ticks++
	in := activities.MeasureInput{EventID: s.in.EventID, Queues: []string{QueuePurchases, QueuePayments}}
	var seen activities.SaleMeasures
	if !s.step(sales.MeasureSale, in, &seen, "measure") {
		s.state.Ill, s.state.Calm = []string{"the sale cannot be measured: " + s.trouble}, 0
		return retrySoon
	}
	s.seen, s.terms, s.over = seen, seen.SaleTerms, seen.Over
	s.diagnose()
	waiting := seen.Issued - seen.Serving
	s.verdict = s.state.learn(&seen, elapsed)
	count := s.state.allowance(&seen, waiting)
	if s.phase() == phaseOpen {
		served := s.show(count)
		s.state.served(served, waiting, elapsed)
		s.state.Called += int64(served)
	} else {
		s.show(0)
	}
	switch {
	case s.state.Gone:
		return tickGone
	case waiting <= 0 && seen.Open == 0 && s.phase() == phaseOpen:
		return tickIdle
	}
	return tickBusy
}

// calmTicks is how long all must be well before a sale that stopped by itself
// goes on.
const calmTicks = 2

// diagnose finds what a sale has to stop for.
func (s *sale) diagnose() {
	ill := append([]string{}, s.seen.Down...)
	if s.seen.Postponed {
		ill = append(ill, "the event is postponed")
	}
	if s.seen.Bookings >= fewBookings && 2*s.seen.Unanswered >= s.seen.Bookings {
		ill = append(ill, "bookings fail")
	}
	s.state.Gone = s.seen.Free == 0 && s.seen.Held == 0
	if len(ill) > 0 {
		s.state.Ill, s.state.Calm = ill, 0
		return
	}
	if len(s.state.Ill) > 0 {
		if s.state.Calm++; s.state.Calm >= calmTicks {
			s.state.Ill = nil
		}
	}
}

// The phases that a sale can be in.
const (
	phaseOpen   = "open"
	phasePaused = "paused"
	phaseClosed = "closed"
)

func (s *sale) phase() string {
	switch {
	case s.over != "" || s.state.Gone:
		return phaseClosed
	case s.state.Paused != nil || len(s.state.Ill) > 0:
		return phasePaused
	}
	return phaseOpen
}

// show tells everybody how the sale stands, when that has changed, and calls
// buyers; it says how many.
func (s *sale) show(count int) int {
	now := shownSale{s.phase(), round(s.state.Rate), round(s.state.Pace)}
	if !s.state.Opened || now == s.shown && count == 0 {
		return 0
	}
	var admitted activities.Admitted
	ok := s.step(sales.AdmitBuyers, activities.AdmitInput{
		EventID: s.in.EventID, Phase: now.phase, Reason: s.why(), Rate: now.rate, Pace: now.pace, Count: count,
	}, &admitted, "admit")
	if ok {
		s.shown = now
	}
	return admitted.Served
}

// rest waits for the next look, or for something that asks for one.
func (s *sale) rest(wait time.Duration) {
	if s.over == "" && wait > 0 {
		_, _ = workflow.AwaitWithTimeout(s.ctx, wait, func() bool { return s.stirred }) // cancelled: the loop sees it
	}
	s.stirred = false
}

// endless tells that the run has become long enough for the next one to begin.
func (s *sale) endless() bool {
	info := workflow.GetInfo(s.ctx)
	return info.GetCurrentHistoryLength() >= longRun || info.GetContinueAsNewSuggested()
}

// finish lets waiting callers have their answers before the run ends.
func (s *sale) finish() error {
	s.ticks++ // nobody waits for a tick any more
	return workflow.Await(s.safe, func() bool { return workflow.AllHandlersFinished(s.safe) })
}

func (s *sale) result() OnSaleResult {
	reason := s.over
	if reason == "" {
		reason = "cancelled"
	}
	return OnSaleResult{Reason: reason, Served: s.seen.Serving, Skipped: s.seen.Skipped}
}
