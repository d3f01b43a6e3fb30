// Package ticketpdf prints tickets: one A4 page each, with what a person at the
// door needs to read and the code that a scanner reads, as a QR code.
//
// Text may be in any script. Latin, Greek, Cyrillic, Armenian, Georgian and
// Hebrew are printed in DejaVu Sans, Chinese and Japanese in Droid Sans Fallback,
// Korean in NanumSquare; they are embedded as far as a document uses them. Right-to-left text
// stands in its visual order; Arabic letters are not joined. A character that
// no font has becomes □. The code is the same whatever its names look like.
//
// Times are the venue's own, found by its position; where the zone of a position
// is not known they are UTC, and the page says so.
package ticketpdf
