package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"

	"yourticket.example/ticket"
)

// ticketContext keeps a ticket's signature from meaning anything else.
const ticketContext = "yourticket ticket v1\x00"

// TicketCode gives the code that is printed on a ticket: base64url of the
// ticket's id, as text, and an Ed25519 signature of 64 bytes over the context
// and the id. A door can check it with the public keys alone. The same ticket
// has the same code as long as the key is the same.
func (k *Keys) TicketCode(_ context.Context, ticketID string) (string, error) {
	key := k.set.Load().signTicket
	if key == nil {
		return "", errors.New("auth: no key for tickets")
	}
	signature := ed25519.Sign(key, []byte(ticketContext+ticketID))
	return base64.RawURLEncoding.EncodeToString(append([]byte(ticketID), signature...)), nil
}

// VerifyTicketCode gives the id of the ticket that a code is for.
// CodeInvalidTicket when we did not sign it.
func (k *Keys) VerifyTicketCode(code string) (ticketID string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err == nil && len(raw) > ed25519.SignatureSize {
		id, signature := raw[:len(raw)-ed25519.SignatureSize], raw[len(raw)-ed25519.SignatureSize:]
		for _, key := range k.set.Load().tickets {
			if ed25519.Verify(key, append([]byte(ticketContext), id...), signature) && ticket.IsID(ticket.KindTicket, string(id)) {
				return string(id), nil
			}
		}
	}
	return "", ticket.Errorf(ticket.CodeInvalidTicket, "The code is not one of ours.")
}
