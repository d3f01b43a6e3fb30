package auth

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"yourticket.example/ticket"
)

// keySet is one reading of the keys; it never changes.
type keySet struct {
	signAccess   *rsa.PrivateKey
	signAccessID string
	access       map[string]*rsa.PublicKey
	signTicket   ed25519.PrivateKey
	tickets      []ed25519.PublicKey // newest first
	// accessJWKS and ticketJWKS are the public keys as RFC 7517 documents.
	accessJWKS, ticketJWKS []byte
}

// complete tells whether there is an active key of each purpose.
func (s *keySet) complete() bool { return s.signAccess != nil && s.signTicket != nil }

// jwk is a public key as RFC 7517 writes it; RSA has n and e, Ed25519 crv and x.
type jwk struct {
	Kty string `json:"kty"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Kid string `json:"kid"`
	N   string `json:"n,omitempty"`
	E   string `json:"e,omitempty"`
	Crv string `json:"crv,omitempty"`
	X   string `json:"x,omitempty"`
}

func newKeySet(stored []ticket.SigningKey, now time.Time) (*keySet, error) {
	s := &keySet{access: map[string]*rsa.PublicKey{}}
	access, tickets := []jwk{}, []jwk{}
	for _, k := range stored {
		private, err := x509.ParsePKCS8PrivateKey(k.PrivateKey)
		if err != nil {
			return nil, fmt.Errorf("auth: key %s: %w", k.ID, err)
		}
		switch key := private.(type) {
		case *rsa.PrivateKey:
			if k.Purpose == ticket.KeyAccess && stillPublished(k, now) {
				access = append(access, s.addAccess(k, key))
			}
		case ed25519.PrivateKey:
			if k.Purpose == ticket.KeyTicket {
				tickets = append(tickets, s.addTicket(k, key))
			}
		}
	}
	var err error
	if s.accessJWKS, err = json.Marshal(map[string][]jwk{"keys": access}); err != nil {
		return nil, fmt.Errorf("auth: jwks: %w", err)
	}
	if s.ticketJWKS, err = json.Marshal(map[string][]jwk{"keys": tickets}); err != nil {
		return nil, fmt.Errorf("auth: jwks: %w", err)
	}
	return s, nil
}

func stillPublished(k ticket.SigningKey, now time.Time) bool {
	return k.RetiredAt.IsZero() || now.Before(k.RetiredAt.Add(publishedAfter))
}

func (s *keySet) addAccess(k ticket.SigningKey, key *rsa.PrivateKey) jwk {
	s.access[k.ID] = &key.PublicKey
	if k.RetiredAt.IsZero() {
		s.signAccess, s.signAccessID = key, k.ID
	}
	return jwk{
		Kty: "RSA", Use: "sig", Alg: "RS256", Kid: k.ID,
		N: base64.RawURLEncoding.EncodeToString(key.N.Bytes()),
		E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
	}
}

// addTicket keeps every key that ever signed tickets: a ticket is valid until
// its event, whatever became of the key.
func (s *keySet) addTicket(k ticket.SigningKey, key ed25519.PrivateKey) jwk {
	public, _ := key.Public().(ed25519.PublicKey)
	s.tickets = append(s.tickets, public)
	if k.RetiredAt.IsZero() {
		s.signTicket = key
	}
	return jwk{Kty: "OKP", Use: "sig", Alg: "EdDSA", Crv: "Ed25519", Kid: k.ID, X: base64.RawURLEncoding.EncodeToString(public)}
}

// JWKS is the public keys of access tokens as an RFC 7517 document.
func (k *Keys) JWKS() []byte { return k.set.Load().accessJWKS }

// TicketJWKS is the public keys of ticket codes as an RFC 7517 document.
func (k *Keys) TicketJWKS() []byte { return k.set.Load().ticketJWKS }
