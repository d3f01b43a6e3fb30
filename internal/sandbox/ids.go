package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

const (
	base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// randomID is prefix followed by n random characters of alphabet. Ids name objects and are no secrets.
func randomID(prefix, alphabet string, n int) string {
	b := make([]byte, len(prefix)+n)
	copy(b, prefix)
	for i := len(prefix); i < len(b); i++ {
		b[i] = alphabet[rand.IntN(len(alphabet))]
	}
	return string(b)
}

func stripeID(prefix string) string { return randomID(prefix, base62, 24) }

func paypalID() string { return randomID("", base36, 17) }

// newToken makes an access token that carries its own expiry, so that it outlives a restart of a sandbox
// with the same secret.
func newToken(secret []byte, expires time.Time) string {
	raw := make([]byte, 16, 48)
	binary.BigEndian.PutUint64(raw, uint64(expires.UnixMilli()))
	binary.BigEndian.PutUint64(raw[8:], rand.Uint64())
	return "A21AA" + base64.RawURLEncoding.EncodeToString(mac(secret, raw).Sum(raw))
}

// tokenValid tells whether a token was made with secret and has not expired.
func tokenValid(secret []byte, token string, now time.Time) bool {
	if len(token) < 5 || token[:5] != "A21AA" {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(token[5:])
	if err != nil || len(raw) != 48 {
		return false
	}
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	return hmac.Equal(mac(secret, raw[:16]).Sum(nil), raw[16:]) && now.Before(expires)
}

func mac(secret, message []byte) interface{ Sum([]byte) []byte } {
	h := hmac.New(sha256.New, secret)
	h.Write(message)
	return h
}
