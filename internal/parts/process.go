package parts

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process is one run of a part.
type process struct {
	cmd     *exec.Cmd
	logFrom int64         // Where in the log file this run begins.
	done    chan struct{} // Closed once the process is reaped and its group has ended.
	release func()        // Ends what watches over the parent.
}

// spawn runs f on the one thread that starts all children. Linux ties the
// signal of a parent's death to the thread that forked, so that thread must
// live as long as this process.
var spawn = sync.OnceValue(func() func(f func() error) error {
	calls, results := make(chan func() error), make(chan error)
	go func() {
		runtime.LockOSThread()
		for f := range calls {
			results <- f()
		}
	}()
	var mu sync.Mutex
	return func(f func() error) error {
		mu.Lock()
		defer mu.Unlock()
		calls <- f
		return <-results
	}
})

// startProcess starts s in a process group of its own, so that a terminal's
// Ctrl-C reaches only this program, with all output going to the log file.
func startProcess(s spec, logFile string) (*process, error) {
	log, from, err := openLog(logFile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // The child has its own descriptor.

	cmd := exec.Command(s.path, s.args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.identity.apply(cmd.SysProcAttr)
	p := &process{cmd: cmd, logFrom: from, done: make(chan struct{})}
	if p.release, err = startBound(cmd, s.death); err != nil {
		return nil, fmt.Errorf("running %s: %w", s.path, err)
	}
	go func() {
		_ = cmd.Wait() // How it ended is in cmd.ProcessState.
		p.release()
		endGroup(cmd.Process.Pid)
		close(p.done)
	}()
	return p, nil
}

// endGroup ends what a process has left of its group, such as the server of a
// launcher that was killed, and waits until it is gone, at most some seconds.
func endGroup(pgid int) {
	if syscall.Kill(-pgid, syscall.SIGKILL) != nil {
		return // Nobody is left.
	}
	for range 500 {
		if errors.Is(syscall.Kill(-pgid, 0), syscall.ESRCH) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kill ends the process and all its descendants and waits until it is gone.
// Descendants are listed first: PostgreSQL puts its children into groups of
// their own, and they would outlive it for a moment. It is stopped meanwhile,
// lest it fork one more that nobody knows of.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGSTOP) // It may have ended already.
	family := descendants(p.cmd.Process.Pid)
	_ = p.cmd.Process.Kill()
	for _, pid := range family {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	<-p.done
	for _, pid := range family {
		awaitExit(pid)
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// signaled says whether a signal ended the process.
func (p *process) signaled() bool {
	if p.cmd.ProcessState == nil {
		return false
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// state says how the process ended, such as "exit status 1".
func (p *process) state() string {
	if p.cmd.ProcessState == nil {
		return "no status"
	}
	return p.cmd.ProcessState.String()
}

// openLog opens a part's log for appending and returns its present length. A
// log of more than 16 MB becomes the one previous log that is kept.
func openLog(path string) (*os.File, int64, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > 16<<20 {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, 0, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	return f, info.Size(), nil
}
