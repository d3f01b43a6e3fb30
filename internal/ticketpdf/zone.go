package ticketpdf

import (
	"time"
	_ "time/tzdata" // A server need not have the zones installed.

	"github.com/zsefvlol/timezonemapper"

	"yourticket.example/ticket"
)

// LocalTime gives a time as the venue's clocks show it, and whether its zone is
// known; in UTC when it is not.
func LocalTime(v ticket.Venue, t time.Time) (local time.Time, known bool) {
	if v.Lat == 0 && v.Lon == 0 {
		return t.UTC(), false // that nobody filled it in is likelier than a concert in the Gulf of Guinea
	}
	name := timezonemapper.LatLngToTimezoneString(v.Lat, v.Lon)
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return t.UTC(), false
	}
	return t.In(zone), true
}

// When writes a time for people, in the venue's own time or with the word UTC.
func When(v ticket.Venue, t time.Time) string {
	local, known := LocalTime(v, t)
	text := local.Format("Monday, 2 January 2006, 15:04")
	if !known {
		text += " UTC"
	}
	return text
}

// Clock is When without the day.
func Clock(v ticket.Venue, t time.Time) string {
	local, known := LocalTime(v, t)
	if !known {
		return local.Format("15:04 UTC")
	}
	return local.Format("15:04")
}
