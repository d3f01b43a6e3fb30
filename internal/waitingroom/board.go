package waitingroom

import (
	"context"
	"encoding/json"
	"errors"
	"hash/fnv"
	"strconv"
	"sync/atomic"
	"time"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

const (
	// refreshAfter is how old a notice is when the next reader has it renewed in
	// the background, freshFor how old it may be at all.
	refreshAfter = 400 * time.Millisecond
	freshFor     = 900 * time.Millisecond
	// awayFor is how long Redis may fail before the notice says paused, and
	// staleFor how long a notice is shown without Redis at all.
	awayFor  = 3 * time.Second
	staleFor = 5 * time.Minute
	// readTime bounds one reading.
	readTime = 2 * time.Second
)

// Status is what everybody may know of a waiting room, as outsiders read it.
type Status struct {
	Phase         Phase      `json:"phase"`
	Serving       int64      `json:"serving"`
	Issued        int64      `json:"issued"`
	RatePerMinute float64    `json:"rate_per_minute"`
	OpensAt       time.Time  `json:"opens_at"`
	Draw          DrawStatus `json:"draw"`
	PollAfterMs   int64      `json:"poll_after_ms"`
}

// DrawStatus is all that is needed to recompute a draw once its seed is public.
type DrawStatus struct {
	// Commitment is the SHA-256 of the seed, in hex; null without a waiting room.
	Commitment *string `json:"commitment"`
	// Seed is null before the draw, and hex after it.
	Seed *string `json:"seed"`
	// Entries is how many were drawn; before the draw, how many there are so far.
	Entries int64 `json:"entries"`
}

// Notice is a status that was encoded before; it is shared and never changes.
type Notice struct {
	// Body is the status as JSON.
	Body []byte
	// ETag is strong and quoted. ETagHeader and LengthHeader are the values of
	// the headers as net/http keeps them.
	ETag                     string
	ETagHeader, LengthHeader []string

	status Status
	pace   float64 // how fast numbers are served, a minute
	read   time.Time
}

// posting is the latest notice of an event, under its id or its slug.
type posting struct {
	notice atomic.Pointer[Notice]
	busy   atomic.Bool // somebody renews it
}

// Notice gives the status of an event's waiting room, at most a second old,
// from memory. While Redis is away it says paused. CodeNotFound for an event
// that does not exist or is a draft.
func (r *Rooms) Notice(ctx context.Context, idOrSlug string) (*Notice, error) {
	p, ok := r.board.Get(idOrSlug)
	if !ok {
		return r.post(ctx, idOrSlug, &posting{})
	}
	n := p.notice.Load()
	age := time.Since(n.read)
	switch {
	case age < refreshAfter:
		return n, nil
	case age < freshFor:
		if p.busy.CompareAndSwap(false, true) {
			go func(ctx context.Context) {
				defer p.busy.Store(false)
				_, _ = r.post(ctx, idOrSlug, p) // the next reader finds out why it failed
			}(context.WithoutCancel(ctx))
		}
		return n, nil
	}
	return r.post(ctx, idOrSlug, p)
}

// posted is Notice for those within.
func (r *Rooms) posted(ctx context.Context, eventID string) (*Notice, error) {
	return r.Notice(ctx, eventID)
}

// post renews a notice. Those who want the same at the same time share a reading.
func (r *Rooms) post(ctx context.Context, idOrSlug string, p *posting) (*Notice, error) {
	detached := context.WithoutCancel(ctx)
	done := r.flights.DoChan("notice/"+idOrSlug, func() (any, error) {
		ctx, cancel := context.WithTimeout(detached, readTime)
		defer cancel()
		n, err := r.readNotice(ctx, idOrSlug, p.notice.Load())
		if err == nil {
			p.notice.Store(n)
			r.board.Add(idOrSlug, p)
		} else if ticket.CodeOf(err) == ticket.CodeNotFound {
			r.board.Remove(idOrSlug)
		}
		return n, err
	})
	select {
	case result := <-done:
		n, _ := result.Val.(*Notice)
		return n, result.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *Rooms) readNotice(ctx context.Context, idOrSlug string, last *Notice) (*Notice, error) {
	e, err := r.events.Event(ctx, idOrSlug)
	switch {
	case err != nil:
		return nil, err
	case e.Status == ticket.EventDraft:
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no event %q.", idOrSlug)
	case !e.WaitingRoom.Enabled:
		return newNotice(Status{Phase: PhaseOff, OpensAt: e.OnSaleAt, PollAfterMs: pollClosed}, 0)
	}
	var live redis.Notice
	err = r.withRoom(ctx, e.ID, func() error {
		live, err = r.live.Notice(ctx, e.ID)
		return err
	})
	if err != nil {
		return awayNotice(last, err)
	}
	now := r.now()
	s := Status{
		Phase: phaseOf(e, now, live.Phase), Serving: live.Serving, Issued: live.Issued, RatePerMinute: live.RatePerMin,
		OpensAt: e.OnSaleAt, Draw: DrawStatus{Commitment: &live.Commitment, Entries: live.Entries},
	}
	if live.Seed != "" {
		s.Draw.Seed = &live.Seed
	}
	if s.Draw.Entries < 0 {
		s.Draw.Entries = live.Issued
	}
	s.PollAfterMs = pollAfter(&s, now)
	pace := live.PacePerMin
	if pace <= 0 {
		pace = live.RatePerMin
	}
	return newNotice(s, pace)
}

// awayNotice is the last notice while Redis does not answer; after some seconds
// it says that the sale is paused, since nobody can be admitted.
func awayNotice(last *Notice, err error) (*Notice, error) {
	if last == nil || time.Since(last.read) > staleFor || errors.Is(err, context.Canceled) {
		return nil, err
	}
	if time.Since(last.read) < awayFor || last.status.Phase != PhaseOpen {
		return last, nil
	}
	s := last.status
	s.Phase, s.PollAfterMs = PhasePaused, pollPaused
	n, err := newNotice(s, last.pace)
	if err == nil {
		n.read = last.read // it is asked for again at once
	}
	return n, err
}

func newNotice(s Status, pace float64) (*Notice, error) {
	s.OpensAt = s.OpensAt.UTC()
	body, err := json.Marshal(&s)
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	h := fnv.New64a()
	_, _ = h.Write(body) // never fails
	etag := strconv.Quote(strconv.FormatUint(h.Sum64(), 36))
	return &Notice{
		Body: body, ETag: etag, ETagHeader: []string{etag}, LengthHeader: []string{strconv.Itoa(len(body))},
		status: s, pace: pace, read: time.Now(),
	}, nil
}

// How long clients are asked to wait before they look again.
const (
	pollOpen   = 2000
	pollPaused = 5000
	pollClosed = 30_000
	// pollCrowd is how many who wait lengthen it by a millisecond.
	pollCrowd = 100
	pollMost  = 15_000
)

// pollAfter asks clients to come the less often the longer it takes until
// anything happens, and the more of them there are.
func pollAfter(s *Status, now time.Time) int64 {
	crowd := max(0, s.Issued-s.Serving) / pollCrowd
	switch s.Phase {
	case PhasePrequeue:
		until := s.OpensAt.Sub(now).Milliseconds()
		return min(pollClosed, max(pollOpen+min(crowd, pollMost), until/10))
	case PhaseOpen:
		return min(pollMost, pollOpen+crowd)
	case PhasePaused:
		return min(pollMost, pollPaused+crowd)
	}
	return pollClosed
}
