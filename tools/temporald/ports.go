package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// claimPort returns port when nothing listens on it, or a free one for 0.
// Free ports come from below the range from which systems hand out ports to
// outgoing connections, so that none of those can take the port before the
// server listens on it.
func claimPort(ctx context.Context, ip string, port int, what string) (int, error) {
	if port != 0 {
		if err := probe(ctx, ip, port); err != nil {
			return 0, fmt.Errorf("port %d for %s: %w", port, what, err)
		}
		return port, nil
	}
	for range 100 {
		p := 20000 + rand.IntN(12000)
		if probe(ctx, ip, p) == nil {
			return p, nil
		}
	}
	return 0, fmt.Errorf("no free port for %s on %s", what, ip)
}

func probe(ctx context.Context, ip string, port int) error {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return l.Close()
}
