package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/api"
	"yourticket.example/internal/auth"
	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/catalogue"
	"yourticket.example/internal/inventory"
	"yourticket.example/internal/livemap"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/redis"
	"yourticket.example/ticket"
)

// eventID is the event that everybody watches.
const eventID = "ev_0ssebench"

// hall stands in for catalogue and books: one event, nothing sold.
type hall struct {
	inventory.Books
	api.Catalogue
	api.SalesBooks
	event *ticket.Event
	plan  *ticket.Plan
}

func newHall(seats int) *hall {
	places := make([]ticket.Seat, seats)
	for i := range places {
		places[i] = ticket.Seat{ID: fmt.Sprint(i), Index: i, Zone: "Z", Category: "A"}
	}
	return &hall{
		event: &ticket.Event{ID: eventID, PlanID: "pl_1", Status: ticket.EventScheduled, Capacity: seats, StartsAt: time.Now().Add(time.Hour)},
		plan:  ticket.NewPlan("pl_1", "hall", places),
	}
}

func (h *hall) Event(_ context.Context, id string) (*ticket.Event, error) {
	if id != h.event.ID {
		return nil, ticket.Errorf(ticket.CodeNotFound, "There is no event %q.", id)
	}
	return h.event, nil
}

func (h *hall) Plan(context.Context, string) (*catalogue.Plan, error) { return nil, nil }

func (h *hall) Forget(*ticket.Event) {}

func (h *hall) Drawing(context.Context, string) (*catalogue.Drawing, error) {
	return nil, ticket.Errorf(ticket.CodeNotFound, "Nothing is drawn here.")
}

func (h *hall) PlanFile(context.Context, string) (ticket.StoredPlan, error) {
	return ticket.StoredPlan{}, ticket.Errorf(ticket.CodeNotFound, "There are no files here.")
}

func (h *hall) Places(context.Context, string) (*ticket.Plan, *bestseats.Finder, error) {
	return h.plan, nil, nil
}

func (h *hall) SeatBook(context.Context, string) (postgres.SeatBook, error) {
	return postgres.SeatBook{}, nil
}

func (h *hall) Once(ctx context.Context, _ ticket.RequestKey, do func(context.Context) ([]byte, error)) ([]byte, error) {
	return do(ctx)
}

// nobody has no tokens: watching is public.
type nobody struct{}

func (nobody) Verify(context.Context, string) (auth.User, error) {
	return auth.User{}, ticket.Errorf(ticket.CodeUnauthorized, "No tokens here.")
}

// usage is what a server process has used so far.
type usage struct {
	// RSS is its memory in bytes as the kernel counts it, Heap and Stacks what
	// of it is in use by Go; after a collection when it was asked for.
	RSS, Heap, Stacks int64
	CPU               time.Duration
	Stats             livemap.Stats
}

// serve is a server process: the real events service over a Redis.
func serve(ctx context.Context, o options) error {
	runtime.GOMAXPROCS(o.processors)
	parsed, err := goredis.ParseURL(o.redis)
	if err != nil {
		return err
	}
	db := goredis.NewClient(parsed)
	defer func() { _ = db.Close() }()
	h := newHall(o.Seats)
	seats := inventory.New(redis.NewSeats(db), h, h)
	hub := livemap.New(seats, livemap.Options{MaxStreams: o.Clients + 100})
	server, err := api.New(api.Deps{
		Tokens: nobody{}, Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		LiveDeps:      api.LiveDeps{LiveMap: hub},
		CatalogueDeps: api.CatalogueDeps{Requests: h, Events: h, Catalogue: h, Availability: seats, Blocks: seats, SalesBooks: h},
	}, "events")
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	go hub.Run(running)
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = api.NewHTTPServer(server.Handler()).Serve(listener) }()
	url := "http://" + listener.Addr().String()
	if err := warm(ctx, url); err != nil {
		return err
	}
	return answer(url, func(question string) any {
		if question == "profile" && o.memProfile != "" {
			profile(o.memProfile)
		}
		return used(hub, question == "collect")
	})
}

// warm does once what the first request alone costs.
func warm(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/v1/events/"+eventID+"/availability", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("availability: %s", res.Status)
	}
	return res.Body.Close()
}

func used(hub *livemap.Hub, collect bool) usage {
	if collect {
		debug.FreeOSMemory()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u := usage{RSS: resident(&m), Heap: int64(m.HeapInuse), Stacks: int64(m.StackInuse), Stats: hub.Stats()}
	var ru syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &ru) == nil {
		u.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	}
	return u
}

// resident is the memory that the kernel counts, or what Go has asked it for
// where that cannot be read.
func resident(m *runtime.MemStats) int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		var size, pages int64
		if _, err := fmt.Sscan(strings.TrimSpace(string(text)), &size, &pages); err == nil {
			return pages * int64(os.Getpagesize())
		}
	}
	return int64(m.Sys - m.HeapReleased)
}

func profile(path string) {
	f, err := os.Create(path)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	runtime.GC()
	_ = pprof.WriteHeapProfile(f)
}
