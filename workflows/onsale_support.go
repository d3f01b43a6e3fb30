package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"yourticket.example/activities"
	"yourticket.example/ticket"
)

// SaleRequest is what support says with Pause or Resume.
type SaleRequest struct {
	// By is who asks, for the record.
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// SetRateRequest fixes how many buyers a minute are called; 0 leaves it to the
// sale again.
type SetRateRequest struct {
	By        string  `json:"by"`
	Reason    string  `json:"reason,omitempty"`
	PerMinute float64 `json:"per_minute"`
}

// SaleStatus is how a sale stands.
type SaleStatus struct {
	// Phase is prequeue, open, paused or closed; Reason says why not open.
	Phase  string `json:"phase"`
	Reason string `json:"reason,omitempty"`
	// System is how the system bears the sale: normal, warning or alarm.
	System        string  `json:"system"`
	RatePerMinute float64 `json:"rate_per_minute"`
	// Fixed says that a person has set the rate.
	Fixed         bool                    `json:"fixed,omitempty"`
	PacePerMinute float64                 `json:"pace_per_minute"`
	Entries       int64                   `json:"entries"`
	Called        int64                   `json:"called"`
	Trouble       string                  `json:"trouble,omitempty"`
	Measured      activities.SaleMeasures `json:"measured"`
}

// setHandlers must run before anything else of the workflow.
func (s *sale) setHandlers() error {
	if err := workflow.SetQueryHandler(s.ctx, QueryStatus, func() (SaleStatus, error) { return s.status(), nil }); err != nil {
		return err
	}
	err := setUpdateHandlers(s.ctx,
		updateHandler{UpdatePause, s.onPause, s.mayPause, aboutPause},
		updateHandler{UpdateResume, s.onResume, s.mayResume, aboutResume},
		updateHandler{UpdateSetRate, s.onSetRate, s.maySetRate, aboutSetRate},
	)
	if err != nil {
		return err
	}
	for _, name := range []string{SignalEventChanged, SignalWake} {
		signals := workflow.GetSignalChannel(s.ctx, name)
		workflow.Go(s.safe, func(ctx workflow.Context) {
			for signals.Receive(ctx, nil) {
				s.stirred = true
			}
		})
	}
	return nil
}

func (s *sale) mayPause(r SaleRequest) error {
	if s.state.Paused != nil {
		return refused("the sale is paused already, by %s", s.state.Paused.By)
	}
	return signed(r.By)
}

func (s *sale) onPause(ctx workflow.Context, r SaleRequest) (SaleStatus, error) {
	s.state.Paused = &r
	return s.obey(ctx, activities.SaleOrder{What: UpdatePause, By: r.By, Reason: r.Reason})
}

func (s *sale) mayResume(r SaleRequest) error {
	if s.state.Paused == nil {
		return refused("nobody has paused the sale")
	}
	return signed(r.By)
}

func (s *sale) onResume(ctx workflow.Context, r SaleRequest) (SaleStatus, error) {
	s.state.Paused = nil
	return s.obey(ctx, activities.SaleOrder{What: UpdateResume, By: r.By, Reason: r.Reason})
}

func (s *sale) maySetRate(r SetRateRequest) error {
	if !(r.PerMinute >= 0 && r.PerMinute <= mostRate) {
		return refused("per_minute must be from 0 (the sale decides) to %d", mostRate)
	}
	return signed(r.By)
}

func (s *sale) onSetRate(ctx workflow.Context, r SetRateRequest) (SaleStatus, error) {
	s.state.Fixed = r.PerMinute
	if r.PerMinute > 0 {
		s.state.Rate = r.PerMinute
		s.state.Credit = min(s.state.Credit, r.PerMinute*tickBusy.Minutes())
	}
	return s.obey(ctx, activities.SaleOrder{What: UpdateSetRate, By: r.By, Reason: r.Reason, PerMinute: r.PerMinute})
}

func signed(by string) error {
	if strings.TrimSpace(by) == "" {
		return refused("say who asks for it (by)")
	}
	return nil
}

func refused(format string, args ...any) error {
	return temporal.NewApplicationError(fmt.Sprintf(format, args...), string(ticket.CodeInvalid))
}

// obey writes an order down and answers when the sale keeps to it. That it is
// kept to does not depend on its record: support may be acting because a part is away.
func (s *sale) obey(ctx workflow.Context, o activities.SaleOrder) (SaleStatus, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	o.EventID, o.OrderID, o.At = s.in.EventID, workflow.GetCurrentUpdateInfo(ctx).ID, clock(ctx)
	s.stirred = true
	after := s.ticks
	recording := local(ctx, askBuyer, briskly, o.What)
	failed := workflow.ExecuteLocalActivity(recording, sales.RecordSaleOrder, o).Get(recording, nil)
	if failed != nil {
		s.trouble = "the order is not written down: " + cause(failed)
	}
	err := workflow.Await(ctx, func() bool { return s.ticks > after || !s.state.Opened })
	return s.status(), err
}

func (s *sale) status() SaleStatus {
	phase := s.phase()
	if !s.state.Opened && phase == phaseOpen {
		phase = "prequeue"
	}
	return SaleStatus{
		Phase: phase, Reason: s.why(), System: s.verdict.String(), RatePerMinute: round(s.state.Rate), Fixed: s.state.Fixed > 0,
		PacePerMinute: round(s.state.Pace), Entries: s.state.Entries, Called: s.state.Called, Trouble: s.trouble, Measured: s.seen,
	}
}

// why says why the sale is not open; empty when it is.
func (s *sale) why() string {
	switch {
	case s.over != "":
		return "The event is " + s.over + "."
	case s.state.Gone:
		return "Nothing is left to sell."
	case s.state.Paused != nil:
		return strings.TrimSpace(fmt.Sprintf("Paused by %s. %s", s.state.Paused.By, s.state.Paused.Reason))
	case len(s.state.Ill) > 0:
		return "Stopped by itself: " + strings.Join(s.state.Ill, ", ") + "."
	}
	return ""
}

// tell shows support where the sale stands.
func (s *sale) tell() {
	m := &s.seen
	lines := []string{fmt.Sprintf("**Waiting for the sale.** It opens at %s.", s.terms.OnSaleAt.Format("2006-01-02 15:04:05 MST"))}
	if s.state.Opened {
		lines = []string{
			fmt.Sprintf("**The sale is %s.** %s\n", s.phase(), s.why()),
			fmt.Sprintf("- %d of %d numbers served, %d waiting, %d did not come", m.Serving, m.Issued, max(0, m.Issued-m.Serving), m.Skipped),
			fmt.Sprintf("- %d sessions and %d open turns of %d; %d seats free", m.Live, m.Open, m.MaxSessions, m.Free),
			fmt.Sprintf("- %.0f a minute aimed at%s, %.0f came; the system is %s", s.state.Rate, s.setBy(), s.state.Pace, s.verdict),
			fmt.Sprintf("- bookings: p99 %d ms of %d; oldest tasks %v ms; payment permits %.0f %% free",
				m.BookingMs, m.Bookings, m.BacklogMs, 100*m.PaymentRoom),
		}
	}
	if s.trouble != "" {
		lines = append(lines, "\nTrouble: "+s.trouble)
	}
	lines = append(lines, "\nUpdates: `Pause`, `Resume` {by, reason}, `SetRate` {by, per_minute, reason}; 0 a minute leaves it to the sale.")
	workflow.SetCurrentDetails(s.safe, strings.Join(lines, "\n"))
}

func (s *sale) setBy() string {
	if s.state.Fixed > 0 {
		return " (set by hand)"
	}
	return ""
}
