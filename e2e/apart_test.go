package e2e_test

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/app"
	"yourticket.example/internal/rehearsal"
	"yourticket.example/internal/waitingroom"
)

// apart is a system in which every service and every fleet runs in processes
// of its own, two of each.
type apart struct {
	*system.System
	services, fleets map[string][]*system.Process
}

func startApart(t *testing.T) *apart {
	t.Helper()
	o := system.Options{Env: []string{"TRUSTED_PROXIES=127.0.0.0/8"}}
	// The gateways come first: the first api is the one that others call.
	services := append([]string{"gateway"}, slices.DeleteFunc(slices.Clone(app.ServiceNames), func(name string) bool { return name == "gateway" })...)
	for _, name := range services {
		o.APIs = append(o.APIs, system.Role{Services: []string{name}}, system.Role{Services: []string{name}})
	}
	for _, name := range app.FleetNames {
		fleet := system.Role{Args: []string{"--fleets", name}}
		o.Workers = append(o.Workers, fleet, fleet)
	}
	a := &apart{System: start(t, o), services: map[string][]*system.Process{}, fleets: map[string][]*system.Process{}}
	for i, name := range services {
		a.services[name] = a.APIs[2*i : 2*i+2]
	}
	for i, name := range app.FleetNames {
		a.fleets[name] = a.Workers[2*i : 2*i+2]
	}
	return a
}

// Services and fleets in processes of their own: what one kind does not do, the
// others do, and one of two of a kind is not missed.
func TestServicesApart(t *testing.T) {
	t.Parallel()
	a := startApart(t)
	t.Run("without bookings everything else answers", a.withoutBookings)
	t.Run("one of two of each kind dies during a sale", a.killedInTurn)
}

func (a *apart) withoutBookings(t *testing.T) {
	e := event(t, a.System, system.Hall{Rows: 2, Width: 10})
	waiting := event(t, a.System, system.Hall{Rows: 2, Width: 10, Sessions: 1})
	ann := buyer(t, a.System)
	order := system.Order{EventID: e.ID, Seats: e.Seats[:1], Payment: system.Visa}
	for _, p := range a.services["bookings"] {
		p.Kill()
	}
	pages := []string{"/v1/events", "/v1/events/" + e.ID, "/v1/events/" + e.ID + "/availability", "/v1/events/" + waiting.ID + "/queue", "/v1/me"}
	if _, apart := a.services["search"]; apart {
		pages = append(pages, "/v1/search?q=concert")
	}
	for _, page := range pages {
		answer(t, http.StatusOK)(ann.Do(t.Context(), http.MethodGet, page, nil))
	}
	joins(t, ann, waiting)
	require.NotEmpty(t, admitted(t, ann, waiting))
	for range 5 { // also once the gateway has given up on the instances
		refusal := refused(t, http.StatusServiceUnavailable, "unavailable")(ann.Book(t.Context(), "apart", order))
		require.NotEmpty(t, refusal.Header.Get("Retry-After"))
	}
	for _, p := range a.services["bookings"] {
		require.NoError(t, p.Restart(t.Context()))
	}
	require.Eventually(t, func() bool {
		b, err := ann.Book(t.Context(), "apart", order)
		return err == nil && b.Status == http.StatusCreated
	}, 10*time.Second, 100*time.Millisecond, "the gateway finds the instances again")
	settled(t, a.System, time.Minute, e)
}

// killedInTurn rehearses a sale and kills one process after the other, as kill
// -9 does; each comes back a little later.
func (a *apart) killedInTurn(t *testing.T) {
	o := a.rehearsal(t)
	killed := make(chan []kill, 1)
	go func() { killed <- a.killAll(t.Context()) }()
	report, err := rehearsal.Run(t.Context(), o)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, report.WriteText(&text))
	t.Log(text.String())
	for _, c := range report.Checks {
		require.False(t, c.Broken(), "%s: %v", c.Name, c.Findings)
	}
	require.Positive(t, report.Tickets)
	require.Zero(t, report.Outcome("failed"))
	for _, k := range <-killed {
		require.NoError(t, k.err)
		if k.serves {
			require.Positive(t, faultsBetween(report, k.from, k.to), "the death of %s is to be seen", k.name)
		}
	}
	require.True(t, slices.ContainsFunc(report.BotCalls, func(c rehearsal.Count) bool { return c.Name == "429 rate-limited" }), "%v", report.BotCalls)
	e := &system.Event{ID: report.Event.ID, Seats: make([]string, report.Event.Capacity)}
	settled(t, a.System, time.Minute, e)
}

func (a *apart) rehearsal(t *testing.T) rehearsal.Options {
	t.Helper()
	organizer, err := a.Account(t.Context(), "organizer")
	require.NoError(t, err)
	o := rehearsal.Options{
		APIs: []string{a.services["gateway"][0].URL, a.services["gateway"][1].URL}, Sandbox: a.Sandbox.URL,
		Buyers: 160, Seats: 90, Bots: 3, Sessions: 60, Pace: 0.5, Addresses: true,
		OnSaleIn: 4 * time.Second, Duration: 30 * time.Second, Settle: 30 * time.Second,
		Organizer: rehearsal.Account{Token: organizer.Token},
		Number: func(seed []byte, entries, entry int64) int64 {
			draw := waitingroom.NewDraw(seed, entries)
			return draw.Number(entry)
		},
	}
	buyers, err := a.Buyers(t.Context(), o.Buyers+o.Bots)
	require.NoError(t, err)
	for _, b := range buyers {
		o.Accounts = append(o.Accounts, rehearsal.Account{Token: b.Token})
	}
	return o
}

// kill is one process that was killed, and from when to when it was away.
type kill struct {
	name     string
	serves   bool // HTTP
	from, to time.Time
	err      error
}

// killAll kills the second process of each kind in turn, and starts each again.
func (a *apart) killAll(ctx context.Context) (kills []kill) {
	time.Sleep(5 * time.Second)
	// Whoever looks for the event has found it by then: that one of two search
	// processes is away need not be seen by anyone.
	for _, service := range []string{"search", "events", "waiting-room", "gateway", "bookings"} {
		kills = append(kills, killOne(ctx, service, a.services[service][1], service != "search"))
	}
	for _, fleet := range app.FleetNames {
		kills = append(kills, killOne(ctx, fleet, a.fleets[fleet][1], false))
	}
	return kills
}

func killOne(ctx context.Context, name string, p *system.Process, serves bool) kill {
	k := kill{name: name, serves: serves, from: time.Now()}
	p.Kill()
	time.Sleep(1500 * time.Millisecond)
	k.err = p.Restart(ctx)
	k.to = time.Now()
	return k
}

// faultsBetween counts what a report has of a time, and a little more: what is
// counted once a second may be seen a second later.
func faultsBetween(r *rehearsal.Report, from, to time.Time) int {
	n := 0
	for _, s := range r.Timeline {
		at := r.StartedAt.Add(time.Duration(s.At) * time.Second)
		if at.After(from.Add(-time.Second)) && at.Before(to.Add(3*time.Second)) {
			n += s.Faults.Unanswered + s.Faults.Away + s.Faults.Rerouted
		}
	}
	return n
}
