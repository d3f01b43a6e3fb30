package waitingroom

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Books is the durable truth about waiting rooms; postgres.Catalogue is one.
type Books interface {
	Events // in their newest version
	RoomBooks
	EntryBooks
	TurnBooks
}

// RoomBooks keep rooms and their draws.
type RoomBooks interface {
	MakeRoom(ctx context.Context, eventID string, seed, tokenKey []byte) (postgres.RoomRow, error)
	SaveDraw(ctx context.Context, eventID string, entries int64) (postgres.RoomRow, error)
	SavePhase(ctx context.Context, eventID, phase, reason string, held time.Duration) error
	TouchRoom(ctx context.Context, eventID string, held time.Duration) error
	SaveQueueOrder(ctx context.Context, o postgres.QueueOrder) error
}

// EntryBooks keep places.
type EntryBooks interface {
	SaveQueueEntries(ctx context.Context, entries []postgres.QueueEntry) ([]postgres.QueueEntry, error)
	QueueEntryOf(ctx context.Context, eventID, buyerID string) (postgres.QueueEntry, error)
	QueueEntries(ctx context.Context, eventID string, after int64, limit int) ([]postgres.QueueEntry, error)
	LastQueueEntry(ctx context.Context, eventID string, before time.Time) (int64, error)
	LeaveQueue(ctx context.Context, eventID, buyerID string) error
}

// TurnBooks keep turns, admissions and skips.
type TurnBooks interface {
	SaveTurn(ctx context.Context, eventID string, t postgres.QueueTurn) (postgres.QueueTurn, error)
	OpenTurns(ctx context.Context, eventID string, upTo int64) ([]postgres.QueueTurn, error)
	LapseTurn(ctx context.Context, eventID string, t postgres.QueueTurn, entries []int64) error
	SaveAdmission(ctx context.Context, eventID string, a postgres.QueueAdmission) error
	QueueBook(ctx context.Context, eventID string) (postgres.QueueBook, error)
}

// Bookings knows which bookings carry or used up admissions; postgres.Sales is one.
type Bookings interface {
	QueueBookings(ctx context.Context, eventID string, buyers []string) ([]postgres.QueueBooking, error)
}

// Events reads events by id or slug; CodeNotFound when there is none.
type Events interface {
	Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
}

// Options is what Rooms work with.
type Options struct {
	Live     *redis.Queue
	Books    Books
	Bookings Bookings
	Events   Events
	// Wake tells a sale that is asleep that somebody waits; nil for nobody.
	Wake func(ctx context.Context, eventID string)
	// Now is the clock by which phases are told; default time.Now. Turns and
	// sessions go by the clock of Redis.
	Now func() time.Time
}

// Rooms are the waiting rooms of all events. Safe for concurrent use.
type Rooms struct {
	live     *redis.Queue
	books    Books
	bookings Bookings
	events   Events
	wake     func(ctx context.Context, eventID string)
	now      func() time.Time

	keys    *lru.Cache[string, roomKeys]
	board   *lru.Cache[string, *posting]
	flights singleflight.Group
	joins   joins
	memo    memo
}

// kept bounds how many rooms are remembered.
const kept = 10_000

// New makes Rooms.
func New(o Options) (*Rooms, error) {
	keys, err := lru.New[string, roomKeys](kept)
	if err != nil {
		return nil, fmt.Errorf("waitingroom: %w", err)
	}
	board, err := lru.New[string, *posting](kept)
	if err != nil {
		return nil, fmt.Errorf("waitingroom: %w", err)
	}
	r := &Rooms{
		live: o.Live, books: o.Books, bookings: o.Bookings, events: o.Events, wake: o.Wake, now: o.Now, keys: keys, board: board,
	}
	if r.now == nil {
		r.now = time.Now
	}
	r.joins.write = r.saveJoins
	r.memo.init()
	return r, nil
}

