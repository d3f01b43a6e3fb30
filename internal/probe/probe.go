package probe

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// How often checks are made by the state of the system.
const (
	WhenNormal = 5 * time.Minute
	WhenNot    = time.Minute
)

// patience is how long one check may take.
const patience = 10 * time.Second

// Options say what is probed.
type Options struct {
	// URL is the API's address, as buyers reach it.
	URL string
	// Registerer takes the metrics; nil registers none.
	Registerer prometheus.Registerer
	// Transport replaces the connections, in tests.
	Transport http.RoundTripper
}

// Prober makes the checks. Use one at a time.
type Prober struct {
	base string
	web  *http.Client

	up, took *prometheus.GaugeVec
	at       prometheus.Gauge
}

// New makes a prober.
func New(o Options) *Prober {
	p := &Prober{
		base: strings.TrimRight(o.URL, "/"), web: &http.Client{Timeout: patience, Transport: o.Transport},
		up: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_probe_up", Help: "1 when a synthetic check went well the last time, else 0.",
		}, []string{"check"}),
		took: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "yourticket_probe_duration_seconds", Help: "How long a synthetic check took the last time.",
		}, []string{"check"}),
		at: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yourticket_probe_timestamp_seconds", Help: "When the synthetic checks were last made.",
		}),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(p.up, p.took, p.at)
	}
	return p
}

// Result is what one check found; Fault is "" when all was well.
type Result struct {
	Check string
	Took  time.Duration
	Fault string
}

// Round is what all checks found.
type Round struct {
	Results []Result
	// State is what the system says of itself, "" when it says nothing.
	State string
}

// Failed lists the checks that did not go well.
func (r Round) Failed() (names []string) {
	for _, c := range r.Results {
		if c.Fault != "" {
			names = append(names, c.Check)
		}
	}
	return names
}

// Next is how long to wait for the next round.
func (r Round) Next() time.Duration {
	if r.State == "normal" && len(r.Failed()) == 0 {
		return WhenNormal
	}
	return WhenNot
}

// Once makes all checks, one after the other.
func (p *Prober) Once(ctx context.Context) Round {
	v := &visit{p: p}
	for _, check := range checks {
		start := time.Now()
		limited, cancel := context.WithTimeout(ctx, patience)
		err := check.do(limited, v)
		cancel()
		r := Result{Check: check.name, Took: time.Since(start)}
		up := 1.0
		if err != nil {
			r.Fault, up = cmp.Or(err.Error(), "it failed"), 0
		}
		p.up.WithLabelValues(check.name).Set(up)
		p.took.WithLabelValues(check.name).Set(r.Took.Seconds())
		v.round.Results = append(v.round.Results, r)
	}
	p.at.SetToCurrentTime()
	return v.round
}

// Run makes the checks until ctx ends.
func (p *Prober) Run(ctx context.Context) {
	for {
		r := p.Once(ctx)
		if ctx.Err() != nil {
			return
		}
		for _, c := range r.Results {
			if c.Fault != "" {
				slog.WarnContext(ctx, "a check failed", "check", c.Check, "fault", c.Fault)
			}
		}
		slog.InfoContext(ctx, "probed", "state", r.State, "failed", len(r.Failed()), "next", r.Next())
		select {
		case <-ctx.Done():
			return
		case <-time.After(r.Next()):
		}
	}
}
