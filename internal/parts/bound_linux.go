package parts

import (
	"os/exec"
	"syscall"
)

// startBound starts cmd so that the kernel sends it the death signal when this
// process dies, however it dies.
func startBound(cmd *exec.Cmd, death syscall.Signal) (release func(), err error) {
	cmd.SysProcAttr.Pdeathsig = death
	return func() {}, spawn()(cmd.Start)
}
