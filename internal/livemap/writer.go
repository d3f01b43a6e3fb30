package livemap

import (
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	// lookEvery is how often a connection is looked at for its end.
	lookEvery = 5 * time.Second
	// visitEvery is how often clients are visited when there is nothing to send.
	visitEvery = time.Second
)

// client is a connection that was taken over. All that it costs is this and
// its socket, so it is kept small.
type client struct {
	conn net.Conn
	raw  syscall.RawConn
	rest []byte // of a frame that it was not ready to take whole; shared with others
	next int    // the frame after that
	// times in Unix ns
	endsAt, lookAt int64
	stuckAt        int64 // since when it owes the rest; 0 when it does not
}

// audience is a writer's share of the clients of one feed.
type audience struct {
	clients []*client
	seen    int // the end of the log at the last visit
	waiting int // clients that could not take all of what there is
	visited time.Time
}

// writer sends frames to its share of all clients. It never waits for one.
type writer struct {
	hub    *Hub
	socket *socket

	mu       sync.Mutex
	ended    bool
	arrivals []arrival

	audiences map[*feed]*audience // used inside of pass only
}

type arrival struct {
	feed   *feed
	client *client
}

func newWriter(h *Hub) *writer {
	return &writer{hub: h, socket: newSocket(), audiences: map[*feed]*audience{}}
}

// add hands a client over. False when the hub has ended.
func (w *writer) add(f *feed, c *client) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return false
	}
	w.arrivals = append(w.arrivals, arrival{f, c})
	return true
}

// end closes every connection.
func (w *writer) end() {
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	w.welcome()
	for f, a := range w.audiences {
		for _, c := range a.clients {
			w.drop(f, c)
		}
	}
	clear(w.audiences)
}

// pass sends everybody what is new and says how long that took.
func (w *writer) pass(now time.Time) time.Duration {
	began := time.Now()
	w.welcome()
	for f, a := range w.audiences {
		v := f.view.Load()
		if v.end() == a.seen && a.waiting == 0 && now.Sub(a.visited) < visitEvery {
			continue
		}
		a.seen, a.waiting, a.visited = v.end(), 0, now
		w.visit(f, a, v, now.UnixNano())
		if len(a.clients) == 0 {
			delete(w.audiences, f)
		}
	}
	return time.Since(began)
}

// welcome takes the clients that have come since the last pass.
func (w *writer) welcome() {
	w.mu.Lock()
	arrivals := w.arrivals
	w.arrivals = nil
	w.mu.Unlock()
	for _, it := range arrivals {
		a := w.audiences[it.feed]
		if a == nil {
			a = &audience{}
			w.audiences[it.feed] = a
		}
		a.clients = append(a.clients, it.client)
		a.waiting++ // it may have missed a frame while it came
	}
}

// visit goes through the clients of a feed and keeps those that stay.
func (w *writer) visit(f *feed, a *audience, v *view, now int64) {
	kept := a.clients[:0]
	for _, c := range a.clients {
		if w.serve(c, v, now) {
			kept = append(kept, c)
			if len(c.rest) > 0 {
				a.waiting++
			}
			continue
		}
		w.drop(f, c)
	}
	clear(a.clients[len(kept):])
	a.clients = kept
	if cap(kept) > 64 && len(kept) < cap(kept)/4 {
		a.clients = append([]*client(nil), kept...)
	}
}

func (w *writer) drop(f *feed, c *client) {
	_ = c.conn.Close() // whatever it says, the connection is gone
	f.streams.Add(-1)
	w.hub.counts.streams.Add(-1)
}

// serve sends one client what it can take. False when its stream is over.
func (w *writer) serve(c *client, v *view, now int64) bool {
	if now >= c.lookAt {
		c.lookAt = now + int64(lookEvery)
		if w.socket.closed(c.raw) {
			return false
		}
	}
	for {
		if len(c.rest) == 0 {
			if now >= c.endsAt {
				return false
			}
			var whole bool
			if c.rest, c.next, whole = v.read(c.next); c.rest == nil {
				return true
			}
			if whole {
				w.hub.counts.lagged.Add(1)
			}
			w.hub.counts.frames.Add(1)
		}
		n, err := w.socket.write(c.raw, c.rest)
		if err != nil {
			return false
		}
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			c.stuckAt = 0
			continue
		}
		if n > 0 {
			continue
		}
		if c.stuckAt == 0 {
			c.stuckAt = now
		}
		if now-c.stuckAt < int64(w.hub.o.Patience) {
			return true
		}
		w.hub.counts.dead.Add(1)
		return false
	}
}
