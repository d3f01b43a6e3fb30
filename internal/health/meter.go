package health

import "time"

// Kind is what a request is counted as.
type Kind int

// The kinds of requests.
const (
	// Other answers come from memory or a query: they have to be quick.
	Other Kind = iota
	// Booking starts or pays a purchase, and waits for its outcome.
	Booking
	// Slow by design, such as the hashing of passwords: only failures count.
	Slow
	// Unmeasured are streams, and what watches over the process.
	Unmeasured
)

// String names a kind in metrics.
func (k Kind) String() string { return [...]string{"other", "booking", "slow", "unmeasured"}[k] }

// Meter measures requests and queries. It is safe for concurrent use, and
// costs some tens of nanoseconds.
type Meter struct {
	other, booking, slow, queries window
	providers                     window
	security                      window
}

// Request counts an answered request. A status of 500 and above is a failure.
func (m *Meter) Request(kind Kind, status int, at time.Time, took time.Duration) {
	failed := status >= 500
	switch kind {
	case Other:
		m.other.add(at, took, failed)
	case Booking:
		m.booking.add(at, took, failed)
	case Slow:
		m.slow.add(at, took, failed)
	case Unmeasured:
	}
}

// Query counts a query of a database.
func (m *Meter) Query(at time.Time, took time.Duration, failed bool) { m.queries.add(at, took, failed) }

// Provider counts a call to a payment provider.
func (m *Meter) Provider(at time.Time, took time.Duration, failed bool) {
	m.providers.add(at, took, failed)
}

// SecurityEvent counts something that only somebody with bad intentions, or a
// mistake, does: a failed log-in, a false signature.
func (m *Meter) SecurityEvent(at time.Time) { m.security.add(at, 0, true) }

// Providers is how the calls to payment providers of this process went in the
// last minute.
func (m *Meter) Providers(now time.Time) Providers {
	r := m.providers.read(now)
	return Providers{P99: r.p99, Calls: r.total}
}

// Providers is how payment providers answer.
type Providers struct {
	// P99 is how long all but one in a hundred of Calls took at the most.
	P99   time.Duration
	Calls uint64
	// Away is how many are not asked because they were in trouble.
	Away int
}

func (p Providers) values() map[string]sample {
	return map[string]sample{
		ProviderLatencyP99: {milliseconds(p.P99), p.Calls},
		ProvidersAway:      {value: float64(p.Away)},
	}
}

// sample is a value with the number of what it was made from.
type sample struct {
	value float64
	n     uint64
}

func (m *Meter) read(now time.Time) map[string]sample {
	other, booking, slow, queries := m.other.read(now), m.booking.read(now), m.slow.read(now), m.queries.read(now)
	total := other.total + booking.total + slow.total
	failed := other.failed + booking.failed + slow.failed
	return map[string]sample{
		LatencyP99:         {milliseconds(other.p99), other.total},
		BookingLatencyP99:  {milliseconds(booking.p99), booking.total},
		DatabaseLatencyP99: {milliseconds(queries.p99), queries.total},
		SecurityEvents:     {value: float64(m.security.read(now).total)},
		ErrorRate:          {percent(failed, total, 0), total},
		BookingSuccessRate: {percent(booking.total-min(booking.total, booking.failed), booking.total, 100), booking.total},
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percent(part, whole uint64, none float64) float64 {
	if whole == 0 {
		return none
	}
	return 100 * float64(part) / float64(whole)
}
