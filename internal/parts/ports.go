package parts

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
)

// errPortTaken says that another process listens on a part's port.
var errPortTaken = errors.New("is taken by another process")

// portTaken matches what servers log when they cannot listen.
var portTaken = regexp.MustCompile(`(?i)address (already )?in use`)

// Ports that FreePort gives out: from below the range that systems hand out for
// outgoing connections, so that nothing but another caller takes them.
const firstPort, lastPort = 20000, 31999

// FreePort returns a port on 127.0.0.1 that nothing listens on and that no other
// call got, of this process or of another one of the same user, for as long as
// the process lives that asked. So a system may choose all of its ports before
// the first of its processes listens.
func FreePort() (int, error) {
	const tries = 200
	for range tries {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		mine, err := claims.take(port)
		if err != nil {
			return 0, fmt.Errorf("claim port %d: %w", port, err)
		}
		if mine && CheckPort(port) == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("no free port found between %d and %d in %d tries", firstPort, lastPort, tries)
}

// claims are the ports that FreePort gave out. Those of this process are in the
// set; other processes see them as locks on one byte a port of a file that all
// share. Such a lock ends with its process.
var claims portClaims

type portClaims struct {
	mu   sync.Mutex
	file *os.File
	ours map[int]bool
}

// take says whether the port was nobody's, and now is this process's.
func (c *portClaims) take(port int) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ours[port] {
		return false, nil
	}
	if c.file == nil {
		// Never closed: closing any descriptor of the file ends all locks.
		f, err := os.OpenFile(filepath.Join(os.TempDir(), fmt.Sprintf("yourticket-ports-%d", os.Getuid())), os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return false, err
		}
		c.file, c.ours = f, map[int]bool{}
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Start: int64(port), Len: 1}
	switch err := syscall.FcntlFlock(c.file.Fd(), syscall.F_SETLK, &lock); {
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES):
		return false, nil
	case err != nil:
		return false, err
	}
	c.ours[port] = true
	return true, nil
}

// CheckPort returns an error that names the port when it cannot be listened on.
func CheckPort(port int) error {
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", address(port)) // a local port is bound at once
	if err == nil {
		return l.Close()
	}
	if portTaken.MatchString(err.Error()) {
		return fmt.Errorf("port %d %w", port, errPortTaken)
	}
	return fmt.Errorf("port %d: %w", port, err)
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// onPort calls start with the port asked for. For 0 it picks free ones until
// start gets one that no other process took in between.
func onPort(port int, start func(port int) (*Part, error)) (*Part, error) {
	if port != 0 {
		return start(port)
	}
	for attempt := 1; ; attempt++ {
		free, err := FreePort()
		if err != nil {
			return nil, err
		}
		p, err := start(free)
		if err == nil || attempt == 5 || !errors.Is(err, errPortTaken) {
			return p, err
		}
	}
}
