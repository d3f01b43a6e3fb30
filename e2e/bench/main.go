package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"

	"yourticket.example/e2e/system"
)

type options struct {
	seconds  int
	warmup   int
	buyers   int
	json     string
	profiles string
}

func main() {
	var o options
	flag.IntVar(&o.seconds, "seconds", 15, "length of each measurement")
	flag.IntVar(&o.warmup, "warmup", 5, "seconds before the first one")
	flag.IntVar(&o.buyers, "buyers", 20, "buyers at the same time in the throughput runs")
	flag.StringVar(&o.json, "json", "", "write the figures to this file too")
	flag.StringVar(&o.profiles, "pprof", "", "write CPU profiles of api and worker to this folder")
	floor := flag.String("floor-worker", "", "run the floor's worker for the Temporal server at this address (used by bench itself)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *floor != "" {
		err = runFloorWorker(ctx, *floor)
	} else {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// report is everything that was measured.
type report struct {
	Purchases []measure `json:"purchases"`
	Floor     []measure `json:"floor"`
	Holds     []measure `json:"holds"`
	Histories []history `json:"histories"`
}

func run(ctx context.Context, o options) error {
	defer func() { _ = system.RemoveBinary() }()
	debug := []string{"127.0.0.1:17071", "127.0.0.1:17072"}
	s, err := system.Start(ctx, system.Options{
		Name: "bench", Durable: true, TemporalStore: system.StoreSQLite, Say: func(l string) { fmt.Println(l) },
		APIs:    []system.Role{{Env: []string{"DEBUG_LISTEN=" + debug[0]}}},
		Workers: []system.Role{{Env: []string{"DEBUG_LISTEN=" + debug[1]}}},
	})
	if err != nil {
		return err
	}
	defer func() { _ = s.Stop() }()
	b := &bench{System: s, options: o}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	defer b.floorStop()
	r, err := b.measureAll(ctx, debug)
	if err != nil {
		return err
	}
	print(r)
	if o.json == "" {
		return nil
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(o.json, text, 0o644) //nolint:gosec // figures for everybody
}

// measureAll takes turns between the product and the floor, so that a drift of
// the machine's speed touches both alike.
func (b *bench) measureAll(ctx context.Context, debug []string) (*report, error) {
	r := &report{}
	length := time.Duration(b.seconds) * time.Second
	if _, err := b.purchases(ctx, b.buyers, time.Duration(b.warmup)*time.Second, true); err != nil {
		return nil, err
	}
	for round := range 2 {
		if round == 1 && b.profiles != "" {
			if err := b.profile(ctx, debug); err != nil {
				return nil, err
			}
		}
		m, err := b.purchases(ctx, b.buyers, length, true)
		if err != nil {
			return nil, err
		}
		r.Purchases = append(r.Purchases, m)
		if m, err = b.floor(ctx, b.buyers, length); err != nil {
			return nil, err
		}
		r.Floor = append(r.Floor, m)
	}
	for _, buyers := range []int{10, 50} {
		m, err := b.purchases(ctx, buyers, length/2, false)
		if err != nil {
			return nil, err
		}
		r.Holds = append(r.Holds, m)
	}
	var err error
	r.Histories, err = b.histories(ctx)
	return r, err
}
