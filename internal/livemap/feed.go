package livemap

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// feed is an event that is followed. Its map is changed by one goroutine at a
// time: by the first load, then by the hub's tick, and by a reload while
// reloading is set, during which the tick leaves the feed alone.
type feed struct {
	id    string
	event atomic.Pointer[ticket.Event] // as it was last asked for
	view  atomic.Pointer[view]         // nil until it is loaded

	streams atomic.Int64 // clients that watch
	wanted  atomic.Int64 // when somebody last asked for it, Unix ns
	checked atomic.Int64 // when the map was last known to be current, Unix ns

	load      singleflight.Group
	reloading atomic.Bool
	failing   bool // the last read failed; the tick's own

	state   []byte // the map at the end of touched
	tip     version
	touched []int // places that changed since the view
	beatAt  time.Time

	mu      sync.Mutex
	changed chan struct{} // closed at the next view
	catches map[string]*catchUp
}

func newFeed(id string) *feed {
	return &feed{id: id, changed: make(chan struct{}), catches: map[string]*catchUp{}}
}

// want notes that somebody asks for the event. It is called by every request,
// so that it does not write more often than it must.
func (f *feed) want(now time.Time) {
	if at := now.UnixNano(); at-f.wanted.Load() > int64(time.Second) {
		f.wanted.Store(at)
	}
}

// reset begins anew with a map that was read whole. Those who watch get it as
// their next frame, unless it is what they have.
func (f *feed) reset(id, seats string, now time.Time) error {
	tip, err := parseVersion(id)
	if err != nil {
		return err
	}
	f.state, f.tip, f.touched = []byte(seats), tip, f.touched[:0]
	f.checked.Store(now.UnixNano())
	old := f.view.Load()
	if old != nil && old.tip == tip && old.seats == seats {
		return nil
	}
	var first int
	if old != nil {
		first = old.end()
	}
	v := newView(tip, tip, seats, first, nil)
	if old != nil {
		v.frames = []frame{{to: tip, data: v.snapshot()}}
	} else {
		f.beatAt = now.Add(beatEvery)
	}
	f.show(v)
	return nil
}

// apply takes over changes that were read. They are shown by publish.
func (f *feed) apply(list []redis.Change) error {
	for _, c := range list {
		tip, err := parseVersion(c.Version)
		if err != nil {
			return err
		}
		for _, place := range c.Seats {
			if place < 0 || place >= len(f.state) {
				return fmt.Errorf("livemap: event %s has no place %d", f.id, place)
			}
			f.state[place] = byte(c.State)
		}
		f.touched = append(f.touched, c.Seats...)
		f.tip = tip
	}
	return nil
}

// publish makes one frame of what was applied since the last one, with a
// heartbeat when it is time for one.
func (f *feed) publish(now time.Time) {
	v := f.view.Load()
	next := frame{to: f.tip}
	if f.tip != v.tip {
		slices.Sort(f.touched)
		f.touched = slices.Compact(f.touched)
		next.data = encodeDelta(f.tip, f.touched, func(place int) byte { return f.state[place] })
		f.touched = f.touched[:0]
	}
	if !now.Before(f.beatAt) {
		next.data = append(next.data, heartbeat...)
		f.beatAt = now.Add(beatEvery)
	}
	if next.data == nil {
		return
	}
	seats := v.seats
	if f.tip != v.tip {
		seats = string(f.state)
	}
	f.show(v.extend(next, seats))
}

// show makes a view the current one and wakes those who wait for it.
func (f *feed) show(v *view) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v.tip == v.base {
		clear(f.catches) // they led to versions of a map that was lost
	}
	f.view.Store(v)
	close(f.changed)
	f.changed = make(chan struct{})
}

// next gives the current view and a channel that is closed when there is another.
func (f *feed) next() (*view, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.view.Load(), f.changed
}
