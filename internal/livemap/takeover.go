package livemap

import (
	"net"
	"syscall"
	"time"
)

// prepare gives access to a connection that can be written without waiting.
func prepare(conn net.Conn, patience time.Duration) (syscall.RawConn, bool) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil, false
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil, false
	}
	_ = tcp.SetWriteBuffer(socketBuffer)                             // without it the kernel decides
	_ = raw.Control(func(fd uintptr) { boundSilence(fd, patience) }) // without it a dead client is noticed later
	return raw, true
}

// mostFiles is how many files, and so connections, the process may have open.
func mostFiles() int {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return usualFiles
	}
	return int(min(l.Cur, 1<<20))
}
