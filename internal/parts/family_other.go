//go:build !linux

package parts

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// alive says whether a process with this id exists, whoever owns it.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// descendants lists the children of pid, their children, and so on.
func descendants(pid int) []int {
	out, err := exec.Command("pgrep", "-P", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil // No children, or no pgrep: they notice the death themselves.
	}
	var all []int
	for _, field := range strings.Fields(string(out)) {
		if child, err := strconv.Atoi(field); err == nil {
			all = append(append(all, child), descendants(child)...)
		}
	}
	return all
}

// workingDir returns the working directory of a process, or "" when it is
// gone or hidden from us.
func workingDir(pid int) string {
	out, err := exec.Command("lsof", "-a", "-p", strconv.Itoa(pid), "-d", "cwd", "-Fn").Output()
	if err != nil {
		return ""
	}
	_, dir, _ := strings.Cut(string(out), "\nn")
	return strings.TrimSpace(dir)
}
