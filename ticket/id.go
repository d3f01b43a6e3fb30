package ticket

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Kind is the prefix of an id, which says what the id names.
type Kind string

// The kinds of things that have ids.
const (
	KindUser    Kind = "us"
	KindVenue   Kind = "ve"
	KindPlan    Kind = "pl"
	KindEvent   Kind = "ev"
	KindBooking Kind = "bk"
	KindTicket  Kind = "ti"
	KindRefund  Kind = "rf"

	KindReconciliation Kind = "rc"
)

// idBytes is the length of an id before its encoding: two bytes of shard and
// fourteen that make it unique.
const idBytes = 16

// idEncoding is Crockford's alphabet in lower case: no letter that a person
// reading it over the phone could take for a digit.
var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id of the given kind that lives on the given shard (0 for the
// catalogue). Ids made later sort later, which keeps index inserts local.
func NewID(kind Kind, shard int) string {
	var b [idBytes]byte
	binary.BigEndian.PutUint64(b[:8], uint64(shard)<<48|uint64(time.Now().UnixMilli())) //nolint:gosec // a time in milliseconds fits 48 bits until the year 10889
	_, _ = rand.Read(b[8:])                                                             // never fails: crypto/rand aborts the program instead
	return encodeID(kind, b)
}

// DeriveBookingID makes the id of the booking that the buyer asked for under
// this idempotency key. The same three inputs give the same id, so that a
// repeated request can only find the booking it made before.
func DeriveBookingID(eventID, buyerID, idempotencyKey string) string {
	sum := sha256.Sum256([]byte(buyerID + "\x00" + idempotencyKey))
	var b [idBytes]byte
	copy(b[2:], sum[:])
	shard, _ := ShardOf(eventID)
	binary.BigEndian.PutUint16(b[:2], uint16(shard)) //nolint:gosec // ShardOf returns at most 65535
	return encodeID(KindBooking, b)
}

// DeriveTicketID makes the id of the n-th ticket of a booking; a repeated
// commit therefore writes the same tickets.
func DeriveTicketID(bookingID string, n int) string {
	raw, ok := decodeID(bookingID)
	if !ok {
		return ""
	}
	var seed [idBytes + 8]byte
	copy(seed[:], raw[:])
	binary.BigEndian.PutUint64(seed[idBytes:], uint64(n)) //nolint:gosec // n counts the seats of one booking
	sum := sha256.Sum256(seed[:])
	var b [idBytes]byte
	copy(b[2:], sum[:])
	copy(b[:2], raw[:2])
	return encodeID(KindTicket, b)
}

// DeriveRefundID makes the id of the refund of a booking that was asked for under
// this key; the same request names the same refund.
func DeriveRefundID(bookingID, key string) string {
	raw, ok := decodeID(bookingID)
	if !ok {
		return ""
	}
	sum := sha256.Sum256([]byte(bookingID + "\x00" + key))
	var b [idBytes]byte
	copy(b[2:], sum[:])
	copy(b[:2], raw[:2])
	return encodeID(KindRefund, b)
}

// ShardOf tells the shard on which the thing named by an id lives. It is false
// for a text that is no id.
func ShardOf(id string) (int, bool) {
	b, ok := decodeID(id)
	if !ok {
		return 0, false
	}
	return int(binary.BigEndian.Uint16(b[:2])), true
}

// IsID tells whether the text is an id of the given kind.
func IsID(kind Kind, id string) bool {
	if !strings.HasPrefix(id, string(kind)+"_") {
		return false
	}
	_, ok := decodeID(id)
	return ok
}

func encodeID(kind Kind, b [idBytes]byte) string {
	return string(kind) + "_" + idEncoding.EncodeToString(b[:])
}

func decodeID(id string) ([idBytes]byte, bool) {
	var b [idBytes]byte
	_, text, found := strings.Cut(id, "_")
	if !found || len(text) != idEncoding.EncodedLen(idBytes) {
		return b, false
	}
	raw, err := idEncoding.DecodeString(text)
	if err != nil || len(raw) != idBytes {
		return b, false
	}
	copy(b[:], raw)
	return b, true
}
