// Command reconcilebench reconciles a million planted transactions, kills the
// worker in the middle, and says whether exactly what was planted was found, how
// long it took and how much memory the worker had.
//
//	go run ./e2e/reconcilebench -transactions 1000000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"yourticket.example/e2e/manybooks"
	"yourticket.example/e2e/system"
)

func main() { os.Exit(exitCode()) }

// exitCode is 2 for wrong usage, 1 for failure.
func exitCode() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := manybooks.Options{Say: func(line string) { fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), line) }}
	flags := flag.NewFlagSet("reconcilebench", flag.ContinueOnError)
	flags.IntVar(&o.Transactions, "transactions", 1_000_000, "how many, over two providers and two shards")
	flags.IntVar(&o.Every, "every", 10_000, "every so many one is a difference")
	flags.BoolVar(&o.Kill, "kill", true, "kill the worker in the middle")
	if err := flags.Parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || o.Transactions < 1 || o.Every < 1 {
		return 2
	}
	err := run(ctx, o)
	if err := errors.Join(err, system.RemoveBinary()); err != nil {
		fmt.Fprintln(os.Stderr, "reconcilebench:", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, o manybooks.Options) error {
	r, err := manybooks.Run(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("transactions    %d, planted in %s\n", o.Transactions, r.Planted.Round(time.Second))
	fmt.Printf("reconciled in   %s, %.0f a second\n", r.Took.Round(time.Second), float64(o.Transactions)/r.Took.Seconds())
	fmt.Printf("matched         %d, fees booked %d\n", r.Matched, r.Fees)
	fmt.Printf("differences     %d, planted %v\n", r.Result.Differences, r.Want)
	for _, t := range r.Result.Totals {
		fmt.Printf("  %-7s %-14s %-8s %d\n", t.Provider, t.Result, t.Kind, t.Count)
	}
	fmt.Printf("worker killed   %v\n", r.Killed)
	fmt.Printf("worker memory   %d MB at a tenth, %d MB at its highest\n", r.EarlyMB, r.PeakMB)
	return r.Check(o)
}
