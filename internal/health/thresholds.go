package health

import "math"

// State is how something is.
type State string

// The states, from good to bad.
const (
	Normal  State = "normal"
	Warning State = "warning"
	Alarm   State = "alarm"
)

// rank orders states; a worse one is higher.
func (s State) rank() int {
	switch s {
	case Alarm:
		return 2
	case Warning:
		return 1
	case Normal:
	}
	return 0
}

// worse gives the worse of two states.
func worse(a, b State) State {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// The names of the indicators.
const (
	LatencyP99         = "latency_p99"
	BookingLatencyP99  = "booking_latency_p99"
	ErrorRate          = "error_rate"
	BookingSuccessRate = "booking_success_rate"
	CPU                = "cpu"
	Memory             = "memory"
	DatabaseLatencyP99 = "database_latency_p99"
	PartsUnreached     = "parts_unreached"
	ProviderLatencyP99 = "provider_latency_p99"
	ProvidersAway      = "providers_away"
	SecurityEvents     = "security_events"
)

// threshold is where an indicator stops to be normal, and where it becomes an
// alarm. Below turns it round: low values are bad.
type threshold struct {
	name, unit     string
	warning, alarm float64
	below          bool
	// least is how many samples the last minute must have before the value says
	// anything: one failure of three requests is no rate.
	least uint64
}

// thresholds is the one table of what is normal. A value at a bound is beyond
// it, but for rates that should be whole.
var thresholds = []threshold{
	{name: LatencyP99, unit: "ms", warning: 200, alarm: 500, least: 20},
	// A booking waits for a workflow, and with payment for a provider.
	{name: BookingLatencyP99, unit: "ms", warning: 2000, alarm: 5000, least: 5},
	{name: ErrorRate, unit: "%", warning: 0.1, alarm: 0.5, least: 100},
	{name: BookingSuccessRate, unit: "%", warning: 99.5, alarm: 95, below: true, least: 20},
	{name: CPU, unit: "%", warning: 70, alarm: 90},
	{name: Memory, unit: "%", warning: 70, alarm: 90},
	{name: DatabaseLatencyP99, unit: "ms", warning: 100, alarm: 500, least: 20},
	// A part that the sale can do without counts one, any other ten.
	{name: PartsUnreached, unit: "points", warning: 1, alarm: 10},
	// A slow provider holds its buyers up and nobody else, so it is no alarm.
	{name: ProviderLatencyP99, unit: "ms", warning: 2000, alarm: math.Inf(1), least: 5},
	// With one away the other is asked; with both nothing can be sold.
	{name: ProvidersAway, unit: "providers", warning: 1, alarm: 2},
	// Failed log-ins and webhooks with a false signature: some are mistakes,
	// that many in a minute are somebody's work.
	{name: SecurityEvents, unit: "a minute", warning: 60, alarm: 300},
}

// judge gives the state of a value.
func (t threshold) judge(value float64, samples uint64) State {
	beyond := func(bound float64) bool {
		if t.below {
			return value < bound
		}
		return value >= bound
	}
	switch {
	case samples < t.least:
		return Normal
	case beyond(t.alarm):
		return Alarm
	case beyond(t.warning):
		return Warning
	}
	return Normal
}
