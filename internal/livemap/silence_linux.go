package livemap

import (
	"syscall"
	"time"
)

// tcpUserTimeout is the option of linux/tcp.h that the standard library lacks.
const tcpUserTimeout = 0x12

// boundSilence ends a connection whose other end has vanished without a word:
// nobody acknowledges its heartbeats.
func boundSilence(fd uintptr, patience time.Duration) {
	_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(patience.Milliseconds())) // keep-alive probes are the second line
}
