package redis

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/ticket"
)

//go:embed scripts/*.lua
var scripts embed.FS

var (
	holdScript    = script("hold")
	keepScript    = script("keep")
	releaseScript = script("release")
	sellScript    = script("sell")
	returnScript  = script("return")
	sweepScript   = script("sweep")
	blockScript   = script("block")
	unblockScript = script("unblock")
	loadScript    = goredis.NewScript(source("load"))
)

func script(name string) *goredis.Script { return goredis.NewScript(source("lib") + source(name)) }

func source(name string) string {
	text, err := scripts.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(err) // the files are part of the binary
	}
	return string(text)
}

// ErrNoState says that Redis knows nothing of the event: it was never loaded,
// or was lost. Whoever meets it rebuilds the state and tries again.
var ErrNoState = errors.New("redis: no live state of the event")

// TakenError lists the places that somebody else has.
type TakenError struct{ Seats []int }

func (e *TakenError) Error() string { return fmt.Sprintf("redis: places %v are taken", e.Seats) }

// LimitError says how many places the buyer has already.
type LimitError struct{ Has int }

func (e *LimitError) Error() string {
	return fmt.Sprintf("redis: the buyer has %d places already", e.Has)
}

// Seats is the live state of events' places.
type Seats struct {
	db goredis.UniversalClient
}

// NewSeats makes a Seats over a client.
func NewSeats(db goredis.UniversalClient) *Seats { return &Seats{db: db} }

// Hold is a lock on places.
type Hold struct {
	Fence int64
	// ExpiresAt is zero while the hold is being paid.
	ExpiresAt time.Time
	Seats     []int
}

// HoldRequest asks for places, all or none.
type HoldRequest struct {
	HoldID  string
	BuyerID string
	// Limit is the most places of the event that the buyer may hold and own.
	Limit int
	// Life is how long the hold lasts; 0 for one that is paid at once and
	// therefore ends with its purchase only.
	Life  time.Duration
	Seats []int
}

// Hold locks places. The same hold id again gets the places it has. It returns
// *TakenError, *LimitError or ErrNoState when it cannot, and changes nothing then.
func (s *Seats) Hold(ctx context.Context, eventID string, r HoldRequest) (Hold, error) {
	args := []any{r.HoldID, r.BuyerID, r.Limit, r.Life.Milliseconds()}
	return s.hold(ctx, holdScript, eventID, appendSeats(args, r.Seats))
}

// Keep moves the deadline of a hold: to a time, or to the end of its payment
// (zero). A hold that was lost is taken anew when its places are still free,
// under a higher fence.
func (s *Seats) Keep(ctx context.Context, eventID string, r HoldRequest, until time.Time) (Hold, error) {
	ms := int64(0)
	if !until.IsZero() {
		ms = until.UnixMilli()
	}
	args := []any{r.HoldID, r.BuyerID, r.Limit, ms}
	return s.hold(ctx, keepScript, eventID, appendSeats(args, r.Seats))
}

func (s *Seats) hold(ctx context.Context, sc *goredis.Script, eventID string, args []any) (Hold, error) {
	reply, err := s.run(ctx, sc, eventID, args...)
	if err != nil {
		return Hold{}, err
	}
	return parseHold(reply[1], reply[2], reply[3]), nil
}

// parseHold reads a hold as the scripts write it.
func parseHold(fence, expiry, seats string) Hold {
	h := Hold{Seats: parseSeats(seats)}
	h.Fence, _ = strconv.ParseInt(fence, 10, 64)
	if ms, _ := strconv.ParseInt(expiry, 10, 64); ms > 0 {
		h.ExpiresAt = time.UnixMilli(ms).UTC()
	}
	return h
}

// Held reads a hold; one that does not exist has no seats.
func (s *Seats) Held(ctx context.Context, eventID, holdID string) (Hold, error) {
	record, err := s.db.HGet(ctx, keys(eventID)[1], holdID).Result()
	if errors.Is(err, goredis.Nil) {
		return Hold{}, nil
	}
	if err != nil {
		return Hold{}, unavailable(err)
	}
	h, err := parseRecord(record)
	return h.Hold, err
}

// parseRecord reads the record of a hold.
func parseRecord(record string) (InspectedHold, error) {
	parts := strings.SplitN(record, "|", 4)
	if len(parts) != 4 {
		return InspectedHold{}, fmt.Errorf("redis: hold record %q", record)
	}
	return InspectedHold{Hold: parseHold(parts[2], parts[1], parts[3]), BuyerID: parts[0]}, nil
}

// Release gives the places of a hold back. Releasing what is not held succeeds.
func (s *Seats) Release(ctx context.Context, eventID, holdID string) error {
	_, err := s.run(ctx, releaseScript, eventID, holdID)
	return err
}

// Sell marks places sold and ends their hold. It succeeds whatever the live
// state says, because Postgres has decided.
func (s *Seats) Sell(ctx context.Context, eventID, holdID, buyerID string, seats []int) error {
	_, err := s.runOn(ctx, sellScript, withReturned(eventID), appendSeats([]any{holdID, buyerID}, seats)...)
	return err
}