// roomKeys are the secrets of a room, which never change. The seed is one until
// the draw.
type roomKeys struct {
	seed  []byte
	token []byte
}

// secrets gives the secrets of a room. The first call ever makes the room.
func (r *Rooms) secrets(ctx context.Context, eventID string) (roomKeys, error) {
	if k, ok := r.keys.Get(eventID); ok {
		return k, nil
	}
	row, err := r.row(ctx, eventID)
	if err != nil {
		return roomKeys{}, err
	}
	k := roomKeys{seed: row.Seed, token: row.TokenKey}
	r.keys.Add(eventID, k)
	return k, nil
}

// row reads what is remembered of a room, and makes it when there is none.
func (r *Rooms) row(ctx context.Context, eventID string) (postgres.RoomRow, error) {
	fresh := make([]byte, 2*SeedSize)
	_, _ = rand.Read(fresh) // never fails: crypto/rand aborts the program instead
	return r.books.MakeRoom(ctx, eventID, fresh[:SeedSize], fresh[SeedSize:])
}

// numberOf gives the number of an entry, once there is a draw.
func (k roomKeys) numberOf(room redis.Room, entry int64) (number int64, drawn bool) {
	if !room.Drawn || entry <= 0 {
		return 0, false
	}
	d := NewDraw(k.seed, room.Entries)
	return d.Number(entry), true
}

// Defaults for events that were stored without the numbers.
const (
	defaultSessions = 500
	defaultSession  = 10 * time.Minute
	defaultGrace    = 2 * time.Minute
)

// terms are the bounds of an event's waiting room.
type terms struct {
	sessions       int
	session, grace time.Duration
}

func termsOf(e *ticket.Event) terms {
	t := terms{sessions: defaultSessions, session: defaultSession, grace: defaultGrace}
	if w := e.WaitingRoom; w.MaxSessions > 0 {
		t.sessions = w.MaxSessions
	}
	if w := e.WaitingRoom; w.SessionMinutes > 0 {
		t.session = time.Duration(w.SessionMinutes) * time.Minute
	}
	if w := e.WaitingRoom; w.GraceSeconds > 0 {
		t.grace = time.Duration(w.GraceSeconds) * time.Second
	}
	return t
}

// Phase is how a waiting room presents itself.
type Phase string

// The phases.
const (
	PhaseOff      Phase = "off"      // the event has no waiting room
	PhaseClosed   Phase = "closed"   // nobody can join: not announced, sold out, or over
	PhasePrequeue Phase = "prequeue" // who joins now takes part in the draw
	PhaseOpen     Phase = "open"
	PhasePaused   Phase = "paused"
)

// phaseOf derives the phase from the event and from how its room stands.
func phaseOf(e *ticket.Event, now time.Time, live string) Phase {
	switch status := e.PublicStatus(now, 1); {
	case !e.WaitingRoom.Enabled:
		return PhaseOff
	case status != ticket.EventScheduled && status != ticket.EventOnSale:
		return PhaseClosed
	case status == ticket.EventScheduled:
		return PhasePrequeue
	}
	return Phase(live)
}

// enabled refuses events that have no waiting room, or that nobody may queue for.
func (r *Rooms) enabled(e *ticket.Event) error {
	switch phaseOf(e, r.now(), "") {
	case PhaseOff:
		return ticket.Errorf(ticket.CodeNotFound, "The event has no waiting room: it can be booked without waiting.")
	case PhaseClosed:
		return e.Selling(r.now())
	}
	return nil
}

// over says why a waiting room that was open is closed.
func (r *Rooms) over(e *ticket.Event) error {
	if err := e.Selling(r.now()); err != nil {
		return err
	}
	return ticket.Errorf(ticket.CodeSoldOut, "There is no place left to wait for.")
}

// MaxSessions is the most sessions that the event's waiting room has at a time.
func MaxSessions(e *ticket.Event) int { return termsOf(e).sessions }
