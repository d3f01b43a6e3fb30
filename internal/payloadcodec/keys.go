package payloadcodec

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// keyBytes is the length of a key: AES-256.
const keyBytes = 32

// Key is a secret under which payloads are sealed, with the name that sealed
// payloads carry.
type Key struct {
	ID     string
	Secret [keyBytes]byte
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// ParseKeys reads a list ID:SECRET,ID:SECRET of keys, secrets in base64. New
// payloads are sealed under the first; the others still open what they sealed.
// No error shows a secret. The empty text is no keys.
func ParseKeys(text string) ([]Key, error) {
	if text == "" {
		return nil, nil
	}
	var keys []Key
	seen := map[string]bool{}
	for item := range strings.SplitSeq(text, ",") {
		id, secret, found := strings.Cut(strings.TrimSpace(item), ":")
		if !found || !keyID.MatchString(id) {
			return nil, errors.New("must be ID:SECRET pairs, separated by commas, with ids of letters, digits, dots, dashes and underscores")
		}
		if seen[id] {
			return nil, fmt.Errorf("names the key %s twice", id)
		}
		seen[id] = true
		raw, err := base64.StdEncoding.DecodeString(secret)
		if err != nil || len(raw) != keyBytes {
			return nil, fmt.Errorf("the key %s must be %d bytes in base64 (openssl rand -base64 %d)", id, keyBytes, keyBytes)
		}
		keys = append(keys, Key{ID: id, Secret: [keyBytes]byte(raw)})
	}
	return keys, nil
}
