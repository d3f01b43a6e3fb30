package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"yourticket.example/internal/app"
	"yourticket.example/internal/config"
)

// Ports are where things listen; 0 picks a free one.
type Ports struct {
	API, Temporal, TemporalUI, Redis, Postgres, Elasticsearch, Sandbox int
}

// Options say what to run.
type Options struct {
	// Config has the addresses that are given; what has none is started.
	Config config.Config
	Ports  Ports
	// DataDir keeps data, logs and dev.env.
	DataDir string
	// Ephemeral keeps the data, though not logs and dev.env, in a temporary
	// directory that goes at the end.
	Ephemeral bool
	// PartsOnly leaves out API and workers.
	PartsOnly bool
	// Out gets progress and, at last, the line that begins with "ready".
	Out io.Writer
}

// system is one run of dev.
type system struct {
	Options
	cfg   config.Config // Complete once the parts run.
	data  string        // Where the parts keep their data.
	out   *lines
	set   *supervisor
	uiURL string
	// codecAddr is where the codec server listens; "" when there is none.
	codecAddr string
	sandbox   string       // Its URL, when it runs.
	mail      http.Handler // Shows mails, when they are caught here.
	mailURL   string
}

// Run starts everything, says when it is ready, and runs until ctx ends or
// something dies; then it stops everything. The error is nil when ctx ended it.
func Run(ctx context.Context, o Options) (err error) {
	began := time.Now()
	if o.DataDir, err = filepath.Abs(o.DataDir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(o.DataDir, "log"), 0o755); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}
	unlock, err := lock(o.DataDir)
	if err != nil {
		return err
	}
	defer unlock()
	s := &system{Options: o, cfg: o.Config, data: o.DataDir, out: &lines{w: o.Out}, set: newSupervisor()}
	// One build id for whatever is built here, or purchases that an earlier
	// build has begun would wait for its workers for ever.
	s.cfg.WorkerBuildID = cmp.Or(s.cfg.WorkerBuildID, "dev")
	if o.Ephemeral {
		if s.data, err = temporaryData(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(s.data), os.RemoveAll(s.envFile())) }()
	}
	closeLog, err := s.logToFile()
	if err != nil {
		return err
	}
	defer closeLog()

	err = s.start(ctx)
	if err == nil {
		s.announce(time.Since(began))
		err = s.set.wait(ctx)
	}
	if ctx.Err() != nil {
		err = nil // Whatever a start that was interrupted ran into does not matter.
	}
	s.out.say("stopping")
	err = errors.Join(err, s.set.stop())
	s.out.say("stopped")
	return err
}

// start brings everything up, each step on what the one before has made.
func (s *system) start(ctx context.Context) error {
	if err := s.retireEnv(); err != nil {
		return err
	}
	if err := s.choosePorts(); err != nil {
		return err
	}
	if s.cfg.PublicURL.IsZero() {
		s.cfg.PublicURL = config.NewURL(s.apiURL())
	}
	if err := s.startParts(ctx); err != nil {
		return err
	}
	if err := s.cfg.Validate(config.Serving...); err != nil {
		return err
	}
	if err := s.prepareData(ctx); err != nil {
		return err
	}
	if err := s.writeEnv(); err != nil {
		return err
	}
	if !s.PartsOnly {
		s.startServices()
	}
	if s.codecAddr != "" {
		s.startCodec()
	}
	return s.awaitAnswers(ctx)
}

// prepareData applies the migrations and loads the demo catalogue.
func (s *system) prepareData(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	s.out.say("migrating and loading the demo catalogue")
	if err := app.MigrateUp(ctx, s.cfg, io.Discard); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	if err := app.SeedDemo(ctx, s.cfg); err != nil {
		return fmt.Errorf("loading the demo catalogue: %w", err)
	}
	return nil
}

// startServices runs change capture, the API and all fleets in this process.
func (s *system) startServices() {
	s.set.run("cdc", func(ctx context.Context) error { return app.RunCDC(ctx, s.cfg, app.CDCOptions{}) })
	s.set.run("worker", func(ctx context.Context) error {
		return app.RunWorkers(ctx, s.cfg, app.WorkerOptions{Fleets: app.FleetNames, Promote: true})
	})
	s.set.run("api", func(ctx context.Context) error {
		return app.RunAPI(ctx, s.cfg, app.APIOptions{Services: app.ServiceNames, Listen: local(s.Ports.API)})
	})
}
