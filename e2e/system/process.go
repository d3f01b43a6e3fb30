package system

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Bounds of a process's life.
const (
	startWithin = 60 * time.Second
	stopWithin  = 15 * time.Second
	probeEvery  = 20 * time.Millisecond
)

// Process is one yourticket process. Kill and Restart may be called from any
// goroutine; its port and environment stay the same over its life.
type Process struct {
	// Name is how logs call it: api-0, worker-1, sandbox.
	Name string
	// URL is where it answers HTTP.
	URL string
	// LogFile has everything that it wrote, over restarts.
	LogFile string

	path  string
	args  []string
	env   []string
	probe string // answers 200 once the process is ready

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when cmd has ended
	shot bool          // it was ended by Kill or Stop
}

// Description says what a process is that somebody puts together himself.
type Description struct {
	Name    string
	Binary  string
	Args    []string
	Env     []string // all of it
	Probe   string   // URL that answers 200 once the process is ready
	LogFile string
}

// NewProcess makes a process, not yet started.
func NewProcess(d Description) *Process {
	return &Process{Name: d.Name, LogFile: d.LogFile, path: d.Binary, args: d.Args, env: d.Env, probe: d.Probe}
}

// Answers fails unless a URL answers 200.
func Answers(ctx context.Context, url string) error {
	return answers(ctx, &http.Client{Timeout: 5 * time.Second}, url)
}

// Start starts the process and waits until it is ready.
func (p *Process) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(p.LogFile), 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(p.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }() // the child has a descriptor of its own
	cmd := exec.Command(p.path, p.args...)
	cmd.Env = p.env
	cmd.Stdout, cmd.Stderr = log, log
	if err := StartBound(cmd); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	done := make(chan struct{})
	p.cmd, p.done, p.shot = cmd, done, false
	go func() {
		_ = cmd.Wait() // how it ended is in its state and its log
		close(done)
	}()
	return p.awaitReady(ctx, done)
}

func (p *Process) awaitReady(ctx context.Context, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	client := &http.Client{Timeout: 5 * time.Second}
	for {
		err := answers(ctx, client, p.probe)
		if err == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("%s ended while it started; see %s", p.Name, p.LogFile)
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%w): %w; see %s", p.Name, ctx.Err(), err, p.LogFile)
		case <-time.After(probeEvery):
		}
	}
}

func answers(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close() // only the status matters
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, res.Status)
	}
	return nil
}

// Kill ends the process as kill -9 does, and returns when it is gone.
func (p *Process) Kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	p.shot = true
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
}

// Restart starts the process again after Kill or Stop, on the same port.
func (p *Process) Restart(ctx context.Context) error { return p.Start(ctx) }

// Stop asks the process to stop and waits; one that does not is killed, which
// is an error.
func (p *Process) Stop() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.ended() {
		return nil
	}
	p.shot = true
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.Name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopWithin):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("%s did not stop within %s and was killed", p.Name, stopWithin)
}

func (p *Process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// Died tells how the process ended, if it was not told to; "" when it was, or runs.
func (p *Process) Died() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || !p.ended() || p.shot {
		return ""
	}
	return p.cmd.ProcessState.String()
}

// Pid is the process id, 0 while it does not run.
func (p *Process) Pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil || p.ended() {
		return 0
	}
	return p.cmd.Process.Pid
}
