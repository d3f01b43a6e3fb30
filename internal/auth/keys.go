package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yourticket.example/ticket"
)

const (
	// publishedAfter is how long a retired access key still verifies: longer
	// than any token that a process may have signed before it heard of the change.
	publishedAfter = time.Hour
	// rereadEvery is how often a process looks for keys that others made.
	rereadEvery = time.Minute
	// rereadAtMost bounds the reading that unknown key ids can cause.
	rereadAtMost = time.Second
	rsaBits      = 2048
)

// KeyStore keeps signing keys.
type KeyStore interface {
	// SigningKeys lists all keys, newest first.
	SigningKeys(ctx context.Context) ([]ticket.SigningKey, error)
	// AddSigningKey stores a key unless its purpose has an active one.
	AddSigningKey(ctx context.Context, k ticket.SigningKey) error
	// RotateSigningKey retires the active key of the purpose and stores this one
	// in its place, at once.
	RotateSigningKey(ctx context.Context, k ticket.SigningKey) error
}

// Keys are the keys of the system as this process last read them. Reading is
// without locks; several processes share the store.
type Keys struct {
	store KeyStore
	now   func() time.Time
	set   atomic.Pointer[keySet]

	mu     sync.Mutex // guards reading the store
	readAt time.Time
}

// OpenKeys reads the keys, and makes the first of each purpose where there is none.
func OpenKeys(ctx context.Context, store KeyStore, now func() time.Time) (*Keys, error) {
	k := &Keys{store: store, now: now}
	if err := k.Reread(ctx); err == nil && k.set.Load().complete() {
		return k, nil
	} else if err != nil {
		return nil, err
	}
	for _, purpose := range []ticket.KeyPurpose{ticket.KeyAccess, ticket.KeyTicket} {
		key, err := generate(purpose)
		if err != nil {
			return nil, err
		}
		if err := store.AddSigningKey(ctx, key); err != nil {
			return nil, fmt.Errorf("auth: first %s key: %w", purpose, err)
		}
	}
	return k, k.Reread(ctx)
}

// Rotate makes a new key the active one of its purpose. What the old one
// signed stays valid; other processes follow within a minute.
func (k *Keys) Rotate(ctx context.Context, purpose ticket.KeyPurpose) error {
	key, err := generate(purpose)
	if err != nil {
		return err
	}
	if err := k.store.RotateSigningKey(ctx, key); err != nil {
		return fmt.Errorf("auth: rotate %s key: %w", purpose, err)
	}
	return k.Reread(ctx)
}

// Reread reads the keys from the store.
func (k *Keys) Reread(ctx context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.reread(ctx)
}

// Follow rereads the keys every minute until the context ends. Failures leave
// the keys as they were and go to report.
func (k *Keys) Follow(ctx context.Context, report func(error)) {
	tick := time.NewTicker(rereadEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := k.Reread(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

func (k *Keys) reread(ctx context.Context) error {
	stored, err := k.store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("auth: keys: %w", err)
	}
	set, err := newKeySet(stored, k.now())
	if err != nil {
		return err
	}
	k.set.Store(set)
	k.readAt = k.now()
	return nil
}

// accessKey gives the public key with this id. An unknown id makes the process
// look for keys that others made, once a second at most.
func (k *Keys) accessKey(ctx context.Context, id string) (*rsa.PublicKey, bool) {
	if key, ok := k.set.Load().access[id]; ok {
		return key, true
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.now().Sub(k.readAt) >= rereadAtMost {
		k.readAt = k.now()
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_ = k.reread(ctx) // the token is refused, as it would be had the store no such key
	}
	key, ok := k.set.Load().access[id]
	return key, ok
}

func generate(purpose ticket.KeyPurpose) (ticket.SigningKey, error) {
	var (
		private any
		err     error
	)
	if purpose == ticket.KeyAccess {
		private, err = rsa.GenerateKey(rand.Reader, rsaBits)
	} else {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		return ticket.SigningKey{}, fmt.Errorf("auth: generate %s key: %w", purpose, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return ticket.SigningKey{}, fmt.Errorf("auth: generate %s key: %w", purpose, err)
	}
	return ticket.SigningKey{ID: strings.ToLower(rand.Text()[:16]), Purpose: purpose, PrivateKey: der}, nil
}
