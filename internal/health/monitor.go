package health

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// freshFor is how long a report is given again, and lookEvery how often the
	// parts are asked.
	freshFor  = time.Second
	lookEvery = 5 * time.Second
	// partPatience is how long a part may take to answer.
	partPatience = 2 * time.Second
)

// Part is something that the process depends on.
type Part struct {
	Name string
	Ping func(context.Context) error
	// Optional parts are missed, but the sale goes on without them.
	Optional bool
	// Feature is what is degraded while the part is away; its name when empty.
	Feature string
}

// Indicator is one measured value with its judgment.
type Indicator struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	State State   `json:"state"`
}

// Report is how the process is.
type Report struct {
	State      State       `json:"state" enum:"normal,warning,alarm"`
	Indicators []Indicator `json:"indicators"`
	// Degraded lists what works in a limited way or not at all.
	Degraded []string `json:"degraded"`
}

// Monitor turns measurements into reports. It is safe for concurrent use.
type Monitor struct {
	meter     *Meter
	parts     []Part
	degraded  func() []string
	providers func(context.Context) (Providers, error)

	mu      sync.Mutex
	process process
	at      time.Time
	report  Report

	looking  sync.Mutex // held while the parts are asked
	away     map[string]bool
	payments Providers
	lookedAt time.Time
}

// NewMonitor makes a Monitor over a meter and parts. Degraded names further
// features that are limited at the moment; it may be nil.
func NewMonitor(meter *Meter, parts []Part, degraded func() []string) *Monitor {
	return &Monitor{meter: meter, parts: parts, degraded: degraded, process: newProcess(time.Now()), away: map[string]bool{}}
}

// WatchProviders lets reports tell how the payment providers answer, as far as
// look knows. It is called before the first report.
func (m *Monitor) WatchProviders(look func(context.Context) (Providers, error)) { m.providers = look }

// Run keeps the report fresh until ctx ends.
func (m *Monitor) Run(ctx context.Context) {
	tick := time.NewTicker(freshFor)
	defer tick.Stop()
	for {
		m.Report(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Report tells how the process is; the answer is a second old at most while
// Run runs, and made anew otherwise. Parts that do not answer make it wait for
// two seconds at most.
func (m *Monitor) Report(ctx context.Context) Report {
	m.look(ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.at) < freshFor*9/10 {
		return m.report
	}
	values := m.meter.read(now)
	maps.Copy(values, m.process.share(now))
	if m.providers != nil {
		maps.Copy(values, m.payments.values())
	}
	m.report, m.at = m.judge(values), now
	return m.report
}

// judge applies the table. The caller holds the lock.
func (m *Monitor) judge(values map[string]sample) Report {
	r := Report{State: Normal, Indicators: []Indicator{}, Degraded: []string{}}
	points := 0.0
	for _, p := range m.parts {
		if !m.away[p.Name] {
			continue
		}
		points += 10
		if p.Optional {
			points -= 9
		}
		r.Degraded = append(r.Degraded, p.feature())
	}
	values[PartsUnreached] = sample{value: points}
	for _, t := range thresholds {
		s, measured := values[t.name]
		if !measured {
			continue
		}
		i := Indicator{Name: t.name, Value: math.Round(100*s.value) / 100, Unit: t.unit, State: t.judge(s.value, s.n)}
		r.State = worse(r.State, i.State)
		r.Indicators = append(r.Indicators, i)
	}
	if m.degraded != nil {
		r.Degraded = append(r.Degraded, m.degraded()...)
	}
	slices.Sort(r.Degraded)
	r.Degraded = slices.Compact(r.Degraded)
	return r
}

func (p Part) feature() string {
	if p.Feature != "" {
		return p.Feature
	}
	return p.Name
}

// look asks all parts at the same time, unless that was done a moment ago or
// another is at it: whoever comes meanwhile takes what was found before.
func (m *Monitor) look(ctx context.Context) {
	if !m.looking.TryLock() {
		return
	}
	defer m.looking.Unlock()
	if time.Since(m.lookedAt) < lookEvery {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), partPatience)
	defer cancel()
	failed := make([]bool, len(m.parts))
	var wg sync.WaitGroup
	for i, p := range m.parts {
		wg.Go(func() { failed[i] = p.Ping(ctx) != nil })
	}
	var payments Providers
	if m.providers != nil {
		wg.Go(func() { payments, _ = m.providers(ctx) }) // who cannot be asked is away by the part that knows
	}
	wg.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, p := range m.parts {
		m.away[p.Name] = failed[i]
	}
	m.lookedAt, m.payments = time.Now(), payments
}
