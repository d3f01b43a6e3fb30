package mail_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yourticket.example/internal/mail"
	"yourticket.example/ticket"
)

func facts(kind ticket.MailKind) mail.Facts {
	return mail.Facts{
		Kind: kind, Name: "Zoë", Event: &ticket.Event{Name: "Nächtliche Räume", Artist: "The Examples", Venue: ticket.Venue{Name: "Club", City: "Köln"}},
		When: "Friday, 3 July 2026, 20:30", Doors: "19:30", Before: "Friday, 5 June 2026, 20:30", BookingID: "bk_1", Places: []string{"Floor, row 1, seat 2"},
		Amount: ticket.Money{Amount: 12550, Currency: "EUR"}, Note: "See you then.", Site: "https://tickets.example",
	}
}

func TestEachKindTellsItsStory(t *testing.T) {
	t.Parallel()
	for kind, want := range map[ticket.MailKind][]string{
		ticket.MailConfirmation: {"it is confirmed", "125.50 EUR", "Floor, row 1, seat 2", "https://tickets.example/bookings/bk_1"},
		ticket.MailResend:       {"again, as you asked"},
		ticket.MailRefund:       {"sent your money back", "125.50 EUR"},
		ticket.MailCancellation: {"has cancelled this event", "The organizer writes: See you then."},
		ticket.MailPostponement: {"stay valid for the new date", "Friday, 5 June 2026, 20:30", "Friday, 3 July 2026, 20:30"},
		ticket.MailTransfer:     {"given you a ticket", "https://tickets.example/bookings"},
		ticket.MailTransferred:  {"belongs to somebody else"},
	} {
		c, err := mail.Write(facts(kind))
		require.NoError(t, err)
		require.Contains(t, c.Subject, "Nächtliche Räume")
		for _, text := range append(want, "Hello Zoë,", "Club, Köln", "bk_1") {
			require.Contains(t, c.Text, text, kind)
			require.Contains(t, c.HTML, text, kind)
		}
	}
	_, err := mail.Write(facts("invitation"))
	require.Error(t, err)
}

func TestNobodysWordsAreMarkupOrHeaders(t *testing.T) {
	t.Parallel()
	f := facts(ticket.MailPostponement)
	f.Event.Name = "Show\r\nBcc: everyone@example.org\u202e"
	f.Name, f.Note = `<script>alert(1)</script>`, `<a href="https://evil.example">click</a>`
	c, err := mail.Write(f)
	require.NoError(t, err)
	require.NotContains(t, c.Subject, "\n")
	require.NotContains(t, c.Subject, "\r")
	require.NotContains(t, c.Subject, "\u202e")
	require.NotContains(t, c.HTML, "<script>")
	require.NotContains(t, c.HTML, `href="https://evil.example"`)
	require.Equal(t, 1, strings.Count(c.HTML, "<a href"))
}

func TestWhatIsNotKnownIsNotSaid(t *testing.T) {
	t.Parallel()
	f := facts(ticket.MailPostponement)
	f.Before, f.Until = "", "until Friday, 12 June 2026, 20:30"
	c, err := mail.Write(f)
	require.NoError(t, err)
	require.Equal(t, "Postponed: Nächtliche Räume", c.Subject)
	require.Contains(t, c.Text, "When: not known yet")
	require.NotContains(t, c.Text, f.When)
	require.Contains(t, c.Text, "give your tickets back in your account until Friday, 12 June 2026, 20:30")

	f = facts(ticket.MailCancellation)
	f.Amount = ticket.Money{}
	c, err = mail.Write(f)
	require.NoError(t, err)
	require.Contains(t, c.Text, "goes back to whoever bought it")
	require.NotContains(t, c.Text, "To be refunded", "who was given the ticket gets no money")
}

func TestWithoutASiteThereIsNoLink(t *testing.T) {
	t.Parallel()
	f := facts(ticket.MailConfirmation)
	f.Site = ""
	c, err := mail.Write(f)
	require.NoError(t, err)
	require.NotContains(t, c.HTML, "<a ")
	require.NotContains(t, c.Text, "http")
}
