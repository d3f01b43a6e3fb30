package main

import (
	"fmt"
	"io"
	"runtime"
	"time"
)

// The goals of a purchase on two cores with the load beside it.
const (
	goalRate    = 65.0
	goalEvents  = 14
	goalCPU     = 6 * time.Millisecond
	goalHoldP50 = 80 * time.Millisecond
	goalHolders = 10
)

// report is all that was measured.
type report struct {
	At      time.Time `json:"at"`
	Cores   int       `json:"cores"`
	Store   string    `json:"temporal_store"`
	Seconds float64   `json:"seconds"`
	// History is of a purchase in one call, HoldHistory of a booking that was
	// held and then canceled, FloorHistory of the empty workflow.
	History      history  `json:"history"`
	HoldHistory  history  `json:"hold_history"`
	FloorHistory history  `json:"floor_history"`
	Purchases    []loaded `json:"purchases"`
	Floor        []loaded `json:"floor"`
	Holds        []loaded `json:"holds"`
}

func newReport(o settings) *report {
	return &report{At: time.Now().UTC(), Cores: runtime.NumCPU(), Store: o.store, Seconds: float64(o.seconds)}
}

// columns are the processes in the order in which they are shown.
var columns = []string{"temporal", "temporal-db", "postgres", "redis", "api", "worker", "sandbox", "load"}

// outside are those that a purchase needs besides Temporal.
var outside = []string{"postgres", "redis", "api", "worker", "sandbox"}

// print writes the tables and how the goals stand.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n%d cores, Temporal's state: %s, %.0f s each\n\n", r.Cores, r.Store, r.Seconds)
	fmt.Fprintf(w, "%-22s %6s %8s %8s %8s %7s", "", "buyers", "done/s", "p50 ms", "p99 ms", "failed")
	for _, c := range columns {
		fmt.Fprintf(w, " %11s", c)
	}
	fmt.Fprintln(w, "   CPU ms for one")
	for i := range r.Purchases {
		row(w, "paid purchase, 1 call", r.Purchases[i])
		row(w, "  empty workflow", r.Floor[i])
	}
	for _, h := range r.Holds {
		row(w, "hold", h)
	}
	fmt.Fprintf(w, "\nhistory of a purchase: %s; held and canceled: %s; the empty workflow: %s\n", r.History, r.HoldHistory, r.FloorHistory)
	fmt.Fprintf(w, "load is this program, which for the empty workflow also does what the api would\n\n")
	r.goals(w)
}

func row(w io.Writer, name string, l loaded) {
	fmt.Fprintf(w, "%-22s %6d %8.1f %8.1f %8.1f %7d", name, l.Buyers, l.Rate, milliseconds(l.P50), milliseconds(l.P99), l.Failed)
	for _, c := range columns {
		if t, ok := l.CPU[c]; ok {
			fmt.Fprintf(w, " %11.2f", milliseconds(t))
		} else {
			fmt.Fprintf(w, " %11s", "-")
		}
	}
	fmt.Fprintln(w)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// goals compares the best run with what is wanted.
func (r *report) goals(w io.Writer) {
	if len(r.Purchases) == 0 {
		return
	}
	best, ratio := r.Purchases[0], 0.0
	for i, p := range r.Purchases {
		if p.Rate >= best.Rate {
			best, ratio = p, p.Rate/r.Floor[i].Rate
		}
	}
	var cpu time.Duration
	for _, name := range outside {
		cpu += best.CPU[name]
	}
	goal(w, best.Rate >= goalRate, "%.1f purchases a second with %d buyers, wanted %.0f; %.0f %% of the empty workflow",
		best.Rate, best.Buyers, goalRate, 100*ratio)
	goal(w, r.History.Events <= goalEvents, "%d events a purchase, wanted %d at most", r.History.Events, goalEvents)
	goal(w, cpu <= goalCPU, "%.2f ms of CPU a purchase outside Temporal, wanted %.0f at most", milliseconds(cpu), milliseconds(goalCPU))
	for _, h := range r.Holds {
		if h.Buyers == goalHolders {
			goal(w, h.P50 <= goalHoldP50, "hold p50 %.1f ms with %d buyers, wanted %.0f at most", milliseconds(h.P50), h.Buyers, milliseconds(goalHoldP50))
		}
	}
}

func goal(w io.Writer, reached bool, format string, args ...any) {
	mark := "reached"
	if !reached {
		mark = "MISSED"
	}
	fmt.Fprintf(w, "%-8s %s\n", mark, fmt.Sprintf(format, args...))
}
