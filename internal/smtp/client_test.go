package smtp_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	server "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"yourticket.example/internal/mailcatcher"
	"yourticket.example/internal/smtp"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// catcher runs a mail server that takes everything.
func catcher(t *testing.T) (*mailcatcher.Catcher, string) {
	t.Helper()
	l, c := listen(t), &mailcatcher.Catcher{}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { _ = c.Serve(ctx, l) }()
	return c, "smtp://" + l.Addr().String()
}

func message() *smtp.Message {
	return &smtp.Message{
		ID: "abc@yourticket.example", FromName: "YourTicket", From: "tickets@yourticket.example", ToName: "Zoë, \"Z\" <x@y>", To: "zoe@example.org",
		Subject: "Your tickets: Nächtliche Räume — 宇多田", Text: "Hällo.\n.\nA line with one dot before.", HTML: "<p>Hällo</p>",
		Date: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), AutoSubmittedKind: "auto-generated",
		Attachments: []smtp.Attachment{{Name: "tickets.pdf", Type: "application/pdf", Content: []byte("%PDF-\x00\xff\r\n.\r\n")}},
	}
}

func send(t *testing.T, address string, m *smtp.Message) error {
	t.Helper()
	s, err := smtp.New(address)
	require.NoError(t, err)
	session, err := s.Open(t.Context())
	require.NoError(t, err)
	defer func() { _ = session.Close() }()
	return session.Send(m)
}

func TestAMailArrivesAsItWasWritten(t *testing.T) {
	t.Parallel()
	c, address := catcher(t)
	require.NoError(t, send(t, address, message()))
	got := c.Mails()
	require.Len(t, got, 1)
	require.Equal(t, []string{"zoe@example.org"}, got[0].To)
	require.Equal(t, "Your tickets: Nächtliche Räume — 宇多田", got[0].Subject)
	require.Equal(t, "abc@yourticket.example", got[0].MessageID)
	require.Equal(t, "auto-generated", got[0].Header.Get("Auto-Submitted"))
	require.Contains(t, got[0].Text, "Hällo.")
	require.Equal(t, "<p>Hällo</p>", got[0].HTML)
	require.Equal(t, message().Attachments[0].Content, got[0].Files[0].Content)
}

func TestSeveralMailsGoOverOneConnection(t *testing.T) {
	t.Parallel()
	c, address := catcher(t)
	s, err := smtp.New(address)
	require.NoError(t, err)
	session, err := s.Open(t.Context())
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, session.Send(message()))
	}
	require.NoError(t, session.Close())
	require.Len(t, c.Mails(), 3)
}

func TestNoFieldAddsAHeader(t *testing.T) {
	t.Parallel()
	c, address := catcher(t)
	m := message()
	m.ToName, m.Subject = "Eve\r\nBcc: all@example.org", "Hi\r\nX-Evil: yes\r\n\r\nbody"
	err := send(t, address, m)
	for _, got := range c.Mails() {
		require.Empty(t, got.Header.Get("Bcc"))
		require.Empty(t, got.Header.Get("X-Evil"))
		require.Equal(t, []string{"zoe@example.org"}, got.To)
	}
	if err != nil {
		require.ErrorAs(t, err, new(*smtp.RefusalError))
	}
	m = message()
	m.To = "zoe@example.org>\r\nRCPT TO:<all@example.org"
	require.ErrorAs(t, send(t, address, m), new(*smtp.RefusalError))
}

// answers is a server that says the same to every recipient, or to the mail.
type answers struct{ rcpt, data *server.SMTPError }

func (a answers) Mail(string, *server.MailOptions) error { return nil }

func (a answers) Rcpt(string, *server.RcptOptions) error {
	if a.rcpt != nil {
		return a.rcpt
	}
	return nil
}

func (a answers) Data(r io.Reader) error {
	_, _ = io.Copy(io.Discard, r)
	if a.data != nil {
		return a.data
	}
	return nil
}

func (a answers) Reset()        {}
func (a answers) Logout() error { return nil }

func TestFailuresAreTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server answers
		final  bool
		code   int
	}{
		"an unknown recipient":   {answers{rcpt: &server.SMTPError{Code: 550, Message: "no zoe@example.org here"}}, true, 550},
		"an unwanted mail":       {answers{data: &server.SMTPError{Code: 554, Message: "spam"}}, true, 554},
		"a full mailbox":         {answers{rcpt: &server.SMTPError{Code: 452, Message: "zoe@example.org is full"}}, false, 452},
		"a server in difficulty": {answers{data: &server.SMTPError{Code: 451, Message: "later"}}, false, 451},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := listen(t)
			srv := server.NewServer(server.BackendFunc(func(*server.Conn) (server.Session, error) { return tt.server, nil }))
			srv.Domain = "localhost"
			t.Cleanup(func() { _ = srv.Close() })
			go func() { _ = srv.Serve(l) }()
			err := send(t, "smtp://"+l.Addr().String(), message())
			require.Error(t, err)
			require.NotContains(t, err.Error(), "zoe", "what is logged names nobody")
			var refusal *smtp.RefusalError
			if tt.final {
				require.ErrorAs(t, err, &refusal)
				require.Equal(t, tt.code, refusal.Code)
			} else {
				require.NotErrorAs(t, err, &refusal)
			}
		})
	}
}

func TestAPasswordNeverGoesInTheClear(t *testing.T) {
	t.Parallel()
	_, address := catcher(t) // it offers no encryption
	s, err := smtp.New("smtp://user:secret@" + address[len("smtp://"):])
	require.NoError(t, err)
	_, err = s.Open(t.Context())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestAServerThatIsAwayIsNoRefusal(t *testing.T) {
	t.Parallel()
	l := listen(t)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	s, err := smtp.New("smtp://" + address)
	require.NoError(t, err)
	_, err = s.Open(t.Context())
	require.Error(t, err)
	require.NotErrorAs(t, err, new(*smtp.RefusalError))
	for _, bad := range []string{"smtp://", "smtp://host:0", "smtp://host:99999", "::"} {
		_, err := smtp.New(bad)
		require.Error(t, err, bad)
	}
}
