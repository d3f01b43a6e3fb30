package waitingroom

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// macSize is the length of what authenticates a token.
const macSize = 16

// Labels keep what authenticates one kind of token from meaning anything else.
const (
	admissionLabel = "yourticket admission v1\x00"
	placeLabel     = "yourticket place v1\x00"
)

// Admission lets its buyer book.
type Admission struct {
	// Token is opaque to buyers: number and end, authenticated for one event and
	// one account.
	Token     string
	Number    int64
	ExpiresAt time.Time
}

// admissionToken is base64url of number and end (each 8 bytes, big-endian) and
// 16 bytes of HMAC-SHA256 under the room's key.
func (k roomKeys) admissionToken(eventID, buyerID string, number, ends int64) string {
	var b [16 + macSize]byte
	binary.BigEndian.PutUint64(b[:8], uint64(number)) //nolint:gosec // positive
	binary.BigEndian.PutUint64(b[8:16], uint64(ends)) //nolint:gosec // milliseconds
	copy(b[16:], k.mac(admissionLabel, eventID, buyerID, b[:16]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// readAdmission gives number and end of a token that was made for this event
// and this account; false for any other text.
func (k roomKeys) readAdmission(token, eventID, buyerID string) (number, ends int64, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 16+macSize || !hmac.Equal(b[16:], k.mac(admissionLabel, eventID, buyerID, b[:16])) {
		return 0, 0, false
	}
	return int64(binary.BigEndian.Uint64(b[:8])), int64(binary.BigEndian.Uint64(b[8:16])), true //nolint:gosec // we made it
}

// placeTicket is a receipt for a place: it proves the entry to us, whatever
// else is lost.
func (k roomKeys) placeTicket(eventID, buyerID string, entry int64) string {
	var b [8 + macSize]byte
	binary.BigEndian.PutUint64(b[:8], uint64(entry)) //nolint:gosec // positive
	copy(b[8:], k.mac(placeLabel, eventID, buyerID, b[:8]))
	return base64.RawURLEncoding.EncodeToString(b[:])
}

func (k roomKeys) mac(label, eventID, buyerID string, content []byte) []byte {
	h := hmac.New(sha256.New, k.token)
	text := append(append([]byte(label), content...), eventID...)
	text = append(append(text, 0), buyerID...) // ids hold no zero byte
	h.Write(text)
	return h.Sum(nil)[:macSize]
}
