package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"yourticket.example/ticket"
)

// ticketContext keeps a ticket's signature from meaning anything else.
const ticketContext = "yourticket ticket v1\x00"

// TicketCode gives the code that is printed on a ticket: base64url of what it
// says, as text, and an Ed25519 signature of 64 bytes over the context and that
// text. The text is the ticket's id, followed by a point and the generation once
// the ticket has changed hands. A door can check it with the public keys alone.
// The same ticket has the same code as long as the key is the same.
func (k *Keys) TicketCode(_ context.Context, t ticket.Ticket) (string, error) {
	key := k.set.Load().signTicket
	if key == nil {
		return "", errors.New("auth: no key for tickets")
	}
	text := t.ID
	if t.Generation > 1 {
		text += "." + strconv.Itoa(t.Generation)
	}
	signature := ed25519.Sign(key, []byte(ticketContext+text))
	return base64.RawURLEncoding.EncodeToString(append([]byte(text), signature...)), nil
}

// VerifyTicketCode gives the id and the generation of the ticket that a code is
// for. CodeInvalidTicket when we did not sign it.
func (k *Keys) VerifyTicketCode(code string) (ticketID string, generation int, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err == nil && len(raw) > ed25519.SignatureSize {
		text, signature := raw[:len(raw)-ed25519.SignatureSize], raw[len(raw)-ed25519.SignatureSize:]
		for _, key := range k.set.Load().tickets {
			if ed25519.Verify(key, append([]byte(ticketContext), text...), signature) {
				return readTicketText(string(text))
			}
		}
	}
	return "", 0, errNotOurs()
}

func readTicketText(text string) (ticketID string, generation int, err error) {
	id, number, later := strings.Cut(text, ".")
	generation = 1
	if later {
		if generation, err = strconv.Atoi(number); err != nil || generation < 2 {
			return "", 0, errNotOurs()
		}
	}
	if !ticket.IsID(ticket.KindTicket, id) {
		return "", 0, errNotOurs()
	}
	return id, generation, nil
}

func errNotOurs() error {
	return ticket.Errorf(ticket.CodeInvalidTicket, "The code is not one of ours.")
}
