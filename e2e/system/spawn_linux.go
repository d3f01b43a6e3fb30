package system

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// starter runs f on the one thread that starts all children: Linux ties the
// signal of a parent's death to the thread that forked, so that thread must
// live as long as this process.
var starter = sync.OnceValue(func() func(f func() error) error {
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

// StartBound starts cmd so that it is killed when this process dies.
func StartBound(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return starter()(cmd.Start)
}
