package main

import (
	"context"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// slowProxy stands before a server and holds its answers back.
type slowProxy struct {
	net.Listener

	target string
	delay  atomic.Int64 // of each answer, in nanoseconds
}

func newSlowProxy(target string) (*slowProxy, error) {
	var listen net.ListenConfig
	l, err := listen.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &slowProxy{Listener: l, target: target}
	go p.serve()
	return p, nil
}

func (p *slowProxy) slow(by time.Duration) { p.delay.Store(int64(by)) }

func (p *slowProxy) serve() {
	for {
		c, err := p.Accept()
		if err != nil {
			return // it was closed
		}
		go p.pass(c)
	}
}

func (p *slowProxy) pass(c net.Conn) {
	defer func() { _ = c.Close() }() // it may be closed already
	server, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(server, c) // ends with either side
		_ = server.Close()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if n > 0 {
			time.Sleep(time.Duration(p.delay.Load()))
			if _, failed := c.Write(buffer[:n]); failed != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
