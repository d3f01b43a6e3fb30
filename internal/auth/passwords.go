package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"yourticket.example/ticket"
)

// passwordParams follow OWASP's advice for argon2id: 19 MiB, two passes, one lane.
var passwordParams = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// hashPatience is how long a caller waits for its turn to hash.
const hashPatience = 10 * time.Second

// Passwords hashes and checks passwords, a few at a time: each takes 19 MiB,
// and a storm of logins must not eat the memory of the process.
type Passwords struct {
	turns chan struct{}
	// absent is the hash of nobody's password. Checking it makes an unknown
	// account take as long as a wrong password.
	absent string
}

// NewPasswords makes a Passwords that hashes as many at a time as there are
// processors.
func NewPasswords() (*Passwords, error) {
	absent, err := argon2id.CreateHash(rand.Text(), passwordParams)
	if err != nil {
		return nil, fmt.Errorf("auth: hash: %w", err)
	}
	return &Passwords{turns: make(chan struct{}, runtime.GOMAXPROCS(0)), absent: absent}, nil
}

// Hash gives the encoded argon2id hash of a password. CodeUnavailable when too
// many wait.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	var hash string
	err := p.inTurn(ctx, func() (err error) {
		hash, err = argon2id.CreateHash(password, passwordParams)
		return err
	})
	return hash, err
}

// Check tells whether the password belongs to the hash. An empty hash, which
// stands for an account that does not exist, takes as long and is false.
func (p *Passwords) Check(ctx context.Context, password, hash string) (bool, error) {
	known := hash != ""
	if !known {
		hash = p.absent
	}
	var match bool
	err := p.inTurn(ctx, func() (err error) {
		match, err = argon2id.ComparePasswordAndHash(password, hash)
		return err
	})
	return match && known, err
}

// Derive gives 64 bytes that only the holder of the same secret can get again,
// at the price of a password hash. Salt need not be secret.
func (p *Passwords) Derive(ctx context.Context, secret, salt []byte) ([]byte, error) {
	var key []byte
	err := p.inTurn(ctx, func() error {
		key = argon2.IDKey(secret, salt, passwordParams.Iterations, passwordParams.Memory, passwordParams.Parallelism, 64)
		return nil
	})
	return key, err
}

func (p *Passwords) inTurn(ctx context.Context, work func() error) error {
	ctx, cancel := context.WithTimeout(ctx, hashPatience)
	defer cancel()
	select {
	case p.turns <- struct{}{}:
	case <-ctx.Done():
		e := ticket.Errorf(ticket.CodeUnavailable, "Too many are logging in at the moment.")
		e.RetryAfterSeconds = 2
		return e
	}
	defer func() { <-p.turns }()
	return work()
}
