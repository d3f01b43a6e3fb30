package livemap

import (
	"context"
	"time"

	"yourticket.example/internal/redis"
)

const (
	// keptCatches bounds the answers to "what came after this version" that a
	// feed remembers: after the end of a process all of its clients ask at once.
	keptCatches = 128
	// awaitTime is how long a client that is ahead of this process waits for it.
	awaitTime = 2 * time.Second
)

// catchUp is how a client with an older version comes to where the log begins.
type catchUp struct {
	at   version // where it is after data
	data []byte  // nil when the version is inside of the log
	ok   bool    // false: only the whole map helps
}

// position finds where a client goes on that has the version named last: the
// next frame, and what it must be sent before that. A client that has nothing,
// or a version that nobody knows any more, begins with the whole map.
func (h *Hub) position(ctx context.Context, f *feed, last string) (next int, before []byte, resumed bool) {
	if at, err := parseVersion(last); err == nil {
		if next, ok := f.view.Load().known(at); ok {
			return next, nil, true
		}
		c := h.catchUp(ctx, f, at)
		if next, ok := f.view.Load().after(c.at); ok && c.ok {
			return next, c.data, true
		}
	}
	v := f.view.Load()
	return v.end(), v.snapshot(), false
}

// catchUp asks the stream what came after a version, once for all who ask the
// same.
func (h *Hub) catchUp(ctx context.Context, f *feed, at version) *catchUp {
	key := at.String()
	f.mu.Lock()
	known := f.catches[key]
	f.mu.Unlock()
	if known != nil {
		if _, ok := f.view.Load().after(known.at); ok || !known.ok {
			return known
		}
	}
	detached := context.WithoutCancel(ctx)
	asked := h.direct.DoChan("after/"+f.id+"/"+key, func() (any, error) {
		c, answered := h.findCatchUp(detached, f, at)
		if !answered {
			return c, nil
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.catches) >= keptCatches {
			clear(f.catches)
		}
		f.catches[key] = c
		return c, nil
	})
	select {
	case r := <-asked:
		c, _ := r.Val.(*catchUp)
		return c
	case <-ctx.Done():
		return &catchUp{}
	}
}

// findCatchUp reads the stream; answered is false when that cannot be done now.
func (h *Hub) findCatchUp(ctx context.Context, f *feed, at version) (c *catchUp, answered bool) {
	ctx, cancel := context.WithTimeout(ctx, readTime+awaitTime)
	defer cancel()
	found := h.source.Changes(ctx, []redis.Cursor{{EventID: f.id, After: at.String()}}, readLimit)[0]
	if found.Err != nil || found.Gap {
		return &catchUp{}, found.Err == nil
	}
	v := f.await(ctx, at)
	if !v.base.after(at) {
		return &catchUp{at: at, ok: true}, true
	}
	return bridge(v, found.List), true
}

// bridge leads from before a log into it. It is not worth it when it weighs
// more than the map.
func bridge(v *view, list []redis.Change) *catchUp {
	var at version
	n := 0
	for _, c := range list {
		next, err := parseVersion(c.Version)
		if err != nil {
			return &catchUp{}
		}
		if next.after(v.tip) {
			break
		}
		at, n = next, n+1
	}
	if v.base.after(at) { // there were more changes than one reading gives
		return &catchUp{}
	}
	data := coalesce(at, list[:n])
	if len(data) > len(v.snapshot()) {
		return &catchUp{}
	}
	return &catchUp{at: at, data: data, ok: true}
}

// await waits until this process has come to a version that another one has
// shown already. That takes a tick.
func (f *feed) await(ctx context.Context, at version) *view {
	timer := time.NewTimer(awaitTime)
	defer timer.Stop()
	for {
		v, changed := f.next()
		if !at.after(v.tip) {
			return v
		}
		select {
		case <-changed:
		case <-timer.C:
			return v
		case <-ctx.Done():
			return v
		}
	}
}
