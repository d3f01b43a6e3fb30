package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"yourticket.example/e2e/system"
	"yourticket.example/internal/parts"
)

// The hall of every measurement: more seats than can be sold in its time, and
// more buyers than their limit of tickets asks for.
const (
	hallRows, hallWidth = 200, 100
	accounts            = 400
	ticketLimit         = 100
)

// bench is a system under load.
type bench struct {
	settings

	system *system.System
	worker *exec.Cmd // of the empty workflow
	debug  map[string]string
}

// open starts the system, and the worker of the empty workflow as a process of
// its own.
func open(ctx context.Context, o settings) (*bench, error) {
	b := &bench{settings: o, debug: map[string]string{}}
	api, err := b.role("api")
	if err != nil {
		return nil, err
	}
	worker, err := b.role("worker")
	if err != nil {
		return nil, err
	}
	env, err := b.collector(ctx)
	if err != nil {
		return nil, err
	}
	b.system, err = system.Start(ctx, system.Options{
		Name: "bench", Durable: true, TemporalStore: system.Store(o.store), APIs: []system.Role{api}, Workers: []system.Role{worker},
		Say: func(line string) { say("%s", line) }, Env: env,
	})
	if err != nil {
		return nil, err
	}
	if b.worker, err = startFloorWorker(b.system.Temporal.URL); err != nil {
		return nil, errors.Join(err, b.system.Stop())
	}
	return b, nil
}

// collector takes traces, when they are wanted, and throws them away; it gives
// the variables that name it.
func (b *bench) collector(ctx context.Context) (env []string, err error) {
	if b.traces == "" {
		return nil, nil
	}
	var listen net.ListenConfig
	l, err := listen.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a span that is lost here is lost to nobody
	})}
	go func() { _ = server.Serve(l) }() // until the process ends
	return []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + l.Addr().String(),
		"OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=" + b.traces,
	}, nil
}

// role gives a process an address for profiles when they are wanted.
func (b *bench) role(name string) (system.Role, error) {
	if b.profiles == "" {
		return system.Role{}, nil
	}
	port, err := parts.FreePort()
	if err != nil {
		return system.Role{}, err
	}
	b.debug[name] = "127.0.0.1:" + strconv.Itoa(port)
	return system.Role{Env: []string{"DEBUG_LISTEN=" + b.debug[name]}}, nil
}

func (b *bench) close() error {
	_ = b.worker.Process.Kill() // it may have ended already
	_ = b.worker.Wait()         // how it ended says nothing
	return b.system.Stop()
}

// seatsEach is how many seats a booking has.
const seatsEach = 2

// sale is an event with a crowd that buys it, each call other seats.
type sale struct {
	event  *system.Event
	buyers []*system.Client
	next   atomic.Int64
}

func (b *bench) newSale(ctx context.Context) (*sale, error) {
	e, err := b.system.NewEvent(ctx, system.Hall{Rows: hallRows, Width: hallWidth, Limit: ticketLimit})
	if err != nil {
		return nil, err
	}
	buyers, err := b.system.Buyers(ctx, accounts)
	return &sale{event: e, buyers: buyers}, err
}

// book buys or holds the next seats and makes sure that it was done.
func (s *sale) book(ctx context.Context, payment *system.Pay, want string) (system.Booking, *system.Client, error) {
	n := int(s.next.Add(1) - 1)
	from := n * seatsEach
	if from+seatsEach > len(s.event.Seats) {
		return system.Booking{}, nil, errors.New("the hall is sold out: measure for a shorter time")
	}
	buyer := s.buyers[n%len(s.buyers)]
	order := system.Order{EventID: s.event.ID, Seats: s.event.Seats[from : from+seatsEach], Payment: payment}
	a, err := buyer.Book(ctx, strconv.Itoa(n), order)
	if err != nil {
		return system.Booking{}, nil, err
	}
	booking, err := a.Booking()
	if err == nil && (a.Status != http.StatusCreated || booking.Status != want) {
		err = fmt.Errorf("wanted a booking that is %s: %s", want, a)
	}
	return booking, buyer, err
}

// purchases measures complete paid purchases, one call each.
func (b *bench) purchases(ctx context.Context, buyers int) (loaded, error) {
	say("%d buyers purchase", buyers)
	s, err := b.newSale(ctx)
	if err != nil {
		return loaded{}, err
	}
	finish := b.profile(ctx, fmt.Sprintf("purchase-%d", buyers))
	defer finish()
	return drive(ctx, b.settings, buyers, b.system.Watched(), func(ctx context.Context) error {
		_, _, err := s.book(ctx, system.Visa, "confirmed")
		return err
	})
}

// holds measures bookings without a payment.
func (b *bench) holds(ctx context.Context, buyers int) (loaded, error) {
	say("%d buyers hold", buyers)
	s, err := b.newSale(ctx)
	if err != nil {
		return loaded{}, err
	}
	return drive(ctx, b.settings, buyers, b.system.Watched(), func(ctx context.Context) error {
		_, _, err := s.book(ctx, nil, "held")
		return err
	})
}
