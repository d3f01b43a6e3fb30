package audit

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Status is what an audit found of an invariant.
type Status string

// The statuses of a finding.
const (
	StatusOK     Status = "ok"
	StatusBroken Status = "broken"
	// StatusNotChecked: Reason says why; Failed tells whether that is a fault.
	StatusNotChecked Status = "not_checked"
)

// When says at what time an invariant has to hold.
type When string

// The times.
const (
	Always  When = "always"
	Settled When = "settled" // once nothing is under way
)

// Example is one thing that breaks an invariant.
type Example struct {
	// ID names the thing: a booking, a ticket, an event and its seat, a charge.
	ID     string `json:"id"`
	Detail string `json:"detail"`
}

// Finding is how one invariant stands.
type Finding struct {
	Number int    `json:"invariant"`
	Name   string `json:"name"`
	Holds  When   `json:"holds"`
	Status Status `json:"status"`
	// Reason is why it was not checked.
	Reason string `json:"reason,omitempty"`
	// Failed says that it could not be checked because something did not answer.
	Failed bool `json:"failed,omitempty"`
	// Checked counts the things that were looked at, Broken those that break the
	// invariant, InFlight those that would if nothing were still at work on them.
	Checked  int64 `json:"checked"`
	Broken   int64 `json:"broken"`
	InFlight int64 `json:"in_flight"`
	// Examples are the first that were found broken.
	Examples []Example `json:"examples,omitempty"`
	// Notes say what was compared, and what cannot be seen.
	Notes  []string `json:"notes,omitempty"`
	TookMS int64    `json:"took_ms"`
}

// Repair is something derived that was rebuilt.
type Repair struct {
	What string `json:"what"`
	ID   string `json:"id,omitempty"`
	// Error is why it was not.
	Error string `json:"error,omitempty"`
}

// Report is the result of an audit.
type Report struct {
	StartedAt  time.Time `json:"started_at"`
	FinishedAt time.Time `json:"finished_at"`
	// Since is from when on the providers' books were read.
	Since time.Time `json:"since"`
	// Settled says that nothing was under way when the audit began.
	Settled  bool      `json:"settled"`
	Findings []Finding `json:"findings"`
	Repairs  []Repair  `json:"repairs,omitempty"`
}

// Broken lists the numbers of the invariants that do not hold.
func (r *Report) Broken() []int {
	return r.numbers(func(f *Finding) bool { return f.Status == StatusBroken })
}

// Failed lists the numbers of those that could not be checked because something
// did not answer.
func (r *Report) Failed() []int {
	return r.numbers(func(f *Finding) bool { return f.Failed })
}

func (r *Report) numbers(which func(*Finding) bool) []int {
	var out []int
	for i := range r.Findings {
		if which(&r.Findings[i]) {
			out = append(out, r.Findings[i].Number)
		}
	}
	return out
}

// notCompared begins a note that says what was left out.
const notCompared = "not compared: "

// WriteText writes a line for each invariant, and below it what breaks it.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for i := range r.Findings {
		r.Findings[i].write(&b)
	}
	for _, p := range r.Repairs {
		result := "rebuilt"
		if p.Error != "" {
			result = "not rebuilt: " + p.Error
		}
		fmt.Fprintf(&b, "repair: %s: %s\n", strings.TrimSpace(p.What+" "+p.ID), result)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (f *Finding) write(b *strings.Builder) {
	fmt.Fprintf(b, "%2d. %-11s  %s", f.Number, strings.ReplaceAll(string(f.Status), "_", " "), f.Name)
	switch {
	case f.Status == StatusNotChecked:
		fmt.Fprintf(b, ": %s", f.Reason)
	case f.Broken > 0:
		fmt.Fprintf(b, ": %d of %d broken", f.Broken, f.Checked)
	default:
		fmt.Fprintf(b, ": %d checked", f.Checked)
	}
	if f.InFlight > 0 {
		fmt.Fprintf(b, ", %d in flight", f.InFlight)
	}
	for _, note := range f.Notes {
		if strings.HasPrefix(note, notCompared) {
			fmt.Fprintf(b, " (%s)", note)
		}
	}
	b.WriteByte('\n')
	if f.Failed && f.Status == StatusBroken {
		fmt.Fprintf(b, "      not checked to the end: %s\n", f.Reason)
	}
	for _, e := range f.Examples {
		fmt.Fprintf(b, "      %s: %s\n", e.ID, e.Detail)
	}
	if more := f.Broken - int64(len(f.Examples)); f.Broken > 0 && more > 0 {
		fmt.Fprintf(b, "      and %d more\n", more)
	}
}
