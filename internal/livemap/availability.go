package livemap

import (
	"context"
	"time"

	"yourticket.example/ticket"
)

const (
	// staleFor is how old a map may be that is shown while the source is away.
	staleFor = time.Minute
	// keptAsked bounds the memory of who asked for maps that are not followed.
	keptAsked = 4096
	// crowd is how many questions a second make an event worth following; fewer
	// are answered with what is true at that moment.
	crowd = 20
)

// asks counts the questions for a map within a second.
type asks struct {
	since time.Time
	n     int
}

// Availability gives the state of every place of an event. The map of an event
// that is followed comes from memory, as it was a tick ago at most; while the
// source is away, as it was up to a minute ago. Other maps are read; an event
// that a crowd asks for is followed from then on.
func (h *Hub) Availability(ctx context.Context, e *ticket.Event) (*Answer, error) {
	now := time.Now()
	f := h.hot(e, now)
	if f == nil {
		return h.readOnce(ctx, e)
	}
	f.want(now)
	v := f.view.Load()
	if v == nil {
		loaded, err := h.follow(ctx, e)
		if err != nil {
			return nil, err
		}
		return loaded.view.Load().answer, nil
	}
	if now.UnixNano()-f.checked.Load() > int64(staleFor) {
		return h.readOnce(ctx, e)
	}
	return v.answer, nil
}

// hot gives the feed of an event that is followed, or that is asked for so often
// that it should be; nil for others, and for all while Run does not run.
func (h *Hub) hot(e *ticket.Event, now time.Time) *feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.running {
		return nil
	}
	if f := h.feeds[e.ID]; f != nil {
		return f
	}
	a := h.asked[e.ID]
	if now.Sub(a.since) >= time.Second {
		a = asks{since: now}
	}
	a.n++
	if a.n > crowd && len(h.feeds) < h.o.MaxFeeds {
		return h.begin(e.ID)
	}
	if len(h.asked) >= keptAsked {
		clear(h.asked)
	}
	h.asked[e.ID] = a
	return nil
}

// readOnce reads a map for all who ask for it at the moment.
func (h *Hub) readOnce(ctx context.Context, e *ticket.Event) (*Answer, error) {
	detached := context.WithoutCancel(ctx)
	asked := h.direct.DoChan("map/"+e.ID, func() (any, error) {
		ctx, cancel := context.WithTimeout(detached, loadTime)
		defer cancel()
		id, seats, err := h.source.Snapshot(ctx, e)
		if err != nil {
			return nil, err
		}
		return NewAnswer(id, seats), nil
	})
	select {
	case r := <-asked:
		a, _ := r.Val.(*Answer)
		return a, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
