package parts

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// watchdog is a shell that waits on a pipe whose other end only this process
// holds. When this process dies the pipe closes, and the shell signals a
// child. It serves the systems whose kernels have no signal of a parent's
// death.
type watchdog struct {
	shell *exec.Cmd
	held  *os.File // The end whose closing is the parent's death.
}

func startWatchdog(pid int, death syscall.Signal) (*watchdog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }() // The shell has its own descriptor.
	shell := exec.Command("/bin/sh", "-c", `read _; kill -"$1" "$2" 2>/dev/null`,
		"watchdog", strconv.Itoa(int(death)), strconv.Itoa(pid))
	shell.Stdin = r
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		_ = w.Close()
		return nil, err
	}
	return &watchdog{shell: shell, held: w}, nil
}

// release dismisses the shell without a signal to the child.
func (w *watchdog) release() {
	_ = w.shell.Process.Kill() // Before the pipe closes, else it would act.
	_ = w.shell.Wait()
	_ = w.held.Close()
}
