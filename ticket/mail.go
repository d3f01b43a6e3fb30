package ticket

import "time"

// MailKind is what a mail tells of.
type MailKind string

// The kinds of mail.
const (
	MailConfirmation MailKind = "confirmation"
	MailResend       MailKind = "resend"
	MailRefund       MailKind = "refund"
	MailCancellation MailKind = "cancellation"
	MailPostponement MailKind = "postponement"
	MailTransfer     MailKind = "transfer"    // to the new holder
	MailTransferred  MailKind = "transferred" // to the one before
)

// Mail is a mail that is to be sent. It names its recipient by account: nothing
// in it is personal.
type Mail struct {
	// ID is derived from what the mail tells of, so that it is sent once; it
	// begins with the id of something on the event's shard.
	ID        string
	Kind      MailKind
	ToID      string
	EventID   string
	BookingID string
	TicketID  string // of a transfer, else empty
	Facts     MailFacts
}

// MailFacts are what a mail says beyond what booking and event say themselves
// when it is sent.
type MailFacts struct {
	// Amount is what goes back to the buyer, in a refund or a cancellation.
	Amount *Money `json:"amount,omitempty"`
	// Seats are the places that it is about; all of the booking when empty.
	Seats []int `json:"seats,omitempty"`
	// Before is when a postponed event should have begun.
	Before *time.Time `json:"before,omitempty"`
	// Note is the organizer's own words; text, never markup.
	Note string `json:"note,omitempty"`
}
