// Command ssebench measures the live seat map: memory a client, CPU a delivered
// event, and how long after a change its frame arrives, with many clients that
// watch one large map while it changes.
//
//	go run ./e2e/ssebench
//	go run ./e2e/ssebench --clients 30000 --servers 2
//
// It starts a Redis, the given number of API processes (each the real events
// service) and as many processes of clients as the limit of open files asks for,
// all on this machine over the loopback. In the end it makes sure that the map
// of every client is the server's.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

type options struct {
	Clients     int           `json:"clients"`
	Servers     int           `json:"servers"`
	Seats       int           `json:"seats"`
	Rate        int           `json:"changes_a_second"`
	Duration    time.Duration `json:"-"`
	Churn       float64       `json:"churn_a_second"`
	perProcess  int
	redis       string
	role        string
	processors  int
	urls        string
	memProfile  string
	jsonOut     bool
	connectRate int
}

func main() {
	var o options
	flag.IntVar(&o.Clients, "clients", 15_000, "clients that watch")
	flag.IntVar(&o.Servers, "servers", 1, "API processes")
	flag.IntVar(&o.Seats, "seats", 20_000, "places of the map")
	flag.IntVar(&o.Rate, "rate", 500, "changes of the map a second")
	flag.DurationVar(&o.Duration, "duration", 30*time.Second, "how long to measure; half as long again with clients that come and go")
	flag.Float64Var(&o.Churn, "churn", 0.01, "share of the clients that lose their connection each second, in the second part")
	flag.IntVar(&o.perProcess, "per-process", 15_000, "clients in one process at most")
	flag.IntVar(&o.connectRate, "connect-rate", 3000, "connections a second while the clients come")
	flag.BoolVar(&o.jsonOut, "json", false, "print the figures as JSON")
	flag.IntVar(&o.processors, "processors", 0, "processors of one server, its share of the machine as a limit gives it; set by the program itself")
	flag.StringVar(&o.role, "role", "", "what a child process is; set by the program itself")
	flag.StringVar(&o.redis, "redis", "", "address of Redis; set by the program itself")
	flag.StringVar(&o.urls, "urls", "", "addresses of the servers; set by the program itself")
	flag.StringVar(&o.memProfile, "memprofile", "", "file for a heap profile of the server under load")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "ssebench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	switch o.role {
	case "server":
		return serve(ctx, o)
	case "clients":
		return watch(ctx, o)
	}
	r, err := measure(ctx, o)
	if err != nil {
		return err
	}
	if o.jsonOut {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	r.print(os.Stdout)
	if r.Wrong > 0 {
		return fmt.Errorf("%d clients have another map than the server", r.Wrong)
	}
	return nil
}
