package mailcatcher

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"
	"time"
)

// Mail is a mail that came, taken apart.
type Mail struct {
	ID        string
	Received  time.Time
	To        []string // of the envelope
	MessageID string
	From      string
	Subject   string
	Header    mail.Header
	Text      string
	HTML      string
	Files     []File
	Raw       []byte
}

// File is an attachment.
type File struct {
	Name, Type string
	Content    []byte
}

// maxDepth bounds how deep parts may lie in one another.
const maxDepth = 8

// read takes a mail apart as far as it can be read; the rest is in Raw.
func read(raw []byte) *Mail {
	m := &Mail{Raw: raw}
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		m.Text = string(raw)
		return m
	}
	m.Header = parsed.Header
	m.Subject, m.From = decoded(parsed.Header.Get("Subject")), decoded(parsed.Header.Get("From"))
	m.MessageID = strings.Trim(parsed.Header.Get("Message-ID"), "<>")
	m.part(textproto.MIMEHeader(parsed.Header), parsed.Body, 0)
	return m
}

func decoded(header string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		return header
	}
	return text
}

// part reads a part, and those inside it.
func (m *Mail) part(header textproto.MIMEHeader, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < maxDepth {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return // the end, or what cannot be read
			}
			m.part(p.Header, p, depth+1)
		}
	}
	content, _ := io.ReadAll(transferDecoded(header.Get("Content-Transfer-Encoding"), body)) // as much as can be read
	disposition, file, _ := mime.ParseMediaType(header.Get("Content-Disposition"))
	switch {
	case disposition == "attachment" || file["filename"] != "":
		m.Files = append(m.Files, File{Name: decoded(file["filename"]), Type: kind, Content: content})
	case kind == "text/html":
		m.HTML += string(content)
	case kind == "text/plain":
		m.Text += string(content)
	}
}

func transferDecoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	}
	return body
}
