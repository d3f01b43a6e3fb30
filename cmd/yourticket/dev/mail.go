package dev

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"yourticket.example/internal/config"
	"yourticket.example/internal/mailcatcher"
)

// startMail catches mail when no server is given, on a free port of its own.
// Its page is the sandbox's neighbour, or stands on the sandbox's port alone.
func (s *system) startMail(ctx context.Context) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", local(0))
	if err != nil {
		return fmt.Errorf("mail did not start: %w", err)
	}
	catcher := &mailcatcher.Catcher{}
	s.mail = catcher.Handler()
	s.mailURL = "http://" + local(s.Ports.Sandbox) + "/mail"
	s.cfg.SMTPURL = config.NewURL("smtp://" + listener.Addr().String())
	s.set.run("mail", func(ctx context.Context) error { return catcher.Serve(ctx, listener) })
	if s.needsSandbox() {
		return nil
	}
	page, err := listen.Listen(ctx, "tcp", local(s.Ports.Sandbox))
	if err != nil {
		return fmt.Errorf("mail did not start: %w", err)
	}
	server := &http.Server{Handler: s.mail, ReadHeaderTimeout: 5 * time.Second}
	s.set.run("mail page", func(ctx context.Context) error {
		stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // nothing is lost
		defer stop()
		return server.Serve(page)
	})
	return nil
}
