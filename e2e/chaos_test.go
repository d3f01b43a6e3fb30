package e2e_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/e2e/system"
)

// The steps of a purchase in which it is struck. Hold, commit and finish are
// made to stand still by a row in Postgres, authorize and capture by a provider
// that is slow; of those that are anywhere, each is where chance has it.
const (
	inAuthorize = "authorize"
	inCapture   = "capture"
	anywhere    = "anywhere"
)

var (
	steps     = []string{string(system.StepHold), inAuthorize, string(system.StepCommit), inCapture, string(system.StepFinish), anywhere}
	standing  = []system.Step{system.StepHold, system.StepCommit, system.StepFinish}
	payments  = map[string]*system.Pay{"card": system.Visa, "card or PayPal": system.Both}
	slowCalls = 1800 * time.Millisecond // less than what a provider's call may take
)

// strike is a fault of a part. It returns when the part is back.
type strike struct {
	name string
	hit  func(ctx context.Context, s *system.System) error
}

// pause is how long a killed process is away; another machine would take over
// as fast.
func pause() { time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond) }

var strikes = []strike{
	{"api killed", func(ctx context.Context, s *system.System) error {
		s.APIs[0].Kill()
		pause()
		return s.APIs[0].Restart(ctx)
	}},
	{"worker killed", func(ctx context.Context, s *system.System) error {
		s.Workers[0].Kill()
		pause()
		return s.Workers[0].Restart(ctx)
	}},
	{"Redis restarted empty", func(ctx context.Context, s *system.System) error {
		s.Redis.Kill()
		pause()
		return s.Redis.Restart(ctx)
	}},
	{"Postgres restarted", func(ctx context.Context, s *system.System) error {
		s.Postgres.Kill()
		pause()
		return s.Postgres.Restart(ctx)
	}},
	{"Temporal restarted", func(ctx context.Context, s *system.System) error {
		s.Temporal.Kill()
		pause()
		return s.Temporal.Restart(ctx)
	}},
}

// Faults of the providers last this long: longer than what a purchase waits
// on its fast path, shorter than a buyer's patience.
const faultLasts = 7 * time.Second

var faults = []string{"error", "timeout", "lost_reply", "slow"}

// Whatever is struck while a purchase is in whatever step: its buyer repeats
// the request until it is answered, the purchase ends confirmed or fully
// undone, and no book contradicts another.
func TestEveryStepSurvivesEveryFault(t *testing.T) {
	t.Parallel()
	s := start(t, system.Options{Durable: true, TemporalStore: system.StoreSQLite})
	var events []*system.Event
	for round := range rounds(1) {
		// The providers first: what they leave unanswered is found out meanwhile.
		for _, fault := range faults {
			t.Run(fmt.Sprintf("round %d/providers answer %s", round+1, fault), func(t *testing.T) {
				a := newAttack(t, s, fault)
				events = append(events, a.events...)
				a.byProviders(t, fault)
				a.report(t)
			})
		}
		for _, k := range strikes {
			t.Run(fmt.Sprintf("round %d/%s", round+1, k.name), func(t *testing.T) {
				a := newAttack(t, s, k.name)
				events = append(events, a.events...)
				a.byStrike(t, k)
				a.report(t)
			})
		}
	}
	settled(t, s, 4*time.Minute, events...)
	agrees(t, s)
}

// attack is one fault and the purchases that it strikes.
type attack struct {
	*system.System
	name    string
	events  []*system.Event // one on each shard
	victims []*victim
	rivals  []*victim // who want the victims' seats right after the strike
	wg      sync.WaitGroup
}

// victim is one purchase.
type victim struct {
	step, payment string
	buyer         *system.Client
	order         system.Order
	parked        *system.Parked
	outcome       outcome
}

func newAttack(t *testing.T, s *system.System, name string) *attack {
	t.Helper()
	a := &attack{System: s, name: name}
	for range s.Shards {
		a.events = append(a.events, event(t, s, system.Hall{Rows: 3, Width: 10, Standing: 40}))
	}
	for _, step := range steps {
		for payment, pay := range payments {
			copies := 1
			if step == anywhere {
				copies = 4
			}
			for range copies {
				n := len(a.victims)
				e := a.events[n%len(a.events)]
				v := &victim{step: step, payment: payment, buyer: buyer(t, s)}
				v.order = system.Order{EventID: e.ID, Seats: e.Seats[n : n+1], Payment: pay}
				if n%3 == 0 {
					v.order = best(e, system.Standing, 2, pay)
				}
				a.victims = append(a.victims, v)
			}
		}
	}
	return a
}

const victimKey = "victim"

