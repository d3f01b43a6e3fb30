// Command searchbench measures search and what keeps it in step, on a catalogue
// of 200,000 events in 20,000 venues.
//
//	go run ./e2e/searchbench -cdc      change capture: a first index, then changes
//	go run ./e2e/searchbench -search   searches: uncached, cached, a mix, and an outage
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// settings are the flags.
type settings struct {
	cdc, search, hold             bool
	events, venues, rate, seconds int
	searchRate                    int
}

func main() { os.Exit(exitCode()) }

// exitCode runs the bench until it is done or told to stop: 2 for wrong usage,
// 1 for failure.
func exitCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o settings
	flags := flag.NewFlagSet("searchbench", flag.ContinueOnError)
	flags.BoolVar(&o.cdc, "cdc", false, "measure change capture")
	flags.BoolVar(&o.search, "search", false, "measure searches")
	flags.BoolVar(&o.hold, "hold", false, "leave what was measured running until interrupted, to look around in it")
	flags.IntVar(&o.searchRate, "searches", 1000, "searches a second of the mix")
	flags.IntVar(&o.events, "events", 200_000, "events in the catalogue")
	flags.IntVar(&o.venues, "venues", 20_000, "venues of the catalogue")
	flags.IntVar(&o.rate, "rate", 200, "changes a second")
	flags.IntVar(&o.seconds, "seconds", 30, "how long each load goes on")
	err := flags.Parse(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case !o.cdc && !o.search:
		fmt.Fprintln(os.Stderr, "searchbench: say what to measure: -cdc, -search")
		return 2
	}
	if err := measure(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "searchbench:", err)
		return 1
	}
	return 0
}

func measure(ctx context.Context, o settings) error {
	if o.cdc {
		if err := measureCDC(ctx, o, os.Stdout); err != nil {
			return err
		}
	}
	if o.search {
		return measureSearch(ctx, o, os.Stdout)
	}
	return nil
}
