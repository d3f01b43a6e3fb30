package parts

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"strconv"
)

// errPortTaken says that another process listens on a part's port.
var errPortTaken = errors.New("is taken by another process")

// portTaken matches what servers log when they cannot listen.
var portTaken = regexp.MustCompile(`(?i)address (already )?in use`)

// FreePort returns a port on 127.0.0.1 that nothing listens on. It comes from
// below the range that systems hand out for outgoing connections, so that
// nothing but another caller's random choice can take it before its user does.
func FreePort() (int, error) {
	for range 200 {
		port := 20000 + rand.IntN(12000)
		if CheckPort(port) == nil {
			return port, nil
		}
	}
	return 0, errors.New("no free port found between 20000 and 32000")
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
