package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"yourticket.example/e2e/system"
)

type options struct {
	helm    string
	chart   string
	values  string
	pods    int
	buyers  int
	seats   int
	forAll  time.Duration
	html    string
	verbose bool
}

func main() {
	var o options
	flag.StringVar(&o.helm, "helm", "helm", "the program helm")
	flag.StringVar(&o.chart, "chart", "deploy/chart", "the chart")
	flag.StringVar(&o.values, "values", "deploy/chart/values/small.yaml", "its variant")
	flag.IntVar(&o.pods, "pods", 2, "pods of each deployment at most")
	flag.IntVar(&o.buyers, "buyers", 60, "buyers who come to the rehearsal")
	flag.IntVar(&o.seats, "seats", 0, "places that they come for; a third of the buyers without it")
	flag.DurationVar(&o.forAll, "within", 10*time.Minute, "how long all of it may take")
	flag.StringVar(&o.html, "html", "", "write the rehearsal's report to this file")
	flag.BoolVar(&o.verbose, "v", false, "show the whole report of the rehearsal")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	ctx, cancel := context.WithTimeout(ctx, o.forAll)
	err := run(ctx, o)
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kube:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	defer func() { _ = system.RemoveBinary() }()
	binary, err := system.Binary(ctx)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "yourticket-kube-")
	if err != nil {
		return err
	}
	// PostgreSQL may have to run as another user, who must get in.
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	c := &cluster{options: o, binary: binary, dir: dir}
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, c.logs(25))
		}
		err = errors.Join(err, c.stopParts(), os.RemoveAll(dir))
	}()
	for _, step := range []struct {
		does string
		do   func(context.Context) error
	}{
		{"parts", c.startParts},
		{"chart", c.render},
		{"jobs before", func(ctx context.Context) error { return c.runJobs(ctx, "pre-install") }},
		{"pods", c.startPods},
		{"jobs after", func(ctx context.Context) error { return c.runJobs(ctx, "post-install") }},
		{"rehearsal", c.rehearse},
		{"stop", c.stopPods},
	} {
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.does, err)
		}
		fmt.Printf("%-12s %5.1f s\n", step.does, time.Since(began).Seconds())
	}
	return nil
}

// logs gives the last lines of what every process wrote.
func (c *cluster) logs(lines int) string {
	files, _ := filepath.Glob(filepath.Join(c.dir, "log", "*.log")) // the pattern is well-formed
	return system.Tail(files, lines)
}
