package mailcatcher

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	kept    = 1000
	maxSize = 16 << 20
)

// Catcher takes mails.
type Catcher struct {
	mu    sync.Mutex
	mails []*Mail // oldest first
	next  int
}

// Mails lists what came, newest first.
func (c *Catcher) Mails() []*Mail {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.mails)
	slices.Reverse(list)
	return list
}

// Mail gives one mail; false when there is none, or it is forgotten.
func (c *Catcher) Mail(id string) (*Mail, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.mails, func(m *Mail) bool { return m.ID == id })
	if i < 0 {
		return nil, false
	}
	return c.mails[i], true
}

func (c *Catcher) add(to []string, raw []byte) {
	m := read(raw)
	m.Received, m.To = time.Now(), to
	c.mu.Lock()
	defer c.mu.Unlock()
	c.next++
	m.ID = strconv.Itoa(c.next)
	c.mails = append(c.mails, m)
	if len(c.mails) > kept {
		c.mails = slices.Delete(c.mails, 0, len(c.mails)-kept)
	}
}

// Serve takes mails on the listener until ctx ends.
func (c *Catcher) Serve(ctx context.Context, listener net.Listener) error {
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &session{catcher: c}, nil }))
	server.Domain, server.MaxMessageBytes, server.MaxRecipients = "localhost", maxSize, 50
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return errors.Join(server.Close())
	}
}

// session is one connection's mail in the making.
type session struct {
	catcher *Catcher
	to      []string
}

// Mail begins a mail.
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail itself.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.catcher.add(slices.Clone(s.to), raw)
	return nil
}

// Reset forgets the mail in the making.
func (s *session) Reset() { s.to = nil }

// Logout ends the connection.
func (s *session) Logout() error { return nil }
