package waitingroom_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/parts/partstest"
	"yourticket.example/internal/waitingroom"
	"yourticket.example/ticket"
)

// crowd is buyers who do whatever buyers do, over several processes, while a
// sale goes on and its parts may die.
type crowd struct {
	*world
	t         *testing.T
	bound     int32
	processes []*waitingroom.Rooms

	live, most atomic.Int32 // admissions that buyers hold, as far as they know
	numbers    sync.Map     // number → buyer
	confirmed  sync.Map     // buyer → booking
	losses     atomic.Int32 // counts up when Redis goes, and when it is back
	stop       chan struct{}
}

func (c *crowd) any() *waitingroom.Rooms { return c.processes[rand.IntN(len(c.processes))] }

// insist repeats a step while parts are away.
func (c *crowd) insist(step func(ctx context.Context) error) error {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err := step(ctx)
		cancel()
		if code := ticket.CodeOf(err); code != ticket.CodeUnavailable && code != ticket.CodeInternal {
			return err
		}
		time.Sleep(time.Duration(20+rand.IntN(60)) * time.Millisecond)
	}
}

// visit is one buyer's evening.
func (c *crowd) visit(id string) {
	var place waitingroom.Place
	for range 1 + rand.IntN(2) { // some ask twice
		var again waitingroom.Place
		err := c.insist(func(ctx context.Context) (err error) {
			again, _, err = c.any().Join(ctx, c.event, id)
			return err
		})
		if err != nil || place.Entry != 0 && place.Entry != again.Entry {
			c.t.Errorf("%s: entry %d, then %d: %v", id, place.Entry, again.Entry, err)
			return
		}
		place = again
	}
	switch rand.IntN(10) {
	case 0: // loses patience
		time.Sleep(time.Duration(rand.IntN(1500)) * time.Millisecond)
		if err := c.insist(func(ctx context.Context) error { return c.any().Leave(ctx, c.event, id) }); err != nil {
			c.t.Errorf("%s leaves: %v", id, err)
		}
		return
	case 1: // forgets about it
		return
	}
	if c.claimTurn(id) {
		c.buy(id)
	}
}

func (c *crowd) claimTurn(id string) bool {
	for {
		select {
		case <-c.stop:
			return false
		default:
		}
		var a waitingroom.Admission
		err := c.insist(func(ctx context.Context) (err error) {
			a, err = c.any().Claim(ctx, c.event, id)
			return err
		})
		switch ticket.CodeOf(err) {
		case "":
			n := c.live.Add(1)
			for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); {
				most = c.most.Load()
			}
			if other, taken := c.numbers.LoadOrStore(a.Number, id); taken && other != id {
				c.t.Errorf("number %d is served to %v and %s", a.Number, other, id)
			}
			return true
		case ticket.CodeNotYourTurn:
			time.Sleep(time.Duration(10+rand.IntN(30)) * time.Millisecond)
		case ticket.CodeTurnExpired:
			return false
		default:
			c.t.Errorf("%s claims: %v", id, err)
			return false
		}
	}
}

// buy tries purchases, two at a time as one who cheats, until one succeeds or
// the buyer leaves.
func (c *crowd) buy(id string) {
	for try := 0; ; try++ {
		losses := c.losses.Load()
		var took atomic.Int32
		var won atomic.Value
		var wg sync.WaitGroup
		for tab := range 2 {
			wg.Go(func() {
				booking := fmt.Sprintf("bk_%s_%d_%d", id, try, tab)
				if c.insist(func(ctx context.Context) error { return c.any().TakeSlot(ctx, c.event, id, booking) }) == nil {
					took.Add(1)
					won.Store(booking)
				}
			})
		}
		wg.Wait()
		// Redis may go between the two and forget the first, which no book has yet.
		if took.Load() != 1 && (took.Load() == 0 || losses == c.losses.Load()) {
			c.t.Errorf("%s has %d purchases at the same time", id, took.Load())
			return
		}
		booking, _ := won.Load().(string)
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		switch rand.IntN(4) {
		case 0: // it fails, and is tried again
			c.must(id, func(ctx context.Context) error { return c.any().ReleaseSlot(ctx, c.event, id, booking) })
		case 1: // it fails, and the buyer leaves
			c.must(id, func(ctx context.Context) error { return c.any().ReleaseSlot(ctx, c.event, id, booking) })
			c.live.Add(-1)
			c.must(id, func(ctx context.Context) error { return c.any().Leave(ctx, c.event, id) })
			return
		default:
			c.live.Add(-1)
			c.confirm(id, booking)
			c.must(id, func(ctx context.Context) error { return c.any().UseSlot(ctx, c.event, id, booking) })
			err := c.insist(func(ctx context.Context) error { return c.any().TakeSlot(ctx, c.event, id, booking+"_more") })
			if ticket.CodeOf(err) != ticket.CodeAdmissionRequired {
				c.t.Errorf("%s uses a place twice: %v", id, err)
			}
			return
		}
	}
}

func (c *crowd) must(id string, step func(ctx context.Context) error) {
	if err := c.insist(step); err != nil {
		c.t.Errorf("%s: %v", id, err)
	}
}

// confirm writes the booking into the books, as a purchase would.
func (c *crowd) confirm(id, booking string) {
	c.confirmed.Store(id, booking)
	_, err := c.pool.Exec(context.Background(), `
		INSERT INTO bookings (id, event_id, buyer_id, status, fingerprint, seat_indexes, categories, prices, fees, total, currency,
		                      fence, hold_expires_at, confirmed_at)
		VALUES ($1, $2, $3, 'confirmed', 'f', '{1}', '{A}', '{1}', '{0}', 1, 'EUR', 1, now(), now())`, booking, c.event.ID, id)
	if err != nil {
		c.t.Errorf("%s: %v", id, err)
	}
}

