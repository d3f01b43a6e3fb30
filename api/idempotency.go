package api

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"yourticket.example/internal/auth"
	"yourticket.example/ticket"
)

// maxKeyLength bounds an Idempotency-Key, and keyPatience how long a request
// waits for an earlier one with the same key.
const (
	maxKeyLength = 255
	keyPatience  = 10 * time.Second
)

// Requests remembers the answers to requests that may be sent again.
type Requests interface {
	// Once does the work the first time the request comes, and gives its answer
	// ever after; what the work writes and the answer are stored together or
	// not at all. CodeKeyReused when the key was used for another request.
	Once(ctx context.Context, k ticket.RequestKey, work func(ctx context.Context) ([]byte, error)) ([]byte, error)
}

// SecretKeys derives keys from secrets at a price that makes guessing them
// useless; see auth.Passwords.
type SecretKeys interface {
	Derive(ctx context.Context, secret, salt []byte) ([]byte, error)
}

// IdempotencyKey is embedded in the input of operations that create something.
type IdempotencyKey struct {
	Key string `header:"Idempotency-Key" doc:"Makes it safe to send the request again: the same key and body give the same answer. 1 to 255 visible ASCII characters."`
}

// repeatable is a request that may come again under its key.
type repeatable struct {
	key, route string
	body       any
	secret     bool
}

// request describes a request to once: the operation (with whatever of its
// path matters) and its body.
func (k IdempotencyKey) request(route string, body any) repeatable {
	return repeatable{key: k.Key, route: route, body: body}
}

// withSecret says that body or answer hold a password or a token. Then what is
// stored tells nothing without the same body: the fingerprint costs as much to
// guess as a password's hash, and the answer is sealed with a key from it.
func (r repeatable) withSecret() repeatable {
	r.secret = true
	return r
}

// once runs an operation under the request's Idempotency-Key. Without a key it
// just runs it. A failed one leaves nothing behind and may be tried again.
func once[O any](ctx context.Context, s *Server, r repeatable, work func(ctx context.Context) (*O, error)) (*O, error) {
	if r.key == "" {
		return work(ctx)
	}
	if err := checkKey(r.key); err != nil {
		return nil, err
	}
	user, _ := auth.UserFrom(ctx)
	k := ticket.RequestKey{Scope: user.ID, Route: r.route, Key: r.key}
	sealer, err := s.fingerprint(ctx, &k, r)
	if err != nil {
		return nil, err
	}
	leave, err := s.turns.enter(ctx, k.Scope+"\x00"+k.Route+"\x00"+k.Key)
	if err != nil {
		return nil, err
	}
	defer leave()
	stored, err := s.deps.Requests.Once(ctx, k, func(ctx context.Context) ([]byte, error) {
		out, err := work(ctx)
		if err != nil {
			return nil, err
		}
		plain, err := json.Marshal(out)
		if err != nil {
			return nil, fmt.Errorf("api: store answer: %w", err)
		}
		return seal(sealer, plain), nil
	})
	if err != nil {
		return nil, err
	}
	return reopen[O](sealer, stored)
}

func reopen[O any](sealer cipher.AEAD, stored []byte) (*O, error) {
	plain, err := unseal(sealer, stored)
	if err != nil {
		return nil, err
	}
	out := new(O)
	if err := json.Unmarshal(plain, out); err != nil {
		return nil, fmt.Errorf("api: stored answer: %w", err)
	}
	return out, nil
}

// checkKey takes 1 to 255 visible ASCII characters.
func checkKey(key string) error {
	if len(key) > maxKeyLength {
		return malformedParam("Idempotency-Key", "may have %d characters at most", maxKeyLength)
	}
	for _, c := range []byte(key) {
		if c < '!' || c > '~' {
			return malformedParam("Idempotency-Key", "may have visible ASCII characters only")
		}
	}
	return nil
}

// fingerprint fills in the key's fingerprint, and gives what seals the answer
// when the request is secret, else nil.
func (s *Server) fingerprint(ctx context.Context, k *ticket.RequestKey, r repeatable) (cipher.AEAD, error) {
	body, err := json.Marshal(r.body)
	if err != nil {
		return nil, fmt.Errorf("api: fingerprint: %w", err)
	}
	if !r.secret {
		sum := sha256.Sum256(body)
		k.Fingerprint = sum[:]
		return nil, nil //nolint:nilnil // no cipher is a valid answer: nothing is sealed
	}
	derived, err := s.derive(ctx, *k, body)
	if err != nil {
		return nil, err
	}
	k.Fingerprint = derived[:32]
	block, err := aes.NewCipher(derived[32:64])
	if err != nil {
		return nil, fmt.Errorf("api: fingerprint: %w", err)
	}
	return cipher.NewGCM(block)
}

// derive gives the key that belongs to a secret request. Equal requests that
// come at once share one derivation.
func (s *Server) derive(ctx context.Context, k ticket.RequestKey, body []byte) ([]byte, error) {
	salt := sha256.Sum256([]byte(k.Scope + "\x00" + k.Route + "\x00" + k.Key))
	sum := sha256.Sum256(append(salt[:], body...))
	derived, err, _ := s.derivations.Do(string(sum[:]), func() (any, error) {
		return s.deps.Secrets.Derive(context.WithoutCancel(ctx), body, salt[:])
	})
	if err != nil {
		return nil, err
	}
	key, _ := derived.([]byte)
	return key, nil
}

func seal(sealer cipher.AEAD, plain []byte) []byte {
	if sealer == nil {
		return plain
	}
	nonce := make([]byte, sealer.NonceSize())
	_, _ = rand.Read(nonce) // never fails: crypto/rand aborts the program instead
	return sealer.Seal(nonce, nonce, plain, nil)
}

func unseal(sealer cipher.AEAD, stored []byte) ([]byte, error) {
	if sealer == nil {
		return stored, nil
	}
	if len(stored) < sealer.NonceSize() {
		return nil, errors.New("api: stored answer is too short")
	}
	plain, err := sealer.Open(nil, stored[:sealer.NonceSize()], stored[sealer.NonceSize():], nil)
	if err != nil {
		return nil, fmt.Errorf("api: stored answer: %w", err)
	}
	return plain, nil
}

// turns lets requests with the same key in one at a time, so that those who
// wait hold no connection to the database meanwhile.
type turns struct {
	mu   sync.Mutex
	busy map[string]chan struct{}
}

// enter waits for the turn of a key; leave must be called when it is over.
// CodeKeyInProgress when it does not come in time.
func (t *turns) enter(ctx context.Context, key string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, keyPatience)
	defer cancel()
	for {
		t.mu.Lock()
		running, taken := t.busy[key]
		if !taken {
			done := make(chan struct{})
			if t.busy == nil {
				t.busy = map[string]chan struct{}{}
			}
			t.busy[key] = done
			t.mu.Unlock()
			return func() { t.leave(key, done) }, nil
		}
		t.mu.Unlock()
		select {
		case <-running:
		case <-ctx.Done():
			return nil, ticket.Errorf(ticket.CodeKeyInProgress, "The first request with this Idempotency-Key has not ended yet.")
		}
	}
}

func (t *turns) leave(key string, done chan struct{}) {
	t.mu.Lock()
	delete(t.busy, key)
	t.mu.Unlock()
	close(done)
}
