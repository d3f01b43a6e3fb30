package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"yourticket.example/internal/parts"
	"yourticket.example/internal/redis"
)

// result is what one run has measured. Memory is the servers' own, without the
// kernel's buffers.
type result struct {
	Options       options `json:"options"`
	Cores         int     `json:"cores"`
	BytesIdle     int64   `json:"bytes_a_client_idle"`
	BytesBusy     int64   `json:"bytes_a_client_while_streaming"`
	BytesHeapIdle int64   `json:"heap_and_stack_bytes_a_client_idle"`
	Events        int64   `json:"events_delivered"`
	EventsRate    float64 `json:"events_a_second"`
	MicrosEvent   float64 `json:"cpu_us_an_event"`
	Machine       float64 `json:"share_of_the_machine"`
	TickMS        float64 `json:"tick_ms"`
	Delay         [3]int  `json:"delivery_beyond_the_tick_ms_p50_p99_p999"`
	ChurnDelay    [3]int  `json:"delivery_with_churn_ms_p50_p99_p999"`
	Lagged        uint64  `json:"lagged"`
	Resumed       uint64  `json:"resumed"`
	Snapshots     int64   `json:"snapshots_during_churn"`
	Comments      int64   `json:"comments"`
	Faults        int64   `json:"faults"`
	Wrong         int     `json:"clients_with_a_wrong_map"`
}

func (r *result) print(w io.Writer) {
	say := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	say("%d clients on %d servers, %d places, %d changes a second, %d cores", r.Options.Clients, r.Options.Servers, r.Options.Seats, r.Options.Rate, r.Cores)
	say("memory a client            %6d B idle, %d B while streaming (resident); %d B of heap and stacks", r.BytesIdle, r.BytesBusy, r.BytesHeapIdle)
	say("delivered                  %6.0f events/s, tick %.0f ms", r.EventsRate, r.TickMS)
	say("CPU a delivered event      %6.1f µs; the servers take %.0f %% of the machine", r.MicrosEvent, 100*r.Machine)
	say("delivery beyond the tick   p50 %d ms, p99 %d ms, p99.9 %d ms", r.Delay[0], r.Delay[1], r.Delay[2])
	say("with clients that come and go (what they missed while away counts): p50 %d ms, p99 %d ms, p99.9 %d ms; %d resumed, %d began anew, %d lagged",
		r.ChurnDelay[0], r.ChurnDelay[1], r.ChurnDelay[2], r.Resumed, r.Snapshots, r.Lagged)
	say("%d faults; clients whose map is not the server's in the end: %d", r.Faults, r.Wrong)
}

// bench is a run.
type bench struct {
	o       options
	seats   *redis.Seats
	servers []*child
	crowds  []*child
	r       *result
}

func measure(ctx context.Context, o options) (*result, error) {
	dir, err := os.MkdirTemp("", "ssebench")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	server, err := parts.StartRedis(ctx, parts.Options{Dir: dir, Ephemeral: true, Say: func(line string) { fmt.Fprintln(os.Stderr, line) }})
	if err != nil {
		return nil, err
	}
	defer func() { _ = server.Stop(context.WithoutCancel(ctx)) }()
	parsed, err := goredis.ParseURL(server.URL)
	if err != nil {
		return nil, err
	}
	db := goredis.NewClient(parsed)
	defer func() { _ = db.Close() }()
	o.redis = server.URL
	b := &bench{o: o, seats: redis.NewSeats(db), r: &result{Options: o, Cores: runtime.NumCPU()}}
	defer b.end()
	if err := b.seats.Load(ctx, eventID, redis.State{Places: o.Seats}); err != nil {
		return nil, err
	}
	for _, step := range []func(context.Context) error{b.gather, b.stream, b.check} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return b.r, nil
}

func (b *bench) end() {
	for _, c := range append(b.crowds, b.servers...) {
		_ = c.end()
	}
}

// gather starts servers and clients and weighs what the clients cost.
func (b *bench) gather(ctx context.Context) error {
	var urls []string
	for range b.o.Servers {
		var url string
		c, err := start(ctx, &url, "--role", "server", "--redis", b.o.redis, "--seats", fmt.Sprint(b.o.Seats),
			"--clients", fmt.Sprint(b.o.Clients), "--memprofile", b.o.memProfile,
			"--processors", fmt.Sprint(max(1, runtime.NumCPU()/b.o.Servers)))
		if err != nil {
			return err
		}
		b.servers, urls = append(b.servers, c), append(urls, url)
	}
	before, err := b.usage("collect")
	if err != nil {
		return err
	}
	for left := b.o.Clients; left > 0; left -= b.o.perProcess {
		var hello string
		c, err := start(ctx, &hello, "--role", "clients", "--urls", strings.Join(urls, ","),
			"--clients", fmt.Sprint(min(left, b.o.perProcess)), "--connect-rate", fmt.Sprint(b.o.connectRate))
		if err != nil {
			return err
		}
		b.crowds = append(b.crowds, c)
	}
	deadline := time.Now().Add(2 * time.Minute)
	for {
		got, err := b.ask("report")
		if err != nil {
			return err
		}
		if got.Snapshots >= int64(b.o.Clients) {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("only %d clients have a map", got.Snapshots)
		}
		time.Sleep(200 * time.Millisecond)
	}
	idle, err := b.usage("collect")
	if err != nil {
		return err
	}
	n := int64(b.o.Clients)
	b.r.BytesIdle, b.r.BytesHeapIdle = (idle.RSS-before.RSS)/n, (idle.Heap+idle.Stacks-before.Heap-before.Stacks)/n
	b.r.BytesBusy = -before.RSS / n
	return nil
}