// run lets n buyers come over three processes while two workers drive the sale,
// and returns when everybody has left.
func (c *crowd) run(n int) {
	driving := make(chan struct{})
	var drivers sync.WaitGroup
	for range 2 { // as when a worker that was given up for lost is still there
		drivers.Go(func() {
			for {
				select {
				case <-driving:
					return
				case <-time.After(30 * time.Millisecond):
				}
				c.drive()
			}
		})
	}
	var buyers sync.WaitGroup
	for i := 1; i <= n; i++ {
		buyers.Go(func() {
			time.Sleep(time.Duration(rand.IntN(2500)) * time.Millisecond)
			c.visit(buyer(i))
		})
	}
	buyers.Wait()
	close(driving)
	drivers.Wait()
}

func (c *crowd) drive() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rooms := c.any()
	if _, _, err := rooms.Open(ctx, c.event.ID); err != nil {
		return // a part is away
	}
	room, _, err := rooms.Tick(ctx, c.event.ID)
	if err != nil {
		return
	}
	if room.Live > int64(c.bound) {
		c.t.Errorf("%d sessions, bound %d", room.Live, c.bound)
	}
	_, _ = rooms.Serve(ctx, c.event.ID, 1+rand.IntN(5)) // a part may be away
}

// finish serves everybody who is left, and requires that each number was either
// admitted or skipped with a reason.
func (c *crowd) finish() {
	t := c.t
	c.tick(t) // rebuilds a room whose Redis went last: no clock is moved of a room that is not there
	var issued int64
	require.Eventually(t, func() bool {
		c.hurry(t, 2*time.Second)
		room := c.tick(t)
		c.tick(t)
		c.serve(t, 1000)
		issued = room.Issued
		return room.Passed == room.Issued
	}, 20*time.Second, time.Millisecond)
	c.tick(t)
	require.LessOrEqual(t, c.most.Load(), c.bound, "admitted never above the bound")
	var admitted, skipped, both, twice int
	require.NoError(t, c.pool.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM queue_admissions WHERE event_id = $1), (SELECT count(*) FROM queue_skips WHERE event_id = $1),
		       (SELECT count(*) FROM queue_admissions a JOIN queue_skips s USING (event_id, number) WHERE event_id = $1),
		       (SELECT count(*) FROM (SELECT 1 FROM bookings WHERE event_id = $1 GROUP BY buyer_id HAVING count(*) > 1) b)`, c.event.ID).
		Scan(&admitted, &skipped, &both, &twice))
	require.Equal(t, int(issued), admitted+skipped, "%d admitted, %d skipped", admitted, skipped)
	require.Zero(t, both)
	require.Zero(t, twice)
	t.Logf("%d numbers: %d admitted (most at once %d of %d), %d skipped", issued, admitted, c.most.Load(), c.bound, skipped)
	// The order is kept: within the books, whoever was admitted had been served.
	var early int
	require.NoError(t, c.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM queue_admissions a
		WHERE event_id = $1 AND NOT EXISTS (SELECT 1 FROM queue_turns t WHERE t.event_id = a.event_id
		      AND a.number BETWEEN t.first AND t.last AND t.opened_at <= a.admitted_at + interval '50 ms')`, c.event.ID).Scan(&early))
	require.Zero(t, early, "nobody before the turn")
	var gaps int
	require.NoError(t, c.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM (SELECT first - lag(last, 1, 0::bigint) OVER (ORDER BY first) AS step FROM queue_turns WHERE event_id = $1) s
		WHERE step <> 1`, c.event.ID).Scan(&gaps))
	require.Zero(t, gaps, "turns come one after the other, none twice")
}

func newCrowd(t *testing.T, w *world) *crowd {
	t.Helper()
	c := &crowd{world: w, t: t, bound: int32(w.event.WaitingRoom.MaxSessions), stop: make(chan struct{})}
	c.processes = []*waitingroom.Rooms{w.Rooms, w.process(t), w.process(t)}
	go func() { // a buyer who is never called shall not hang the test
		select {
		case <-t.Context().Done():
		case <-time.After(2 * time.Minute):
		}
		close(c.stop)
	}()
	return c
}

func TestCrowdIsAdmittedWithinTheBoundInOrderAndOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Second, ticket.WaitingRoom{MaxSessions: 5, SessionMinutes: 10, GraceSeconds: 1})
	c := newCrowd(t, w)
	c.run(250)
	c.finish()
}

// TestCrowdSurvivesTheLossOfRedis kills Redis, which comes back empty, in the
// midst of it all, again and again.
func TestCrowdSurvivesTheLossOfRedis(t *testing.T) {
	t.Parallel()
	server := partstest.RedisServer(t)
	w := newWorldOn(t, partstest.Postgres(t), server.URL, 1500*time.Millisecond, ticket.WaitingRoom{MaxSessions: 5, SessionMinutes: 10, GraceSeconds: 1})
	c := newCrowd(t, w)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(250)
	}()
	for kills := 0; ; kills++ {
		select {
		case <-done:
			require.GreaterOrEqual(t, kills, 2)
			server.Kill() // nobody is left who would rebuild it before the end does
			require.NoError(t, server.Restart(context.Background()))
			c.finish()
			return
		case <-time.After(2300 * time.Millisecond):
			c.losses.Add(1)
			server.Kill()
			require.NoError(t, server.Restart(context.Background()))
			c.losses.Add(1)
		}
	}
}
