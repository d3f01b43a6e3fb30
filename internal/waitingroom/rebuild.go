package waitingroom

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

const (
	// rebuildTime bounds a rebuild; a million places take a few seconds.
	rebuildTime = 2 * time.Minute
	// rebuildPatience is how long a caller waits for it before it is told to
	// come again.
	rebuildPatience = 3 * time.Second
	// rebuildPage is how many places are read and written at a time.
	rebuildPage = 10_000
	// unseen is how long nobody must have ticked for the sale to count as
	// interrupted; the scripts call it STALL.
	unseen = 45 * time.Second
)

// withRoom does something with a room's live state, and rebuilds that first
// where it is missing.
func (r *Rooms) withRoom(ctx context.Context, eventID string, do func() error) error {
	err := do()
	for try := 0; errors.Is(err, redis.ErrNoState) && try < 3; try++ {
		if err := r.restore(ctx, eventID); err != nil {
			return err
		}
		err = do()
	}
	if errors.Is(err, redis.ErrNoState) {
		return errRebuilding()
	}
	return err
}

func errRebuilding() error {
	e := ticket.Errorf(ticket.CodeUnavailable, "The waiting room is being rebuilt. Nobody loses a place.")
	e.RetryAfterSeconds = soon
	return e
}

// restore rebuilds a room, or waits for whoever does. All callers of a process
// share one rebuild, which goes on when they leave.
func (r *Rooms) restore(ctx context.Context, eventID string) error {
	detached := context.WithoutCancel(ctx)
	done := r.flights.DoChan("restore/"+eventID, func() (any, error) {
		ctx, cancel := context.WithTimeout(detached, rebuildTime)
		defer cancel()
		return nil, r.rebuild(ctx, eventID)
	})
	patience := time.NewTimer(rebuildPatience)
	defer patience.Stop()
	select {
	case result := <-done:
		return result.Err
	case <-patience.C:
		return errRebuilding()
	case <-ctx.Done():
		return errRebuilding()
	}
}

func (r *Rooms) rebuild(ctx context.Context, eventID string) error {
	builder, err := r.live.Build(ctx, eventID, rand.Text())
	if errors.Is(err, redis.ErrBuilt) {
		return r.awaitBuilt(ctx, eventID)
	}
	if err != nil {
		return err
	}
	began := time.Now()
	b, err := r.readBook(ctx, eventID)
	if err == nil {
		err = b.writePlaces(ctx, r.books, builder)
	}
	if err == nil {
		err = builder.Finish(ctx, b.restored(), termsOf(b.event).grace)
	}
	if errors.Is(err, redis.ErrBuilt) {
		return r.awaitBuilt(ctx, eventID)
	}
	if err == nil {
		slog.InfoContext(ctx, "waiting room is live", "event", eventID, "places", b.places, "sessions", len(b.sessions), "took", time.Since(began))
	}
	return err
}

// Repair drops the live state of a room and rebuilds it from the books. Turns
// that are open get their grace anew.
func (r *Rooms) Repair(ctx context.Context, eventID string) error {
	if err := r.live.Forget(ctx, eventID); err != nil {
		return err
	}
	return r.rebuild(ctx, eventID)
}

