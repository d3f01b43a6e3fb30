package livemap

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"yourticket.example/internal/redis"
)

// Run follows the events that are asked for and serves their streams until ctx
// ends. Then it closes every stream, and returns.
func (h *Hub) Run(ctx context.Context) {
	var reloads sync.WaitGroup
	defer reloads.Wait()
	h.mu.Lock()
	h.running = true
	h.mu.Unlock()
	defer h.end()
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for {
		began := time.Now()
		feeds := h.followed(began)
		spent := h.read(ctx, feeds, &reloads)
		spent += h.write(began)
		pause := h.pace(spent)
		h.counts.tick.Store(int64(pause))
		timer.Reset(pause - time.Since(began))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if len(feeds) == 0 && !h.idle(ctx) {
			return
		}
	}
}

// idle waits until somebody asks for an event. False when ctx ends before.
func (h *Hub) idle(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-h.wake:
		return true
	}
}

// end closes what is open and refuses what is new.
func (h *Hub) end() {
	h.mu.Lock()
	h.running, h.ended = false, true
	h.mu.Unlock()
	close(h.done)
	for _, w := range h.writers {
		w.end()
	}
}

// followed lists the feeds that somebody wants, and drops the others.
func (h *Hub) followed(now time.Time) []*feed {
	h.mu.Lock()
	defer h.mu.Unlock()
	feeds := make([]*feed, 0, len(h.feeds))
	for id, f := range h.feeds {
		if f.streams.Load() > 0 {
			f.want(now)
		} else if now.UnixNano()-f.wanted.Load() > int64(h.o.Linger) && !f.reloading.Load() {
			delete(h.feeds, id)
			continue
		}
		feeds = append(feeds, f)
	}
	return feeds
}

// read brings the feeds up to date and says how long that took. Waiting for the
// source counts too: one that is slow is asked less often.
func (h *Hub) read(ctx context.Context, feeds []*feed, reloads *sync.WaitGroup) time.Duration {
	ready := slices.DeleteFunc(slices.Clone(feeds), func(f *feed) bool { return f.view.Load() == nil || f.reloading.Load() })
	began := time.Now()
	again := ready
	for rounds := 0; len(again) > 0 && rounds < 10; rounds++ {
		asked := time.Now()
		ctx, cancel := context.WithTimeout(ctx, readTime)
		found := h.source.Changes(ctx, cursors(again), readLimit)
		cancel()
		var more []*feed
		for i, f := range again {
			if h.take(f, found[i], asked) {
				more = append(more, f)
			}
		}
		again = more
	}
	for _, f := range ready {
		if !f.reloading.Load() {
			f.publish(began)
			continue
		}
		reloads.Go(func() { h.reload(ctx, f) })
	}
	return time.Since(began)
}

func cursors(feeds []*feed) []redis.Cursor {
	out := make([]redis.Cursor, len(feeds))
	for i, f := range feeds {
		out[i] = redis.Cursor{EventID: f.id, After: f.tip.String()}
	}
	return out
}

// take brings one feed up to date, or marks it to be read anew. It tells
// whether there is more to read.
func (h *Hub) take(f *feed, found redis.Changes, asked time.Time) (more bool) {
	if found.Err != nil {
		if !f.failing {
			h.log.Warn("seat map cannot be followed", "event_id", f.id, "error", found.Err.Error())
		}
		f.failing = true
		return false
	}
	f.failing = false
	err := f.apply(found.List)
	if err != nil {
		h.log.Warn("changes of a seat map do not fit", "event_id", f.id, "error", err.Error())
	}
	if found.Gap || err != nil {
		f.reloading.Store(true)
		return false
	}
	if !found.More {
		f.checked.Store(asked.UnixNano())
	}
	return found.More
}

// reload reads a map anew until it has it, or nobody wants it any more.
func (h *Hub) reload(ctx context.Context, f *feed) {
	defer f.reloading.Store(false)
	h.counts.reloads.Add(1)
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		err := h.readWhole(ctx, f)
		if err == nil || ctx.Err() != nil {
			return
		}
		h.log.Warn("seat map cannot be read", "event_id", f.id, "error", err.Error())
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		idle := time.Now().UnixNano() - f.wanted.Load()
		if f.streams.Load() == 0 && idle > int64(h.o.Linger) {
			return
		}
	}
}

// write lets the writers send what is new, and says how much time they took
// together. It returns when all are through: one tick never overtakes another.
func (h *Hub) write(now time.Time) time.Duration {
	if len(h.writers) == 1 {
		return h.writers[0].pass(now)
	}
	var all sync.WaitGroup
	spent := make([]time.Duration, len(h.writers))
	for i, w := range h.writers {
		all.Go(func() { spent[i] = w.pass(now) })
	}
	all.Wait()
	var sum time.Duration
	for _, s := range spent {
		sum += s
	}
	return sum
}

// pace says how long a tick lasts that took so much of the processors' time.
// Streaming takes a quarter of the machine at most while that costs no more
// than MaxTick, and half of it beyond.
func (h *Hub) pace(spent time.Duration) time.Duration {
	half := 2 * spent / time.Duration(runtime.GOMAXPROCS(0))
	return max(h.o.MinTick, half, min(h.o.MaxTick, 2*half))
}
