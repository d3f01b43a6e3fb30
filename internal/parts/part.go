package parts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Time limits of a part's life. A start may have to recover a database; a stop
// that takes longer than its limit is cut short by SIGKILL.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 8 * time.Second
	probeEvery   = 15 * time.Millisecond
)

// Part is one running server. Its methods may be called from any goroutine.
type Part struct {
	// Name is how messages call it: postgres, redis, elasticsearch or temporal.
	Name string
	// URL is how clients reach it. For temporal it is host:port.
	URL string
	// UIURL is the address of its web page, if it has one.
	UIURL string
	// LogFile is where it writes its log.
	LogFile string

	spec spec
	mu   sync.Mutex // Held while starting, stopping or killing.
	proc *process
	end  chan struct{} // See Done.
}

// spec is all that is needed to start a part again on the same port.
type spec struct {
	port     int
	path     string
	args     []string
	dir      string
	env      []string      // Of the process; nil is this process's.
	patience time.Duration // For a start; 0 is startTimeout.
	identity identity
	stop     syscall.Signal // Asks for a clean stop.
	death    syscall.Signal // Sent by the system when the parent dies.
	prepare  func(context.Context) error
	ready    func(ctx context.Context, logFrom int64) error
	reason   func(log []string) string
}

// launch starts p by its spec and waits until it answers. The context bounds
// the start only: the part goes on when it ends.
func (p *Part) launch(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.start(ctx); err != nil {
		return fmt.Errorf("%s did not start: %w", p.Name, err)
	}
	return nil
}

func (p *Part) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(p.spec.patience, startTimeout))
	defer cancel()
	if p.spec.prepare != nil {
		if err := p.spec.prepare(ctx); err != nil {
			return err
		}
	}
	if err := CheckPort(p.spec.port); err != nil {
		return err
	}
	proc, err := startProcess(p.spec, p.LogFile)
	if err != nil {
		return err
	}
	if err := p.awaitReady(ctx, proc); err != nil {
		proc.kill()
		return err
	}
	p.proc, p.end = proc, proc.done
	return nil
}

// awaitReady probes until the process answers, ends or takes too long.
func (p *Part) awaitReady(ctx context.Context, proc *process) error {
	for {
		err := p.spec.ready(ctx, proc.logFrom)
		if err == nil {
			return nil
		}
		select {
		case <-proc.done:
			return p.failure(proc)
		case <-ctx.Done():
			return fmt.Errorf("it does not answer (%w): %w; see %s", ctx.Err(), err, p.LogFile)
		case <-time.After(probeEvery):
		}
	}
}

// failure says in one line why an ended process ended, from its log.
func (p *Part) failure(proc *process) error {
	lines := logSince(p.LogFile, proc.logFrom)
	if slices.ContainsFunc(lines, portTaken.MatchString) {
		return fmt.Errorf("port %d %w", p.spec.port, errPortTaken)
	}
	reason := p.spec.reason(lines)
	switch {
	case fullDisk(lines):
		reason = "no space left on the disk of " + p.spec.dir
	case proc.signaled():
		reason = "it was ended by " + proc.state() // Its log cannot know.
	case reason == "":
		reason = "it ended with " + proc.state()
	}
	return fmt.Errorf("%s; see %s", reason, p.LogFile)
}

// Pid is the process id, or 0 while the part is not running.
func (p *Part) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil || p.proc.ended() {
		return 0
	}
	return p.proc.cmd.Process.Pid
}

// Done is closed when the process that runs now has ended, for whatever
// reason. After a Restart, Done gives another channel.
func (p *Part) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.end
}

// Err says why the part ended by itself. It is nil while the part runs, and
// after Stop and Kill.
func (p *Part) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc == nil || !p.proc.ended() {
		return nil
	}
	return fmt.Errorf("%s stopped: %w", p.Name, p.failure(p.proc))
}

// Stop asks the part to stop and waits until it has; what has not stopped
// after some seconds, or when ctx ends, is killed, which is an error. Stopping
// a part that does not run does nothing.
func (p *Part) Stop(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.halt(ctx)
}

func (p *Part) halt(ctx context.Context) error {
	proc := p.proc
	p.proc = nil
	if proc == nil || proc.ended() {
		return nil
	}
	if err := proc.cmd.Process.Signal(p.spec.stop); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.Name, err)
	}
	select {
	case <-proc.done:
		return nil
	case <-ctx.Done():
	case <-time.After(stopTimeout):
	}
	proc.kill()
	return fmt.Errorf("%s did not stop in time and was killed", p.Name)
}

// Kill ends the part and its children at once, as a crash would, and returns
// when they are gone.
func (p *Part) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.proc != nil {
		p.proc.kill()
		p.proc = nil
	}
}

// Restart stops the part, if it runs, and starts it on the same port.
func (p *Part) Restart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.halt(ctx); err != nil {
		return err
	}
	if err := p.start(ctx); err != nil {
		return fmt.Errorf("%s did not start again: %w", p.Name, err)
	}
	return nil
}
