package workflows

import (
	"math"
	"time"

	"yourticket.example/activities"
)

// The bounds of the three states of the system, as far as a sale can tell them:
// below the first all is normal, from the second on it is an alarm.
const (
	bookingWarning, bookingAlarm = 200 * time.Millisecond, 500 * time.Millisecond
	backlogWarning, backlogAlarm = 300 * time.Millisecond, 2 * time.Second
	// paymentsScarce is the share of payment permits below which no more buyers
	// are called than now.
	paymentsScarce = 0.1
	// fewBookings say nothing about how bookings go.
	fewBookings = 10
)

// How the rate changes, in buyers a minute.
const (
	// leastRate is never undercut: a trickle shows when the system is well again.
	leastRate = 6
	// firstRate is where even a small sale begins.
	firstRate = 120
	// slower is what an alarm leaves of the rate.
	slower = 0.7
	// paceMemory is how much of the old pace a tick keeps.
	paceMemory = 0.8
	// mostRate bounds what a person may set.
	mostRate = 600_000
)

// Throttle decides how fast buyers are called: additive increase while all is
// well and there is somebody to call, multiplicative decrease on an alarm.
type Throttle struct {
	// Rate is how many a minute may be called.
	Rate float64 `json:"rate,omitempty"`
	// Fixed, when positive, is a rate that a person has set.
	Fixed float64 `json:"fixed,omitempty"`
	// Step is how much faster it gets a tick.
	Step float64 `json:"step,omitempty"`
	// Credit is what may be called and was not yet.
	Credit float64 `json:"credit,omitempty"`
	// Pace is how many a minute came of late.
	Pace float64 `json:"pace,omitempty"`
	// Limited says that the rate, and nothing else, held buyers back.
	Limited bool `json:"limited,omitempty"`
}

// verdict is how the system bears the sale; a higher one is worse.
type verdict int

const (
	normal verdict = iota
	warning
	alarm
)

func (v verdict) String() string { return [...]string{"normal", "warning", "alarm"}[v] }

func sorted(measured, warns, alarms time.Duration) verdict {
	switch {
	case measured >= alarms:
		return alarm
	case measured >= warns:
		return warning
	}
	return normal
}

// start begins a sale of so many sessions: they fill within half a minute
// unless the system says otherwise.
func (t *Throttle) start(sessions int) {
	first := max(firstRate, 2*float64(sessions))
	t.Step = first / 20
	if t.Rate == 0 {
		t.Rate = first
	}
}

// judge sorts what was measured into the three states.
func judge(m *activities.SaleMeasures) verdict {
	worst := normal
	if m.Bookings >= fewBookings {
		worst = sorted(time.Duration(m.BookingMs)*time.Millisecond, bookingWarning, bookingAlarm)
	}
	for _, ms := range m.BacklogMs {
		worst = max(worst, sorted(time.Duration(ms)*time.Millisecond, backlogWarning, backlogAlarm))
	}
	if m.PaymentRoom < paymentsScarce {
		worst = max(worst, warning)
	}
	return worst
}

// learn adapts the rate to what was measured.
func (t *Throttle) learn(m *activities.SaleMeasures, elapsed time.Duration) verdict {
	v := judge(m)
	switch {
	case t.Fixed > 0:
		t.Rate = t.Fixed
	case v == alarm:
		t.Rate = max(leastRate, t.Rate*slower)
	case v == normal && t.Limited:
		t.Rate = min(t.Rate+t.Step, max(firstRate, 60*float64(m.MaxSessions)))
	}
	grown := t.Rate * elapsed.Minutes()
	t.Credit = min(t.Credit+grown, max(1, 2*t.Rate*tickBusy.Minutes()))
	return v
}

// allowance is how many may be called now: by the rate, by the sessions that
// are free, and never more than there are seats for.
func (t *Throttle) allowance(m *activities.SaleMeasures, waiting int64) int {
	byRate := int64(t.Credit)
	rest := min(waiting, int64(m.MaxSessions)-m.Live-m.Open, int64(m.Free)-m.Open)
	t.Limited = rest > byRate
	return int(max(0, min(byRate, rest)))
}

// served takes what was called from the credit, and keeps the pace while there
// is anybody to call.
func (t *Throttle) served(n int, waiting int64, elapsed time.Duration) {
	t.Credit = max(0, t.Credit-float64(n))
	if waiting <= 0 || elapsed <= 0 {
		return
	}
	now := float64(n) / elapsed.Minutes()
	if t.Pace == 0 {
		t.Pace = now
		return
	}
	t.Pace = paceMemory*t.Pace + (1-paceMemory)*now
}

func round(rate float64) float64 { return math.Round(rate*10) / 10 }
