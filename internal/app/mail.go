package app

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"time"

	"yourticket.example/internal/auth"
	"yourticket.example/internal/config"
	"yourticket.example/internal/outbox"
	"yourticket.example/internal/smtp"
)

// mailFleet is the fleet whose processes send the mail that waits.
const mailFleet = "sales"

// mailConnections is how many mails a process sends at the same time.
const mailConnections = 2

// sendMail sends what waits in the outboxes until ctx ends; done is closed when
// what was under way then is written down. Without a mail server it waits.
func (s *stores) sendMail(ctx context.Context, cfg config.Config, fleets []string) (done <-chan struct{}, err error) {
	ended := make(chan struct{})
	if !slices.Contains(fleets, mailFleet) {
		close(ended)
		return ended, nil
	}
	if cfg.SMTPURL.IsZero() {
		slog.WarnContext(ctx, "SMTP_URL is not set: mail waits in the outbox")
		close(ended)
		return ended, nil
	}
	server, err := smtp.New(cfg.SMTPURL.Reveal())
	if err != nil {
		return nil, fmt.Errorf("SMTP_URL: %w", err)
	}
	from, err := mail.ParseAddress(cmp.Or(cfg.MailFrom, "YourTicket <tickets@yourticket.example>"))
	if err != nil {
		return nil, fmt.Errorf("MAIL_FROM: %w", err)
	}
	keys, err := auth.OpenKeys(ctx, s.catalogue, time.Now)
	if err != nil {
		return nil, err
	}
	go keys.Follow(ctx, func(err error) { slog.WarnContext(ctx, "signing keys", "error", err) })
	sender := &outbox.Sender{
		Store: s.sales, Server: server, Metrics: outbox.NewMetrics(s.registry),
		Writer: &outbox.Writer{
			People: s.catalogue, Events: s.events, Bookings: s.sales, Codes: keys,
			FromName: from.Name, From: from.Address, Site: strings.TrimSuffix(cfg.PublicURL.Reveal(), "/"),
		},
	}
	go func() {
		defer close(ended)
		sender.Run(ctx, mailConnections)
	}()
	return ended, nil
}