// awaitBuilt waits until somebody else has built the room, or has given up.
func (r *Rooms) awaitBuilt(ctx context.Context, eventID string) error {
	for range 40 {
		if _, err := r.live.Notice(ctx, eventID); !errors.Is(err, redis.ErrNoState) {
			return err
		}
		select {
		case <-ctx.Done():
			return errRebuilding()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil // the caller tries for itself again
}

// book is what a room is rebuilt from.
type book struct {
	event     *ticket.Event
	row       postgres.RoomRow
	turns     postgres.QueueBook
	draw      Draw
	entries   int64 // -1 while not fixed
	issued    int64
	places    int
	admitted  map[string]postgres.QueueAdmission
	used      map[string]string // buyer → the booking that used the admission
	going     map[string]string // buyer → the booking that goes on under it
	sessions  []redis.RestoredSession
	clockTime time.Time // what the room's clock shows
}

func (r *Rooms) readBook(ctx context.Context, eventID string) (b *book, err error) {
	b = &book{
		entries: -1, admitted: map[string]postgres.QueueAdmission{}, used: map[string]string{}, going: map[string]string{},
	}
	if b.event, err = r.books.Event(ctx, eventID); err != nil {
		return nil, err
	}
	if b.row, err = r.row(ctx, eventID); err != nil {
		return nil, err
	}
	if b.turns, err = r.books.QueueBook(ctx, eventID); err != nil {
		return nil, err
	}
	if err := r.readDraw(ctx, b); err != nil {
		return nil, err
	}
	buyers := make([]string, 0, len(b.turns.Admissions))
	for _, a := range b.turns.Admissions {
		b.admitted[a.BuyerID] = a
		buyers = append(buyers, a.BuyerID)
	}
	bookings, err := r.bookings.QueueBookings(ctx, eventID, buyers)
	if err != nil {
		return nil, err
	}
	for _, booking := range bookings {
		switch a := b.admitted[booking.BuyerID]; {
		case booking.CreatedAt.Before(a.AdmittedAt.Add(-time.Second)): // from before there was a waiting room
		case booking.Confirmed:
			b.used[booking.BuyerID] = booking.BookingID
		default:
			b.going[booking.BuyerID] = booking.BookingID
		}
	}
	return b, nil
}

// readDraw finds what was drawn, or is fixed to be drawn, and how far the
// room's clock has come.
func (r *Rooms) readDraw(ctx context.Context, b *book) (err error) {
	b.issued = b.turns.LastEntry
	switch {
	case !b.row.DrawnAt.IsZero():
		b.entries = b.row.Entries
		if b.row.Phase == string(PhasePaused) || b.row.Unseen > unseen {
			b.row.Held += b.row.Unseen
			if err := r.books.TouchRoom(ctx, b.event.ID, b.row.Held); err != nil {
				return err
			}
		}
	case !r.now().Before(b.event.OnSaleAt):
		if b.entries, err = r.books.LastQueueEntry(ctx, b.event.ID, b.event.OnSaleAt); err != nil {
			return err
		}
	}
	b.clockTime = r.now().Add(-b.row.Held)
	b.draw = NewDraw(b.row.Seed, max(0, b.entries))
	return nil
}

// writePlaces reads the places page by page and writes them to Redis.
func (b *book) writePlaces(ctx context.Context, books Books, to *redis.Builder) error {
	for after := int64(0); ; {
		page, err := books.QueueEntries(ctx, b.event.ID, after, rebuildPage)
		if err != nil || len(page) == 0 {
			return err
		}
		places := make([]redis.RestoredPlace, len(page))
		for i, e := range page {
			places[i] = b.place(e)
		}
		if err := to.Places(ctx, places); err != nil {
			return err
		}
		after = page[len(page)-1].Entry
		b.issued, b.places = max(b.issued, after), b.places+len(page)
	}
}

func (b *book) place(e postgres.QueueEntry) redis.RestoredPlace {
	p := redis.RestoredPlace{BuyerID: e.BuyerID, Place: redis.Place{Entry: e.Entry, JoinedAt: e.JoinedAt, State: redis.PlaceWaiting}}
	a, admitted := b.admitted[e.BuyerID]
	switch {
	case b.used[e.BuyerID] != "":
		p.State, p.Booking = redis.PlaceUsed, b.used[e.BuyerID]
	case !e.LeftAt.IsZero():
		p.State = redis.PlaceLeft
	case admitted:
		p.State = redis.PlaceAdmitted
		b.addSession(a)
	}
	return p
}

// addSession keeps an admission that lives: one whose time is not over, or
// whose purchase goes on.
func (b *book) addSession(a postgres.QueueAdmission) {
	ends := a.ExpiresAt.Add(-a.Held)
	if b.going[a.BuyerID] == "" && !ends.After(b.clockTime) {
		return
	}
	b.sessions = append(b.sessions, redis.RestoredSession{BuyerID: a.BuyerID, Session: redis.Session{
		Number: a.Number, Ends: ends.UnixMilli(), Kept: true, Booking: b.going[a.BuyerID],
	}})
}

func (b *book) restored() redis.Restored {
	out := redis.Restored{
		Phase: b.row.Phase, Issued: max(b.issued, b.entries), Entries: b.entries, FrozenFor: b.event.OnSaleAt,
		Drawn: !b.row.DrawnAt.IsZero(), Serving: b.turns.Serving, Passed: b.turns.Passed, Skipped: b.turns.Skipped,
		Held: b.row.Held, Sessions: b.sessions, Left: b.turns.LeftEntries,
	}
	commitment := Commitment(b.row.Seed)
	out.Commitment, out.Seed = commitment[:], b.row.Seed
	for _, t := range b.turns.Turns {
		out.Turns = append(out.Turns, redis.RestoredTurn{Last: t.Last, Turns: b.stillOpen(t)})
	}
	return out
}

// stillOpen counts the numbers of a turn that nobody has claimed or given up.
func (b *book) stillOpen(t postgres.QueueTurn) int {
	in := func(number int64) bool { return number >= t.First && number <= t.Last }
	taken := map[int64]bool{}
	for _, a := range b.turns.Admissions {
		if in(a.Number) {
			taken[a.Number] = true
		}
	}
	for _, entry := range b.turns.LeftEntries {
		if number := b.draw.Number(entry); in(number) {
			taken[number] = true
		}
	}
	return int(t.Last-t.First) + 1 - len(taken)
}
