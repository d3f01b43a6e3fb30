package waitingroom

import (
	"context"
	"sync"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Terms are what the sale of an event has to keep to, as of now.
type Terms struct {
	EventID  string
	Name     string
	OnSaleAt time.Time
	StartsAt time.Time
	// Over says why there is nothing to admit to: "off", "draft", "canceled",
	// "past"; empty while there is.
	Over string
	// Postponed sales stand still.
	Postponed bool
	// MaxSessions bounds the sessions at the same time.
	MaxSessions int
	Phase       Phase
	Drawn       bool
}

// Prepare makes the waiting room of an event, so that its commitment is public,
// and tells its terms by the newest version of the event.
func (r *Rooms) Prepare(ctx context.Context, eventID string) (t Terms, err error) {
	e, err := r.books.Event(ctx, eventID)
	if err != nil {
		return t, err
	}
	t = r.terms(e)
	if t.Over != "" {
		return t, nil
	}
	err = r.withRoom(ctx, e.ID, func() error {
		room, _, _, err := r.live.Look(ctx, e.ID, "")
		t.Phase, t.Drawn = Phase(room.Phase), room.Drawn
		return err
	})
	return t, err
}

func (r *Rooms) terms(e *ticket.Event) Terms {
	t := Terms{
		EventID: e.ID, Name: e.Name, OnSaleAt: e.OnSaleAt, StartsAt: e.StartsAt, MaxSessions: termsOf(e).sessions,
		Postponed: e.Status == ticket.EventPostponed,
	}
	switch status := e.PublicStatus(r.now(), 1); {
	case !e.WaitingRoom.Enabled:
		t.Over = "off"
	case status == ticket.EventDraft, status == ticket.EventCanceled, status == ticket.EventPast:
		t.Over = string(status)
	}
	return t
}

// Open draws and opens the sale: the number of entries and the seed are in the
// books before anybody sees them. Before on_sale_at it changes nothing and says
// how long it is still. Opening again changes nothing.
func (r *Rooms) Open(ctx context.Context, eventID string) (entries int64, wait time.Duration, err error) {
	e, err := r.books.Event(ctx, eventID)
	if err != nil {
		return 0, 0, err
	}
	var v redis.Verdict
	err = r.withRoom(ctx, e.ID, func() error {
		v, entries, wait, err = r.live.Freeze(ctx, e.ID, e.OnSaleAt)
		return err
	})
	if err != nil || v == redis.QueueEarly {
		return 0, max(wait, time.Millisecond), err
	}
	row, err := r.books.SaveDraw(ctx, e.ID, entries)
	if err != nil {
		return 0, 0, err
	}
	err = r.withRoom(ctx, e.ID, func() error { return r.live.Open(ctx, e.ID, row.Entries, row.Seed) })
	return row.Entries, 0, err
}

// memo is what a process remembers of sales that it ticks.
type memo struct {
	mu       sync.Mutex
	recorded map[string]int64
	touched  map[string]time.Time
	held     map[string]time.Duration
}

func (m *memo) init() {
	m.recorded, m.touched, m.held = map[string]int64{}, map[string]time.Time{}, map[string]time.Duration{}
}

// touchEvery is how often the books hear that a sale goes on.
const touchEvery = 15 * time.Second

// Tick ends what is over, records who was skipped and why, and tells how the
// room stands.
func (r *Rooms) Tick(ctx context.Context, eventID string) (room redis.Room, t Terms, err error) {
	e, err := r.events.Event(ctx, eventID)
	if err != nil {
		return room, t, err
	}
	var before int64
	var held time.Duration
	err = r.withRoom(ctx, eventID, func() error {
		before, held, err = r.live.Tick(ctx, eventID)
		return err
	})
	if err != nil {
		return room, t, err
	}
	if err := r.record(ctx, eventID, before); err != nil {
		return room, t, err
	}
	if err := r.touch(ctx, eventID, held); err != nil {
		return room, t, err
	}
	err = r.withRoom(ctx, eventID, func() error {
		room, _, _, err = r.live.Look(ctx, eventID, "")
		return err
	})
	t = r.terms(e)
	t.Phase, t.Drawn = Phase(room.Phase), room.Drawn
	return room, t, err
}

// touch writes now and then that the sale goes on, and at once when it was held
// for longer than the books know.
func (r *Rooms) touch(ctx context.Context, eventID string, held time.Duration) error {
	m := &r.memo
	m.mu.Lock()
	due := time.Since(m.touched[eventID]) > touchEvery || m.held[eventID] != held
	m.mu.Unlock()
	if !due {
		return nil
	}
	if err := r.books.TouchRoom(ctx, eventID, held); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.touched[eventID], m.held[eventID] = time.Now(), held
	return nil
}

// record writes why numbers up to passed were skipped. It is one tick behind, so
// that claims that came in time are in the books before.
func (r *Rooms) record(ctx context.Context, eventID string, passed int64) error {
	m := &r.memo
	m.mu.Lock()
	known := m.recorded[eventID] >= passed
	m.mu.Unlock()
	if known {
		return nil
	}
	turns, err := r.books.OpenTurns(ctx, eventID, passed)
	if err != nil {
		return err
	}
	d, err := r.draw(ctx, eventID)
	if err != nil {
		return err
	}
	for _, t := range turns {
		entries := make([]int64, 0, t.Last-t.First+1)
		for number := t.First; number <= t.Last; number++ {
			entries = append(entries, d.Entry(number))
		}
		if err := r.books.LapseTurn(ctx, eventID, t, entries); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(turns) == 0 {
		m.recorded[eventID] = passed
	}
	return nil
}

func (r *Rooms) draw(ctx context.Context, eventID string) (Draw, error) {
	row, err := r.row(ctx, eventID)
	if err != nil {
		return Draw{}, err
	}
	return NewDraw(row.Seed, max(0, row.Entries)), nil
}

// Serve lets the turn of up to count further buyers come, as far as sessions are
// free: live sessions and open turns together never exceed the bound. Numbers
// whose buyers have left are passed without waiting. It tells how many came.
func (r *Rooms) Serve(ctx context.Context, eventID string, count int) (served int, err error) {
	e, err := r.events.Event(ctx, eventID)
	if err != nil {
		return 0, err
	}
	keys, err := r.secrets(ctx, eventID)
	if err != nil {
		return 0, err
	}
	room, _, _, err := r.live.Look(ctx, eventID, "")
	if err != nil {
		return 0, err
	}
	t := termsOf(e)
	free := t.sessions - int(room.Live) - int(room.Open)
	count = min(count, free, int(room.Issued-room.Serving))
	if count <= 0 || !room.Drawn || room.Phase != string(PhaseOpen) {
		return 0, nil
	}
	turn, err := r.next(ctx, eventID, NewDraw(keys.seed, room.Entries), room, count)
	if err != nil {
		return 0, err
	}
	if turn, err = r.books.SaveTurn(ctx, eventID, turn); err != nil {
		return 0, err
	}
	v, err := r.live.Serve(ctx, eventID, turn.First, turn.Last, turn.Turns, t.grace)
	if err != nil || v != redis.QueueOK {
		return 0, err
	}
	return turn.Turns, nil
}

// serveSpan bounds how many numbers one turn may span, those who left included.
const serveSpan = 10_000

// next chooses the numbers whose turn comes: the next ones that have not left.
func (r *Rooms) next(ctx context.Context, eventID string, d Draw, room redis.Room, count int) (postgres.QueueTurn, error) {
	t := postgres.QueueTurn{First: room.Serving + 1, Last: room.Serving}
	end := min(room.Issued, room.Serving+serveSpan)
	for t.Turns < count && t.Last < end {
		to := min(end, t.Last+int64(max(count-t.Turns, 64)))
		entries := make([]int64, 0, to-t.Last)
		for number := t.Last + 1; number <= to; number++ {
			entries = append(entries, d.Entry(number))
		}
		left, err := r.live.HaveLeft(ctx, eventID, entries)
		if err != nil {
			return t, err
		}
		for i := 0; i < len(left) && t.Turns < count; i++ {
			t.Last++
			if !left[i] {
				t.Turns++
			}
		}
	}
	return t, nil
}

// Show tells everybody the phase, the rate (a minute) and the pace of a sale,
// and writes a new phase into the books.
func (r *Rooms) Show(ctx context.Context, eventID string, phase Phase, reason string, rate, pace float64) error {
	room, _, _, err := r.live.Look(ctx, eventID, "")
	if err != nil {
		return err
	}
	if room.Drawn && room.Phase != string(phase) {
		if err := r.books.SavePhase(ctx, eventID, string(phase), reason, room.Held); err != nil {
			return err
		}
	}
	return r.live.Show(ctx, eventID, string(phase), rate, pace)
}

// WriteDown records who told a sale to do what.
func (r *Rooms) WriteDown(ctx context.Context, o postgres.QueueOrder) error {
	return r.books.SaveQueueOrder(ctx, o)
}

// Vitals sums up how bookings went lately; see Reporter.
func (r *Rooms) Vitals(ctx context.Context) (redis.Vitals, error) { return r.live.Vitals(ctx) }
