// Package mail writes the mails that buyers get: subject, plain text and HTML
// that say the same. It knows no server and no database. Whatever comes from
// organizers or buyers is text here: it is escaped, and cannot add a header.
package mail
