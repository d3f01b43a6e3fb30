package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"yourticket.example/api"
	"yourticket.example/e2e/cputime"
	"yourticket.example/e2e/system"
)

type options struct {
	rate    int
	seconds int
	buyers  int
	knee    bool
	json    string
}

func main() {
	var o options
	flag.IntVar(&o.rate, "rate", 10_000, "requests a second of the crowd")
	flag.IntVar(&o.seconds, "seconds", 60, "length of the run")
	flag.IntVar(&o.buyers, "buyers", 10, "buyers who purchase meanwhile, one after the other")
	flag.BoolVar(&o.knee, "knee", true, "look for the rate at which latency gives way, afterwards")
	flag.StringVar(&o.json, "json", "", "write the figures to this file too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fitness:", err)
		os.Exit(1)
	}
}

// The goals of the fitness function.
const (
	goalP99    = 50.0 // ms
	goalErrors = 0.001
	goalCPU    = 60.0 // µs of the API a request
	goalSales  = 0.5  // of the purchases without the crowd
	goalRate   = 0.99 // of the arrivals that were planned
)

// aloneFor is how long purchases are measured without the crowd, once before it
// and once after: machines whose speed drifts over minutes would otherwise move
// the ratio more than anything that is measured here.
const aloneFor = 10 * time.Second

// gathering is how long the crowd asks at a tenth of its rate before it counts.
const gathering = 5 * time.Second

// report is everything that was measured.
type report struct {
	Alone  sales   `json:"purchases_alone"`
	Crowd  crowd   `json:"crowd"`
	Beside sales   `json:"purchases_beside_the_crowd"`
	CPUus  float64 `json:"api_cpu_us_a_crowd_request"`
	// Busy are the processors that each process took beside the crowd.
	Busy    map[string]float64 `json:"busy"`
	Costs   []cost             `json:"cpu_by_route,omitempty"`
	Knee    []step             `json:"knee,omitempty"`
	Missed  []string
	Sellout string `json:"sellout"`
}

func run(ctx context.Context, o options) error {
	defer func() { _ = system.RemoveBinary() }()
	// The crowd has an api of its own, so that its CPU can be told from what
	// purchases cost; both share everything behind. Buyers need no search.
	all := api.ServiceNames()
	selling := slices.DeleteFunc(slices.Clone(all), func(service string) bool { return service == "search" })
	s, err := system.Start(ctx, system.Options{
		Name: "fitness", Durable: true, TemporalStore: system.StoreSQLite, Say: func(l string) { fmt.Println(l) },
		APIs: []system.Role{{Services: selling}, {Services: all}}, Env: []string{"RATE_LIMITS=off"}, Elasticsearch: true,
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Stop() }()
	f := &fitness{System: s, options: o}
	if err := f.yield(); err != nil {
		return err
	}
	r, err := f.measure(ctx)
	if err != nil {
		return err
	}
	f.judge(r)
	show(r, o)
	if o.json != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(o.json, text, 0o600); err != nil {
			return err
		}
	}
	if len(r.Missed) > 0 {
		return fmt.Errorf("%d goals missed", len(r.Missed))
	}
	return nil
}

func (f *fitness) measure(ctx context.Context) (*report, error) {
	if err := f.prepare(ctx); err != nil {
		return nil, err
	}
	r := &report{}
	var err error
	if r.Alone, err = f.sell(ctx, f.hall, aloneFor); err != nil {
		return nil, err
	}
	// The crowd comes to a shop that has been open for a while: its searches were
	// asked before, and its connections are made.
	f.crowd(ctx, f.asks, f.rate/10, gathering)
	length := time.Duration(f.seconds) * time.Second
	type sold struct {
		sales
		err error
	}
	beside := make(chan sold, 1)
	go func() {
		s, err := f.sell(ctx, f.hall, length)
		beside <- sold{s, err}
	}()
	var used cputime.Usage
	r.Crowd, used = f.measured(ctx, f.asks, f.rate, length)
	r.CPUus = each(used, crowdProcess, r.Crowd)
	r.Busy = busy(used, r.Crowd.Seconds)
	b := <-beside
	if b.err != nil {
		return nil, b.err
	}
	r.Beside = b.sales
	after, err := f.sell(ctx, f.hall, aloneFor)
	if err != nil {
		return nil, err
	}
	r.Alone = r.Alone.and(after)
	if r.Sellout, err = f.sellOut(ctx); err != nil {
		return nil, err
	}
	r.Costs = f.costs(ctx)
	if f.knee {
		r.Knee = f.findKnee(ctx)
	}
	return r, nil
}

func (f *fitness) judge(r *report) {
	miss := func(bad bool, format string, args ...any) {
		if bad {
			r.Missed = append(r.Missed, fmt.Sprintf(format, args...))
		}
	}
	c := r.Crowd
	miss(float64(c.Answered) < goalRate*float64(c.Planned), "%d of %d requests were answered", c.Answered, c.Planned)
	miss(c.P99 > goalP99, "p99 %.1f ms is over %.0f ms", c.P99, goalP99)
	miss(float64(c.Errors) > goalErrors*float64(c.Planned), "%d errors in %d requests", c.Errors, c.Planned)
	miss(r.CPUus > goalCPU, "a request costs the api %.0f µs of CPU, over %.0f", r.CPUus, goalCPU)
	miss(r.Beside.Rate < goalSales*r.Alone.Rate, "%.1f purchases/s beside the crowd, under half of %.1f", r.Beside.Rate, r.Alone.Rate)
}
