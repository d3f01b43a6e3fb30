package auth

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"yourticket.example/ticket"
)

// Bounds of an account's fields.
const (
	minPassword = 8    // characters
	maxPassword = 1024 // bytes; a passphrase fits, an attack on the hash does not
	maxEmail    = 254  // bytes, RFC 5321
	maxName     = 200  // characters
)

// validate trims name and address and reports every faulty field.
func (n *NewAccount) validate() error {
	n.Email, n.Name = strings.TrimSpace(n.Email), strings.TrimSpace(n.Name)
	var fields []ticket.FieldError
	add := func(field, message string) {
		fields = append(fields, ticket.FieldError{Field: field, Message: message})
	}
	if !isEmail(n.Email) {
		add("email", "is not an email address")
	}
	if utf8.RuneCountInString(n.Password) < minPassword {
		add("password", "must have 8 characters or more")
	}
	if len(n.Password) > maxPassword {
		add("password", "must have 1024 bytes or fewer")
	}
	if n.Name == "" || utf8.RuneCountInString(n.Name) > maxName || strings.ContainsFunc(n.Name, unicode.IsControl) {
		add("name", "must have 1 to 200 characters, none of them a control character")
	}
	if len(fields) == 0 {
		return nil
	}
	return &ticket.Error{Code: ticket.CodeInvalid, Message: "The account's data is not valid.", Fields: fields}
}

// isEmail takes a bare address with a domain, neither quoted nor commented.
func isEmail(s string) bool {
	if len(s) > maxEmail || strings.ContainsAny(s, "\"() ") {
		return false
	}
	parsed, err := mail.ParseAddress(s)
	if err != nil || parsed.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return domain != "" && !strings.HasPrefix(domain, ".") && !strings.HasSuffix(domain, ".") && !strings.Contains(domain, "..")
}
