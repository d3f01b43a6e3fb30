package dev

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"yourticket.example/internal/parts"
)

// serviceStop and partStop bound how long a stop may take. Together they stay
// around ten seconds even when something hangs.
const (
	serviceStop = 6 * time.Second
	partStop    = 5 * time.Second
)

// supervisor watches what runs, and stops it: services first, last started
// first, then the parts that they stand on, all at once.
type supervisor struct {
	failures chan error // Holds the first failure.

	mu       sync.Mutex
	services []*service
	parts    []*parts.Part
}

// service is something that runs in this process.
type service struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // Set before done is closed.
}

func newSupervisor() *supervisor { return &supervisor{failures: make(chan error, 1)} }

// fail records a failure; only the first one counts.
func (v *supervisor) fail(err error) {
	select {
	case v.failures <- err:
	default:
	}
}

// run runs f until stop. An end before that is a failure.
func (v *supervisor) run(name string, f func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{name: name, cancel: cancel, done: make(chan struct{})}
	v.mu.Lock()
	v.services = append(v.services, s)
	v.mu.Unlock()
	go func() {
		defer close(s.done)
		s.err = f(ctx)
		switch {
		case ctx.Err() != nil:
		case s.err == nil:
			v.fail(fmt.Errorf("%s stopped by itself", name))
		default:
			v.fail(fmt.Errorf("%s stopped: %w", name, s.err))
		}
	}()
}

// watch takes over a part. Its death is a failure.
func (v *supervisor) watch(p *parts.Part) {
	v.mu.Lock()
	v.parts = append(v.parts, p)
	v.mu.Unlock()
	go func() {
		<-p.Done()
		if err := p.Err(); err != nil {
			v.fail(err)
		}
	}()
}

// wait returns the first failure, or nil when ctx ends.
func (v *supervisor) wait(ctx context.Context) error {
	select {
	case err := <-v.failures:
		return err
	case <-ctx.Done():
		return nil
	}
}

// stop stops everything and reports what did not stop in time.
func (v *supervisor) stop() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	deadline := time.After(serviceStop)
	var errs []error
	for _, s := range slices.Backward(v.services) {
		s.cancel()
		select {
		case <-s.done:
		case <-deadline:
			errs = append(errs, fmt.Errorf("%s did not stop in time", s.name))
			deadline = time.After(0)
		}
	}
	return errors.Join(append(errs, v.stopParts()...)...)
}

func (v *supervisor) stopParts() []error {
	ctx, cancel := context.WithTimeout(context.Background(), partStop)
	defer cancel()
	errs := make([]error, len(v.parts))
	var wg sync.WaitGroup
	for i, p := range v.parts {
		wg.Go(func() { errs[i] = p.Stop(ctx) })
	}
	wg.Wait()
	return errs
}
