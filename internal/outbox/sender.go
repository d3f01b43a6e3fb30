package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"yourticket.example/internal/postgres"
	"yourticket.example/internal/smtp"
	"yourticket.example/ticket"
)

// Store keeps the outboxes; see postgres.Sales.
type Store interface {
	Shards() int
	TakeMail(ctx context.Context, shard int, lease time.Duration) (*postgres.DueMail, error)
	EndMail(ctx context.Context, m *postgres.DueMail, status, reason string) error
	PostponeMail(ctx context.Context, m *postgres.DueMail, after time.Duration, reason string, counts bool) error
	Outbox(ctx context.Context) (postgres.OutboxState, error)
}

// Server opens sessions with a mail server.
type Server interface {
	Open(ctx context.Context) (*smtp.Session, error)
}

// Sender sends what waits.
type Sender struct {
	Store  Store
	Server Server
	Writer *Writer
	// Metrics may be nil.
	Metrics *Metrics
	// Lease is how long a sender has a mail for itself: longer than a mail can
	// take; default two minutes.
	Lease time.Duration
	// Idle is the pause when nothing waits; default a second.
	Idle time.Duration
	// Rest is the pause after the server could not be reached; default ten seconds.
	Rest time.Duration
}

const (
	// giveUpAfter is when a mail that could not be handed over counts as failed.
	giveUpAfter = 3 * 24 * time.Hour
	firstRetry  = 30 * time.Second
	lastRetry   = time.Hour
	// markWithin is how long a sender tries to write down that it has sent a mail.
	markWithin = 90 * time.Second
	countEvery = 15 * time.Second
)

// Run sends with so many connections until ctx ends.
func (s *Sender) Run(ctx context.Context, connections int) {
	if s.Lease == 0 {
		s.Lease = 2 * time.Minute
	}
	if s.Idle == 0 {
		s.Idle = time.Second
	}
	if s.Rest == 0 {
		s.Rest = 10 * time.Second
	}
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Go(func() { s.count(ctx) })
	wg.Wait()
}

func (s *Sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		sent, err := s.round(ctx)
		pause := time.Duration(0)
		switch {
		case err != nil && ctx.Err() == nil:
			slog.WarnContext(ctx, "mail waits", "error", err.Error())
			pause = s.Rest
		case !sent:
			pause = s.Idle
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// round sends what is due on all shards over one connection, which is opened
// when there is something. It tells whether there was.
func (s *Sender) round(ctx context.Context) (sent bool, err error) {
	var session *smtp.Session
	defer func() {
		if session != nil {
			_ = session.Close() // nothing is buffered
		}
	}()
	for shard := range s.Store.Shards() {
		for ctx.Err() == nil {
			taken := time.Now()
			m, err := s.Store.TakeMail(ctx, shard, s.Lease)
			if err != nil {
				return sent, err
			}
			if m == nil {
				break
			}
			sent = true
			if session == nil {
				if session, err = s.Server.Open(ctx); err != nil {
					return sent, errors.Join(err, s.Store.PostponeMail(context.WithoutCancel(ctx), m, s.Rest, "the mail server cannot be reached", false))
				}
			}
			if err := s.send(ctx, session, m, taken); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// send sends one mail and writes down what became of it. The error is about
// the connection or the database, not about the mail.
func (s *Sender) send(ctx context.Context, session *smtp.Session, m *postgres.DueMail, taken time.Time) error {
	ctx = context.WithoutCancel(ctx) // what has begun is ended, within its own timeouts
	message, dropped, err := s.Writer.Write(ctx, m)
	if err != nil {
		return errors.Join(err, s.retry(ctx, m, "it could not be written"))
	}
	if dropped != "" {
		return s.end(ctx, m, "dropped", dropped)
	}
	if time.Since(taken) > s.Lease/2 {
		slog.WarnContext(ctx, "mail took too long to write and is left to its next turn", "mail_id", m.ID)
		return nil // somebody else may have it before this attempt ends
	}
	err = session.Send(message)
	if refusal, ok := errors.AsType[*smtp.RefusalError](err); ok {
		slog.ErrorContext(ctx, "mail was refused", "mail_id", m.ID, "kind", m.Kind, "reason", refusal.Error())
		return s.end(ctx, m, "failed", refusal.Error())
	}
	if err != nil {
		return errors.Join(err, s.retry(ctx, m, err.Error()))
	}
	return s.end(ctx, m, "sent", "")
}

// end marks a mail. For one that was sent it tries for as long as nobody else
// can have the mail, because without the mark it would be sent again.
func (s *Sender) end(ctx context.Context, m *postgres.DueMail, status, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, min(markWithin, s.Lease))
	defer cancel()
	for {
		err := s.Store.EndMail(ctx, m, status, reason)
		if err == nil {
			s.Metrics.ended(m.Kind, status)
			return nil
		}
		select {
		case <-ctx.Done():
			slog.ErrorContext(ctx, "mail was sent and could not be marked", "mail_id", m.ID, "status", status, "error", err.Error())
			return err
		case <-time.After(time.Second):
		}
	}
}

// retry has a mail tried again, later each time, until it is too old.
func (s *Sender) retry(ctx context.Context, m *postgres.DueMail, reason string) error {
	if time.Since(m.CreatedAt) > giveUpAfter {
		slog.ErrorContext(ctx, "mail was given up", "mail_id", m.ID, "kind", m.Kind, "reason", reason)
		return s.end(ctx, m, "failed", reason)
	}
	s.Metrics.ended(m.Kind, "retried")
	wait := min(lastRetry, firstRetry<<min(m.Attempt-1, 10))
	return s.Store.PostponeMail(ctx, m, wait, reason, true)
}

// count keeps the gauges.
func (s *Sender) count(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	for {
		if state, err := s.Store.Outbox(ctx); err == nil {
			s.Metrics.outbox(state)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Kinds lists the kinds of mail, for metrics.
var kinds = []ticket.MailKind{
	ticket.MailConfirmation, ticket.MailResend, ticket.MailRefund, ticket.MailCancellation, ticket.MailPostponement,
	ticket.MailTransfer, ticket.MailTransferred,
}