// Return gives places that a purchase (by its hold id) had bought back to the
// sale, or keeps them from it (blocked). Each is given back once, within a week,
// so that a repetition does not take it from whoever has bought it since.
func (s *Seats) Return(ctx context.Context, eventID, holdID, buyerID string, to ticket.SeatState, seats []int) error {
	args := appendSeats([]any{holdID, buyerID, string(rune(to))}, seats)
	_, err := s.runOn(ctx, returnScript, withReturned(eventID), args...)
	return err
}

// withReturned adds the key that remembers places that were given back.
func withReturned(eventID string) []string { return append(keys(eventID), "{"+eventID+"}:returned") }

// Sweep frees the overdue holds of an event and says how many there were.
func (s *Seats) Sweep(ctx context.Context, eventID string) (int, error) {
	reply, err := s.run(ctx, sweepScript, eventID)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(reply[1])
}

// Block takes free places from the sale, all or none; *TakenError when one is
// held or sold. Blocking what is blocked succeeds.
func (s *Seats) Block(ctx context.Context, eventID string, seats []int) error {
	_, err := s.run(ctx, blockScript, eventID, appendSeats(nil, seats)...)
	return err
}

// Unblock gives those of the places that are blocked back to the sale, and says
// which they were.
func (s *Seats) Unblock(ctx context.Context, eventID string, seats []int) (freed []int, err error) {
	reply, err := s.run(ctx, unblockScript, eventID, appendSeats(nil, seats)...)
	if err != nil {
		return nil, err
	}
	return parseSeats(reply[1]), nil
}

// Snapshot reads an event's places, one byte each, and the version of that
// state. Both belong together.
func (s *Seats) Snapshot(ctx context.Context, eventID string) (version, seats string, err error) {
	k := keys(eventID)
	pipe := s.db.TxPipeline()
	state := pipe.Get(ctx, k[0])
	ver := pipe.HGet(ctx, k[3], "version")
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return "", "", unavailable(err)
	}
	if state.Err() != nil || ver.Err() != nil {
		return "", "", ErrNoState
	}
	return ver.Val(), state.Val(), nil
}

// States reads the state of some places; in the order asked for.
func (s *Seats) States(ctx context.Context, eventID string, seats []int) ([]ticket.SeatState, error) {
	key := keys(eventID)[0]
	pipe := s.db.Pipeline()
	cmds := make([]*goredis.StringCmd, len(seats))
	for i, seat := range seats {
		cmds[i] = pipe.GetRange(ctx, key, int64(seat), int64(seat))
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, unavailable(err)
	}
	out := make([]ticket.SeatState, len(seats))
	for i, c := range cmds {
		text := c.Val()
		if text == "" {
			return nil, ErrNoState
		}
		out[i] = ticket.SeatState(text[0])
	}
	return out, nil
}

// Available reads how many places are free, for each event; -1 for an event
// without live state.
func (s *Seats) Available(ctx context.Context, eventIDs []string) ([]int, error) {
	pipe := s.db.Pipeline()
	cmds := make([]*goredis.StringCmd, len(eventIDs))
	for i, id := range eventIDs {
		cmds[i] = pipe.HGet(ctx, keys(id)[3], "available")
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, goredis.Nil) {
		return nil, unavailable(err)
	}
	out := make([]int, len(eventIDs))
	for i, c := range cmds {
		n, err := c.Int()
		if err != nil {
			n = -1
		}
		out[i] = n
	}
	return out, nil
}

// run calls a script and sorts its answer.
func (s *Seats) run(ctx context.Context, sc *goredis.Script, eventID string, args ...any) ([]string, error) {
	return s.runOn(ctx, sc, keys(eventID), args...)
}

func (s *Seats) runOn(ctx context.Context, sc *goredis.Script, on []string, args ...any) ([]string, error) {
	reply, err := sc.Run(ctx, s.db, on, args...).StringSlice()
	if err != nil {
		return nil, unavailable(err)
	}
	switch reply[0] {
	case "ok", "loaded":
		return reply, nil
	case "no-state":
		return nil, ErrNoState
	case "taken":
		return nil, &TakenError{Seats: parseSeats(reply[1])}
	case "limit":
		has, _ := strconv.Atoi(reply[1])
		return nil, &LimitError{Has: has}
	}
	return nil, fmt.Errorf("redis: script answered %q", reply)
}

// unavailable says that Redis did not do it or did not answer; every script
// may be called again.
func unavailable(err error) error {
	return fmt.Errorf("%w: %w", ticket.Errorf(ticket.CodeUnavailable, "The live seat state cannot be reached."), err)
}

func keys(eventID string) []string {
	tag := "{" + eventID + "}:"
	return []string{tag + "seats", tag + "holds", tag + "expiry", tag + "meta", tag + "buyers", tag + "changes"}
}

func appendSeats(args []any, seats []int) []any {
	for _, i := range seats {
		args = append(args, i)
	}
	return args
}

func parseSeats(list string) []int {
	if list == "" {
		return nil
	}
	parts := strings.Split(list, ",")
	out := make([]int, len(parts))
	for i, p := range parts {
		out[i], _ = strconv.Atoi(p)
	}
	return out
}
