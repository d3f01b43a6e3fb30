package redis

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/ticket"
)

var (
	queueJoin   = queueScript("join")
	queueMark   = queueScript("mark")
	queueLook   = queueScript("look")
	queueClaim  = queueScript("claim")
	queueKeep   = queueScript("keep")
	queueLeave  = queueScript("leave")
	queueSlot   = queueScript("slot")
	queueFreeze = queueScript("freeze")
	queueOpen   = queueScript("open")
	queueTick   = queueScript("tick")
	queueServe  = queueScript("serve")
	queueSet    = queueScript("set")
	queueBuild  = goredis.NewScript(source("queue_build"))
)

func queueScript(name string) *goredis.Script {
	return goredis.NewScript(source("queue_lib") + source("queue_"+name))
}

// placeBuckets spreads the places of an event over small hashes, which Redis
// packs: one big hash takes more than twice the memory.
const placeBuckets = 1 << 14

// PlaceState is where a place in a queue stands.
type PlaceState byte

// The states of a place. The zero value says that there is none.
const (
	PlaceNone     PlaceState = '-'
	PlaceNew      PlaceState = 'n' // not yet in the books
	PlaceWaiting  PlaceState = 'w'
	PlaceAdmitted PlaceState = 'a' // has, or had, a session
	PlaceUsed     PlaceState = 'u' // by a confirmed booking
	PlaceLeft     PlaceState = 'l'
)

// Place is a buyer's place in a queue.
type Place struct {
	Entry    int64
	JoinedAt time.Time
	State    PlaceState
	// Booking is the one that used it.
	Booking string
}

// Session is an admission that lives.
type Session struct {
	Number int64
	// Ends is when it expires by the room's clock (ms), which stands still while
	// the sale is paused; ExpiresAt is the same by today's reckoning.
	Ends      int64
	ExpiresAt time.Time
	// Kept says that it is in the books.
	Kept bool
	// Booking is the live purchase that it carries.
	Booking string
}

// Room is how a waiting room stands.
type Room struct {
	Phase  string
	Issued int64
	// Entries is how many are, or will be, drawn; -1 before the sale.
	Entries int64
	Drawn   bool
	// Serving is the last number whose turn has come, Passed the last one whose
	// grace is over.
	Serving, Passed int64
	// Open is how many of those between may still claim, Live the sessions,
	// Skipped how many did not claim in time.
	Open, Live, Skipped int64
	Now                 time.Time
	Held                time.Duration
	Idle                bool
}

// Verdict is how a queue script decided.
type Verdict string

// The verdicts; those that a script does not document it never gives.
const (
	QueueOK        Verdict = "ok"
	QueueAgain     Verdict = "again"
	QueueClosed    Verdict = "closed"
	QueuePaused    Verdict = "paused"
	QueueNoPlace   Verdict = "no-place"
	QueueNotYet    Verdict = "not-yet"
	QueueExpired   Verdict = "expired"
	QueueFull      Verdict = "full"
	QueueUsed      Verdict = "used"
	QueueLeft      Verdict = "left"
	QueueBusy      Verdict = "busy"
	QueueNoSession Verdict = "no-session"
	QueueEarly     Verdict = "early"
	QueueGap       Verdict = "gap"
	QueueBuilt     Verdict = "built"
	queueNoState   Verdict = "no-state"
)

// Queue is the live state of waiting rooms. Every method returns ErrNoState for
// an event that Redis knows nothing of, and ticket.CodeUnavailable when Redis
// does not answer; all may be called again.
type Queue struct {
	db goredis.UniversalClient
}

// NewQueue makes a Queue over a client.
func NewQueue(db goredis.UniversalClient) *Queue { return &Queue{db: db} }

// Join gives the buyer a place, or the one there is (QueueAgain). The place is
// new until MarkPlaces says that it is in the books. Idle says that nobody was
// waiting and the sale may be asleep. QueueClosed when nobody may join.
func (q *Queue) Join(ctx context.Context, eventID, buyerID string, opensAt time.Time) (v Verdict, p Place, idle bool, err error) {
	v, reply, err := q.run(ctx, queueJoin, eventID, buyerID, field(buyerID), opensAt.UnixMilli())
	if err != nil || v == QueueClosed {
		return v, p, false, err
	}
	return v, Place{Entry: integer(reply[1]), JoinedAt: millis(reply[2]), State: PlaceState(reply[3][0])}, reply[4] == "1", nil
}

// Marked is what the books say of a place that was tried; Entry 0 says that
// they refused it because another buyer has the entry. Last is then the highest
// entry in the books, from which Redis counts on.
type Marked struct {
	EventID, BuyerID string
	Tried            int64
	Entry            int64
	JoinedAt         time.Time
	Last             int64
}

// MarkPlaces brings places in line with the books, in one round trip.
func (q *Queue) MarkPlaces(ctx context.Context, places []Marked) error {
	err := q.markPlaces(ctx, places)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		if err = queueMark.Load(ctx, q.db).Err(); err == nil {
			err = q.markPlaces(ctx, places)
		}
	}
	if err != nil {
		return queueUnavailable(err)
	}
	return nil
}

func (q *Queue) markPlaces(ctx context.Context, places []Marked) error {
	pipe := q.db.Pipeline()
	for _, p := range places {
		queueMark.EvalSha(ctx, pipe, queueKeys(p.EventID, p.BuyerID), field(p.BuyerID), p.Entry, p.JoinedAt.UnixMilli(), p.Tried, p.Last)
	}
	_, err := pipe.Exec(ctx)
	return err
}

