package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"yourticket.example/internal/bestseats"
	"yourticket.example/internal/mail"
	"yourticket.example/internal/postgres"
	"yourticket.example/internal/smtp"
	"yourticket.example/internal/ticketpdf"
	"yourticket.example/ticket"
)

// Writer makes a mail from what the outbox names.
type Writer struct {
	People interface {
		User(ctx context.Context, id string) (ticket.User, error)
	}
	Events interface {
		Event(ctx context.Context, idOrSlug string) (*ticket.Event, error)
		Places(ctx context.Context, planID string) (*ticket.Plan, *bestseats.Finder, error)
	}
	Bookings interface {
		Booking(ctx context.Context, id string) (*ticket.Booking, error)
	}
	Codes ticketpdf.Codes
	// FromName and From are who mails are from.
	FromName, From string
	// Site is the storefront's address; empty for mails without links.
	Site string
}

// nowhere is the domain of accounts without an address: erased ones, and those
// of an outside issuer that named none.
const nowhere = "@accounts.invalid"

// Write writes the mail, or says why it shall not be sent.
func (w *Writer) Write(ctx context.Context, m *postgres.DueMail) (message *smtp.Message, dropped string, err error) {
	to, err := w.People.User(ctx, m.ToID)
	if ticket.CodeOf(err) == ticket.CodeNotFound || err == nil && strings.HasSuffix(to.Email, nowhere) {
		return nil, "the account has no address", nil
	}
	if err != nil {
		return nil, "", err
	}
	b, err := w.Bookings.Booking(ctx, m.BookingID)
	if err != nil {
		return nil, "", err
	}
	event, err := w.Events.Event(ctx, m.EventID)
	if err != nil {
		return nil, "", err
	}
	plan, _, err := w.Events.Places(ctx, event.PlanID)
	if err != nil {
		return nil, "", err
	}
	s := story{m: m, to: to, booking: b, event: event, plan: plan}
	content, err := mail.Write(s.facts(w.Site))
	if err != nil {
		return nil, "", err
	}
	message = &smtp.Message{
		ID: w.messageID(m.ID), FromName: w.FromName, From: w.From, ToName: strings.Join(strings.Fields(to.Name), " "), To: to.Email,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML, Date: m.CreatedAt, AutoSubmittedKind: "auto-generated",
	}
	if s.carriesTickets() {
		dropped, err = w.attach(ctx, message, &s)
	}
	return message, dropped, err
}

// attach adds the tickets that the recipient has now.
func (w *Writer) attach(ctx context.Context, message *smtp.Message, s *story) (dropped string, err error) {
	d, err := ticketpdf.Of(ctx, s.event, s.plan, s.booking, w.Codes, s.attaches)
	if err != nil {
		return "", err
	}
	if len(d.Pages) == 0 {
		return "the tickets are not the recipient's any more", nil
	}
	pdf, err := ticketpdf.Render(ctx, d)
	if err != nil {
		return "", err
	}
	message.Attachments = []smtp.Attachment{{Name: "tickets-" + s.booking.ID + ".pdf", Type: "application/pdf", Content: pdf}}
	return "", nil
}

// messageID is the same for the same mail, however often it is sent.
func (w *Writer) messageID(id string) string {
	sum := sha256.Sum256([]byte(id))
	_, domain, _ := strings.Cut(w.From, "@")
	return hex.EncodeToString(sum[:16]) + "@" + domain
}

// story is a mail with all that it is about.
type story struct {
	m       *postgres.DueMail
	to      ticket.User
	booking *ticket.Booking
	event   *ticket.Event
	plan    *ticket.Plan
}

func (s *story) carriesTickets() bool {
	return s.m.Kind == ticket.MailConfirmation || s.m.Kind == ticket.MailResend || s.m.Kind == ticket.MailTransfer
}

// attaches picks the tickets of a mail: valid ones that its recipient has.
func (s *story) attaches(t ticket.Ticket) bool {
	valid := t.Status == ticket.TicketLive || t.Status == ticket.TicketUsed
	return valid && t.HeldBy(s.booking.BuyerID) == s.m.ToID && (s.m.TicketID == "" || t.ID == s.m.TicketID)
}

func (s *story) facts(site string) mail.Facts {
	f := mail.Facts{
		Kind: s.m.Kind, Name: s.to.Name, Event: s.event, BookingID: s.booking.ID, Amount: s.booking.Total, Note: s.m.Facts.Note, Site: site,
		When: ticketpdf.When(s.event.Venue, s.event.StartsAt), Doors: ticketpdf.Clock(s.event.Venue, s.event.DoorsAt),
	}
	if s.m.Facts.Amount != nil {
		f.Amount = *s.m.Facts.Amount
	}
	if s.m.Kind == ticket.MailCancellation && s.m.ToID != s.booking.BuyerID {
		f.Amount = ticket.Money{}
	}
	if s.m.Kind == ticket.MailPostponement && s.m.ToID == s.booking.BuyerID {
		f.Until = s.takenBack()
	}
	if s.m.Facts.Before != nil {
		f.Before = ticketpdf.When(s.event.Venue, *s.m.Facts.Before)
	}
	for _, it := range s.booking.Items {
		if s.concerns(it.SeatIndex) && it.SeatIndex < len(s.plan.Seats) {
			f.Places = append(f.Places, place(&s.plan.Seats[it.SeatIndex]))
		}
	}
	return f
}

// takenBack says in words until when a moved event's tickets are taken back.
func (s *story) takenBack() string {
	switch {
	case !s.event.RefundsUntil.IsZero():
		return "until " + ticketpdf.When(s.event.Venue, s.event.RefundsUntil)
	case s.event.Status == ticket.EventPostponed:
		return "while the event is postponed"
	}
	return ""
}

// concerns tells whether the mail is about a place of the booking.
func (s *story) concerns(seat int) bool {
	if s.m.TicketID != "" {
		return slices.ContainsFunc(s.booking.Tickets, func(t ticket.Ticket) bool { return t.ID == s.m.TicketID && t.SeatIndex == seat })
	}
	return len(s.m.Facts.Seats) == 0 || slices.Contains(s.m.Facts.Seats, seat)
}

func place(seat *ticket.Seat) string {
	if seat.Standing() {
		return seat.Zone + ", standing"
	}
	return seat.Zone + ", row " + seat.Row + ", seat " + seat.Number
}
