package livemap

import (
	"errors"
	"io"
	"syscall"
)

// socket reads and writes connections without ever waiting for one. Its
// closures are made once, so that a call costs no memory. It is used by one
// goroutine at a time.
type socket struct {
	out     []byte
	in      [512]byte
	n       int
	err     error
	writeFn func(fd uintptr) bool
	readFn  func(fd uintptr) bool
}

func newSocket() *socket {
	s := &socket{}
	s.writeFn = func(fd uintptr) bool {
		s.n, s.err = retry(func() (int, error) { return syscall.Write(int(fd), s.out) })
		return true
	}
	s.readFn = func(fd uintptr) bool {
		s.n, s.err = retry(func() (int, error) { return syscall.Read(int(fd), s.in[:]) })
		return true
	}
	return s
}

// retry repeats a call that a signal has interrupted. A call that would have to
// wait did nothing.
func retry(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return 0, errWouldWait
		default:
			return max(n, 0), err
		}
	}
}

var errWouldWait = errors.New("livemap: the connection is not ready")

// write writes what the connection takes; 0 when it takes nothing now.
func (s *socket) write(raw syscall.RawConn, b []byte) (int, error) {
	s.out = b
	err := raw.Write(s.writeFn)
	s.out = nil
	if err != nil {
		return 0, err
	}
	if errors.Is(s.err, errWouldWait) {
		return 0, nil
	}
	if s.err == nil && s.n == 0 {
		return 0, io.ErrShortWrite
	}
	return s.n, s.err
}

// closed tells whether the other end has closed the connection. What it says
// on it meanwhile is nobody's business and thrown away.
func (s *socket) closed(raw syscall.RawConn) bool {
	if err := raw.Read(s.readFn); err != nil {
		return true
	}
	if errors.Is(s.err, errWouldWait) {
		return false
	}
	return s.err != nil || s.n == 0
}
