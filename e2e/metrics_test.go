package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"yourticket.example/e2e/system"
	"yourticket.example/ticket"
)

// scraped are the metrics of a system with the labels that their series have.
type scraped struct {
	labels map[string]map[string]bool
	values map[string]float64 // by series, as it is written
}

var series = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$`)

// scrape reads the metrics of processes.
func scrape(t *testing.T, processes ...*system.Process) scraped {
	t.Helper()
	s := scraped{labels: map[string]map[string]bool{}, values: map[string]float64{}}
	for _, p := range processes {
		res, err := http.Get(p.URL + "/metrics")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, res.StatusCode, p.Name)
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			m := series.FindStringSubmatch(lines.Text())
			if m == nil {
				continue
			}
			known, ok := s.labels[m[1]]
			if !ok {
				known = map[string]bool{"job": true, "instance": true} // Prometheus adds them
				s.labels[m[1]] = known
			}
			for _, l := range label.FindAllStringSubmatch(quoted.ReplaceAllString(m[2], `""`), -1) {
				known[l[1]] = true
			}
			s.values[m[1]+m[2]], _ = strconv.ParseFloat(m[3], 64)
		}
		require.NoError(t, lines.Err())
		require.NoError(t, res.Body.Close())
	}
	return s
}

// missing tells which selectors name what is not there.
func (s scraped) missing(where, expr string, recorded map[string]bool) (faults []string) {
	for _, sel := range selectors(expr) {
		if recorded[sel.metric] || sel.metric == "up" {
			continue
		}
		known, ok := s.labels[sel.metric]
		if !ok {
			faults = append(faults, fmt.Sprintf("%s: there is no metric %s", where, sel.metric))
			continue
		}
		for _, l := range sel.labels {
			if !known[l] {
				faults = append(faults, fmt.Sprintf("%s: %s has no label %s", where, sel.metric, l))
			}
		}
	}
	return faults
}

// Rules and dashboards name metrics of the running system, with labels that they
// have; the bounds of the rules are those of the program; no label has values
// without end.
func TestRulesAndDashboardsNameWhatExists(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{Elasticsearch: true, Env: []string{"SMTP_URL=smtp://127.0.0.1:9"}})
	prober, err := s.Also(t.Context(), "probe", "--metrics-listen", "/healthz", system.Role{Env: []string{"YOURTICKET_API_URL=" + s.APIs[0].URL}})
	require.NoError(t, err)
	traffic(t, s)
	processes := slices.Concat(s.APIs, s.Workers, s.CDCs, []*system.Process{prober})
	recorded := map[string]bool{}
	for _, r := range allRules(t) {
		recorded[r.Record] = true
	}
	var faults []string
	var now scraped
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(2 * time.Second) {
		now, faults = scrape(t, processes...), nil
		for where, expr := range expressions(t) {
			faults = append(faults, now.missing(where, expr, recorded)...)
		}
		if len(faults) == 0 {
			break
		}
	}
	slices.Sort(faults)
	require.Empty(t, faults)

	t.Run("bounds are the program's", func(t *testing.T) { boundsAgree(t, now) })
	t.Run("series are bounded", func(t *testing.T) {
		for name, labels := range now.labels {
			for _, personal := range []string{"booking", "buyer", "user", "seat", "email", "ip", "request_id"} {
				require.False(t, labels[personal], "%s has the label %s", name, personal)
			}
		}
		require.Less(t, len(now.values), 12_000, "series of four processes")
		t.Logf("%d metrics, %d series", len(now.labels), len(now.values))
	})
}

// traffic does a little of all that metrics count.
func traffic(t *testing.T, s *system.System) {
	t.Helper()
	e, show := event(t, s, system.Hall{Rows: 2, Width: 10}), event(t, s, system.Hall{Rows: 1, Width: 5, Sessions: 2})
	ann := buyer(t, s)
	booked(t, "confirmed")(ann.Book(t.Context(), "paid", system.Order{EventID: e.ID, Seats: e.Seats[:2], Payment: system.Visa}))
	answer(t, http.StatusPaymentRequired)(ann.Book(t.Context(), "declined", system.Order{EventID: e.ID, Seats: e.Seats[2:3], Payment: system.Declined}))
	require.NoError(t, s.Break(t.Context(), "stripe", "error", ""))
	booked(t, "confirmed")(ann.Book(t.Context(), "fallback", system.Order{EventID: e.ID, Seats: e.Seats[4:5], Payment: system.Both}))
	require.NoError(t, s.Mend(t.Context()))
	joins(t, ann, show)
	require.NotEmpty(t, admitted(t, ann, show))
	for range 40 { // until a limit refuses
		a, err := s.Anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions", map[string]string{"email": "nobody@shop.example", "password": "wrong-password"})
		require.NoError(t, err)
		if a.Status == http.StatusTooManyRequests {
			break
		}
	}
	answer(t, http.StatusOK)(ann.Do(t.Context(), http.MethodGet, "/v1/search?q=concert&available=true", nil))
	answer(t, http.StatusOK)(ann.Do(t.Context(), http.MethodGet, "/v1/search?q=concert&available=true", nil))
	watching, stop := context.WithTimeout(t.Context(), 2*time.Second)
	defer stop()
	_, _ = ann.Do(watching, http.MethodGet, "/v1/events/"+e.ID+"/availability/stream", nil) // until the time is over
	finance, err := s.Account(t.Context(), ticket.RoleFinance)
	require.NoError(t, err)
	span := map[string]any{"from": time.Now().Add(-time.Hour).UTC(), "to": time.Now().UTC()}
	a, err := finance.Do(t.Context(), http.MethodPost, "/v1/finance/reconciliations", span, system.Key("books"))
	require.NoError(t, err)
	require.Less(t, a.Status, 300, "%s", a)
	require.NoError(t, s.TemporalSDK.ScheduleClient().GetHandle(t.Context(), "audit").Trigger(t.Context(), client.ScheduleTriggerOptions{}))
}

// boundsAgree holds the numbers of the rules of states against those by which
// /v1/status judges.
func boundsAgree(t *testing.T, now scraped) {
	t.Helper()
	number := regexp.MustCompile(`(?:>=|<) bool ([0-9.]+)`)
	seen := 0
	for _, r := range allRules(t) {
		if r.Record != "yourticket:indicator:state" {
			continue
		}
		seen++
		bounds := number.FindAllStringSubmatch(r.Expr, -1)
		for i, state := range []string{"warning", "alarm"} {
			name := fmt.Sprintf(`yourticket_health_bound{indicator="%s",state="%s"}`, r.Labels["indicator"], state)
			want, ok := now.values[name]
			require.True(t, ok, name)
			if i >= len(bounds) {
				require.Greater(t, want, 1e300, "%s has no rule", name)
				continue
			}
			require.Equal(t, strconv.FormatFloat(want, 'g', -1, 64), bounds[i][1], name)
		}
	}
	indicators := 0
	for name := range now.values {
		if strings.HasPrefix(name, "yourticket_health_bound{") && strings.Contains(name, `state="warning"`) {
			indicators++
		}
	}
	require.Equal(t, indicators, seen, "each indicator has its rule")
}
