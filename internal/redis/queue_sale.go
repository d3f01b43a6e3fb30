package redis

import (
	"context"
	"encoding/hex"
	"errors"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Notice is what everybody may know of a waiting room.
type Notice struct {
	Phase           string
	Serving, Issued int64
	// Entries is how many were drawn, or are going to be; -1 before the sale.
	Entries    int64
	Commitment string // hex
	Seed       string // hex; empty before the draw
	RatePerMin float64
	// PacePerMin is how fast serving has risen of late.
	PacePerMin float64
}

// Notice reads what everybody may know, in one cheap command.
func (q *Queue) Notice(ctx context.Context, eventID string) (n Notice, err error) {
	v, err := q.db.HMGet(ctx, queueKeys(eventID, "")[0],
		"phase", "serving", "issued", "entries", "commitment", "seed", "rate", "pace").Result()
	if err != nil {
		return n, queueUnavailable(err)
	}
	text := make([]string, len(v))
	for i := range v {
		text[i], _ = v[i].(string)
	}
	if text[0] == "" {
		return n, ErrNoState
	}
	n = Notice{
		Phase: text[0], Serving: integer(text[1]), Issued: integer(text[2]), Entries: -1, Commitment: text[4], Seed: text[5],
	}
	if text[3] != "" {
		n.Entries = integer(text[3])
	}
	n.RatePerMin, _ = strconv.ParseFloat(text[6], 64)
	n.PacePerMin, _ = strconv.ParseFloat(text[7], 64)
	return n, nil
}

// Freeze fixes how many entries are drawn: those that were issued before
// opensAt. Before that time it is QueueEarly, and wait says how long it is still.
func (q *Queue) Freeze(ctx context.Context, eventID string, opensAt time.Time) (v Verdict, entries int64, wait time.Duration, err error) {
	v, reply, err := q.run(ctx, queueFreeze, eventID, "", opensAt.UnixMilli())
	if err != nil {
		return v, 0, 0, err
	}
	if v == QueueEarly {
		return v, 0, time.Duration(integer(reply[1])) * time.Millisecond, nil
	}
	return v, integer(reply[1]), 0, nil
}

// Open makes the draw public and opens the sale. An open one stays as it is.
func (q *Queue) Open(ctx context.Context, eventID string, entries int64, seed []byte) error {
	_, _, err := q.run(ctx, queueOpen, eventID, "", entries, hex.EncodeToString(seed))
	return err
}

// Tick ends sessions and turns whose time is over, and keeps the room's clock
// going. It answers the Passed of before, and for how long the sale was held.
func (q *Queue) Tick(ctx context.Context, eventID string) (before int64, held time.Duration, err error) {
	_, reply, err := q.run(ctx, queueTick, eventID, "")
	if err != nil {
		return 0, 0, err
	}
	return integer(reply[1]), time.Duration(integer(reply[2])) * time.Millisecond, nil
}

// Serve raises serving from first-1 to last; turns of those numbers are awaited
// for the grace. What was served before stays; QueueGap when first is not next.
func (q *Queue) Serve(ctx context.Context, eventID string, first, last int64, turns int, grace time.Duration) (Verdict, error) {
	v, _, err := q.run(ctx, queueServe, eventID, "", first, last, turns, grace.Milliseconds())
	return v, err
}

// Show sets what everybody is told of the phase, the rate and the pace.
func (q *Queue) Show(ctx context.Context, eventID, phase string, rate, pace float64) error {
	_, _, err := q.run(ctx, queueSet, eventID, "", "phase", phase,
		"rate", strconv.FormatFloat(rate, 'f', 1, 64), "pace", strconv.FormatFloat(pace, 'f', 1, 64))
	return err
}

// HaveLeft tells which of the entries were given up.
func (q *Queue) HaveLeft(ctx context.Context, eventID string, entries []int64) ([]bool, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	args := make([]any, len(entries))
	for i, e := range entries {
		args[i] = e
	}
	left, err := q.db.SMIsMember(ctx, queueKeys(eventID, "")[6], args...).Result()
	if err != nil {
		return nil, queueUnavailable(err)
	}
	return left, nil
}

// Restored is a room as it is rebuilt, but for its places.
type Restored struct {
	Phase           string
	Issued, Entries int64 // Entries is -1 while they are not fixed
	FrozenFor       time.Time
	Drawn           bool
	Commitment      []byte
	Seed            []byte // only of a drawn one
	Serving, Passed int64
	Skipped         int64
	Held            time.Duration
	Turns           []RestoredTurn
	Sessions        []RestoredSession
	Left            []int64 // entries
}

// RestoredTurn is an open turn; its grace starts anew.
type RestoredTurn struct {
	Last  int64
	Turns int
}

// RestoredSession is a session that lives.
type RestoredSession struct {
	Session
	BuyerID string
}

// RestoredPlace is a place as the books have it.
type RestoredPlace struct {
	Place
	BuyerID string
}

// Builder rebuilds one room; see Build.
type Builder struct {
	q     *Queue
	tag   string
	keys  []string
	token string
}

// ErrBuilt says that the room is there already, or that somebody else builds it.
var ErrBuilt = errors.New("redis: the waiting room is built by somebody else")

// Build takes the lock for rebuilding a room and clears what may be left of the
// old one. ErrBuilt when there is a room, or another builder. Token names the
// builder; a builder that takes longer than 20 s for a step loses the lock.
func (q *Queue) Build(ctx context.Context, eventID, token string) (*Builder, error) {
	b := &Builder{q: q, tag: "{" + eventID + "}:queue", keys: queueKeys(eventID, ""), token: token}
	return b, b.step(ctx, b.keys[2:], "begin")
}

func (b *Builder) step(ctx context.Context, keys []string, step string, args ...any) error {
	all := append([]string{b.keys[0], b.tag + ":building"}, keys...)
	reply, err := queueBuild.Run(ctx, b.q.db, all, append([]any{b.token, step}, args...)...).StringSlice()
	if err != nil {
		return queueUnavailable(err)
	}
	if Verdict(reply[0]) != QueueOK {
		return ErrBuilt
	}
	return nil
}

// Places writes a page of places. The lock is renewed first; a page takes far
// less time than the lock lasts.
func (b *Builder) Places(ctx context.Context, page []RestoredPlace) error {
	if err := b.step(ctx, nil, "renew"); err != nil {
		return err
	}
	pipe := b.q.db.Pipeline()
	for _, p := range page {
		record := strconv.FormatInt(p.Entry, 10) + "|" + strconv.FormatInt(p.JoinedAt.UnixMilli(), 10) + "|" + string(rune(p.State))
		if p.Booking != "" {
			record += "|" + p.Booking
		}
		pipe.HSet(ctx, placeKey(b.tag, bucketOf(p.BuyerID)), field(p.BuyerID), record)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return queueUnavailable(err)
	}
	return nil
}

// chunk bounds how many arguments a script gets.
const chunk = 2000

// Finish writes the rest and makes the room live.
func (b *Builder) Finish(ctx context.Context, r Restored, grace time.Duration) error {
	now, err := b.q.db.Time(ctx).Result()
	if err != nil {
		return queueUnavailable(err)
	}
	clock := now.Add(-r.Held).UnixMilli()
	open := 0
	var turns, turn, sessions, expiry, left []any
	for _, t := range r.Turns {
		last := strconv.FormatInt(t.Last, 10)
		turns = append(turns, last, last)
		turn = append(turn, last, strconv.Itoa(t.Turns)+"|"+strconv.FormatInt(clock+grace.Milliseconds(), 10))
		open += t.Turns
	}
	for _, s := range r.Sessions {
		key, ends := field(s.BuyerID), strconv.FormatInt(s.Ends, 10)
		sessions = append(sessions, key, strconv.FormatInt(s.Number, 10)+"|"+ends+"|1|"+s.Booking)
		if s.Booking == "" {
			expiry = append(expiry, ends, key)
		}
	}
	for _, entry := range r.Left {
		left = append(left, entry)
	}
	for _, part := range []struct {
		key  string
		step string
		args []any
	}{{b.keys[2], "zset", turns}, {b.keys[3], "hash", turn}, {b.keys[4], "hash", sessions}, {b.keys[5], "zset", expiry}, {b.keys[6], "set", left}} {
		for from := 0; from < len(part.args); from += chunk {
			if err := b.step(ctx, []string{part.key}, part.step, part.args[from:min(from+chunk, len(part.args))]...); err != nil {
				return err
			}
		}
	}
	return b.step(ctx, nil, "end", r.meta(open)...)
}

func (r *Restored) meta(open int) []any {
	args := []any{
		"phase", r.Phase, "issued", r.Issued, "serving", r.Serving, "passed", r.Passed, "open", open, "skipped", r.Skipped,
		"held", r.Held.Milliseconds(), "commitment", hex.EncodeToString(r.Commitment), "idle", "0",
	}
	if r.Entries >= 0 {
		args = append(args, "entries", r.Entries, "frozen_for", r.FrozenFor.UnixMilli())
	}
	if r.Drawn {
		args = append(args, "drawn", "1", "seed", hex.EncodeToString(r.Seed))
	}
	return args
}
