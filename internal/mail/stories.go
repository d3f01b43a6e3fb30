package mail

import (
	"strings"

	"yourticket.example/ticket"
)

// stories is the one table of what each kind of mail says.
var stories = map[ticket.MailKind]func(Facts) page{
	ticket.MailConfirmation: func(f Facts) page {
		return f.page("Your tickets: "+f.Event.Name,
			"Thank you for your order: it is confirmed. Your tickets are attached to this mail, a page for each person. Show the code at the door, on paper or on your phone.",
			"Whoever shows a code first gets in, so keep it to yourself.").with(f.amount("Paid")).link(f, "Your booking")
	},
	ticket.MailResend: func(f Facts) page {
		return f.page("Your tickets once more: "+f.Event.Name,
			"Here are your tickets again, as you asked. The codes are the same as before: each lets one person in, once.").link(f, "Your booking")
	},
	ticket.MailRefund: func(f Facts) page {
		return f.page("Your refund: "+f.Event.Name,
			"We have sent your money back to where it came from. Depending on your bank it can take some days until you see it.",
			"The tickets for these places are not valid any more.").with(f.amount("Refunded")).link(f, "Your booking")
	},
	ticket.MailCancellation: func(f Facts) page {
		if f.Amount.Amount == 0 {
			return f.page("Cancelled: "+f.Event.Name,
				"We are sorry: the organizer has cancelled this event. Your ticket is not valid any more. "+
					"Whatever was paid for it goes back to whoever bought it.", f.note()).link(f, "Your tickets")
		}
		return f.page("Cancelled: "+f.Event.Name,
			"We are sorry: the organizer has cancelled this event. You need not do anything. "+
				"Your money goes back to where it came from, fees included; a further mail tells you when it is on its way.",
			f.note()).with(f.amount("To be refunded")).link(f, "Your booking")
	},
	ticket.MailPostponement: func(f Facts) page {
		if f.undated() {
			return f.page("Postponed: "+f.Event.Name,
				"The organizer has postponed this event. The new date is not known yet; we write again when it is. Your tickets stay valid as they are.",
				f.choice(), f.note()).link(f, "Your booking")
		}
		p := f.page("New date: "+f.Event.Name,
			"The organizer has moved this event. Your tickets stay valid for the new date as they are.", f.choice(), f.note())
		return p.with(fact{"Before", f.Before}).link(f, "Your booking")
	},
	ticket.MailTransfer: func(f Facts) page {
		p := f.page("A ticket for you: "+f.Event.Name,
			"Somebody has given you a ticket. It is attached to this mail and in your account. Its code is new: the one of its former owner is not valid any more.")
		return p.link(f, "Your tickets")
	},
	ticket.MailTransferred: func(f Facts) page {
		return f.page("You gave a ticket away: "+f.Event.Name,
			"As you asked, this ticket now belongs to somebody else. The code that you had for it is not valid any more.",
			"If this was not you, tell our support at once.").link(f, "Your booking")
	},
}

// page begins a mail with its paragraphs and what is known of event and places.
func (f Facts) page(subject string, paragraphs ...string) page {
	p := page{Subject: subject, Facts: []fact{{"Event", f.Event.Name}}}
	for _, text := range paragraphs {
		if text != "" {
			p.Paragraphs = append(p.Paragraphs, text)
		}
	}
	if f.Event.Artist != f.Event.Name {
		p.Facts = append(p.Facts, fact{"Artist", f.Event.Artist})
	}
	when := f.When + ", doors " + f.Doors
	if f.undated() {
		when = "not known yet"
	}
	p.Facts = append(p.Facts, fact{"When", when},
		fact{"Where", f.Event.Venue.Name + ", " + f.Event.Venue.City})
	if len(f.Places) > 0 {
		p.Facts = append(p.Facts, fact{"Places", strings.Join(f.Places, "; ")})
	}
	return p
}

// note introduces the organizer's own words.
func (f Facts) note() string {
	if f.Note == "" {
		return ""
	}
	return "The organizer writes: " + f.Note
}

// undated tells that an event was postponed without another date.
func (f Facts) undated() bool { return f.Kind == ticket.MailPostponement && f.Before == "" }

// choice tells who cannot come what else they may do.
func (f Facts) choice() string {
	if f.Until == "" {
		return ""
	}
	return "If you cannot come, give your tickets back in your account " + f.Until + ", and your money goes back to where it came from. Otherwise you need not do anything."
}

func (f Facts) amount(name string) fact { return fact{name, f.Amount.String()} }

func (p page) with(extra fact) page {
	p.Facts = append(p.Facts, extra)
	return p
}

// link leads to the storefront, if there is one.
func (p page) link(f Facts, text string) page {
	if f.Site != "" {
		p.LinkText, p.Link = text, f.Site+"/bookings"
		if f.Kind != ticket.MailTransfer {
			p.Link += "/" + f.BookingID
		}
	}
	return p
}
