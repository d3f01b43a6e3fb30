//go:build !linux

package parts

import "syscall"

// disguise does nothing: only Linux has user namespaces. The server then
// refuses to run as root and says so itself.
func disguise(*syscall.SysProcAttr) {}
