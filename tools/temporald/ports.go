package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// claimPort returns port when nothing listens on it, or a free one for 0.
// Free ports come from below the range from which systems hand out ports to
// outgoing connections, so that none of those can take the port before the
// server listens on it.
func claimPort(ip string, port int, what string) (int, error) {
	if port != 0 {
		if err := probe(ip, port); err != nil {
			return 0, fmt.Errorf("port %d for %s: %w", port, what, err)
		}
		return port, nil
	}
	for range 100 {
		p := 20000 + rand.IntN(12000)
		if probe(ip, p) == nil {
			return p, nil
		}
	}
	return 0, fmt.Errorf("no free port for %s on %s", what, ip)
}

func probe(ip string, port int) error {
	l, err := net.Listen("tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}
