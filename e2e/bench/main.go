package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"yourticket.example/e2e/system"
)

// settings are the flags.
type settings struct {
	seconds, warmup int
	buyers, holders levels
	store           string
	jsonFile        string
	profiles        string
	floorWorker     string
	traces          string
}

func (o settings) length() time.Duration { return time.Duration(o.seconds) * time.Second }

func (o settings) warm() time.Duration { return time.Duration(o.warmup) * time.Second }

// levels is a list of how many buyers come at a time.
type levels []int

// String implements flag.Value.
func (l *levels) String() string {
	words := make([]string, len(*l))
	for i, n := range *l {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ",")
}

// Set implements flag.Value.
func (l *levels) Set(text string) error {
	*l = nil
	for word := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return fmt.Errorf("%q is not a number of buyers", word)
		}
		*l = append(*l, n)
	}
	return nil
}

func main() { os.Exit(exitCode()) }

// exitCode runs the bench until it is done or told to stop: 2 for wrong usage,
// 1 for failure.
func exitCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil:
		return 0
	case errors.As(err, new(usageError)):
		return 2
	}
	fmt.Fprintln(os.Stderr, "bench:", err)
	return 1
}

// usageError is a fault of the flags, which the flag package has told already.
type usageError struct{ error }

func run(ctx context.Context, args []string) error {
	o := settings{buyers: levels{10, 20, 50}, holders: levels{10, 50}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.seconds, "seconds", 20, "how long each measurement takes")
	flags.IntVar(&o.warmup, "warmup", 5, "how many seconds each load runs before it is measured")
	flags.Var(&o.buyers, "buyers", "numbers of buyers who purchase at a time")
	flags.Var(&o.holders, "holders", "numbers of buyers who hold at a time")
	flags.StringVar(&o.store, "temporal-store", string(system.StoreSQLite), "where Temporal keeps its state: memory, sqlite or postgres (one of its own)")
	flags.StringVar(&o.jsonFile, "json", "", "write the figures to this file, too")
	flags.StringVar(&o.profiles, "pprof", "", "write CPU profiles of api and worker into this folder")
	flags.StringVar(&o.traces, "traces", "", "share of the requests that is traced, from 0 to 1, to a collector that throws it away; none when empty")
	flags.StringVar(&o.floorWorker, "floor-worker", "", "used by bench itself: run the worker of the empty workflow at this Temporal")
	if err := flags.Parse(args); err != nil {
		return usageError{err}
	}
	if o.floorWorker != "" {
		return workFloor(ctx, o.floorWorker)
	}
	report, err := measure(ctx, o)
	if err != nil {
		return err
	}
	report.print(os.Stdout)
	if o.jsonFile == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.jsonFile, append(text, '\n'), 0o644)
}

// measure starts a system and measures it, the empty workflow and the real one
// in turn.
func measure(ctx context.Context, o settings) (r *report, err error) {
	say("building and starting the system; Temporal's state: %s", o.store)
	defer func() { err = errors.Join(err, system.RemoveBinary()) }()
	b, err := open(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err := b.close(); err != nil { // the figures are good all the same
			say("bench: %v", err)
		}
	}()
	r = newReport(o)
	if err := b.weigh(ctx, r); err != nil {
		return nil, err
	}
	for _, n := range o.buyers {
		floor, err := b.floor(ctx, n, r.History)
		if err != nil {
			return nil, err
		}
		r.Floor = append(r.Floor, floor)
		paid, err := b.purchases(ctx, n)
		if err != nil {
			return nil, err
		}
		r.Purchases = append(r.Purchases, paid)
	}
	for _, n := range o.holders {
		held, err := b.holds(ctx, n)
		if err != nil {
			return nil, err
		}
		r.Holds = append(r.Holds, held)
	}
	return r, nil
}

// say tells what is going on; the figures alone go to standard output.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
