package e2e_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// One purchase is one trace, from the request over Temporal to the provider and
// back, whatever process does which part of it; and no trace tells of a person.
func TestAPurchaseIsOneTrace(t *testing.T) {
	t.Parallel()
	sink := newTraceSink(t)
	s := start(t, system.Options{Env: []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + sink.URL, "OTEL_BSP_SCHEDULE_DELAY=100", "LOG_LEVEL=debug",
	}})
	e := event(t, s, system.Hall{Rows: 2, Width: 5})
	ann := buyer(t, s)
	const key = "the-key-of-ann"
	order := system.Order{EventID: e.ID, Seats: e.Seats[:2], Payment: system.Visa}
	b := booked(t, "confirmed")(ann.Book(t.Context(), key, order))

	var spans []seenSpan
	require.Eventually(t, func() bool {
		roots := sink.find("POST /v1/bookings")
		if len(roots) == 0 {
			return false
		}
		spans = sink.of(roots[0].trace())
		return has(spans, "RunActivity:FinishSale", 1) && has(spans, "RunWorkflow:Purchase", 1)
	}, 20*time.Second, 100*time.Millisecond, "the trace ends with the purchase")
	t.Logf("the trace of a purchase:\n%s", tree(spans))

	known, roots := map[string]bool{}, 0
	for _, span := range spans {
		known[span.id()] = true
	}
	for _, span := range spans {
		if span.parent() == "" {
			roots++
			continue
		}
		require.True(t, known[span.parent()], "%s hangs in the air", span.GetName())
	}
	require.Equal(t, 1, roots, "all of it is one tree")
	require.True(t, has(spans, "stripe POST", 2), "authorize and capture")
	for _, step := range []string{"HoldSeats", "AuthorizeCharge", "CommitBooking", "CaptureCharge", "FinishSale"} {
		require.True(t, has(spans, "RunActivity:"+step, 1), step)
	}
	for _, part := range []string{"db.system", "db.system.name"} { // as either convention calls it
		for _, span := range spans {
			for _, a := range span.GetAttributes() {
				if a.GetKey() == part {
					known[a.GetValue().GetStringValue()] = true
				}
			}
		}
	}
	require.True(t, known["postgresql"], "PostgreSQL is in it")
	require.True(t, known["redis"], "Redis is in it")

	for what, secret := range map[string]string{
		"account": ann.UserID, "mail": ann.UserID + "@shop.example", "token": ann.Token, "key": key, "method": "pm_card_visa", "seat": e.Seats[0],
	} {
		require.False(t, sink.holds(secret), "the %s of a buyer is in no trace", what)
	}
	require.True(t, sink.holds(b.ID), "the booking is: that is how its trace is found")

	trace := `"trace_id":"` + spans[0].trace() + `"`
	require.Eventually(t, func() bool {
		for line := range strings.SplitSeq(s.Logs(1<<20), "\n") {
			if strings.Contains(line, `"route":"/v1/bookings"`) && strings.Contains(line, trace) {
				return true
			}
		}
		return false
	}, 5*time.Second, 50*time.Millisecond, "log lines name their trace")

	t.Run("nobody from outside chooses the trace", func(t *testing.T) {
		const theirs = "0af7651916cd43dd8448eb211c80319c"
		outside := system.Header{Name: "Traceparent", Value: "00-" + theirs + "-b7ad6b7169203331-01"}
		answer(t, http.StatusOK)(ann.Do(t.Context(), http.MethodGet, "/v1/me/bookings", nil, outside))
		require.Eventually(t, func() bool { return len(sink.find("GET /v1/me/bookings")) > 0 }, 10*time.Second, 100*time.Millisecond)
		require.Empty(t, sink.of(theirs))
	})
}

func has(spans []seenSpan, name string, least int) bool {
	n := 0
	for _, s := range spans {
		if s.GetName() == name {
			n++
		}
	}
	return n >= least
}
