//go:build !linux

package system

import (
	"os/exec"
	"syscall"
)

// StartBound starts cmd in a group of its own. Without Linux's signal of a
// parent's death it must be stopped by the caller.
func StartBound(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd.Start()
}
