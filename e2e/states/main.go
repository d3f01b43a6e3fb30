package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"yourticket.example/e2e/system"
)

// settings are the flags.
type settings struct {
	promtool, rules string
	within          time.Duration
}

func main() { os.Exit(exitCode()) }

func exitCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o settings
	flags := flag.NewFlagSet("states", flag.ContinueOnError)
	flags.StringVar(&o.promtool, "promtool", "", "run the rules over what was scraped, by this program")
	flags.StringVar(&o.rules, "rules", "deploy/observability/prometheus/rules", "folder of the rules")
	flags.DurationVar(&o.within, "within", 2*time.Minute, "how long each state may take to be seen")
	if err := flags.Parse(os.Args[1:]); err != nil {
		return 2
	}
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "states:", err)
		return 1
	}
	return 0
}

// world is the system and what is done to it.
type world struct {
	settings
	*system.System

	database *slowProxy
	load     *load
	show     *system.Event // has a waiting room, and more who wait than it admits
	seen     *samples
	moments  []moment
}

func run(ctx context.Context, o settings) (err error) {
	defer func() { err = errors.Join(err, system.RemoveBinary()) }()
	w := &world{settings: o, seen: &samples{}}
	w.System, err = system.Start(ctx, system.Options{
		Name: "states", Say: func(line string) { fmt.Println(line) }, Env: []string{"RATE_LIMITS=off"},
		APIs:    []system.Role{{Env: []string{"GOMAXPROCS=1"}}},
		Through: w.through,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Stop()) }()
	defer func() { _ = w.database.Close() }() // nothing waits in it
	if err := w.open(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() {
		w.seen.gather(background, map[string][]*system.Process{"api": w.APIs, "worker": w.Workers})
	})
	wg.Go(func() { _ = w.load.run(background) }) // what fails, the states show
	if err := w.provoke(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, w.Logs(30))
	}
	stop()
	wg.Wait()
	return w.askRules(ctx)
}

// through puts the proxy before PostgreSQL; all its databases are on one server.
func (w *world) through(address string) (string, error) {
	if w.database == nil {
		var err error
		if w.database, err = newSlowProxy(address); err != nil {
			return "", err
		}
	}
	return w.database.Addr().String(), nil
}

// open makes an event to book, and one whose waiting room is full.
func (w *world) open(ctx context.Context) error {
	event, err := w.NewEvent(ctx, system.Hall{Standing: 5000})
	if err != nil {
		return err
	}
	w.load = &load{s: w.System, event: event}
	if w.show, err = w.NewEvent(ctx, system.Hall{Standing: 500, Sessions: 2}); err != nil {
		return err
	}
	crowd, err := w.Buyers(ctx, 30)
	if err != nil {
		return err
	}
	for _, c := range crowd {
		if _, err := c.Do(ctx, "POST", "/v1/events/"+w.show.ID+"/queue", nil); err != nil {
			return err
		}
	}
	return nil
}

// askRules lets Prometheus' own engine run the rules over what was scraped.
func (w *world) askRules(ctx context.Context) error {
	if w.promtool == "" {
		fmt.Println("no --promtool: the rules are not asked")
		return nil
	}
	if err := w.seen.judge(ctx, w.promtool, w.rules, w.moments); err != nil {
		return err
	}
	for _, m := range w.moments {
		fmt.Printf("rules  at %4.0f s  %s\n", m.at.Seconds(), m.expr)
	}
	return nil
}
