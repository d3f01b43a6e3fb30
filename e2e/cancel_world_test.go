package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/mailcatcher"
	"yourticket.example/workflows"
)

// number is a figure of a test that can be run on a larger scale.
func number(name string, usual int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return usual
}

// turnstile stands between the workers and the sandbox and counts their requests
// by provider and second.
type turnstile struct {
	url    string
	target atomic.Pointer[url.URL]

	mu      sync.Mutex
	seconds map[string]map[int64]int
}

func newTurnstile(t *testing.T) *turnstile {
	t.Helper()
	c := &turnstile{seconds: map[string]map[int64]int{"stripe": {}, "paypal": {}}}
	proxy := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(c.target.Load()) },
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }, // what is cut stays cut
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		provider := "stripe"
		if strings.HasPrefix(r.URL.Path, "/v2/") || strings.HasPrefix(r.URL.Path, "/v1/oauth2/") {
			provider = "paypal"
		}
		c.mu.Lock()
		c.seconds[provider][time.Now().Unix()]++
		c.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// counted gives all requests to a provider and those of its busiest second.
func (c *turnstile) counted(provider string) (all, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.seconds[provider] {
		all, most = all+n, max(most, n)
	}
	return all, most
}

// show is an event with sold bookings, on a system of two workers that send mail.
type show struct {
	*system.System
	event *system.Event
	gate  *turnstile
	mail  *mailcatcher.Catcher
}

// rates are the shares of the providers' rates that the workers have: the
// defaults, or so little that a short run, too, loses a worker at work.
func rates(bookings int) map[string]int {
	if bookings < 1000 {
		return map[string]int{"stripe": 14, "paypal": 10}
	}
	return map[string]int{"stripe": 90, "paypal": 50}
}

func openShow(t *testing.T, bookings int) *show {
	t.Helper()
	s := &show{gate: newTurnstile(t), mail: &mailcatcher.Catcher{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { _ = s.mail.Serve(ctx, listener) }()
	worker := system.Role{Env: []string{
		"STRIPE_API_URL=" + s.gate.url, "PAYPAL_API_URL=" + s.gate.url, fmt.Sprint("STRIPE_RATE=", rates(bookings)["stripe"]), fmt.Sprint("PAYPAL_RATE=", rates(bookings)["paypal"]),
		"SMTP_URL=smtp://" + listener.Addr().String(),
	}}
	s.System = start(t, system.Options{Workers: []system.Role{worker, worker}})
	target, err := url.Parse(s.Sandbox.URL)
	require.NoError(t, err)
	s.gate.target.Store(target)
	s.event = event(t, s.System, system.Hall{Rows: bookings/100 + 2, Width: 100})
	began := time.Now()
	require.NoError(t, s.Plant(t.Context(), s.event, bookings))
	t.Logf("%d bookings planted in %s", bookings, time.Since(began).Round(time.Millisecond))
	return s
}

// progress is what the API says of a cancellation.
type progress struct {
	State    string         `json:"state"`
	Note     string         `json:"note"`
	Bookings map[string]int `json:"bookings"`
	Refunded system.Money   `json:"refunded"`
	Owed     system.Money   `json:"owed"`
	Kept     system.Money   `json:"kept"`
}

func (s *show) cancel(t *testing.T, key string) progress {
	t.Helper()
	return s.progressOf(t, answer(t, http.StatusAccepted)(s.organizer(t).Do(t.Context(), http.MethodPost, "/v1/events/"+s.event.ID+"/cancel",
		map[string]any{"reason": "The singer is ill."}, system.Key(key))))
}

func (s *show) progress(t *testing.T) progress {
	t.Helper()
	return s.progressOf(t, answer(t, http.StatusOK)(s.organizer(t).Do(t.Context(), http.MethodGet, "/v1/events/"+s.event.ID+"/cancellation", nil)))
}

func (s *show) progressOf(t *testing.T, a *system.Answer) (p progress) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.Body, &p))
	return p
}

// organizer has a fresh token: a large cancellation outlives one.
func (s *show) organizer(t *testing.T) *system.Client {
	t.Helper()
	c, err := s.Renew(s.event.Organizer)
	require.NoError(t, err)
	return c
}

// fail has both providers fail a tenth of the time, in every way.
func (s *show) fail(t *testing.T) {
	t.Helper()
	for _, provider := range []string{"stripe", "paypal"} {
		for fault, rate := range map[string]float64{"error": 0.04, "lost_reply": 0.03, "rate_limit": 0.02, "timeout": 0.01} {
			require.NoError(t, s.AddFault(t.Context(), system.Fault{Provider: provider, Fault: fault, Rate: rate}))
		}
	}
}

// killWorkers kills the workers in turn until ctx ends, and says how often.
func (s *show) killWorkers(ctx context.Context, every time.Duration) (kills int) {
	for {
		select {
		case <-ctx.Done():
			return kills
		case <-time.After(every):
		}
		w := s.Workers[kills%len(s.Workers)]
		w.Kill()
		pause()
		if err := w.Restart(context.WithoutCancel(ctx)); err != nil {
			s.Say(err.Error())
		}
		kills++
	}
}

// runs lists the histories of the cancellation: how many events each has.
func (s *show) runs(t *testing.T) (lengths []int64) {
	t.Helper()
	list, err := s.TemporalSDK.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
		Query: "WorkflowId = '" + workflows.CancelEventID(s.event.ID) + "'",
	})
	require.NoError(t, err)
	for _, e := range list.GetExecutions() {
		lengths = append(lengths, e.GetHistoryLength())
	}
	return lengths
}

// children counts the refunds that needed a workflow of their own.
func (s *show) children(t *testing.T) int64 {
	t.Helper()
	n, err := s.TemporalSDK.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
		Query: "WorkflowType = 'Refund' AND EventId = '" + s.event.ID + "'",
	})
	require.NoError(t, err)
	return n.GetCount()
}
