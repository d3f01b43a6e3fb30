package livemap

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

const (
	// beatEvery is how often a comment is sent; the contract says at least every
	// 15 s, and a tick may be late.
	beatEvery = 10 * time.Second
	// loadTime bounds one reading of a whole map, rebuilding it included.
	loadTime = 20 * time.Second
	// readTime bounds one reading of changes.
	readTime = time.Second
	// readLimit is how many changes of an event one reading takes.
	readLimit = 2000
	// usualFiles is how many files a process may open where the system does not say.
	usualFiles = 20_000
)

// Source is where maps and their changes are read; see inventory.Inventory.
type Source interface {
	// Snapshot gives the state of every place of an event, one character each in
	// the order of their indexes, and the version of that map. It rebuilds a map
	// that was lost.
	Snapshot(ctx context.Context, e *ticket.Event) (version, seats string, err error)
	// Changes gives what happened to the maps of events after the versions of
	// the cursors, in the order of the cursors.
	Changes(ctx context.Context, cursors []redis.Cursor, limit int) []redis.Changes
}

// Options of a Hub. The zero value of each field stands for its default.
type Options struct {
	// MinTick and MaxTick are between which the time from one tick to the next
	// lies while the load is light; default 100 ms and 250 ms. Under load a tick
	// lasts as long as it must for streaming to take half the machine at most.
	MinTick, MaxTick time.Duration
	// Linger is how long an event is followed after the last one has asked for
	// it; default 30 s.
	Linger time.Duration
	// StreamFor is when a stream is closed at the latest; default 14 minutes. A
	// part of it (a fourteenth) is random, so that clients do not return at once.
	StreamFor time.Duration
	// Patience is how long a client may take for one frame before its stream is
	// closed; default 30 s. It also bounds how many old frames are kept for those
	// who are in the midst of one.
	Patience time.Duration
	// MaxStreams bounds the clients that are connected; default four fifths of
	// the files that the process may open, so that other requests have room. More
	// are refused as ticket.CodeUnavailable, and may poll.
	MaxStreams int
	// MaxFeeds bounds the events that are followed for the sake of those who
	// poll; default 1,000. Events that are watched are always followed.
	MaxFeeds int
	// Logger takes what goes wrong; default slog.Default.
	Logger *slog.Logger
	// Registry gets the metrics of the hub; none by default.
	Registry prometheus.Registerer
}

func (o Options) withDefaults() Options {
	o.MinTick = cmp.Or(o.MinTick, 100*time.Millisecond)
	o.MaxTick = max(cmp.Or(o.MaxTick, 250*time.Millisecond), o.MinTick)
	o.Linger = cmp.Or(o.Linger, 30*time.Second)
	o.StreamFor = cmp.Or(o.StreamFor, 14*time.Minute)
	o.Patience = cmp.Or(o.Patience, 30*time.Second)
	o.MaxStreams = cmp.Or(o.MaxStreams, mostFiles()/5*4)
	o.MaxFeeds = cmp.Or(o.MaxFeeds, 1000)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// Hub shows the seat maps of any number of events. It is safe for concurrent use.
type Hub struct {
	source  Source
	o       Options
	log     *slog.Logger
	writers []*writer
	turn    atomic.Uint64 // which writer gets the next client
	counts  counts
	direct  singleflight.Group
	wake    chan struct{}
	done    chan struct{} // closed when Run ends

	mu      sync.Mutex
	running bool
	ended   bool
	feeds   map[string]*feed
	asked   map[string]asks // when maps that are not followed were polled
}

// New makes a Hub. Run must be running for it to show anything.
func New(source Source, options Options) *Hub {
	h := &Hub{
		source: source, o: options.withDefaults(), wake: make(chan struct{}, 1), done: make(chan struct{}),
		feeds: map[string]*feed{}, asked: map[string]asks{},
	}
	h.log = h.o.Logger
	// Writers are what keeps streaming to half of the machine.
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		h.writers = append(h.writers, newWriter(h))
	}
	if h.o.Registry != nil {
		h.register(h.o.Registry)
	}
	return h
}

// errEnded refuses clients of a process that stops; they go to another one.
func errEnded() error {
	return ticket.Errorf(ticket.CodeUnavailable, "This server is about to stop.")
}

// follow gives the feed of an event, loaded. It is followed until nobody has
// asked for it for a while.
func (h *Hub) follow(ctx context.Context, e *ticket.Event) (*feed, error) {
	f, err := h.feed(e)
	if err != nil || f.view.Load() != nil {
		return f, err
	}
	detached := context.WithoutCancel(ctx)
	loaded := f.load.DoChan("", func() (any, error) {
		if f.view.Load() != nil {
			return nil, nil
		}
		return nil, h.readWhole(detached, f)
	})
	select {
	case r := <-loaded:
		f.want(time.Now())
		return f, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// feed finds the feed of an event, or begins one.
func (h *Hub) feed(e *ticket.Event) (*feed, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return nil, errEnded()
	}
	f := h.feeds[e.ID]
	if f == nil {
		f = h.begin(e.ID)
	}
	f.event.Store(e)
	f.want(time.Now())
	return f, nil
}

// begin makes the feed of an event. The caller has the lock.
func (h *Hub) begin(id string) *feed {
	f := newFeed(id)
	h.feeds[id] = f
	delete(h.asked, id)
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return f
}

// readWhole reads a feed's map.
func (h *Hub) readWhole(ctx context.Context, f *feed) error {
	ctx, cancel := context.WithTimeout(ctx, loadTime)
	defer cancel()
	began := time.Now()
	id, seats, err := h.source.Snapshot(ctx, f.event.Load())
	if err != nil {
		return err
	}
	return f.reset(id, seats, began)
}