// Look reads how the room stands and, for a buyer, place and session; Session
// is zero when none lives.
func (q *Queue) Look(ctx context.Context, eventID, buyerID string) (r Room, p Place, s Session, err error) {
	key := ""
	if buyerID != "" {
		key = field(buyerID)
	}
	_, reply, err := q.run(ctx, queueLook, eventID, buyerID, key)
	if err != nil {
		return r, p, s, err
	}
	r = Room{
		Phase: reply[1], Issued: integer(reply[2]), Entries: integer(reply[3]), Drawn: reply[4] == "1",
		Serving: integer(reply[5]), Passed: integer(reply[6]), Open: integer(reply[7]), Live: integer(reply[8]),
		Skipped: integer(reply[9]), Now: millis(reply[10]), Held: time.Duration(integer(reply[11])) * time.Millisecond,
		Idle: reply[12] == "1",
	}
	p = Place{Entry: integer(reply[13]), JoinedAt: millis(reply[14]), State: PlaceState(reply[15][0]), Booking: reply[16]}
	s = Session{
		Number: integer(reply[17]), Ends: integer(reply[18]), ExpiresAt: millis(reply[19]), Kept: reply[20] == "1", Booking: reply[21],
	}
	return r, p, s, nil
}

// Claim turns the buyer's turn into a session; one that lives is given again.
// Verdicts: QueueOK, QueueNotYet, QueueExpired, QueueFull, QueuePaused,
// QueueClosed, QueueUsed, QueueLeft, QueueNoPlace.
func (q *Queue) Claim(ctx context.Context, eventID, buyerID string, number int64, life time.Duration, bound int) (Verdict, Session, error) {
	v, reply, err := q.run(ctx, queueClaim, eventID, buyerID, field(buyerID), number, life.Milliseconds(), bound)
	if err != nil || v != QueueOK {
		return v, Session{}, err
	}
	return v, Session{Number: integer(reply[1]), Ends: integer(reply[2]), ExpiresAt: millis(reply[3]), Kept: reply[4] == "1"}, nil
}

// KeepSession says that the buyer's session is in the books.
func (q *Queue) KeepSession(ctx context.Context, eventID, buyerID string) error {
	_, _, err := q.run(ctx, queueKeep, eventID, buyerID, field(buyerID))
	return err
}

// Leave gives a place up for good, with the session that it may have. Number is
// 0 before the draw. QueueBusy when a purchase is going on under the session;
// QueueUsed, QueueNoPlace.
func (q *Queue) Leave(ctx context.Context, eventID, buyerID string, number int64) (Verdict, error) {
	v, _, err := q.run(ctx, queueLeave, eventID, buyerID, field(buyerID), number)
	return v, err
}

// SlotStep is what a purchase does with the session of its buyer.
type SlotStep string

// The steps of a purchase.
const (
	SlotTake    SlotStep = "take"
	SlotRelease SlotStep = "release"
	SlotUse     SlotStep = "use"
)

// Slot takes the buyer's session for a booking, gives it back, or uses it up.
// Only taking can be refused: QueueBusy, QueueUsed, QueueExpired, QueueNoSession.
func (q *Queue) Slot(ctx context.Context, step SlotStep, eventID, buyerID, bookingID string) (Verdict, error) {
	v, _, err := q.run(ctx, queueSlot, eventID, buyerID, string(step), field(buyerID), bookingID)
	return v, err
}

// run calls a script. A verdict is the first word of its answer.
func (q *Queue) run(ctx context.Context, sc *goredis.Script, eventID, buyerID string, args ...any) (Verdict, []string, error) {
	reply, err := sc.Run(ctx, q.db, queueKeys(eventID, buyerID), args...).StringSlice()
	if err != nil {
		return "", nil, queueUnavailable(err)
	}
	if v := Verdict(reply[0]); v != queueNoState {
		return v, reply, nil
	}
	return "", nil, ErrNoState
}

func queueUnavailable(err error) error {
	e := ticket.Errorf(ticket.CodeUnavailable, "The waiting room cannot be reached at the moment; your place is safe.")
	e.RetryAfterSeconds = 2
	return fmt.Errorf("%w: %w", e, err)
}

// queueKeys are the keys of an event's queue, with the bucket of one buyer.
func queueKeys(eventID, buyerID string) []string {
	tag := "{" + eventID + "}:queue"
	return []string{
		tag, placeKey(tag, bucketOf(buyerID)), tag + ":turns", tag + ":turn", tag + ":sessions", tag + ":expiry", tag + ":left",
	}
}

func placeKey(tag string, bucket int) string { return tag + ":p" + strconv.Itoa(bucket) }

// field is what stands for a buyer in Redis: twelve bytes of a hash take less
// room than an id, and say less.
func field(buyerID string) string {
	sum := sha256.Sum256([]byte(buyerID))
	return string(sum[:12])
}

func bucketOf(buyerID string) int {
	sum := sha256.Sum256([]byte(buyerID))
	return int(binary.BigEndian.Uint16(sum[:]) % placeBuckets)
}

func integer(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // the scripts write integers only
	return n
}

func millis(text string) time.Time {
	if ms := integer(text); ms > 0 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}
