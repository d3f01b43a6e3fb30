// Package smtp hands mail to a mail server. The server's answer decides what a
// failure means: RefusalError when the mail itself is not wanted, any other error when
// another try may succeed.
package smtp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// timeout bounds the connection and each mail.
const timeout = 20 * time.Second

// Message is a mail as it is sent.
type Message struct {
	// ID is the Message-ID without its brackets. The same mail has the same, so
	// that whoever gets it twice can tell.
	ID                string
	FromName, From    string
	ToName, To        string
	Subject           string
	Text, HTML        string
	Date              time.Time
	Attachments       []Attachment
	AutoSubmittedKind string // the Auto-Submitted header, such as auto-generated
}

// Attachment is a file in a mail.
type Attachment struct {
	Name, Type string
	Content    []byte
}

// RefusalError is the server's final no to a mail.
type RefusalError struct {
	// Code is the SMTP reply code; 0 when the mail could not even be written,
	// because its address is none.
	Code int
}

// Error says what the server answered, and not to whom.
func (r *RefusalError) Error() string {
	if r.Code == 0 {
		return "the address is not one that mail can be sent to"
	}
	return fmt.Sprintf("the mail server refused it for good (%d)", r.Code)
}

// Server is a mail server.
type Server struct {
	host    string
	options []gomail.Option
}

// New reads smtp://user:password@host:port or smtps://…. With smtp the
// connection is encrypted when the server offers it; with a password, or with
// ?starttls=required, it must. The default ports are 587 and 465.
func New(address string) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("smtp: the address is not a valid URL") // the parser's error would show the password
	}
	port, policy := 587, gomail.TLSOpportunistic
	password, login := u.User.Password()
	if login || u.Query().Get("starttls") == "required" {
		policy = gomail.TLSMandatory
	}
	s := &Server{host: u.Hostname(), options: []gomail.Option{gomail.WithTimeout(timeout), gomail.WithTLSPolicy(policy)}}
	if u.Scheme == "smtps" {
		port = 465
		s.options = append(s.options, gomail.WithSSL())
	}
	if text := u.Port(); text != "" {
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return nil, errors.New("smtp: the port is not one")
		}
	}
	s.options = append(s.options, gomail.WithPort(port))
	if login {
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

// Session is a connection over which mails are sent one after another.
type Session struct{ client *gomail.Client }

// Open connects, encrypts and logs in.
func (s *Server) Open(ctx context.Context) (*Session, error) {
	client, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		return nil, fmt.Errorf("smtp: connect: %w", err)
	}
	return &Session{client: client}, nil
}

// Send hands a mail over; nil when the server has taken it, *RefusalError when it
// never will. After any other error the session is of no more use, and whether
// the server has taken the mail may be unknown.
func (s *Session) Send(m *Message) error {
	msg, err := compose(m)
	if err != nil {
		return &RefusalError{}
	}
	err = s.client.Send(msg)
	if err == nil || msg.IsDelivered() {
		return nil // what failed after the server had taken it does not matter
	}
	if sent, ok := errors.AsType[*gomail.SendError](err); ok {
		if code := sent.ErrorCode(); code >= 500 && code < 600 {
			return &RefusalError{Code: code}
		}
		return fmt.Errorf("smtp: send: %s (%d)", sent.Reason, sent.ErrorCode()) // its own text names the recipient
	}
	return errors.New("smtp: send: the connection failed")
}

// Close ends the session politely.
func (s *Session) Close() error { return s.client.Close() }

func compose(m *Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := errors.Join(msg.FromFormat(m.FromName, m.From), msg.AddToFormat(m.ToName, m.To)); err != nil {
		return nil, err
	}
	msg.SetMessageIDWithValue(m.ID)
	msg.SetDateWithValue(m.Date)
	msg.Subject(m.Subject)
	if m.AutoSubmittedKind != "" {
		msg.SetGenHeader("Auto-Submitted", m.AutoSubmittedKind)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	for _, a := range m.Attachments {
		msg.AttachReadSeeker(a.Name, bytes.NewReader(a.Content), gomail.WithFileContentType(gomail.ContentType(a.Type)))
	}
	return msg, nil
}
