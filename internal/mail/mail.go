package mail

import (
	"embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"unicode"

	"yourticket.example/ticket"
)

//go:embed templates
var templates embed.FS

var (
	textTemplate = texttemplate.Must(texttemplate.ParseFS(templates, "templates/mail.txt"))
	htmlTemplate = htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/mail.html"))
)

// Facts are what a mail is written from.
type Facts struct {
	Kind ticket.MailKind
	// Name is the recipient's.
	Name  string
	Event *ticket.Event
	// When and Doors are the event's times for people; Before is when it should
	// have been, of one that was postponed.
	When, Doors, Before string
	BookingID           string
	// Places are those that the mail is about, in words.
	Places []string
	// Amount is the booking's total, or what goes back; zero when nothing goes back
	// to this recipient.
	Amount ticket.Money
	// Until is until when tickets of a moved event are taken back, in words; empty
	// when they are not.
	Until string
	// Note is the organizer's own words.
	Note string
	// Site is the storefront's address without a slash at its end; empty for no links.
	Site string
}

// Content is a mail in both forms.
type Content struct{ Subject, Text, HTML string }

// fact is a line of a mail's table.
type fact struct{ Name, Value string }

// page is what the templates show.
type page struct {
	Subject, Name  string
	Paragraphs     []string
	Facts          []fact
	Link, LinkText string
	Foot           string
}

// Write writes a mail. It fails for a kind that is none.
func Write(f Facts) (c Content, err error) {
	story, known := stories[f.Kind]
	if !known {
		return c, fmt.Errorf("mail: there is no kind %q", f.Kind)
	}
	p := story(f)
	p.Subject, p.Name = line(p.Subject), line(f.Name)
	for i := range p.Paragraphs {
		p.Paragraphs[i] = clean(p.Paragraphs[i])
	}
	for i := range p.Facts {
		p.Facts[i].Value = line(p.Facts[i].Value)
	}
	p.Foot = "This mail was sent because of booking " + f.BookingID + " at YourTicket. You need not answer it."
	var text, html strings.Builder
	if err := textTemplate.Execute(&text, p); err != nil {
		return c, fmt.Errorf("mail: %w", err)
	}
	if err := htmlTemplate.Execute(&html, p); err != nil {
		return c, fmt.Errorf("mail: %w", err)
	}
	return Content{Subject: p.Subject, Text: text.String(), HTML: html.String()}, nil
}

// line makes text one line without characters that cannot be seen: a line break
// in a subject would begin a header of its writer's choice.
func line(text string) string { return strings.Join(strings.Fields(clean(text)), " ") }

// clean takes away what cannot be seen, but for line breaks and spaces.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control)) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "�"))
}
