package ratelimit

import (
	"math"
	"net/netip"
	"strconv"
	"time"
)

// Limit is how often one subject may ask: Quota times in a Window.
type Limit struct {
	// Name is what the headers call it.
	Name   string
	Quota  int
	Window time.Duration
}

// unlimited tells that nothing is counted.
func (l *Limit) unlimited() bool { return l.Quota <= 0 }

// Subject is who is counted: an address, an account, or both.
type Subject struct {
	Addr netip.Addr
	// ID is an account, or whatever else tells callers apart.
	ID string
}

// String gives the subject as part of a key.
func (s Subject) String() string {
	switch {
	case !s.Addr.IsValid():
		return s.ID
	case s.ID == "":
		return s.Addr.String()
	}
	return s.Addr.String() + "/" + s.ID
}

// Ask is one take from one limit.
type Ask struct {
	Limit   *Limit
	Subject Subject
}

// Verdict is what became of an Ask.
type Verdict struct {
	Limit *Limit
	OK    bool
	// Remaining is how many more may follow at once.
	Remaining int
	// Reset is when the quota is whole again, if nobody asks until then.
	Reset time.Duration
	// RetryAfter is when one more may be taken; 0 when this one was.
	RetryAfter time.Duration
}

// Refused gives the verdict that refuses for the longest, nil when all passed.
func Refused(verdicts []Verdict) *Verdict {
	var worst *Verdict
	for i := range verdicts {
		if v := &verdicts[i]; !v.OK && (worst == nil || v.RetryAfter > worst.RetryAfter) {
			worst = v
		}
	}
	return worst
}

// PolicyHeader is the value of RateLimit-Policy for the verdicts' limits, as
// the IETF's draft writes it: "bookings";q=30;w=60.
func PolicyHeader(verdicts []Verdict) string {
	b := make([]byte, 0, 40*len(verdicts))
	for i, v := range verdicts {
		b = appendName(b, i, v.Limit.Name)
		b = strconv.AppendInt(append(b, ";q="...), int64(v.Limit.Quota), 10)
		b = strconv.AppendInt(append(b, ";w="...), seconds(v.Limit.Window), 10)
	}
	return string(b)
}

// Header is the value of RateLimit: what remains of each limit, and in how
// many seconds it is whole again: "bookings";r=29;t=2.
func Header(verdicts []Verdict) string {
	b := make([]byte, 0, 40*len(verdicts))
	for i, v := range verdicts {
		b = appendName(b, i, v.Limit.Name)
		b = strconv.AppendInt(append(b, ";r="...), int64(v.Remaining), 10)
		b = strconv.AppendInt(append(b, ";t="...), seconds(v.Reset), 10)
	}
	return string(b)
}

func appendName(b []byte, i int, name string) []byte {
	if i > 0 {
		b = append(b, ", "...)
	}
	b = append(b, '"')
	b = append(b, name...)
	return append(b, '"')
}

// seconds rounds up, so that nobody is told to come back too early.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// RetrySeconds is a verdict's Retry-After: whole seconds, at least one.
func (v Verdict) RetrySeconds() int { return int(max(1, seconds(v.RetryAfter))) }
