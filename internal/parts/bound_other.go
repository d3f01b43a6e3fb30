//go:build !linux

package parts

import (
	"os/exec"
	"syscall"
)

// startBound starts cmd with a watchdog beside it that sends it the death
// signal when this process dies, however it dies.
func startBound(cmd *exec.Cmd, death syscall.Signal) (release func(), err error) {
	if err := spawn()(cmd.Start); err != nil {
		return nil, err
	}
	w, err := startWatchdog(cmd.Process.Pid, death)
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	return w.release, nil
}
