package waitingroom

import (
	"context"
	"math"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// Place is a buyer's place.
type Place struct {
	// Ticket proves the place.
	Ticket string
	Entry  int64
	// Number is 0 before the draw.
	Number   int64
	JoinedAt time.Time
}

// joinTries bounds how often a join whose entry somebody else has in the books
// is made anew. That happens after Redis lost its memory in the midst of it.
const joinTries = 4

// Join gives the buyer a place, or the one the account has (fresh is false).
// When it returns, the place is in the books. CodeNotFound for an event without
// a waiting room, CodeNotOnSale and CodeSoldOut when nobody may join.
func (r *Rooms) Join(ctx context.Context, e *ticket.Event, buyerID string) (p Place, fresh bool, err error) {
	if err := r.enabled(e); err != nil {
		return p, false, err
	}
	keys, err := r.secrets(ctx, e.ID)
	if err != nil {
		return p, false, err
	}
	for range joinTries {
		var got redis.Place
		got, fresh, err = r.joinOnce(ctx, e, buyerID)
		if err != nil {
			return p, false, err
		}
		if got.Entry == 0 {
			continue
		}
		p = Place{Ticket: keys.placeTicket(e.ID, buyerID, got.Entry), Entry: got.Entry, JoinedAt: got.JoinedAt}
		p.Number, err = r.publicNumber(ctx, e, keys, got.Entry)
		return p, fresh, err
	}
	return p, false, ticket.Errorf(ticket.CodeUnavailable, "The waiting room is being rebuilt. Ask again.")
}

// joinOnce gives a place whose Entry is 0 when the books refused it.
func (r *Rooms) joinOnce(ctx context.Context, e *ticket.Event, buyerID string) (p redis.Place, fresh bool, err error) {
	var (
		v    redis.Verdict
		idle bool
	)
	err = r.withRoom(ctx, e.ID, func() error {
		v, p, idle, err = r.live.Join(ctx, e.ID, buyerID, e.OnSaleAt)
		return err
	})
	if err != nil {
		return p, false, err
	}
	if v == redis.QueueClosed {
		return p, false, r.over(e)
	}
	if idle && r.wake != nil {
		r.wake(context.WithoutCancel(ctx), e.ID)
	}
	fresh = v == redis.QueueOK
	if p.State != redis.PlaceNew {
		return p, fresh, nil
	}
	kept, err := r.joins.keep(ctx, postgres.QueueEntry{EventID: e.ID, BuyerID: buyerID, Entry: p.Entry, JoinedAt: p.JoinedAt})
	if kept.Entry != p.Entry {
		fresh = false // the account has another place, or this one was refused
	}
	return redis.Place{Entry: kept.Entry, JoinedAt: kept.JoinedAt, State: redis.PlaceWaiting}, fresh, err
}

// publicNumber gives the number of an entry, 0 before the draw. It looks at the
// posted notice, which is at most a second old.
func (r *Rooms) publicNumber(ctx context.Context, e *ticket.Event, keys roomKeys, entry int64) (int64, error) {
	n, err := r.posted(ctx, e.ID)
	if err != nil || n.status.Draw.Seed == nil {
		return 0, err
	}
	d := NewDraw(keys.seed, n.status.Draw.Entries)
	return d.Number(entry), nil
}

// State is where a buyer stands.
type State string

// The states of a buyer.
const (
	StateWaiting  State = "waiting"
	StateYourTurn State = "your_turn"
	StateAdmitted State = "admitted"
	StateExpired  State = "expired" // the turn or the admission is over, by time or by use
)

// Standing is where a buyer stands.
type Standing struct {
	Entry int64
	State State
	// Number and Ahead, how many come before, are -1 before the draw.
	Number, Ahead int64
	// Wait estimates how long it takes until the turn; -1 when nobody can tell.
	Wait time.Duration
}

// Standing tells a buyer's place. CodeNotFound when there is none.
func (r *Rooms) Standing(ctx context.Context, e *ticket.Event, buyerID string) (s Standing, err error) {
	if phaseOf(e, r.now(), "") == PhaseOff {
		return s, r.enabled(e)
	}
	l, err := r.look(ctx, e, buyerID)
	if err != nil {
		return s, err
	}
	s = Standing{Entry: l.place.Entry, State: l.state(), Number: -1, Ahead: -1, Wait: -1}
	if !l.drawn {
		return s, nil
	}
	s.Number, s.Ahead = l.number, max(0, l.number-l.room.Serving-1)
	n, err := r.posted(ctx, e.ID)
	switch {
	case err != nil:
		return s, err
	case s.State != StateWaiting:
		s.Ahead, s.Wait = 0, 0
	case n.pace > 0:
		s.Wait = time.Duration(math.Ceil(float64(s.Ahead+1)/n.pace*60)) * time.Second
	}
	return s, nil
}

// looked is all that is known of a buyer at one moment.
type looked struct {
	keys    roomKeys
	room    redis.Room
	place   redis.Place
	session redis.Session
	number  int64
	drawn   bool
}

// look reads where a buyer stands. A place that Redis does not have is looked
// for in the books, and one that is not yet in the books is written there.
func (r *Rooms) look(ctx context.Context, e *ticket.Event, buyerID string) (l looked, err error) {
	if l.keys, err = r.secrets(ctx, e.ID); err != nil {
		return l, err
	}
	err = r.withRoom(ctx, e.ID, func() error {
		l.room, l.place, l.session, err = r.live.Look(ctx, e.ID, buyerID)
		return err
	})
	if err != nil {
		return l, err
	}
	switch l.place.State {
	case redis.PlaceNone:
		l.place, err = r.recall(ctx, e.ID, buyerID)
	case redis.PlaceNew:
		var kept postgres.QueueEntry
		kept, err = r.joins.keep(ctx, postgres.QueueEntry{EventID: e.ID, BuyerID: buyerID, Entry: l.place.Entry, JoinedAt: l.place.JoinedAt})
		l.place = redis.Place{Entry: kept.Entry, JoinedAt: kept.JoinedAt, State: redis.PlaceWaiting}
	}
	if err == nil && l.place.Entry == 0 {
		err = ticket.Errorf(ticket.CodeNotFound, "The account has no place in this queue: join it first.")
	}
	l.number, l.drawn = l.keys.numberOf(l.room, l.place.Entry)
	return l, err
}

// recall finds a place in the books that Redis has lost alone, and puts it back.
func (r *Rooms) recall(ctx context.Context, eventID, buyerID string) (redis.Place, error) {
	e, err := r.books.QueueEntryOf(ctx, eventID, buyerID)
	if err != nil || e.Entry == 0 {
		return redis.Place{}, err
	}
	err = r.live.MarkPlaces(ctx, []redis.Marked{{
		EventID: eventID, BuyerID: buyerID, Tried: e.Entry, Entry: e.Entry, JoinedAt: e.JoinedAt,
	}})
	return redis.Place{Entry: e.Entry, JoinedAt: e.JoinedAt, State: redis.PlaceWaiting}, err
}

func (l *looked) state() State {
	switch {
	case l.session.Number > 0:
		return StateAdmitted
	case l.place.State != redis.PlaceWaiting || l.drawn && l.number <= l.room.Passed:
		return StateExpired
	case l.drawn && l.number <= l.room.Serving:
		return StateYourTurn
	}
	return StateWaiting
}

// Leave gives the buyer's place up for good, and the admission with it.
// CodeConflict while a purchase is going on under it; CodeNotFound when there is
// no place. Leaving again succeeds.
func (r *Rooms) Leave(ctx context.Context, e *ticket.Event, buyerID string) error {
	l, err := r.look(ctx, e, buyerID)
	if err != nil {
		return err
	}
	v, err := r.live.Leave(ctx, e.ID, buyerID, l.number)
	switch {
	case err != nil:
		return err
	case v == redis.QueueBusy:
		return ticket.Errorf(ticket.CodeConflict, "A purchase is going on under your admission: cancel it first.")
	case v == redis.QueueUsed:
		return nil
	}
	return r.books.LeaveQueue(ctx, e.ID, buyerID)
}