// stream changes the map and measures what arrives: with clients that stay, and
// with clients that come and go.
func (b *bench) stream(ctx context.Context) error {
	changing, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	failed := make(chan error, 1)
	wg.Go(func() { failed <- b.change(changing) })
	time.Sleep(3 * time.Second) // until the tick has found its length
	if _, err := b.ask("reset"); err != nil {
		return err
	}
	if err := b.steady(ctx); err != nil {
		return err
	}
	if _, err := b.ask(fmt.Sprint("churn ", b.o.Churn)); err != nil {
		return err
	}
	if _, err := b.ask("reset"); err != nil {
		return err
	}
	time.Sleep(b.o.Duration / 2)
	got, err := b.ask("churn 0")
	if err != nil {
		return err
	}
	b.r.ChurnDelay, b.r.Snapshots = delays(got), got.Snapshots
	stop()
	return <-failed
}

func (b *bench) steady(ctx context.Context) error {
	before, err := b.usage("")
	if err != nil {
		return err
	}
	began := time.Now()
	var ticks time.Duration
	n := 0
	for time.Since(began) < b.o.Duration && ctx.Err() == nil {
		time.Sleep(time.Second)
		now, err := b.usage("")
		if err != nil {
			return err
		}
		ticks, n = ticks+now.Stats.Tick/time.Duration(b.o.Servers), n+1
	}
	after, err := b.usage("profile")
	if err != nil {
		return err
	}
	took := time.Since(began)
	got, err := b.ask("report")
	if err != nil {
		return err
	}
	b.r.Events = int64(after.Stats.Frames - before.Stats.Frames)
	b.r.EventsRate = float64(b.r.Events) / took.Seconds()
	b.r.MicrosEvent = float64((after.CPU - before.CPU).Microseconds()) / float64(b.r.Events)
	b.r.Machine = (after.CPU - before.CPU).Seconds() / took.Seconds() / float64(b.r.Cores)
	b.r.TickMS = float64(ticks.Milliseconds()) / float64(n)
	b.r.BytesBusy += after.RSS / int64(b.o.Clients)
	b.r.Delay = delays(got)
	return nil
}

func delays(r crowdReport) [3]int {
	var all histogram
	all.merge(r.Arrivals)
	return [3]int{all.quantile(.5), all.quantile(.99), all.quantile(.999)}
}

// change holds places and gives them back, each one change of the map, at the
// rate asked for.
func (b *bench) change(ctx context.Context) error {
	tick := time.NewTicker(time.Second / time.Duration(max(1, b.o.Rate)))
	defer tick.Stop()
	ask := context.WithoutCancel(ctx)
	order := rand.Perm(b.o.Seats) // the first of them are held
	for i, held := 0, 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if held == 0 || held < b.o.Seats/2 && i%5 < 3 {
			swap(order, held, held+rand.IntN(b.o.Seats-held))
			id := fmt.Sprint("h", order[held])
			r := redis.HoldRequest{HoldID: id, BuyerID: id, Limit: 1, Life: time.Hour, Seats: order[held : held+1]}
			if _, err := b.seats.Hold(ask, eventID, r); err != nil {
				return err
			}
			held++
			continue
		}
		held--
		swap(order, held, rand.IntN(held+1))
		if err := b.seats.Release(ask, eventID, fmt.Sprint("h", order[held])); err != nil {
			return err
		}
	}
}

func swap(s []int, i, j int) { s[i], s[j] = s[j], s[i] }

// check waits until the last change has arrived everywhere and counts the
// clients whose map is not the server's.
func (b *bench) check(ctx context.Context) error {
	version, seats, err := b.seats.Snapshot(ctx, eventID)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		got, err := b.ask("check " + version + " " + seats)
		if err != nil {
			return err
		}
		b.r.Wrong, b.r.Comments, b.r.Faults = b.o.Clients-got.Right, got.Comments, got.Faults
		if b.r.Wrong == 0 || time.Now().After(deadline) {
			break
		}
		time.Sleep(500 * time.Millisecond)
	}
	end, err := b.usage("")
	b.r.Lagged, b.r.Resumed = end.Stats.Lagged, end.Stats.Resumed
	return err
}

// usage sums up what the servers use.
func (b *bench) usage(how string) (sum usage, err error) {
	for _, c := range b.servers {
		var u usage
		if err := c.ask(how, &u); err != nil {
			return sum, err
		}
		sum.RSS, sum.Heap, sum.Stacks, sum.CPU = sum.RSS+u.RSS, sum.Heap+u.Heap, sum.Stacks+u.Stacks, sum.CPU+u.CPU
		sum.Stats.Frames += u.Stats.Frames
		sum.Stats.Lagged += u.Stats.Lagged
		sum.Stats.Resumed += u.Stats.Resumed
		sum.Stats.Tick += u.Stats.Tick
	}
	return sum, nil
}

// ask asks every crowd and sums up the answers.
func (b *bench) ask(question string) (crowdReport, error) {
	sum := crowdReport{Arrivals: map[int]int64{}}
	for _, c := range b.crowds {
		var r crowdReport
		if err := c.ask(question, &r); err != nil {
			return sum, err
		}
		sum.Connected += r.Connected
		sum.Snapshots += r.Snapshots
		sum.Comments += r.Comments
		sum.Faults += r.Faults
		sum.Right += r.Right
		for ms, n := range r.Arrivals {
			sum.Arrivals[ms] += n
		}
	}
	return sum, nil
}