// launch lets the victims of a step buy.
func (a *attack) launch(t *testing.T, step string) {
	t.Helper()
	ctx := t.Context()
	for _, v := range a.of(step) {
		if slices.Contains(standing, system.Step(step)) {
			parked, err := a.Park(ctx, system.Step(step), v.order.EventID, v.buyer.UserID, victimKey)
			require.NoError(t, err)
			v.parked = parked
		}
		a.wg.Go(func() { v.outcome = v.buy(ctx) })
	}
}

func (a *attack) of(step string) []*victim {
	var out []*victim
	for _, v := range a.victims {
		if v.step == step {
			out = append(out, v)
		}
	}
	return out
}

// park launches the victims of the steps that a row stops, and waits for them there.
func (a *attack) park(t *testing.T) {
	t.Helper()
	for _, step := range standing {
		a.launch(t, string(step))
	}
	for _, v := range a.victims {
		if v.parked != nil {
			require.NoError(t, v.parked.Await(t.Context()), v.step)
		}
	}
}

// scatter launches the rest, a few milliseconds apart.
func (a *attack) scatter(t *testing.T) {
	t.Helper()
	for _, v := range a.of(anywhere) {
		time.Sleep(time.Duration(rand.IntN(12)) * time.Millisecond)
		a.wg.Go(func() { v.outcome = v.buy(t.Context()) })
	}
}

// release lets those that stand still go on, each at a moment of its own.
func (a *attack) release(t *testing.T) {
	t.Helper()
	for _, v := range a.victims {
		if v.parked != nil {
			a.wg.Go(func() {
				time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
				v.parked.Release(context.WithoutCancel(t.Context()))
			})
		}
	}
}

// byStrike strikes a part while victims are in every step.
func (a *attack) byStrike(t *testing.T, k strike) {
	t.Helper()
	ctx := t.Context()
	a.park(t)
	require.NoError(t, a.Slow(ctx, "stripe", "authorize", len(a.of(inAuthorize)), slowCalls))
	a.launch(t, inAuthorize)
	require.NoError(t, a.AwaitFaults(ctx, 10*time.Second), "all are in authorize")
	require.NoError(t, a.Slow(ctx, "stripe", "capture", len(a.of(inCapture)), slowCalls))
	a.launch(t, inCapture)
	require.NoError(t, a.AwaitFaults(ctx, 10*time.Second), "all are in capture")
	a.nameRivals(t)
	a.scatter(t)
	a.release(t)
	require.NoError(t, k.hit(ctx, a.System))
	for _, r := range a.rivals {
		a.wg.Go(func() { r.outcome = r.buy(ctx) })
	}
	a.wg.Wait()
}

// nameRivals finds those who will ask for the very seats that the victims are
// about to get; if a strike makes the system forget who holds them, both must
// not get them.
func (a *attack) nameRivals(t *testing.T) {
	t.Helper()
	for _, v := range a.victims {
		if len(v.order.Seats) > 0 {
			a.rivals = append(a.rivals, &victim{step: "rivalry", payment: v.payment, buyer: buyer(t, a.System), order: v.order})
		}
	}
}

// byProviders breaks both providers while victims are in every step.
func (a *attack) byProviders(t *testing.T, fault string) {
	t.Helper()
	ctx := t.Context()
	a.park(t)
	for _, v := range a.of(inCapture) { // authorized before the fault, captured under it
		parked, err := a.Park(ctx, system.StepCommit, v.order.EventID, v.buyer.UserID, victimKey)
		require.NoError(t, err)
		v.parked = parked
		a.wg.Go(func() { v.outcome = v.buy(ctx) })
		require.NoError(t, parked.Await(ctx))
	}
	for _, provider := range []string{"stripe", "paypal"} {
		require.NoError(t, a.Break(ctx, provider, fault, ""))
	}
	a.launch(t, inAuthorize)
	a.scatter(t)
	a.release(t)
	time.Sleep(faultLasts)
	require.NoError(t, a.Mend(ctx))
	a.wg.Wait()
}

// report waits for the bookings, compares the books and prints a line a case.
func (a *attack) report(t *testing.T) {
	t.Helper()
	if err := a.SettleBookings(t.Context(), time.Minute, a.events...); err != nil {
		t.Error(err)
	}
	for _, v := range a.victims {
		v.outcome.check(t, v)
		t.Logf("%-22s in %-9s by %-14s → %s", a.name, v.step, v.payment, v.outcome)
	}
	won := 0
	for _, r := range a.rivals {
		r.outcome.check(t, r)
		if r.outcome.status == "confirmed" {
			won++
		}
	}
	t.Logf("%-22s rivals: %d, of whom %d got their seats", a.name, len(a.rivals), won)
	findings, err := a.CheckBookings(t.Context(), a.events...)
	require.NoError(t, err)
	for _, f := range findings {
		t.Error(f)
	}
}
